import { type EntityManager, In, LessThan } from 'typeorm';
import { periodAt, periodOf, type SubscriptionWithPlan } from '../../customers';
import { Decimal, invariant, type Period } from '../../kernel';
import type { BilledLine, LedgerInvoice, PeriodChange } from '../domain';
import { InvoiceEntity } from '../persistence/invoice.entity';
import { InvoicePartEntity } from '../persistence/invoice-part.entity';
import { COMPUTED_LINE } from '../drafts/stored-line';
import { BILLED, lastNoted } from '../persistence/earlier-periods';

/** A billing period whose invoice is finalized, and up to where its events are billed. */
export interface BilledPeriod {
  readonly periodIndex: number;
  readonly period: Period;
  /** How many periods it is before the one whose invoice adjusts it. */
  readonly back: number;
  /** Whether that is another one than asked for, since it has a draft. */
  readonly behindDraft: boolean;
  readonly invoice: LedgerInvoice;
  /** The cut of its own invoice. */
  readonly ownThroughBatch: number;
  /** What happened up to this batch is billed. */
  readonly throughBatch: number;
  /** The customer's events that counted then; null where an older release finalized it, which didn't note it. */
  readonly events: number | null;
}

/**
 * The number of the billing period that a part is about. Of invoices of an older release it was counted from their order,
 * which is less by one behind a day that the time zone left out; when the period began is certain.
 */
export function periodIndexOf(
  about: SubscriptionWithPlan,
  { periodIndex, periodStart }: Pick<InvoicePartEntity, 'periodIndex' | 'periodStart'>,
): number {
  if (periodOf(about, periodIndex).start.getTime() === periodStart.getTime()) return periodIndex;
  const found = periodAt(about, periodStart);
  invariant(found?.period.start.getTime() === periodStart.getTime(), 'a part of an invoice is about a billing period');
  return found.index;
}

/**
 * The finalized periods before one, oldest first. Of several drafts exactly one adjusts a period: the first one after it.
 * Of a period whose invoice was made again the later one counts.
 *
 * @param most periods back; null for all
 */
export async function billedPeriodsBefore(
  db: EntityManager,
  about: SubscriptionWithPlan,
  periodIndex: number,
  most: number | null,
): Promise<BilledPeriod[]> {
  const rows = await db.query<BilledRow[]>(
    `SELECT invoice.id, invoice.number, ${BILLED} AS billed, part.period_index, part.period_start,
            invoice.events_through AS own, COALESCE(last.through_batch, invoice.events_through) AS through, last.events
       FROM (SELECT DISTINCT ON (period_start) invoice_id, period_index, period_start
               FROM invoice_part
              WHERE organisation_id = $1 AND subscription_id = $2 AND kind = 'period' AND period_start < $3
              ORDER BY period_start DESC, live DESC, id DESC LIMIT $4) AS part
       JOIN invoice ON invoice.organisation_id = $1 AND invoice.id = part.invoice_id
       ${lastNoted('$2')}
      ORDER BY part.period_start DESC`,
    [about.subscription.organisationId, about.subscription.id, periodOf(about, periodIndex).start, most],
  );

  const found: BilledPeriod[] = [];
  let back = 0;
  let behindDraft = false;
  for (const row of rows) {
    const index = periodIndexOf(about, { periodIndex: row.period_index, periodStart: row.period_start });
    back += 1;
    if (row.number === null) {
      back = 0;
      behindDraft = true;
    }
    if (!row.billed) continue;
    found.push({
      periodIndex: index,
      period: periodOf(about, index),
      back,
      behindDraft,
      invoice: { id: row.id, number: row.number },
      ownThroughBatch: Number(row.own),
      throughBatch: Number(row.through),
      events: row.events === null ? null : Number(row.events),
    });
  }
  return found.reverse();
}

interface BilledRow {
  id: string;
  number: string | null;
  billed: boolean;
  period_index: number;
  period_start: Date;
  own: string | null;
  through: string | null;
  events: string | null;
}

