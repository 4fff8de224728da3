import type { EntityManager } from 'typeorm';
import { periodAt, type Segment, segmentsOf, type SubscriptionWithPlan } from '../../customers';
import type { Period } from '../../kernel';
import { type BilledPeriod, billedPeriodsBefore, draftsOf, laterCuts } from '../adjusting/billed-periods';
import { IncludedUnits, type LedgerInvoice, type PeriodBills } from '../domain';
import type { StoredBreakdownRow } from '../persistence/invoice-line.entity';

/** A billing period of a subscription with what became of its bills. */
export interface BooksOfPeriod {
  readonly period: Period;
  readonly segments: readonly Segment[];
  readonly bills: PeriodBills;
  /** The cut of its own invoice; null while it has none. */
  readonly ownCut: number | null;
}

/** The books of one subscription, which are asked for in the order of time. */
export interface SubscriptionBooks {
  readonly about: SubscriptionWithPlan;
  /** Of the billing period that an instant is in; null outside of the subscription. */
  at(ms: number): BooksOfPeriod | null;
  /** The line of a price on a finalized invoice, with what is included in it. */
  lineOf(invoiceId: string, key: string, segmentStart: Date): IncludedUnits | null;
  /** The first instant whose events decide what of a range is included. */
  countedFrom(range: Period): Date;
}

/** @param mostBack periods that a later invoice adjusts */
export async function booksOf(
  db: EntityManager,
  about: SubscriptionWithPlan,
  range: Period,
  mostBack: number,
): Promise<SubscriptionBooks> {
  const billed = await billedPeriodsBefore(db, about, about.subscription.openPeriod, null);
  const byStart = new Map(billed.map((each) => [each.period.start.getTime(), each]));
  const drafts = await draftsOf(db, about);
  const cuts = await laterCuts(db, about);
  const takenBack = await takenBackOf(db, about);
  const lines = await linesIn(db, about, range);

  let last: BooksOfPeriod | null = null;
  return {
    about,
    at: (ms) => {
      if (last !== null && last.period.start.getTime() <= ms && ms < last.period.end.getTime()) return last;
      const found = periodAt(about, new Date(ms));
      if (found === null) return null;
      const start = found.period.start.getTime();
      const own = byStart.get(start);
      const bills =
        own === undefined
          ? { invoice: drafts.get(start) ?? null, billed: [], inReach: true, takenBack: takenBack.get(start) ?? null }
          : billsOf(own, cuts.get(start) ?? [], mostBack);
      last = {
        period: found.period,
        segments: segmentsOf(about, found.period),
        bills,
        ownCut: own?.ownThroughBatch ?? null,
      };
      return last;
    },
    lineOf: (invoiceId, key, segmentStart) => lines.get(nameOf(invoiceId, key, segmentStart))?.units ?? null,
    countedFrom: ({ start }) => {
      const cut = [...lines.values()].filter(({ units, period }) => units.isAny && period.start < start && start < period.end); // prettier-ignore
      return new Date(Math.min(start.getTime(), ...cut.map(({ period }) => period.start.getTime())));
    },
  };
}

function billsOf(
  { invoice, ownThroughBatch, back }: BilledPeriod,
  later: PeriodBills['billed'],
  mostBack: number,
): PeriodBills {
  // prettier-ignore
  const adjusting = later.filter(({ invoice: { id } }) => id !== invoice.id);
  return {
    invoice,
    billed: [{ throughBatch: ownThroughBatch, invoice }, ...adjusting],
    inReach: back <= mostBack,
  };
}

/** Void invoices of periods that nothing took the place of, by when the periods start. */
async function takenBackOf(
  db: EntityManager,
  { subscription }: SubscriptionWithPlan,
): Promise<ReadonlyMap<number, LedgerInvoice>> {
  const rows = await db.query<{ id: string; number: string; period_start: Date }[]>(
    `SELECT DISTINCT ON (part.period_start) part.period_start, invoice.id, invoice.number
       FROM invoice_part AS part
       JOIN invoice ON (invoice.organisation_id, invoice.id) = (part.organisation_id, part.invoice_id)
      WHERE part.organisation_id = $1 AND part.subscription_id = $2 AND part.kind = 'period' AND invoice.status = 'void'
        AND NOT EXISTS (SELECT FROM invoice_part AS other
              WHERE other.organisation_id = $1 AND other.subscription_id = $2 AND other.kind = 'period'
                AND other.period_start = part.period_start AND other.live)
      ORDER BY part.period_start, part.id DESC`,
    [subscription.organisationId, subscription.id],
  );
  return new Map(rows.map(({ id, number, period_start }) => [period_start.getTime(), { id, number }]));
}

/** Lines of prices of finalized invoices whose service period touches a range. */
async function linesIn(
  db: EntityManager,
  { subscription }: SubscriptionWithPlan,
  { start, end }: Period,
): Promise<ReadonlyMap<string, { readonly units: IncludedUnits; readonly period: Period }>> {
  const rows = await db.query<LineRow[]>(
    `SELECT line.id, line.invoice_id, line.position, line.key, line.period_start, line.period_end, line.breakdown
       FROM invoice_line AS line
       JOIN invoice ON (invoice.organisation_id, invoice.id) = (line.organisation_id, line.invoice_id)
      WHERE line.organisation_id = $1 AND line.subscription_id = $2 AND line.kind = 'price' AND line.fee_id IS NULL
        AND line.meter_id IS NOT NULL AND invoice.status NOT IN ('draft', 'void')
        AND line.period_start < $4 AND line.period_end > $3`,
    [subscription.organisationId, subscription.id, start, end],
  );
  return new Map(
    rows.map((row) => [
      nameOf(row.invoice_id, row.key, row.period_start),
      {
        units: new IncludedUnits({ id: row.id, position: row.position + 1 }, row.breakdown),
        period: { start: row.period_start, end: row.period_end },
      },
    ]),
  );
}

interface LineRow {
  id: string;
  invoice_id: string;
  position: number;
  key: string;
  period_start: Date;
  period_end: Date;
  breakdown: StoredBreakdownRow[];
}

function nameOf(invoiceId: string, key: string, start: Date): string {
  return `${invoiceId} ${start.getTime()} ${key}`;
}
