import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../access';
import { CreditNotesService } from '../invoicing';
import { type Decimal, localTimeOf, sum, toPublicId } from '../kernel';
import type { CreditNoteDocument, CreditNoteDocumentLine, DocumentTax } from './domain';
import { DocumentsService } from './documents.service';
import { daysOf, toDocumentTax } from './to-document';

/** Gathers what documents of a credit note say. */
@Injectable()
export class CreditNoteDocumentsService {
  constructor(
    @Inject(CreditNotesService) private readonly notes: CreditNotesService,
    @Inject(DocumentsService) private readonly documents: DocumentsService,
  ) {}

  /** @throws NotFoundError */
  async document(tenant: Tenant, reference: string): Promise<CreditNoteDocument> {
    const { note, lines, invoice, invoiceLines, customer } = await this.notes.find(tenant, reference);
    // The parties are those of the invoice: what is taken back was asked of them.
    const parties = await this.documents.parties(tenant, customer, invoice.finalizedAt);
    const dayOf = (at: Date): string => localTimeOf(at, customer.timeZone).date;
    const shown = lines.map((line, index): CreditNoteDocumentLine => {
      const of = invoiceLines.get(line.lineId)!;
      return {
        position: index + 1,
        invoicePosition: of.position + 1,
        description: of.description,
        days: daysOf({ start: of.periodStart, end: of.periodEnd }, customer.timeZone),
        amount: line.amount,
        net: line.net,
        tax: line.tax,
        taxes: line.taxes.map((tax) => toDocumentTax(tax)),
      };
    });
    return {
      id: toPublicId('creditNote', note.id),
      number: note.number,
      invoice: { number: invoice.number!, issuedOn: dayOf(invoice.issuedAt ?? invoice.finalizedAt!) },
      ...parties,
      currency: invoice.currency,
      givenAs: note.givenAs,
      reason: note.reason,
      issuedOn: dayOf(note.issuedAt),
      madeAt: note.createdAt,
      lines: shown,
      subtotal: note.subtotal,
      taxes: byRate(shown),
      taxTotal: note.taxTotal,
      total: note.total,
    };
  }
}

/** The taxes of all lines, by rate, in the order in which the lines first name them. */
function byRate(lines: readonly CreditNoteDocumentLine[]): DocumentTax[] {
  const rates = new Map<string, { tax: DocumentTax; lines: { net: Decimal; amount: Decimal }[] }>();
  for (const { net, taxes } of lines) {
    for (const tax of taxes) {
      const key = JSON.stringify([tax.name, tax.percent.toFixed(), tax.behaviour, tax.category, tax.reason]);
      const rate = rates.get(key) ?? { tax, lines: [] };
      rate.lines.push({ net, amount: tax.amount });
      rates.set(key, rate);
    }
  }
  return [...rates.values()].map(({ tax, lines: bearing }) => ({
    ...tax,
    base: sum(bearing.map(({ net }) => net)),
    amount: sum(bearing.map(({ amount }) => amount)),
  }));
}
