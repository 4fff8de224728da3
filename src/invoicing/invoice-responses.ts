import { z } from 'zod';
import { type StoredPlan, toStoredCharge } from '../catalog';
import { planAt, type SubscriptionWithPlan } from '../customers';
import { type Currency, Decimal, decimalText, formatAmount, formatMicros, invariant, sum, toPublicId } from '../kernel';
import { amountDueOf, INVOICE_STATUSES } from './domain';
import type { LineExplanation, ToldEvent } from './explaining/explanations.service';
import type { InvoiceWithLines } from './invoices.service';
import type { InvoiceLineEntity, StoredBreakdownRow, StoredTax } from './persistence/invoice-line.entity';
import { type InvoicePartEntity, PART_KINDS } from './persistence/invoice-part.entity';

const PeriodResponse = z.object({ start: z.string(), end: z.string().describe('Exclusive.') });

const BreakdownResponse = z.object({
  kind: z
    .string()
    .describe('What the row is about, such as allowance, pool, tier, unit, flat, cost, markup, discount or minimum.'),
  description: z.string(),
  from: z.string().nullable().describe('The row’s units come after this many of the period.'),
  upTo: z.string().nullable().describe('The last unit it may hold, inclusive; null when open.'),
  quantity: z.string(),
  unitPrice: z
    .string()
    .nullable()
    .describe('quantity × unitPrice is the amount, exactly; null where no unit price says it to the last digit.'),
  amount: z.string().describe('Exact, before rounding.'),
  group: z
    .array(z.string().nullable())
    .optional()
    .describe('The values of the charge’s dimensions, where the row is about one group of usage.'),
  window: z.string().optional().describe('The time window, where the row is about one.'),
});

const PlanReference = z.object({ id: z.string(), key: z.string(), version: z.number().int() });

const TaxResponse = z.object({
  key: z.string(),
  name: z.string(),
  percent: z.string(),
  behaviour: z.enum(['exclusive', 'inclusive']).describe('On top of the amount, or within it.'),
  category: z.string().describe('As UBL names it, such as S for the standard rate or AE for reverse charge.'),
  base: z.string().describe('What is taxed.'),
  amount: z.string(),
  reason: z.string().nullable().describe('Why there is none, where there is none.'),
});

const PartResponse = z.object({
  id: z.string().nullable(),
  kind: z
    .enum(PART_KINDS)
    .describe(
      '`period`: a billing period closed. `start`: fees with which a subscription begins. `change`: billed at once, as something changed. `threshold`: usage passed an amount.',
    ),
  subscription: z.string(),
  plan: PlanReference.describe('The version in force when the part’s period ended.'),
  servicePeriod: PeriodResponse,
  exactTotal: z.string().describe('Sum of its lines’ exact amounts.'),
});

const LineResponse = z.object({
  id: z.string().nullable(),
  position: z.number().int().describe('From 1.'),
  kind: z
    .enum([
      ...['price', 'discount', 'minimum', 'maximum', 'true_up', 'adjustment'],
      ...['credit', 'threshold', 'threshold_credit', 'item'],
    ] as const)
    .describe(
      '`price`: the charge of a price. `credit`: what of a fee in advance is given back, for its unused `servicePeriod`. `adjustment`: what is different of an earlier `servicePeriod` since it was billed, below zero for a credit. `threshold`: usage that is billed early; `threshold_credit`: what the period’s invoice takes off for it. `item`: added by hand. The others are agreed for the plan as a whole; their amount may be below zero.',
    ),
  key: z.string().describe('The price’s key, or for a line of the plan such as `plan:minimum`.'),
  part: z.number().int().nullable().describe('Which of the invoice’s `parts` it belongs to, from 1; null for an item.'),
  subscription: z.string().nullable(),
  description: z.string(),
  quantity: z
    .string()
    .describe('What is charged: units of the meter; for a consumption margin the cost; for a flat amount 1.'),
  events: z.number().int().describe('Events behind the quantity.'),
  amount: z.string().describe('Rounded once to the currency’s minor unit.'),
  exactAmount: z.string().describe('Before rounding.'),
  net: z.string().describe('The amount without taxes.'),
  tax: z.string().describe('All taxes on it. These of all lines sum to those of the invoice.'),
  taxes: z.array(TaxResponse),
  plan: PlanReference.nullable().describe('The version it was charged by; null for an item.'),
  price: z
    .object({
      id: z.string(),
      key: z.string(),
      allowance: z.string().nullable(),
      charge: z.record(z.string(), z.unknown()),
    })
    .nullable()
    .describe('As it was charged, with what the subscription has agreed on; null for a line of the plan.'),
  meter: z.string().nullable(),
  servicePeriod: PeriodResponse,
  breakdown: z.array(BreakdownResponse),
});

