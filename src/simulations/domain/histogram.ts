import { Decimal, HUNDRED, ZERO } from '../../kernel';

/** Where the bars of change meet, in per cent of what a customer pays now. Nothing changed is a bar of its own. */
export const EDGES = [-100, -50, -25, -10, 0, 10, 25, 50, 100] as const;

/** A bar: changes from `fromPercent` to `toPercent`; null where it is open. */
export interface Bar {
  readonly fromPercent: number;
  readonly toPercent: number | null;
  readonly customers: number;
}

/** As many as there are bars: those below zero, zero, and those above. */
export const BARS = EDGES.length + 1;
const ZERO_BAR = EDGES.indexOf(0);

/**
 * The bar that a change falls in. A bar begins behind its end that is nearer to zero, and holds the other one: 10 % more
 * is in (0, 10], 10 % less in [−10, 0). Compared by multiplication, so that exactly 10 % is exactly that.
 *
 * Who pays something after nothing is in the last bar, as no percentage says how much more that is; who would be paid
 * is in the first.
 *
 * @param now  what is paid now, zero or above
 * @param then what would be paid
 */
export function barOf(now: Decimal, then: Decimal): number {
  const change = then.minus(now);
  if (change.isZero()) return ZERO_BAR;
  if (!now.greaterThan(ZERO)) return change.greaterThan(ZERO) ? BARS - 1 : 0;

  const scaled = change.times(HUNDRED);
  const reaches = (percent: number): Decimal => now.times(new Decimal(percent));
  if (change.lessThan(0)) {
    // From the second edge on: below the first there is no bar.
    const next = EDGES.findIndex((edge, index) => index > 0 && scaled.lessThan(reaches(edge)));
    return next - 1;
  }
  const last = EDGES.findIndex((edge) => edge > 0 && scaled.lessThanOrEqualTo(reaches(edge)));
  return last === -1 ? BARS - 1 : last;
}

/** Bars with how many customers each holds, from the greatest fall to the greatest rise. */
export function barsOf(counts: readonly number[]): Bar[] {
  return counts.map((customers, bar) => {
    if (bar < ZERO_BAR) return { fromPercent: EDGES[bar]!, toPercent: EDGES[bar + 1]!, customers };
    if (bar === ZERO_BAR) return { fromPercent: 0, toPercent: 0, customers };
    return { fromPercent: EDGES[bar - 1]!, toPercent: EDGES[bar] ?? null, customers };
  });
}
