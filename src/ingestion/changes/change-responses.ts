import { z } from 'zod';
import { toPublicId } from '../../kernel';
import type { TouchedInvoice } from './touched-invoices';

export const TouchedInvoiceResponse = z.object({
  id: z.string(),
  number: z.string().nullable(),
  status: z.enum(['draft', 'finalized']),
  customer: z.string(),
  servicePeriod: z.object({ start: z.string(), end: z.string().describe('Exclusive.') }),
  effect: z
    .enum(['follows', 'adjustment'])
    .describe(
      'follows: a draft says the new amounts at once; adjustment: a finalized invoice stays as it is, its period is closed, and the difference is due as an adjustment.',
    ),
});

/** An invoice that a change touches, and what will become of it. */
export function toTouchedInvoice(invoice: TouchedInvoice): z.infer<typeof TouchedInvoiceResponse> {
  return {
    id: toPublicId('invoice', invoice.id),
    number: invoice.number,
    status: invoice.status,
    customer: toPublicId('customer', invoice.customerId),
    servicePeriod: { start: invoice.periodStart.toISOString(), end: invoice.periodEnd.toISOString() },
    effect: invoice.status === 'draft' ? 'follows' : 'adjustment',
  };
}

const Counted = z.object({
  quantity: z.string().nullable().describe('Decimal; null where the meter has no value for that hour.'),
  cost: z.string(),
  events: z.number().int(),
  pendingCostEvents: z.number().int(),
});

const RevisionSummary = z.object({
  revision: z.number().int().describe('0 as it was sent, then one for each amendment.'),
  type: z.string(),
  customer: z.string(),
  time: z.string(),
  cost: z.object({ status: z.string(), amount: z.string().nullable() }),
});

export const CorrectionResponse = z.object({
  id: z.string().describe('Of this change.'),
  kind: z.enum(['void', 'amendment']),
  event: z.object({ id: z.string(), source: z.string() }),
  state: z.enum(['voided', 'amended']),
  reason: z.string(),
  madeAt: z.string(),
  madeBy: z.string().describe('Name of the API key.'),
  before: RevisionSummary,
  after: RevisionSummary.nullable().describe('Null for a void.'),
  usage: z
    .array(
      z.object({
        customer: z.string(),
        from: z.string().describe('Start of the hour (UTC) that the event counts in.'),
        to: z.string(),
        meter: z.object({ id: z.string(), key: z.string() }).nullable().describe('Null: all events of the customer.'),
        before: Counted,
        after: Counted,
      }),
    )
    .describe('Usage of the hours the event counted in and counts in now, before and after, of each meter it changed.'),
  invoices: z.array(TouchedInvoiceResponse).describe('Invoices whose service period the event falls in.'),
});
export type CorrectionAnswer = z.infer<typeof CorrectionResponse>;
