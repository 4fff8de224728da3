import { Controller, Get, Header, Inject, Param, Query, type StreamableFile } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { CreditNoteDocumentsService } from './credit-note-documents.service';
import { ublCreditNote } from './domain';
import { FILE, file, fileName, PDF, PdfQuery } from './files';
import { renderCreditNote } from './pdf/render-credit-note';

/** A credit note as files, for people and for programs. */
@ApiTags('invoices')
@Controller('v1/credit-notes/:note')
export class CreditNoteDocumentsController {
  constructor(@Inject(CreditNoteDocumentsService) private readonly documents: CreditNoteDocumentsService) {}

  @Get('document.pdf')
  @Requires('read')
  @Header('Content-Type', 'application/pdf')
  @ApiOperation({ summary: 'A credit note as PDF', description: 'By id or number.' })
  @ApiProduces('application/pdf')
  @ApiResponse({ status: 200, content: { 'application/pdf': PDF } })
  async pdf(
    @Asker() tenant: Tenant,
    @Param('note') reference: string,
    @Query({ schema: PdfQuery }) query: z.output<typeof PdfQuery>,
  ): Promise<StreamableFile> {
    const note = await this.documents.document(tenant, reference);
    return file(await renderCreditNote(note, query.paper), `${fileName(note.number)}.pdf`, 'inline');
  }

  @Get('ubl.xml')
  @Requires('read')
  @Header('Content-Type', 'application/xml; charset=utf-8')
  @ApiOperation({
    summary: 'A credit note as an e-invoice',
    description: 'EN 16931 in UBL 2.1, type 381. Needs the country of both parties (billing details).',
  })
  @ApiProduces('application/xml')
  @ApiResponse({ status: 200, content: { 'application/xml': FILE } })
  async ubl(@Asker() tenant: Tenant, @Param('note') reference: string): Promise<StreamableFile> {
    const note = await this.documents.document(tenant, reference);
    return file(Buffer.from(ublCreditNote(note)), `${fileName(note.number)}.xml`);
  }
}
