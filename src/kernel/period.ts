import { Temporal } from 'temporal-polyfill';
import { invariant } from './errors';

/** A stretch of time, half-open: `start` belongs to it, `end` is the next period's start. */
export interface Period {
  readonly start: Date;
  readonly end: Date;
}

/** What a subscription's billing periods hang on. It never moves, so that periods don't drift. */
export interface BillingAnchor {
  /** When the first period starts; its local day of the month is where all later periods start. */
  readonly startAt: Date;
  /** The customer's zone, such as `Europe/Berlin`; one that `isTimeZone` accepts. */
  readonly timeZone: string;
  readonly interval: 'month';
  /** Intervals to a period. Only single months are offered yet. */
  readonly count?: 1;
}

/** Names of the IANA list; an offset such as `+02:00` is refused, since it knows nothing of summer time. */
const ZONE_NAME = /^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/;
const LONGEST_ZONE_NAME = 64;

/** Says whether a text names a time zone that this machine's zone data knows, such as `America/Sao_Paulo` or `UTC`. */
export function isTimeZone(text: string): boolean {
  if (text.length > LONGEST_ZONE_NAME || !ZONE_NAME.test(text)) return false;
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(text);
    return true;
  } catch {
    return false;
  }
}

/** Says whether an instant lies in a period: the start does, the end doesn't. */
export function isInPeriod(at: Date, period: Period): boolean {
  return period.start.getTime() <= at.getTime() && at.getTime() < period.end.getTime();
}

/**
 * One billing period of a subscription. Period 0 starts at `startAt` itself; every later one at the first instant of
 * the anchor's day of the month, in the customer's zone. A month without that day gives its last one, and the next
 * month goes back to the anchor's day:
 *
 * ```
 * startAt 31 Jan, 14:30     |--- 0 ---|------- 1 -------|-------- 2 --------|
 *                         31 Jan    28 Feb            31 Mar              30 Apr
 *                         14:30     00:00             00:00               00:00
 * ```
 *
 * Where summer time begins at midnight the day has no 00:00; its first instant is then 01:00.
 *
 * @param index 0 for the period that starts at `startAt`
 * @throws      InvariantError when the index isn't a whole number of 0 or more
 */
export function billingPeriod(anchor: BillingAnchor, index: number): Period {
  invariant(Number.isSafeInteger(index) && index >= 0, 'the number of a billing period is 0 or a whole number above');

  const anchorDay = localDay(anchor.startAt, anchor.timeZone);
  return {
    start: index === 0 ? new Date(anchor.startAt) : boundary(anchorDay, index, anchor.timeZone),
    end: boundary(anchorDay, index + 1, anchor.timeZone),
  };
}

/**
 * The billing period an instant lies in, and its number. Takes a tenth of a millisecond, so ask once for a customer
 * and compare with the period, rather than once for each event.
 *
 * @throws InvariantError when `at` is before the anchor: no period is there, and the caller has to have asked first
 */
export function billingPeriodAt(anchor: BillingAnchor, at: Date): { readonly index: number; readonly period: Period } {
  invariant(at.getTime() >= anchor.startAt.getTime(), 'an instant in a billing period is not before the anchor');

  const anchorDay = localDay(anchor.startAt, anchor.timeZone);
  const day = localDay(at, anchor.timeZone);

  // Counted in calendar months, the period that starts in the instant's own month is right, or one too late. One too
  // early is possible as well: a clock that is set back over midnight (St. John's did, at 00:01) shows the old month
  // again after the new one began.
  let index = Math.max(0, (day.year - anchorDay.year) * 12 + day.month - anchorDay.month);
  let period = billingPeriod(anchor, index);
  while (index > 0 && at.getTime() < period.start.getTime()) period = billingPeriod(anchor, (index -= 1));
  while (at.getTime() >= period.end.getTime()) period = billingPeriod(anchor, (index += 1));
  return { index, period };
}

function localDay(at: Date, timeZone: string): Temporal.PlainDate {
  invariant(!Number.isNaN(at.getTime()), 'an instant is a real date');
  return Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timeZone).toPlainDate();
}

/** The first instant of the anchor's day, `months` later. Counted from the anchor each time: 28 Feb never becomes 28 Mar. */
function boundary(anchorDay: Temporal.PlainDate, months: number, timeZone: string): Date {
  const day = anchorDay.add({ months }, { overflow: 'constrain' });
  return new Date(day.toZonedDateTime(timeZone).epochMilliseconds);
}