/** Drafts that have earlier periods of a subscription, oldest period first. */
export async function earlierDrafts(
  db: EntityManager,
  about: SubscriptionWithPlan,
  periodIndex: number,
): Promise<InvoiceEntity[]> {
  const parts = await db.find(InvoicePartEntity, {
    where: {
      subscriptionId: about.subscription.id,
      kind: 'period',
      live: true,
      periodStart: LessThan(periodOf(about, periodIndex).start),
    },
    order: { periodStart: 'ASC' },
  });
  if (parts.length === 0) return [];
  const drafts = await db.findBy(InvoiceEntity, {
    id: In(parts.map(({ invoiceId }) => invoiceId)),
    status: 'draft',
  });
  const byId = new Map(drafts.map((draft) => [draft.id, draft]));
  return [...new Set(parts.flatMap(({ invoiceId }) => byId.get(invoiceId) ?? []))];
}

/**
 * What happened to the events of billed periods since they were billed, by the period's index; a period that nothing
 * happened to is missing. Corrections are few and looked up by their batch; whether events came late is told from how
 * many there are, which sums say, so that nobody reads a customer's events for it.
 *
 * @param eventsNow of each period, in their order
 */
export async function changesSince(
  db: EntityManager,
  { subscription, customer }: SubscriptionWithPlan,
  periods: readonly BilledPeriod[],
  eventsNow: readonly number[],
): Promise<Map<number, PeriodChange>> {
  const corrections = await db.query<{ period: number; voided: number; amended: number; recosted: number }[]>(
    `WITH period AS (
       SELECT * FROM unnest($3::int[], $4::timestamptz[], $5::timestamptz[], $6::bigint[])
                  AS period (index, starts, ends, through)),
     corrected AS (
       SELECT event_key, batch, kind FROM event_void WHERE organisation_id = $1 AND batch > $7
       UNION ALL
       SELECT event_key, batch, 'cost' FROM event_cost WHERE organisation_id = $1 AND batch > $7)
     SELECT period.index AS period,
            count(*) FILTER (WHERE corrected.kind = 'void')::int AS voided,
            count(*) FILTER (WHERE corrected.kind = 'amendment')::int AS amended,
            count(DISTINCT corrected.event_key) FILTER (WHERE corrected.kind = 'cost')::int AS recosted
       FROM corrected
       JOIN event ON event.key = corrected.event_key
       JOIN period ON event.time >= period.starts AND event.time < period.ends AND corrected.batch > period.through
      WHERE event.organisation_id = $1 AND event.customer_id = $2
      GROUP BY period.index`,
    [
      subscription.organisationId,
      customer.id,
      periods.map(({ periodIndex }) => periodIndex),
      periods.map(({ period }) => period.start),
      periods.map(({ period }) => period.end),
      periods.map(({ throughBatch }) => throughBatch),
      Math.min(...periods.map(({ throughBatch }) => throughBatch)),
    ],
  );
  const corrected = new Map(corrections.map((row) => [row.period, row]));

  const changes = new Map<number, PeriodChange>();
  for (const [place, billed] of periods.entries()) {
    const { voided, amended, recosted } = corrected.get(billed.periodIndex) ?? { voided: 0, amended: 0, recosted: 0 };
    const before = billed.events ?? (await eventsAsOf(db, customer.id, billed));
    const entered = eventsNow[place]! - before + voided + amended;
    if (entered + voided + amended + recosted > 0) {
      changes.set(billed.periodIndex, { entered, voided, amended, recosted });
    }
  }
  return changes;
}

/** How many events counted in a period when it was billed: counted one by one, for invoices of an older release. */
async function eventsAsOf(
  db: EntityManager,
  customerId: string,
  { period, throughBatch }: BilledPeriod,
): Promise<number> {
  const [found] = await db.query<{ events: number }[]>(
    `SELECT count(*)::int AS events FROM event
      WHERE customer_id = $1 AND time >= $2 AND time < $3 AND batch <= $4
        AND NOT EXISTS (SELECT FROM event_void AS ended
              WHERE ended.organisation_id = event.organisation_id AND ended.event_key = event.key AND ended.batch <= $4)`,
    [customerId, period.start, period.end, throughBatch],
  );
  return found!.events;
}