export const InvoiceSummaryResponse = z.object({
  id: z.string().nullable(),
  number: z.string().nullable().describe('Gapless within the organisation; given when finalized.'),
  status: z.enum(['preview', ...INVOICE_STATUSES]),
  customer: z.object({ id: z.string(), key: z.string(), name: z.string() }),
  subscription: z.string().nullable().describe('The one that it bills; null when there are several, or none.'),
  subscriptions: z.array(z.string()).describe('All that it bills.'),
  plan: PlanReference.nullable().describe(
    'The version in force when the period ended; each line names its own. Null when there are several subscriptions, or none.',
  ),
  memo: z.string().nullable(),
  parts: z.array(PartResponse).describe('What it bills of which subscription, and why.'),
  currency: z.string(),
  servicePeriod: PeriodResponse,
  subtotal: z.string().describe('Sum of the lines without taxes.'),
  taxes: z.array(TaxResponse).describe('By rate.'),
  taxTotal: z.string(),
  total: z.string().describe('What is asked: `subtotal` and `taxTotal`. Without taxes, the sum of the lines’ amounts.'),
  exactTotal: z.string().describe('Sum of the lines’ exact amounts.'),
  cost: z
    .object({ amount: z.string(), currency: z.string(), pendingEvents: z.number().int() })
    .describe(
      'What all of the customer’s events in its periods cost you. Events whose cost isn’t known yet are counted, not costed. Each stretch of time counts once, also where several subscriptions are billed for it.',
    ),
  margin: z
    .string()
    .nullable()
    .describe(
      'What was charged of its periods, without adjustments, − cost; null when they are in two currencies, some cost is not known, or fees in advance are on it, which are for other times.',
    ),
  creditApplied: z.string().describe('Credit of the customer that was used up for it.'),
  prepaidApplied: z.string().describe('Prepaid credit of the customer that was used for it.'),
  credited: z.string().describe('What credit notes have lowered what is due by.'),
  amountPaid: z.string().describe('What was paid of the total.'),
  amountDue: z.string().describe('What is still to be paid, or will be once it is finalized; nothing of what is void.'),
  issuedAt: z.string().nullable().describe('When it was finalized, by the customer’s clock.'),
  dueOn: z.string().nullable().describe('The day by which it is to be paid, in the customer’s time zone.'),
  closedAt: z.string().nullable().describe('When it was paid, voided or given up, by the customer’s clock.'),
  closedReason: z.string().nullable().describe('Why it was voided or given up.'),
  reissuedAs: z.string().nullable().describe('The invoice that was made in place of this one.'),
  reissueOf: z.string().nullable().describe('The void invoice that this one was made in place of.'),
  createdAt: z.string(),
  finalizedAt: z.string().nullable(),
});

export const InvoiceResponse = InvoiceSummaryResponse.extend({ lines: z.array(LineResponse) });

const ExplainedEventResponse = z.object({
  id: z.string(),
  source: z.string(),
  type: z.string(),
  time: z.string(),
  session: z.string().nullable(),
  task: z.string().nullable(),
  agent: z.string().nullable(),
  feature: z.string().nullable(),
  department: z.string().nullable(),
  user: z.string().nullable(),
  quantity: z
    .string()
    .describe('What it adds to a count or sum; for other aggregations the value the meter takes of it.'),
  cost: z.string().nullable().describe('What it cost you; null when unknown or nothing.'),
  costStatus: z.enum(['priced', 'reported', 'pending', 'none']),
  data: z.record(z.string(), z.unknown()).nullable(),
  runningTotal: z
    .object({
      quantity: z.string(),
      amount: z.string().describe('What that quantity charges, exact, before rounding and tax.'),
    })
    .nullable()
    .describe(
      'What the line’s usage came to with this event. With the last event it is the line’s quantity and exact amount. Null where events have no part of their own: where the meter doesn’t add up, or the charge looks at each event by itself.',
    ),
});

export const ExplanationResponse = z.object({
  invoice: z.object({ id: z.string(), number: z.string().nullable(), status: z.string() }),
  line: LineResponse,
  plan: PlanReference.nullable(),
  steps: z.array(z.string()).describe('From usage to amount, in sentences.'),
  breakdown: z.array(BreakdownResponse),
  events: z.object({
    count: z.number().int().describe('All events behind the line.'),
    items: z.array(ExplainedEventResponse),
    nextCursor: z.string().nullable(),
  }),
});

