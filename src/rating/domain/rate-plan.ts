import { type Currency, type Decimal, invariant, sum, ZERO } from '../../kernel';
import { isAdvance, type Plan, type Pool, type Price } from '../../catalog/domain';
import { adjustPlan } from './adjust-plan';
import { grantPool, rollPool } from './draw-pool';
import { type Share, WHOLE } from './model';
import type { PriceContext } from './price-context';
import { rateCharge } from './rate-charge';
import { feeOfPeriod } from './rate-fee';
import type { PoolBalance } from './pool-balance';
import type { RatedLine, RatedPlan, RatingContext } from './rated-plan';
import { roundLine } from './round-line';
import { NO_USAGE, type UsageToRate } from './usage';

/**
 * Turns one customer's usage in one segment of a billing period into what a plan charges for it: a line for each price,
 * in the plan's order, also for what wasn't used, and behind them what is agreed for the plan as a whole.
 *
 * ```
 * usage of a price                                                                    units
 *   ─► rounding of the aggregated quantity
 *   ─► allowance or pool ─► free units ─► beyond: charged, blocked, or another price
 *   ─► charge model                                                                   money
 *   ─► pricing unit to currency
 *   ─► trial, or: discounts ─► minimum, maximum
 *   ═► a line
 * all lines
 *   ─► discounts of the plan ─► its minimum, maximum ─► true-up of the commitment      each a line
 * every line ─► roundLine, once
 * ```
 *
 * This is the one place where the order of effects is written. Its reasons:
 *
 * - Whatever is promised in units comes before anything in money. An allowance of 3,000 requests must be 3,000 requests
 *   whatever they would have cost; the charge model sees the rest as if it were all the usage there was.
 * - The quantity is rounded first of all, since "per begun hour" says what a unit is, and the allowance counts in units.
 * - Allowance or pool go before free units: those are a present on top of what is bought, and must not eat it up. What
 *   is blocked or moved to another price is what nothing else covered.
 * - Tiers, packages and steps see one quantity, not the parts of it that discounts would make; so discounts of money
 *   follow the model. They follow the conversion too: an amount off is an amount of the invoice's currency.
 * - A trial takes the place of discounts and bounds: where nothing is asked there is nothing to lower, and a minimum
 *   that is asked in a free month would be a lie.
 * - A minimum and a maximum hold for what is really asked, so they follow discounts. A discount behind the minimum
 *   would undercut it.
 * - The plan's discounts, minimum and maximum follow those of its prices for the same reasons; they are lines of their
 *   own, since a customer couldn't see in any one price's line what they did.
 * - The true-up is last of all. It compares what is owed, and until everything else is known that isn't.
 * - A fee in advance is asked when its fee period begins, by itself. Where a plan is rated as a whole it is a line among
 *   the others, with what falls on the period, and the plan's discounts, bounds and commitment don't see it.
 * - Lines are rounded once, at the very end, and the total is the sum of the rounded lines. Whatever happens before
 *   happens to exact amounts.
 *
 * Pure and repeatable: the same plan, usage and context give the same lines, to the last digit.
 *
 * @param plan    in the currency that is billed, with what the subscription has agreed on
 * @param usage   of each price in the segment; `NO_USAGE` for one without a meter
 * @param context which part of which period, and what came before it
 * @throws        NegativeQuantityError when the usage a price charges is below zero
 * @throws        UnpricedUsageError when usage is in no cell of a matrix that has no fallback
 * @see           docs/pricing/README.md
 */
export function ratePlan(plan: Plan, usage: { of(price: Price): UsageToRate }, context: RatingContext): RatedPlan {
  const pools = poolsOf(plan, context);
  const movedIn = new Map<string, Decimal>();
  const priced = plan.prices.map((price): RatedLine => {
    if (isAdvance(price)) return feeLine(price, plan.currency, context);
    const used = usage.of(price);
    const charge = rateCharge(price, used, priceContext(plan, price, context, pools, movedIn));
    if (charge.pool !== undefined) pools.set(charge.pool.pool, charge.pool);
    if (charge.movedTo !== undefined) {
      const { price: key, quantity } = charge.movedTo;
      movedIn.set(key, quantity.plus(movedIn.get(key) ?? ZERO));
    }
    return lineOf(price, charge, used, plan.currency);
  });

  const arrears = priced.filter(({ price }) => price === null || !isAdvance(price));
  const lines = [...priced, ...adjustPlan(plan, arrears, context)];
  refuseTwoLinesForOneKey(lines);
  return {
    currency: plan.currency,
    lines,
    exactTotal: sum(lines.map(({ amount }) => amount)),
    total: sum(lines.map(({ rounded }) => rounded)),
    pools: [...pools.values()],
  };
}

