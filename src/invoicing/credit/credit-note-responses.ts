import { z } from 'zod';
import { type Currency, Decimal, formatAmount, toPublicId } from '../../kernel';
import { decimalString, reference, text } from '../../platform/http';
import type { CreditNoteWithLines } from './credit-note-storage';
import { CREDIT_GIVEN_AS, type LineTax, sumTaxes } from '../domain';

export const CreditNoteRequest = z.strictObject({
  as: z
    .enum(CREDIT_GIVEN_AS)
    .describe(
      'Where it goes. `invoice`: off what is due of the invoice. `balance`: credit of the customer, for next invoices. `refund`: it was paid back in money, at most what was paid.',
    ),
  reason: text(500).describe('Why, for the customer and for whoever asks later.'),
  reference: text(200)
    .optional()
    .describe('Chosen by you, once for an invoice. A repeat of it is the same credit note.'),
  lines: z
    .array(
      z.strictObject({
        line: reference().describe('The line by id or position, counted from 1.'),
        amount: decimalString().describe(
          'As the line says its own amount: without a tax that is added to it, with one that is included. The tax goes back in proportion.',
        ),
      }),
    )
    .min(1)
    .max(1_000)
    .optional()
    .describe('All that is left of the invoice, without it.'),
});

const TaxResponse = z.object({
  key: z.string(),
  name: z.string(),
  percent: z.string(),
  behaviour: z.enum(['exclusive', 'inclusive']),
  category: z.string(),
  base: z.string(),
  amount: z.string().describe('What goes back of it.'),
  reason: z.string().nullable(),
});

const CreditNoteLineResponse = z.object({
  line: z.string().describe('The line of the invoice.'),
  position: z.number().int().describe('Of that line on the invoice, from 1.'),
  description: z.string(),
  amount: z.string().describe('As the line says it: without a tax that is added, with one that is included.'),
  net: z.string().describe('Without tax.'),
  tax: z.string(),
  taxes: z.array(TaxResponse),
});

export const CreditNoteResponse = z.object({
  id: z.string(),
  number: z.string().describe('Gapless within the organisation, in a row of its own.'),
  invoice: z.object({ id: z.string(), number: z.string() }),
  customer: z.object({ id: z.string(), key: z.string(), name: z.string() }),
  as: z.enum(CREDIT_GIVEN_AS),
  reason: z.string(),
  reference: z.string().nullable(),
  currency: z.string(),
  subtotal: z.string().describe('Sum of the lines without tax.'),
  taxes: z.array(TaxResponse).describe('By rate.'),
  taxTotal: z.string(),
  total: z.string().describe('What the customer gets.'),
  issuedAt: z.string().describe('By the customer’s clock.'),
  createdAt: z.string(),
  lines: z.array(CreditNoteLineResponse),
});
export const CreditNotesResponse = z.object({
  items: z.array(CreditNoteResponse).describe('In the order they were made.'),
});

export function toCreditNoteResponse(found: CreditNoteWithLines): z.infer<typeof CreditNoteResponse> {
  const { note, lines, invoice, invoiceLines, customer } = found;
  const shown = (amount: Parameters<typeof formatAmount>[0]): string => formatAmount(amount, invoice.currency);
  return {
    id: toPublicId('creditNote', note.id),
    number: note.number,
    invoice: { id: toPublicId('invoice', invoice.id), number: invoice.number! },
    customer: { id: toPublicId('customer', customer.id), key: customer.key, name: customer.name },
    as: note.givenAs,
    reason: note.reason,
    reference: note.reference,
    currency: invoice.currency,
    subtotal: shown(note.subtotal),
    taxes: sumTaxes(lines).map((tax) => toTaxResponse(tax, invoice.currency)),
    taxTotal: shown(note.taxTotal),
    total: shown(note.total),
    issuedAt: note.issuedAt.toISOString(),
    createdAt: note.createdAt.toISOString(),
    lines: lines.map(({ lineId, amount, net, tax, taxes }) => {
      const { position, description } = invoiceLines.get(lineId)!;
      return {
        line: toPublicId('invoiceLine', lineId),
        position: position + 1,
        description,
        amount: shown(amount),
        net: shown(net),
        tax: shown(tax),
        taxes: taxes.map((tax) => toTaxResponse(tax, invoice.currency)),
      };
    }),
  };
}

function toTaxResponse(
  { key, name, percent, behaviour, category, base, amount, reason }: LineTax,
  currency: Currency,
): z.infer<typeof TaxResponse> {
  const shown = (text: string): string => formatAmount(new Decimal(text), currency);
  return { key, name, percent, behaviour, category, base: shown(base), amount: shown(amount), reason };
}
