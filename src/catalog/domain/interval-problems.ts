import type { BillingInterval, FieldProblem } from '../../kernel';
import { intervalInWords } from './plan';
import type { PlanToCheck } from './plan-to-check';

/** Most intervals to a billing period: three years of each. */
const MOST: Readonly<Record<BillingInterval, number>> = {
  day: 1_096,
  week: 156,
  month: 36,
  quarter: 12,
  half_year: 6,
  year: 3,
};

/** Most intervals that are never longer than the longest month. */
const MOST_OF_A_MONTH: Readonly<Partial<Record<BillingInterval, number>>> = { day: 31, week: 4, month: 1 };

/**
 * A billing period is three years at the most. Outcomes need one of at most a month: whether one was billed depends on
 * what came before it in the period that it counted in, and events are looked at no further back than that.
 */
export function intervalProblems({ interval = 'month', intervalCount = 1, prices }: PlanToCheck): FieldProblem[] {
  const most = MOST[interval];
  if (intervalCount > most) {
    const longest = intervalInWords({ interval, intervalCount: most });
    return [
      { field: 'intervalCount', detail: `must be at most ${most}: a billing period is ${longest} at the longest` },
    ];
  }
  if (intervalCount <= (MOST_OF_A_MONTH[interval] ?? 0)) return [];
  return prices.flatMap(({ charge }, index) => {
    if (charge.model !== 'outcome') return [];
    const detail = 'outcomes need a billing period of at most a month';
    return [{ field: `prices[${index}].charge.model`, detail }];
  });
}