/**
 * What the plan's pools hold when the next billing period begins, before its own grant.
 *
 * @param plan        of the period that begins; pools it doesn't have are gone
 * @param pools       as the last segment of the period that ends has left them
 * @param endedPeriod the number of the period that ends
 */
export function poolsForNextPeriod(plan: Plan, pools: readonly PoolBalance[], endedPeriod: number): PoolBalance[] {
  return (plan.terms?.pools ?? []).flatMap((pool) => {
    const before = pools.find(({ pool: key }) => key === pool.key);
    return before === undefined ? [] : [rollPool(pool, before, endedPeriod)];
  });
}

/** Each pool of the plan with the segment's share of its grant. */
function poolsOf(plan: Plan, context: RatingContext): Map<string, PoolBalance> {
  const { pools = [], allowancesOnChange } = plan.terms ?? {};
  const share = unitShareOf(plan, context);
  const found = (pool: Pool): PoolBalance | null => context.pools.find(({ pool: key }) => key === pool.key) ?? null;
  return new Map(pools.map((pool) => [pool.key, grantPool(pool, found(pool), share, allowancesOnChange)]));
}

/** Units are a share of the time, unless the plan says that a change leaves them whole. */
function unitShareOf({ terms }: Plan, { share, unitShare }: RatingContext): Share {
  return unitShare ?? ((terms?.allowancesOnChange ?? 'prorate') === 'prorate' ? share : WHOLE);
}

function priceContext(
  plan: Plan,
  price: Price,
  context: RatingContext,
  balances: ReadonlyMap<string, PoolBalance>,
  movedIn: ReadonlyMap<string, Decimal>,
): PriceContext {
  const { pool: drawn, pricingUnit } = price.terms ?? {};
  const pool = plan.terms?.pools?.find(({ key }) => key === drawn?.key);
  const unit = plan.terms?.pricingUnits?.find(({ key }) => key === pricingUnit);
  invariant((drawn === undefined) === (pool === undefined), 'the pool of a price is one of its plan’s');
  invariant((pricingUnit === undefined) === (unit === undefined), 'the pricing unit of a price is one of its plan’s');
  return {
    period: context.servicePeriod,
    share: context.share,
    feeShare: context.feeShare ?? context.share,
    unitShare: unitShareOf(plan, context),
    carried: plan.terms?.allowancesOnChange === 'carry' ? (context.used?.get(price.key) ?? null) : null,
    earlierStarts: startsFor(price, context),
    periodIndex: context.periodIndex,
    firstSegment: context.firstSegment,
    trial: context.trial,
    currency: plan.currency,
    pool: pool === undefined ? null : { pool, balance: balances.get(pool.key)! },
    unit: unit ?? null,
    movedIn: movedIn.get(price.key) ?? null,
    explain: context.explain ?? true,
  };
}

/** A fee in advance as it falls on the segment. Invoices rate `arrearsPlan`, and bill fee periods by themselves. */
function feeLine(price: Price, currency: Currency, context: RatingContext): RatedLine {
  const { share, feeShare, periodIndex, firstSegment, trial, explain = true } = context;
  const fee = feeOfPeriod(price, { share: feeShare ?? share, periodIndex, firstSegment, trial, currency, explain });
  return lineOf(price, fee, NO_USAGE, currency);
}

/** The earlier starts from which on the price was there. */
function startsFor({ key }: Price, { earlierStarts, outcomesSince }: RatingContext): readonly Date[] | undefined {
  const since = outcomesSince?.get(key);
  return since === undefined ? earlierStarts : earlierStarts?.filter((start) => start >= since);
}

function lineOf(price: Price, charge: ReturnType<typeof rateCharge>, used: UsageToRate, currency: Currency): RatedLine {
  return {
    ...charge,
    kind: 'price',
    price,
    key: price.key,
    name: price.name,
    rounded: roundLine(charge.amount, currency),
    events: used.events,
  };
}

/** The bound that stops a doubled price before it reaches a customer. */
function refuseTwoLinesForOneKey(lines: readonly RatedLine[]): void {
  const keys = new Set(lines.map(({ key }) => key));
  invariant(keys.size === lines.length, 'a plan has one line for a price and service period');
}
