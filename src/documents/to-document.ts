import type { DatedDetails } from '../access';
import type { MeterEntity } from '../catalog';
import { planAt, type SubscriptionWithPlan } from '../customers';
import type { InvoiceLineEntity, InvoiceWithLines, StoredDailyUsage } from '../invoicing';
import { Decimal, invariant, localTimeOf, type Period, toPublicId } from '../kernel';
import type { DailyUsage, Days, DocumentLine, DocumentPart, DocumentTax, Party } from './domain';

/** What an invoice bills of each of its subscriptions, in the order of their lines, and the place of each. */
export function partsOf({ parts, subscriptions, customer }: InvoiceWithLines): {
  readonly parts: readonly DocumentPart[];
  readonly placeOf: ReadonlyMap<string, number>;
} {
  const ids = [...new Set(parts.map(({ subscriptionId }) => subscriptionId))];
  const shown = ids.map((id): DocumentPart => {
    const about = subscriptions.get(id)!;
    const own = parts.filter(({ subscriptionId }) => subscriptionId === id);
    const period = {
      start: new Date(Math.min(...own.map(({ periodStart }) => periodStart.getTime()))),
      end: new Date(Math.max(...own.map(({ periodEnd }) => periodEnd.getTime()))),
    };
    const { name, key } = planBefore(about, period.end);
    return { subscription: about.subscription.key, plan: { name, key }, days: daysOf(period, customer.timeZone) };
  });
  return { parts: shown, placeOf: new Map(ids.map((id, place) => [id, place])) };
}

export function toDocumentLine(
  { subscriptions, customer }: InvoiceWithLines,
  line: InvoiceLineEntity,
  part: number | null,
  meter: MeterEntity | null,
  daily: StoredDailyUsage | null,
): DocumentLine {
  const about = line.subscriptionId === null ? null : subscriptions.get(line.subscriptionId)!;
  const servicePeriod = { start: line.periodStart, end: line.periodEnd };
  return {
    id: toPublicId('invoiceLine', line.id),
    position: line.position + 1,
    kind: line.kind,
    key: line.key,
    description: line.description,
    part,
    plan: about === null ? null : planOf(about, line),
    meter: meter?.name ?? null,
    quantity: line.quantity,
    events: line.events,
    exactAmount: line.exactAmount,
    amount: line.amount,
    net: line.net,
    tax: line.tax,
    taxes: line.taxes.map(toDocumentTax),
    servicePeriod,
    days: daysOf(servicePeriod, customer.timeZone),
    rows: line.breakdown.map(({ kind, description, quantity, unitPrice, amount }) => ({
      kind,
      description,
      quantity: new Decimal(quantity),
      unitPrice: unitPrice === null ? null : new Decimal(unitPrice),
      amount: new Decimal(amount),
    })),
    usage: daily === null ? null : toDailyUsage(daily),
  };
}

export function toDocumentTax({
  name,
  percent,
  behaviour,
  category,
  base,
  amount,
  reason,
}: InvoiceLineEntity['taxes'][number]): DocumentTax {
  return {
    ...{ name, behaviour, reason, category: category as DocumentTax['category'] },
    ...{ percent: new Decimal(percent), base: new Decimal(base), amount: new Decimal(amount) },
  };
}

export function toParty(name: string, details: DatedDetails | null): Party {
  return {
    name: details?.legalName ?? name,
    addressLines: details?.addressLines ?? [],
    city: details?.city ?? null,
    postalCode: details?.postalCode ?? null,
    region: details?.region ?? null,
    country: details?.country ?? null,
    taxId: details?.taxId ?? null,
    email: details?.email ?? null,
  };
}

/** The days of a period on the customer's calendar, the last one included. One of no length is its day. */
export function daysOf({ start, end }: Period, timeZone: string): Days {
  const lastInstant = new Date(Math.max(start.getTime(), end.getTime() - 1));
  return { first: localTimeOf(start, timeZone).date, last: localTimeOf(lastInstant, timeZone).date };
}

/** The plan in force when a period ended; each line names its own. */
export function planBefore(
  about: SubscriptionWithPlan,
  end: Date,
): ReturnType<typeof planAt<SubscriptionWithPlan['plan']>> {
  return planAt(about, new Date(end.getTime() - 1));
}

/** The version a line was charged by. It is one that the subscription has, or had: phases that never came are gone. */
function planOf(about: SubscriptionWithPlan, { planId, periodStart }: InvoiceLineEntity): DocumentLine['plan'] {
  const charged = about.phases.find(({ plan }) => plan.id === planId)?.plan ?? planAt(about, periodStart);
  invariant(planId !== null, 'a line of a subscription is charged by a plan');
  return { key: charged.key, version: charged.version };
}

function toDailyUsage({ first, quantities }: StoredDailyUsage): DailyUsage {
  return { first, quantities: quantities.map((quantity) => new Decimal(quantity)) };
}
