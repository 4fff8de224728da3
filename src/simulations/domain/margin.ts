import { type Decimal, HUNDRED, ONE, ZERO } from '../../kernel';
import type { CustomerOutcome } from './simulate-customer';

/** What would be left of what a plan charges. */
export interface MarginFigures {
  readonly customers: number;
  readonly revenue: Decimal;
  /** Null where there is no exchange rate for it. */
  readonly cost: Decimal | null;
  /** Share of the revenue, exact; null where it can't be told: no revenue, or no cost in its currency. */
  readonly marginPercent: Decimal | null;
  /** Customers whose usage the plan can't charge. */
  readonly notRated: number;
  /** Events without a known cost; with it, the margin would be smaller. */
  readonly pendingEvents: number;
}

/** Adds up customers under one plan: 120.00 charged for what cost 90.00 leaves 25 %. */
export function marginOf(outcomes: readonly CustomerOutcome[]): MarginFigures {
  let [revenue, notRated, pendingEvents] = [ZERO, 0, 0];
  let cost: Decimal | null = ZERO;
  for (const { revenueThen, costThen, pendingEvents: pending } of outcomes) {
    if (revenueThen === null) notRated += 1;
    revenue = revenue.plus(revenueThen ?? ZERO);
    // What can't be charged is used all the same.
    cost = cost === null || costThen === null ? null : cost.plus(costThen);
    pendingEvents += pending;
  }
  const known = cost !== null && !revenue.isZero();
  const marginPercent = known ? revenue.minus(cost!).times(HUNDRED).dividedBy(revenue) : null;
  return { customers: outcomes.length, revenue, cost, marginPercent, notRated, pendingEvents };
}

/**
 * Whether less is left than `floorPercent` of the revenue. Told without a division, so that 20 % is not below 20 %.
 * Charging nothing for what cost something is below every floor, and so is what is not known; nothing for nothing is not.
 */
export function isBelowFloor({ revenue, cost }: MarginFigures, floorPercent: Decimal): boolean {
  if (cost === null) return true;
  if (!revenue.greaterThan(0)) return cost.greaterThan(revenue);
  const share = floorPercent.dividedBy(HUNDRED);
  return cost.greaterThan(revenue.times(ONE.minus(share)));
}
