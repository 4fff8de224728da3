import { type MeterDefinition, TIME_UNIT_MICROS } from '../../catalog/domain';
import { Decimal, invariant, ZERO } from '../../kernel';

/**
 * Decimals of a quantity that is divided: an average, or value × time in the meter's unit. As many as a quantity may
 * come in with. All other quantities are exact.
 */
export const QUOTIENT_DECIMALS = 12;

/** What a meter's events come to, before the one division that some aggregations need. */
export interface Folded {
  /**
   * `sum`, `average`: the values added up. `count`: the events. `min`, `max`, `latest`: that value. `unique`: how many.
   * `time_weighted`: value × microseconds. Null when there is none.
   */
  readonly folded: Decimal | null;
  readonly events: number;
}

/**
 * The quantity. Divided once, at the very end, and rounded half away from zero to twelve decimals:
 * 10 over 3 events → 3.333333333333; 5 GB held for 90 minutes, in hours → 7.5.
 *
 * @returns null where there is no value to tell: the average, smallest, largest and last of nothing. Counts and sums of
 *          nothing are zero, and so is what nothing held for a time.
 */
export function quantityOfFolded(
  { aggregation, timeUnit }: Pick<MeterDefinition, 'aggregation' | 'timeUnit'>,
  { folded, events }: Folded,
): Decimal | null {
  switch (aggregation) {
    case 'count':
    case 'sum':
    case 'unique':
      return folded ?? ZERO;
    case 'min':
    case 'max':
    case 'latest':
      return folded;
    case 'average':
      return events === 0 || folded === null ? null : quotient(folded, new Decimal(events));
    case 'time_weighted': {
      invariant(timeUnit !== null, 'a time-weighted meter has a unit of time');
      return folded === null ? ZERO : quotient(folded, new Decimal(TIME_UNIT_MICROS[timeUnit]));
    }
  }
}

/** 120 digits are far more than twelve decimals need, so that rounding twice can't differ from rounding once. */
function quotient(dividend: Decimal, divisor: Decimal): Decimal {
  const value = dividend.dividedBy(divisor).toDecimalPlaces(QUOTIENT_DECIMALS, Decimal.ROUND_HALF_UP);
  return value.isZero() ? ZERO : value;
}