export function toInvoiceSummary(found: InvoiceWithLines): z.infer<typeof InvoiceSummaryResponse> {
  const { invoice, parts, customer, subscriptions, about, costCurrency } = found;
  const own = found.lines.filter(({ kind }) => kind !== 'adjustment');
  // The cost is that of the invoice's own periods, so what it adjusts of others doesn't belong into its margin.
  const charged = sum(own.map(({ exactAmount }) => exactAmount));
  const hasOthers = found.lines.some(({ feeId, itemId }) => feeId !== null || itemId !== null);
  const marginKnown = costCurrency === invoice.currency && invoice.pendingEvents === 0 && !hasOthers;
  const ids = [...subscriptions.keys()].map((id) => toPublicId('subscription', id));
  return {
    id: toPublicId('invoice', invoice.id),
    number: invoice.number,
    status: invoice.status,
    customer: { id: toPublicId('customer', customer.id), key: customer.key, name: customer.name },
    subscription: ids.length === 1 ? ids[0]! : null,
    subscriptions: ids,
    plan: about === null ? null : toPlanReference(planOf(found, about, own.at(-1))),
    memo: invoice.memo,
    parts: parts.map((part) => toPartResponse(part, subscriptions.get(part.subscriptionId)!)),
    currency: invoice.currency,
    servicePeriod: { start: invoice.periodStart.toISOString(), end: invoice.periodEnd.toISOString() },
    subtotal: formatAmount(invoice.subtotal, invoice.currency),
    taxes: invoice.taxes.map((tax) => toTaxResponse(tax, invoice.currency)),
    taxTotal: formatAmount(invoice.taxTotal, invoice.currency),
    total: formatAmount(invoice.total, invoice.currency),
    exactTotal: decimalText(invoice.exactTotal),
    cost: { amount: decimalText(invoice.cost), currency: costCurrency, pendingEvents: invoice.pendingEvents },
    margin: marginKnown ? decimalText(charged.minus(invoice.cost)) : null,
    creditApplied: formatAmount(invoice.creditApplied, invoice.currency),
    prepaidApplied: formatAmount(invoice.prepaidApplied, invoice.currency),
    credited: formatAmount(invoice.credited, invoice.currency),
    amountPaid: formatAmount(invoice.amountPaid, invoice.currency),
    amountDue: formatAmount(amountDueOf(invoice), invoice.currency),
    issuedAt: invoice.issuedAt?.toISOString() ?? null,
    dueOn: invoice.dueOn,
    closedAt: invoice.closedAt?.toISOString() ?? null,
    closedReason: invoice.closedReason,
    reissuedAs: invoice.reissuedAs === null ? null : toPublicId('invoice', invoice.reissuedAs),
    reissueOf: invoice.reissueOf === null ? null : toPublicId('invoice', invoice.reissueOf),
    createdAt: invoice.createdAt.toISOString(),
    finalizedAt: invoice.finalizedAt?.toISOString() ?? null,
  };
}

/** @param status `preview` for an invoice that isn't stored, which then has no ids */
export function toInvoiceResponse(found: InvoiceWithLines, status?: 'preview'): z.infer<typeof InvoiceResponse> {
  const summary = toInvoiceSummary(found);
  const lines = found.lines.map((line) => toLineResponse(line, found));
  if (status === undefined) return { ...summary, lines };
  const parts = summary.parts.map((part) => ({ ...part, id: null }));
  return { ...summary, status, id: null, parts, lines: lines.map((line) => ({ ...line, id: null })) };
}

function toPartResponse(part: InvoicePartEntity, about: SubscriptionWithPlan): z.infer<typeof PartResponse> {
  return {
    id: toPublicId('invoicePart', part.id),
    kind: part.kind,
    subscription: toPublicId('subscription', part.subscriptionId),
    plan: toPlanReference(planAt(about, new Date(Math.max(part.periodStart.getTime(), part.periodEnd.getTime() - 1)))),
    servicePeriod: { start: part.periodStart.toISOString(), end: part.periodEnd.toISOString() },
    exactTotal: decimalText(part.exactTotal),
  };
}

