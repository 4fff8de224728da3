import { Decimal, type Micros } from '../../kernel';

/** What is left of the cap that will stop a session first. */
export interface CapLeft {
  /** In the organisation's cost currency; never below zero. */
  readonly available: Decimal;
  /** When the cap's period ends; null where it never does. */
  readonly resetsAt: Micros | null;
}

/** How much money is at stake while nobody does anything: `perMinute` for as long as the cap lets it run. */
export type Severity =
  | {
      readonly known: true;
      /** What the session spends a minute at present. */
      readonly perMinute: Decimal;
      /** Until the cap is reached, or its period ends if that is sooner; null when neither ever happens. */
      readonly secondsLeft: number | null;
      /** perMinute × time left: never more than what is left of the cap. */
      readonly amount: Decimal;
    }
  | { readonly known: false; readonly perMinute: Decimal; readonly because: 'no_cap' | 'cost_unknown' };

const SECOND: Micros = 1_000_000;
/** Severity is an estimate, and for reading. */
const DIGITS = 12;

/**
 * 0.60 a minute with 3.00 left of a cap that ends in an hour: 5 minutes, so 3.00 at stake. With 10 seconds to the end
 * of its period: 0.10.
 *
 * @param perMinute   what the session spends a minute
 * @param unpriced    whether part of what it does has a cost that is not known, and none that is
 * @param cap         the cap that is reached first; null when there is none
 */
export function severityOf(perMinute: Decimal, unpriced: boolean, cap: CapLeft | null, now: Micros): Severity {
  if (perMinute.isZero() && unpriced) return { known: false, perMinute, because: 'cost_unknown' };
  if (cap === null) return { known: false, perMinute, because: 'no_cap' };
  const secondsToReset = cap.resetsAt === null ? null : Math.max(0, Math.floor((cap.resetsAt - now) / SECOND));
  if (perMinute.isZero()) return { known: true, perMinute, secondsLeft: secondsToReset, amount: new Decimal(0) };

  const untilReset = secondsToReset === null ? null : perMinute.times(secondsToReset).dividedBy(60);
  if (untilReset?.lessThan(cap.available) === true) {
    return { known: true, perMinute, secondsLeft: secondsToReset, amount: untilReset.toDecimalPlaces(DIGITS) };
  }
  const seconds = cap.available.times(60).dividedBy(perMinute).floor();
  // eslint-disable-next-line no-restricted-syntax -- a number of seconds, and never more than a double holds
  return { known: true, perMinute, secondsLeft: seconds.toNumber(), amount: cap.available };
}
