import { arrearsPlan, type Plan, type Price } from '../../catalog/domain';
import { Decimal, invariant, type Period, sum, ZERO } from '../../kernel';
import {
  type PoolBalance,
  type RatedPlan,
  ratePlan,
  type Share,
  type UsageToRate,
  type UsedUnits,
  usedUnits,
} from '../../rating/domain';

/** A stretch of a billing period in which nothing changes, with what was used in it. */
export interface SegmentToRate {
  readonly plan: Plan;
  readonly period: Period;
  readonly share: Share;
  /** How much of a base fee it pays, and of units that are promised it has; as its share without them. */
  readonly feeShare?: Share | undefined;
  readonly unitShare?: Share | undefined;
  readonly trial: 'base_fee' | 'everything' | null;
  readonly usage: { of(price: Price): UsageToRate };
}

export interface RatedSegment {
  readonly plan: Plan;
  readonly period: Period;
  readonly rated: RatedPlan;
}

/** What came before a billing period, as far as its charges depend on it. */
export interface Before {
  readonly periodIndex: number;
  /** What was rolled into the period. */
  readonly pools: readonly PoolBalance[];
  /** Of the commitment that is in force when the period ends; null when there is none. */
  readonly term: CommitmentTerm | null;
  /** Earlier segments, newest first, as far back as outcomes of the period may have been billed. */
  readonly earlier?: readonly EarlierSegment[] | undefined;
}

/** A segment that was billed before. */
export interface EarlierSegment {
  readonly start: Date;
  readonly plan: Plan;
  readonly trial: SegmentToRate['trial'];
}

/** How far the term of a commitment has come. */
export interface CommitmentTerm {
  /** Exact, in the term's earlier periods, while the commitment was in force. */
  readonly charged: Decimal;
  /** Periods among these that were promised, parts included. */
  readonly promised: Decimal;
  /** Whether it ends with this period. */
  readonly ends: boolean;
}

/**
 * Rates the segments of one billing period, each on its own usage, and hands on from one to the next what belongs to
 * the period as a whole: what is left of the pools and of allowances that it has once, and what was charged towards a
 * commitment. Fees in advance are none of its business: `feePieces`.
 *
 * @param explain whether sentences are made; without, for whoever wants the amounts alone
 * @returns       in the order of time; the last one's pools are what the next period begins with
 */
export function rateSegments(segments: readonly SegmentToRate[], before: Before, explain = true): RatedSegment[] {
  const last = segments.at(-1);
  invariant(last !== undefined, 'a billing period has a segment');
  let { pools } = before;
  let charged = before.term?.charged ?? ZERO;
  let promised = before.term?.promised ?? ZERO;
  let used: ReadonlyMap<string, UsedUnits> = new Map();
  const earlier = [...(before.earlier ?? [])];

  return segments.map((segment, index) => {
    const { plan, period, share, trial } = segment;
    const rated = ratePlan(arrearsPlan(plan), segment.usage, {
      servicePeriod: period,
      share,
      feeShare: segment.feeShare,
      unitShare: segment.unitShare,
      used,
      periodIndex: before.periodIndex,
      trial,
      pools,
      chargedInTerm: charged,
      promisedPeriods: promised,
      lastOfTerm: before.term?.ends ?? false,
      firstSegment: index === 0,
      lastSegment: segment === last,
      earlierStarts: before.earlier === undefined ? undefined : earlier.map(({ start }) => start),
      outcomesSince: outcomesSince(segment, earlier),
      explain,
    });
    pools = handedOn(pools, rated.pools);
    if (segments.length > 1) used = usedUnits(used, rated.lines);
    if (countsTowards(last.plan, plan)) {
      charged = charged.plus(chargedWithoutTrueUp(rated));
      if (trial === null) promised = promised.plus(new Decimal(share.part).dividedBy(share.whole));
    }
    earlier.unshift({ start: period.start, plan, trial });
    return { plan, period, rated };
  });
}

/**
 * Since when outcomes were billed without a break, by the key of their price. Before that the plan didn't have the price,
 * or a trial covered it: what was never paid for isn't credited.
 */
function outcomesSince({ plan, period }: SegmentToRate, earlier: readonly EarlierSegment[]): ReadonlyMap<string, Date> {
  const keys = plan.prices.filter(({ charge }) => charge.model === 'outcome').map(({ key }) => key);
  return new Map(
    keys.map((key) => {
      const unbilled = earlier.findIndex((segment) => !billsOutcomes(segment, key));
      const billed = unbilled === -1 ? earlier : earlier.slice(0, unbilled);
      return [key, billed.at(-1)?.start ?? period.start];
    }),
  );
}

function billsOutcomes({ plan, trial }: EarlierSegment, key: string): boolean {
  return trial !== 'everything' && plan.prices.some((price) => price.key === key && price.charge.model === 'outcome');
}

/** Whether a segment is under the commitment that another one is compared with: another version of a plan goes on with it. */
export function countsTowards(committed: Plan, plan: Plan): boolean {
  return plan.key === committed.key && plan.terms?.commitment !== undefined;
}

/** Pools of a plan that is left keep what they hold, in case the subscription comes back to it within the period. */
function handedOn(before: readonly PoolBalance[], after: readonly PoolBalance[]): PoolBalance[] {
  const touched = new Set(after.map(({ pool }) => pool));
  return [...before.filter(({ pool }) => !touched.has(pool)), ...after];
}

function chargedWithoutTrueUp({ lines }: RatedPlan): Decimal {
  return sum(lines.filter(({ kind }) => kind !== 'true_up').map(({ amount }) => amount));
}

/** Each pool of the period as its last segment left it. */
export function poolsAfter(segments: readonly RatedSegment[]): readonly PoolBalance[] {
  return segments.reduce<readonly PoolBalance[]>((pools, { rated }) => handedOn(pools, rated.pools), []);
}