function toLineResponse(line: InvoiceLineEntity, found: InvoiceWithLines): z.infer<typeof LineResponse> {
  const { currency } = found.invoice;
  const about = line.subscriptionId === null ? null : found.subscriptions.get(line.subscriptionId)!;
  const part = found.parts.findIndex(({ id }) => id === line.partId);
  return {
    id: toPublicId('invoiceLine', line.id),
    position: line.position + 1,
    kind: line.kind,
    key: line.key,
    part: part === -1 ? null : part + 1,
    subscription: line.subscriptionId === null ? null : toPublicId('subscription', line.subscriptionId),
    description: line.description,
    quantity: decimalText(line.quantity),
    events: line.events,
    amount: formatAmount(line.amount, currency),
    exactAmount: decimalText(line.exactAmount),
    net: formatAmount(line.net, currency),
    tax: formatAmount(line.tax, currency),
    taxes: line.taxes.map((tax) => toTaxResponse(tax, currency)),
    plan: about === null ? null : toPlanReference(planOf(found, about, line)),
    price: priceOf(found, line, about),
    meter: line.meterId === null ? null : toPublicId('meter', line.meterId),
    servicePeriod: { start: line.periodStart.toISOString(), end: line.periodEnd.toISOString() },
    breakdown: line.breakdown.map(toBreakdownResponse),
  };
}

/** The fields in their order, which the database does not keep. */
function toTaxResponse(tax: StoredTax, currency: Currency): z.infer<typeof TaxResponse> {
  const { key, name, percent, behaviour, category, reason } = tax;
  const money = (text: string): string => formatAmount(new Decimal(text), currency);
  return { key, name, percent, behaviour, category, base: money(tax.base), amount: money(tax.amount), reason };
}

function priceOf(
  found: InvoiceWithLines,
  line: InvoiceLineEntity,
  about: SubscriptionWithPlan | null,
): z.infer<typeof LineResponse>['price'] {
  if (line.priceId === null || about === null) return null;
  const price = planOf(found, about, line).prices.find(({ id }) => id === line.priceId);
  invariant(price !== undefined, 'the price of a line belongs to the plan it was charged by');
  return {
    id: toPublicId('price', price.id),
    key: price.key,
    allowance: price.allowance === null ? null : decimalText(price.allowance),
    charge: toStoredCharge(price.charge),
  };
}

/**
 * The plan a line was charged by, in the subscription's currency and with what it has agreed on. A draft in a list may
 * lag behind a move, and a change that was billed may be taken back; then the line's plan isn't the one of that instant,
 * and is shown as it was published.
 */
function planOf(
  { plans }: InvoiceWithLines,
  about: SubscriptionWithPlan,
  line: InvoiceLineEntity | undefined,
): StoredPlan {
  if (line === undefined || line.planId === null) return about.plan;
  const then = planAt(about, line.periodStart);
  if (then.id === line.planId) return then;
  return about.phases.find(({ plan }) => plan.id === line.planId)?.plan ?? plans.get(line.planId) ?? about.plan;
}

function toPlanReference({ id, key, version }: StoredPlan): z.infer<typeof PlanReference> {
  return { id: toPublicId('plan', id), key, version };
}

/** The fields in their order, which the database does not keep. */
function toBreakdownResponse(row: StoredBreakdownRow): z.infer<typeof BreakdownResponse> {
  const { kind, description, from, upTo, quantity, unitPrice, amount, group, window } = row;
  return {
    kind,
    description,
    from,
    upTo,
    quantity,
    unitPrice,
    amount,
    ...(group === undefined ? {} : { group }),
    ...(window === undefined ? {} : { window }),
  };
}

export function toExplanationResponse(
  explanation: LineExplanation,
  nextCursor: string | null,
): z.infer<typeof ExplanationResponse> {
  const { found, line, events } = explanation;
  const { invoice } = found;
  const shown = toLineResponse(line, found);
  return {
    invoice: { id: toPublicId('invoice', invoice.id), number: invoice.number, status: invoice.status },
    line: shown,
    plan: shown.plan,
    steps: line.steps,
    breakdown: line.breakdown.map(toBreakdownResponse),
    events: {
      count: line.events,
      items: events.map(toExplainedEvent),
      nextCursor,
    },
  };
}

/** An event behind a line, with what the line's meter takes of it. */
export function toExplainedEvent({ event, quantity, runningTotal }: ToldEvent): z.infer<typeof ExplainedEventResponse> {
  return {
    id: event.id,
    source: event.source,
    type: event.type,
    time: formatMicros(event.happenedAt),
    session: event.session,
    task: event.task,
    agent: event.agent,
    feature: event.feature,
    department: event.department,
    user: event.user,
    quantity,
    cost: event.amount === null ? null : decimalText(event.amount),
    costStatus: event.costStatus,
    data: event.data === null ? null : { ...event.data },
    runningTotal,
  };
}
