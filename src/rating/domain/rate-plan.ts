import { sum } from '../../kernel';
import type { Plan, Price } from '../../catalog/domain';
import { rateCharge } from './rate-charge';
import type { PoolBalance, RatedLine, RatedPlan, RatingContext } from './rated-plan';
import { roundLine } from './round-line';
import type { UsageToRate } from './usage';

/** Rates a plan for one segment of a billing period. */
export function ratePlan(plan: Plan, usage: { of(price: Price): UsageToRate }, context: RatingContext): RatedPlan {
  const lines = plan.prices.map((price): RatedLine => {
    const used = usage.of(price);
    const charge = rateCharge(price, used, context.share);
    return {
      ...charge,
      kind: 'price',
      price,
      key: price.key,
      name: price.name,
      rounded: roundLine(charge.amount, plan.currency),
      events: used.events,
    };
  });
  return {
    currency: plan.currency,
    lines,
    exactTotal: sum(lines.map(({ amount }) => amount)),
    total: sum(lines.map(({ rounded }) => rounded)),
    pools: context.pools,
  };
}

/** What each pool holds when the next billing period begins. */
export function poolsForNextPeriod(_plan: Plan, pools: readonly PoolBalance[], _periodIndex: number): PoolBalance[] {
  return [...pools];
}
