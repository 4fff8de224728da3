import { type Currency, Decimal, sum, ZERO } from '../../kernel';
import { isAdvance, type Plan, type Price } from '../../catalog/domain';
import {
  type PoolBalance,
  poolsForNextPeriod,
  type RatedLine,
  type RatedPlan,
  ratePlan,
  type UsageToRate,
} from '../../rating/domain';
import { type SimulatedPeriod, startsBefore } from './simulated-periods';

/** A plan as one customer would hold it over the simulated months. */
export interface PlanToSimulate {
  /** In one currency, with overrides if there are any. */
  readonly plan: Plan;
  /** Which of the subscription's periods the first month is, counted from 0: some discounts end, some begin later. */
  readonly firstPeriod: number;
  /** How many of the first months are looked at for what pools keep of them, and are not in the bill. */
  readonly leadIn?: number;
}

/** What one price, or something agreed for the whole plan, came to over all months. */
export interface SimulatedLine {
  readonly key: string;
  readonly name: string;
  readonly quantity: Decimal;
  /** Rounded in each month, as invoices are. */
  readonly amount: Decimal;
}

/** How much of what a plan includes was used, over all months. */
export interface IncludedUse {
  readonly kind: 'pool' | 'allowance';
  /** Of the pool, or of the price. */
  readonly key: string;
  /** What the months granted; units rolled over are counted in the month that granted them. */
  readonly granted: Decimal;
  readonly used: Decimal;
}

/** What a plan asks of one customer for all simulated months. */
export interface SimulatedBill {
  readonly currency: Currency;
  readonly revenue: Decimal;
  /** In the order of the plan. */
  readonly lines: readonly SimulatedLine[];
  readonly included: readonly IncludedUse[];
  /** Events whose cost the charges depend on and which is not known. */
  readonly pendingEvents: number;
  /** How often a plan was rated for it: once a month, however many events there were. */
  readonly ratings: number;
}

/** Usage of a price in one month. */
export interface UsageOfPrices {
  of(price: Price): UsageToRate;
}

/**
 * Bills months one after the other by a plan: pools roll over, discounts begin and end, commitments are trued up, each
 * as in a subscription. There is no trial: a customer who has used the product for months is past it.
 *
 * A commitment that the range cuts short is held to the share of it that the range covers: of 12,000 for twelve months,
 * three months promise 3,000. Without that, a simulated quarter would show a promise as no revenue at all.
 *
 * @param usage   of each month, in the order of the months
 * @param periods end to end
 * @param timeZone where the months before them began
 */
export function simulatePlan(
  { plan, firstPeriod, leadIn = 0 }: PlanToSimulate,
  usage: readonly UsageOfPrices[],
  periods: readonly SimulatedPeriod[],
  timeZone: string,
): SimulatedBill {
  const term = plan.terms?.commitment?.periods ?? 1;
  let pools: readonly PoolBalance[] = [];
  let chargedInTerm = ZERO;
  const months: RatedPlan[] = [];
  for (const [index, { period, share }] of periods.entries()) {
    const billed = index >= leadIn;
    const inTerm = billed ? (index - leadIn) % term : 0;
    if (inTerm === 0) chargedInTerm = ZERO;
    const isLast = index === periods.length - 1;
    const periodIndex = firstPeriod + index;

    const month = ratePlan(plan, usage[index]!, {
      servicePeriod: period,
      share,
      // A range that cuts a month is no change of terms: of everything it has its share.
      feeShare: share,
      unitShare: share,
      periodIndex,
      trial: null,
      pools,
      chargedInTerm,
      promisedPeriods: new Decimal(inTerm),
      lastOfTerm: billed && (isLast || inTerm === term - 1),
      earlierStarts: startsBefore(periods, index, timeZone),
      firstSegment: true,
      lastSegment: true,
      explain: false,
    });

    if (billed) months.push(month);
    chargedInTerm = chargedInTerm.plus(sum(month.lines.filter(countsForCommitment).map(({ amount }) => amount)));
    pools = poolsForNextPeriod(plan, month.pools, periodIndex);
  }
  return {
    currency: plan.currency,
    revenue: sum(months.map(({ total }) => total)),
    lines: linesOf(months),
    included: [...poolsUsed(months), ...allowancesUsed(plan, months, periods.slice(leadIn))],
    pendingEvents: months.flatMap(({ lines }) => lines).reduce((all, line) => all + line.pendingEvents, 0),
    ratings: periods.length,
  };
}

function countsForCommitment({ kind, price }: RatedLine): boolean {
  return kind !== 'true_up' && (price === null || !isAdvance(price));
}

function linesOf(months: readonly RatedPlan[]): SimulatedLine[] {
  const lines = new Map<string, SimulatedLine>();
  for (const { key, name, quantity, rounded } of months.flatMap((month) => month.lines)) {
    const before = lines.get(key);
    lines.set(key, {
      key,
      name,
      quantity: before === undefined ? quantity : before.quantity.plus(quantity),
      amount: before === undefined ? rounded : before.amount.plus(rounded),
    });
  }
  return [...lines.values()];
}

function poolsUsed(months: readonly RatedPlan[]): IncludedUse[] {
  const pools = new Map<string, IncludedUse>();
  for (const { pool: key, granted, used } of months.flatMap((month) => month.pools)) {
    const before = pools.get(key);
    pools.set(key, {
      kind: 'pool',
      key,
      granted: granted.plus(before?.granted ?? ZERO),
      used: used.plus(before?.used ?? ZERO),
    });
  }
  return [...pools.values()];
}

/** Digits that a share of an allowance is kept with, as where it is charged. */
const UNIT_DECIMALS = 12;

function allowancesUsed(plan: Plan, months: readonly RatedPlan[], periods: readonly SimulatedPeriod[]): IncludedUse[] {
  return plan.prices.flatMap(({ key, allowance }): IncludedUse[] => {
    if (allowance === null) return [];
    const rows = months.flatMap(({ lines }) => lines.find((line) => line.key === key)?.breakdown ?? []);
    const used = sum(rows.filter(({ kind }) => kind === 'allowance').map(({ quantity }) => quantity));
    const granted = periods.map(({ share }) => allowance.times(share.part).dividedBy(share.whole));
    return [{ kind: 'allowance', key, granted: sum(granted).toDecimalPlaces(UNIT_DECIMALS), used }];
  });
}
