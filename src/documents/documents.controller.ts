import { Readable } from 'node:stream';
import { Controller, Get, Header, Inject, Param, Query, StreamableFile } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { type InvoiceDocument, linesCsv, ublInvoice } from './domain';
import { DocumentsService } from './documents.service';
import { FILE, file, fileName, PDF, PdfQuery } from './files';
import { renderInvoice } from './pdf/render-invoice';

/** An invoice as files, for people and for programs. */
@ApiTags('invoices')
@Controller('v1/invoices/:invoice')
export class DocumentsController {
  constructor(@Inject(DocumentsService) private readonly documents: DocumentsService) {}

  @Get('document.pdf')
  @Requires('read')
  @Header('Content-Type', 'application/pdf')
  @ApiOperation({
    summary: 'An invoice as PDF',
    description:
      'With the steps to each amount and the usage of each day. A draft is brought up to date and says on every page that it is one.',
  })
  @ApiProduces('application/pdf')
  @ApiResponse({ status: 200, content: { 'application/pdf': PDF } })
  async pdf(
    @Asker() tenant: Tenant,
    @Param('invoice') reference: string,
    @Query({ schema: PdfQuery }) query: z.output<typeof PdfQuery>,
  ): Promise<StreamableFile> {
    const invoice = await this.documents.document(tenant, reference, { charts: true });
    return file(await renderInvoice(invoice, query.paper), nameOf(invoice, 'pdf'), 'inline');
  }

  @Get('lines.csv')
  @Requires('read')
  @Header('Content-Type', 'text/csv; charset=utf-8')
  @ApiOperation({
    summary: 'The lines of an invoice as CSV',
    description: 'Comma-separated (RFC 4180), with a first line of names. Amounts are exact, without separators.',
  })
  @ApiProduces('text/csv')
  @ApiResponse({ status: 200, content: { 'text/csv': FILE } })
  async csv(@Asker() tenant: Tenant, @Param('invoice') reference: string): Promise<StreamableFile> {
    const invoice = await this.documents.document(tenant, reference, { charts: false });
    return file(Buffer.from(linesCsv(invoice)), nameOf(invoice, 'csv'));
  }

  @Get('lines/:line/events.ndjson')
  @Requires('read')
  @Header('Content-Type', 'application/x-ndjson; charset=utf-8')
  @ApiOperation({
    summary: 'All events behind a line as NDJSON',
    description:
      'One JSON object a line, in the order of time, with the fields that `…/explain` has. The line by id or position, counted from 1. Sent page by page, so it doesn’t matter how many there are.',
  })
  @ApiProduces('application/x-ndjson')
  @ApiResponse({ status: 200, content: { 'application/x-ndjson': FILE } })
  async events(
    @Asker() tenant: Tenant,
    @Param('invoice') reference: string,
    @Param('line') lineReference: string,
  ): Promise<StreamableFile> {
    const [found, line] = await this.documents.line(tenant, reference, lineReference);
    const name = `${fileName(found.invoice.number ?? 'draft')}-line-${line.position + 1}.ndjson`;
    return new StreamableFile(Readable.from(this.documents.events(tenant, found, line)), {
      disposition: `attachment; filename="${name}"`,
    });
  }

  @Get('ubl.xml')
  @Requires('read')
  @Header('Content-Type', 'application/xml; charset=utf-8')
  @ApiOperation({
    summary: 'A finalized invoice as an e-invoice',
    description: 'EN 16931 in UBL 2.1. Needs the country of both parties (billing details); a draft is refused.',
  })
  @ApiProduces('application/xml')
  @ApiResponse({ status: 200, content: { 'application/xml': FILE } })
  async ubl(@Asker() tenant: Tenant, @Param('invoice') reference: string): Promise<StreamableFile> {
    const invoice = await this.documents.document(tenant, reference, { charts: false });
    return file(Buffer.from(ublInvoice(invoice)), nameOf(invoice, 'xml'));
  }
}

function nameOf({ number, id }: InvoiceDocument, extension: string): string {
  return `${fileName(number ?? `draft-${id}`)}.${extension}`;
}
