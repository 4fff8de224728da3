import { type Decimal, HUNDRED, ZERO } from '../../kernel';
import { barOf, BARS } from './histogram';
import type { IncludedUse } from './simulate-plan';
import type { CustomerOutcome } from './simulate-customer';

/** What a candidate comes to over all customers so far. Money is in the candidate's currency. */
export interface Summary {
  readonly customers: number;
  /** Customers whose usage it can't rate; they are in nothing below. */
  readonly notRated: number;
  readonly revenueThen: Decimal;
  readonly costThen: Decimal;
  /** Customers whose costs have no exchange rate. */
  readonly withoutCost: number;
  readonly pendingEvents: number;
  /** Customers whose bill of now and of then can be compared; the rest is about these alone. */
  readonly compared: number;
  readonly revenueNow: Decimal;
  readonly costNow: Decimal;
  /** Of the compared ones what they would pay. */
  readonly revenueThenCompared: Decimal;
  /** Customers who would pay less, more, and the same. */
  readonly gainers: number;
  readonly losers: number;
  readonly unchanged: number;
  /** Customers whose bill would rise by more than the asked-for share. */
  readonly above: number;
  /** Customers by bar of change, see `barOf`. */
  readonly bars: readonly number[];
  readonly included: readonly IncludedUse[];
}

export const NO_CUSTOMERS: Summary = {
  customers: 0,
  notRated: 0,
  revenueThen: ZERO,
  costThen: ZERO,
  withoutCost: 0,
  pendingEvents: 0,
  compared: 0,
  revenueNow: ZERO,
  costNow: ZERO,
  revenueThenCompared: ZERO,
  gainers: 0,
  losers: 0,
  unchanged: 0,
  above: 0,
  bars: Array.from({ length: BARS }, () => 0),
  included: [],
};

/**
 * Adds one customer to what is known. Nothing is divided on the way, so it doesn't matter in how many steps customers
 * come, nor in which order.
 *
 * @param lossAbovePercent a bill that rises by more than this counts as `above`; a bill after nothing always does
 */
export function summarise(before: Summary, outcome: CustomerOutcome, lossAbovePercent: Decimal): Summary {
  const { revenueNow, revenueThen, costNow, costThen } = outcome;
  const counted = { ...before, customers: before.customers + 1 };
  if (revenueThen === null) return { ...counted, notRated: before.notRated + 1 };

  const rated: Summary = {
    ...counted,
    revenueThen: before.revenueThen.plus(revenueThen),
    costThen: before.costThen.plus(costThen ?? ZERO),
    withoutCost: before.withoutCost + (costThen === null ? 1 : 0),
    pendingEvents: before.pendingEvents + outcome.pendingEvents,
    included: addIncluded(before.included, outcome.included),
  };
  if (revenueNow === null) return rated;

  const change = revenueThen.minus(revenueNow);
  const bar = barOf(revenueNow, revenueThen);
  return {
    ...rated,
    compared: before.compared + 1,
    revenueNow: before.revenueNow.plus(revenueNow),
    costNow: before.costNow.plus(costNow ?? ZERO),
    revenueThenCompared: before.revenueThenCompared.plus(revenueThen),
    gainers: before.gainers + (change.lessThan(0) ? 1 : 0),
    losers: before.losers + (change.greaterThan(0) ? 1 : 0),
    unchanged: before.unchanged + (change.isZero() ? 1 : 0),
    above: before.above + (risesAbove(revenueNow, revenueThen, lossAbovePercent) ? 1 : 0),
    bars: before.bars.map((customers, index) => customers + (index === bar ? 1 : 0)),
  };
}

/** Whether a bill rises by more than so many per cent: 100 → 110.01 above 10. Without a division, so exactly. */
function risesAbove(now: Decimal, then: Decimal, percent: Decimal): boolean {
  return then.minus(now).greaterThan(0) && then.minus(now).times(HUNDRED).greaterThan(now.times(percent));
}

function addIncluded(before: readonly IncludedUse[], more: readonly IncludedUse[]): IncludedUse[] {
  const uses = new Map(before.map((use) => [`${use.kind} ${use.key}`, use]));
  for (const use of more) {
    const known = uses.get(`${use.kind} ${use.key}`);
    uses.set(
      `${use.kind} ${use.key}`,
      known === undefined ? use : { ...use, granted: known.granted.plus(use.granted), used: known.used.plus(use.used) },
    );
  }
  return [...uses.values()];
}