/** Every computed line of finalized invoices that is about these periods: their own, and what adjusted them since. */
export async function billedLines(
  db: EntityManager,
  { subscription }: SubscriptionWithPlan,
  { start, end }: Period,
): Promise<BilledLine[]> {
  const rows = await db.query<
    {
      key: string;
      description: string;
      period_start: Date;
      period_end: Date;
      quantity: string;
      exact_amount: string;
      amount: string;
      number: string;
      tax_code: string | null;
      tax_behaviour: 'exclusive' | 'inclusive' | null;
    }[]
  >(
    `SELECT line.key, line.description, line.period_start, line.period_end, line.quantity::text,
            line.exact_amount::text, line.amount::text, invoice.number, line.tax_code, line.tax_behaviour
       FROM invoice_line AS line
       JOIN invoice ON (invoice.organisation_id, invoice.id) = (line.organisation_id, line.invoice_id)
      WHERE line.organisation_id = $1 AND line.subscription_id = $2 AND ${BILLED} AND ${COMPUTED_LINE}
        AND line.period_start >= $3 AND line.period_start < $4
      ORDER BY invoice.period_start, invoice.id, line.position`,
    [subscription.organisationId, subscription.id, start, end],
  );
  return rows.map((row) => ({
    key: row.key,
    description: row.description,
    servicePeriod: { start: row.period_start, end: row.period_end },
    quantity: new Decimal(row.quantity),
    exactAmount: new Decimal(row.exact_amount),
    amount: new Decimal(row.amount),
    invoice: row.number,
    taxCode: row.tax_code,
    taxBehaviour: row.tax_behaviour,
  }));
}

/** A subscription's drafts by when their periods start. */
export async function draftsOf(
  db: EntityManager,
  { subscription }: SubscriptionWithPlan,
): Promise<ReadonlyMap<number, LedgerInvoice>> {
  const rows = await db.query<{ id: string; period_start: Date }[]>(
    `SELECT invoice.id, part.period_start FROM invoice_part AS part
       JOIN invoice ON (invoice.organisation_id, invoice.id) = (part.organisation_id, part.invoice_id)
      WHERE part.organisation_id = $1 AND part.subscription_id = $2 AND part.kind = 'period' AND part.live
        AND invoice.status = 'draft'`,
    [subscription.organisationId, subscription.id],
  );
  return new Map(rows.map(({ id, period_start }) => [period_start.getTime(), { id, number: null }]));
}

/** Up to where finalized invoices have billed each period of a subscription, ascending, by when the periods start. */
export async function laterCuts(
  db: EntityManager,
  { subscription }: SubscriptionWithPlan,
): Promise<ReadonlyMap<number, { throughBatch: number; invoice: LedgerInvoice }[]>> {
  const rows = await db.query<{ period_start: Date; through_batch: string; id: string; number: string }[]>(
    `SELECT noted.period_start, noted.through_batch, invoice.id, invoice.number
       FROM period_billed AS noted
       JOIN invoice ON (invoice.organisation_id, invoice.id) = (noted.organisation_id, noted.invoice_id)
      WHERE noted.organisation_id = $1 AND noted.subscription_id = $2 AND ${BILLED}
      ORDER BY noted.through_batch`,
    [subscription.organisationId, subscription.id],
  );
  const cuts = new Map<number, { throughBatch: number; invoice: LedgerInvoice }[]>();
  for (const { period_start, through_batch, id, number } of rows) {
    const start = period_start.getTime();
    const cut = { throughBatch: Number(through_batch), invoice: { id, number } };
    cuts.set(start, [...(cuts.get(start) ?? []), cut]);
  }
  return cuts;
}
