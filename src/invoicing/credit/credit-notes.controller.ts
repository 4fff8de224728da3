import { Body, Controller, Get, Inject, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Asker, Requires, type Tenant } from '../../access';
import {
  CreditNoteRequest,
  CreditNoteResponse,
  CreditNotesResponse,
  toCreditNoteResponse,
} from './credit-note-responses';
import { CreditNotesService } from './credit-notes.service';

@ApiTags('invoices')
@Controller('v1')
export class CreditNotesController {
  constructor(@Inject(CreditNotesService) private readonly notes: CreditNotesService) {}

  @Post('invoices/:invoice/credit-notes')
  @Requires('manage')
  @ApiOperation({
    summary: 'Take a part of a finalized invoice back, or all of it',
    description:
      'By line, with the tax in proportion; all that is left of the invoice without lines. It has a number of its own. What was billed stays billed: later usage and changes are not charged for it again.',
  })
  @ApiResponse({ status: 201, standardSchema: CreditNoteResponse })
  async make(
    @Asker() tenant: Tenant,
    @Param('invoice') reference: string,
    @Body({ schema: CreditNoteRequest }) request: z.output<typeof CreditNoteRequest>,
  ): Promise<z.infer<typeof CreditNoteResponse>> {
    const wanted = { ...request, reference: request.reference ?? null, lines: request.lines ?? null };
    return toCreditNoteResponse(await this.notes.make(tenant, reference, wanted));
  }

  @Get('invoices/:invoice/credit-notes')
  @Requires('read')
  @ApiOperation({ summary: 'Credit notes of an invoice' })
  @ApiResponse({ status: 200, standardSchema: CreditNotesResponse })
  async ofInvoice(
    @Asker() tenant: Tenant,
    @Param('invoice') reference: string,
  ): Promise<z.infer<typeof CreditNotesResponse>> {
    return { items: (await this.notes.ofInvoice(tenant, reference)).map(toCreditNoteResponse) };
  }

  @Get('credit-notes/:note')
  @Requires('read')
  @ApiOperation({ summary: 'One credit note with its lines', description: 'By id or number.' })
  @ApiResponse({ status: 200, standardSchema: CreditNoteResponse })
  async find(@Asker() tenant: Tenant, @Param('note') reference: string): Promise<z.infer<typeof CreditNoteResponse>> {
    return toCreditNoteResponse(await this.notes.find(tenant, reference));
  }
}
