import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Tenant } from '../../access';
import { currencyOf, periodOf, segmentsOf, type SubscriptionWithPlan } from '../../customers';
import { Decimal, type Period } from '../../kernel';
import { type BilledThreshold, type DraftLine, takeOffLine, thresholdLine, thresholdPlan } from '../domain';
import { PeriodRater } from '../drafts/period-rater';
import { type PeriodToRate, ratePeriod } from '../drafts/rated-period';

/** What a threshold bills of an open period. */
export interface PassedThreshold {
  readonly periodIndex: number;
  /** Which one of the period. */
  readonly ordinal: number;
  readonly line: DraftLine;
}

type StoredThreshold = BilledThreshold & Pick<Required<DraftLine>, 'taxCode' | 'taxBehaviour'>;

/** Finds what thresholds bill of an open period, and what its own invoice takes off for them. Writes nothing. */
@Injectable()
export class ThresholdLines {
  constructor(@Inject(PeriodRater) private readonly rater: PeriodRater) {}

  /** What usage up to now comes to beyond what was billed of it; null while that is below the subscription's threshold. */
  async passed(
    db: EntityManager,
    tenant: Tenant,
    about: SubscriptionWithPlan,
    now: Date,
  ): Promise<PassedThreshold | null> {
    const { thresholds, openPeriod: periodIndex } = about.subscription;
    const { start, end } = periodOf(about, periodIndex);
    if (thresholds === null || now <= start || now >= end) return null;

    const soFar = begun(await this.rater.load(db, tenant, about, periodIndex), now);
    const plan = soFar.segments.at(-1)?.plan;
    if (plan === undefined) return null;
    const line = thresholdLine({
      plan,
      currency: currencyOf(about),
      soFar: { start, end: now },
      lines: ratePeriod(soFar).draft.lines,
      billed: await billedOf(db, about, periodIndex),
      threshold: new Decimal(thresholds.amount),
    });
    return line === null ? null : { periodIndex, ordinal: await nextOrdinal(db, about, periodIndex), line };
  }

  /** For each live, finalized threshold of a period a line that takes off what it billed. */
  async takeOffs(
    db: EntityManager,
    _tenant: Tenant,
    about: SubscriptionWithPlan,
    periodIndex: number,
  ): Promise<readonly DraftLine[]> {
    const billed = await billedOf(db, about, periodIndex);
    if (billed.length === 0) return [];
    const period: Period = periodOf(about, periodIndex);
    const plan = segmentsOf(about, period).at(-1)!.plan;
    return billed.map((each) => takeOffLine(each, plan, currencyOf(about), period));
  }
}

/** The segments that have begun, with those prices that count. What is promised in units is promised for all of a segment. */
function begun(period: PeriodToRate, now: Date): PeriodToRate {
  const segments = period.segments.filter((segment) => segment.period.start < now);
  return {
    ...period,
    segments: segments.map((segment) => ({ ...segment, plan: thresholdPlan(segment.plan) })),
    usages: period.usages.slice(0, segments.length),
  };
}

async function billedOf(
  db: EntityManager,
  { subscription: { organisationId, id } }: SubscriptionWithPlan,
  periodIndex: number,
): Promise<StoredThreshold[]> {
  const rows = await db.query<
    {
      ordinal: number;
      number: string | null;
      exact_amount: string;
      amount: string;
      tax_code: string | null;
      tax_behaviour: StoredThreshold['taxBehaviour'];
    }[]
  >(
    `SELECT part.ordinal, invoice.number, line.exact_amount, line.amount, line.tax_code, line.tax_behaviour
       FROM invoice_part AS part
       JOIN invoice ON (invoice.organisation_id, invoice.id) = (part.organisation_id, part.invoice_id)
       JOIN invoice_line AS line ON (line.organisation_id, line.part_id) = (part.organisation_id, part.id)
      WHERE part.organisation_id = $1 AND part.subscription_id = $2 AND part.kind = 'threshold' AND part.period_index = $3
        AND part.live AND line.kind = 'threshold'
      ORDER BY part.ordinal`,
    [organisationId, id, periodIndex],
  );
  return rows.map((row) => ({
    ordinal: row.ordinal,
    number: row.number,
    exactAmount: new Decimal(row.exact_amount),
    amount: new Decimal(row.amount),
    taxCode: row.tax_code,
    taxBehaviour: row.tax_behaviour,
  }));
}

/** Thresholds that were taken back have had their numbers, too. */
async function nextOrdinal(
  db: EntityManager,
  { subscription: { organisationId, id } }: SubscriptionWithPlan,
  periodIndex: number,
): Promise<number> {
  const [row] = await db.query<{ next: number }[]>(
    `SELECT COALESCE(max(ordinal) + 1, 0) AS next FROM invoice_part
      WHERE organisation_id = $1 AND subscription_id = $2 AND kind = 'threshold' AND period_index = $3`,
    [organisationId, id, periodIndex],
  );
  return row!.next;
}
