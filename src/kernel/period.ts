import { Temporal } from 'temporal-polyfill';
import { invariant } from './errors';

/** A stretch of time, half-open: `start` belongs to it, `end` is the next period's start. */
export interface Period {
  readonly start: Date;
  readonly end: Date;
}

/** How long billing periods can be, a number of times over. */
export const BILLING_INTERVALS = ['day', 'week', 'month', 'quarter', 'half_year', 'year'] as const;
export type BillingInterval = (typeof BILLING_INTERVALS)[number];

/**
 * anniversary: periods start on the day of the first one. calendar: they start with the day, the week (on Monday), the
 * month, the quarter, the half-year or the year, so that the first one is usually short.
 */
export const PERIOD_ANCHORS = ['anniversary', 'calendar'] as const;
export type PeriodAnchor = (typeof PERIOD_ANCHORS)[number];

/** What a subscription's billing periods hang on. It never moves, so that periods don't drift. */
export interface BillingAnchor {
  /** When the first period starts. */
  readonly startAt: Date;
  /** The customer's zone, such as `Europe/Berlin`; one that `isTimeZone` accepts. */
  readonly timeZone: string;
  readonly interval: BillingInterval;
  /** Intervals to a period, a whole number; 1 without it. */
  readonly count?: number | undefined;
  /** `anniversary` without it. */
  readonly anchor?: PeriodAnchor | undefined;
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
 * One billing period of a subscription. Period 0 starts at `startAt` itself; every later one at the first instant of a
 * day, in the customer's zone: the anchor's day of the week, month or year, or the first of the calendar's interval. A
 * month without the anchor's day gives its last one, and the next month goes back to that day:
 *
 * ```
 * startAt 31 Jan, 14:30     |--- 0 ---|------- 1 -------|-------- 2 --------|
 * anniversary, month      31 Jan    28 Feb            31 Mar              30 Apr
 *                         14:30     00:00             00:00               00:00
 *
 * startAt 17 Feb, 14:30     |-- 0 --|--------- 1 ---------|--------- 2 ---------|
 * calendar, month         17 Feb    1 Mar               1 Apr                 1 May
 * ```
 *
 * Several intervals to a period are counted from the one that `startAt` is in: every two months of the calendar from
 * 17 February on are February and March, April and May.
 *
 * Where summer time begins at midnight the day has no 00:00; its first instant is then 01:00. A day that a zone left
 * out altogether (30 December 2011 in Samoa) is a daily period without length.
 *
 * @param index 0 for the period that starts at `startAt`
 * @throws      InvariantError when the index or the number of intervals isn't a whole number that makes sense
 */
export function billingPeriod(anchor: BillingAnchor, index: number): Period {
  const { start, end } = wholePeriod(anchor, index);
  return { start: index === 0 ? new Date(anchor.startAt) : start, end };
}

/**
 * The period that a billing period is a part of, and is charged as its share of. It is the period itself but for the
 * first one of a calendar anchor, which lacks what was over before the start:
 *
 * ```
 * startAt 17 Feb, calendar, month     |......|-- 0 --|        12 of 28 days, less the hours of the 17th
 *                                   1 Feb  17 Feb  1 Mar
 * ```
 *
 * The first period of an anniversary is whole, though it usually begins in the middle of a day.
 */
export function wholePeriod(anchor: BillingAnchor, index: number): Period {
  invariant(Number.isSafeInteger(index) && index >= 0, 'the number of a billing period is 0 or a whole number above');

  const first = firstDay(anchor);
  const startsWhole = index > 0 || anchor.anchor === 'calendar';
  return {
    start: startsWhole ? firstInstant(boundaryDay(anchor, first, index), anchor.timeZone) : new Date(anchor.startAt),
    end: firstInstant(boundaryDay(anchor, first, index + 1), anchor.timeZone),
  };
}

/**
 * The billing period an instant lies in, and its number: counted in the calendar, so that the thousandth day costs no
 * more than the first. Takes a tenth of a millisecond, so ask once for a customer and compare with the period, rather
 * than once for each event.
 *
 * @throws InvariantError when `at` is before the anchor: no period is there, and the caller has to have asked first
 */
export function billingPeriodAt(anchor: BillingAnchor, at: Date): { readonly index: number; readonly period: Period } {
  invariant(at.getTime() >= anchor.startAt.getTime(), 'an instant in a billing period is not before the anchor');

  // A period starts with its first day, so an instant is in it when the instant's day is. What the division says may be
  // one too much: from 31 January to 28 March the months are two, but the second period is still to begin.
  const first = firstDay(anchor);
  const day = begunDay(at, anchor.timeZone);
  const counted = Math.floor(unitsBetween(anchor, first, day) / stepOf(anchor).size);
  const isBegun = Temporal.PlainDate.compare(boundaryDay(anchor, first, counted), day) <= 0;
  const index = isBegun ? counted : counted - 1;
  return { index, period: billingPeriod(anchor, index) };
}

/** An interval in days or in months, whichever it is made of. */
const STEPS: Readonly<Record<BillingInterval, { readonly unit: 'days' | 'months'; readonly size: number }>> = {
  day: { unit: 'days', size: 1 },
  week: { unit: 'days', size: 7 },
  month: { unit: 'months', size: 1 },
  quarter: { unit: 'months', size: 3 },
  half_year: { unit: 'months', size: 6 },
  year: { unit: 'months', size: 12 },
};

/** How long a whole period is. */
function stepOf({ interval, count = 1 }: BillingAnchor): { readonly unit: 'days' | 'months'; readonly size: number } {
  invariant(Number.isSafeInteger(count) && count >= 1, 'a billing period has one interval, or several whole ones');
  const { unit, size } = STEPS[interval];
  return { unit, size: size * count };
}

/** The day that periods are counted from: that of the start, or the one its interval of the calendar began with. */
function firstDay({ startAt, timeZone, interval, anchor }: BillingAnchor): Temporal.PlainDate {
  const day = begunDay(startAt, timeZone);
  if (anchor !== 'calendar') return day;
  if (interval === 'week') return day.subtract({ days: day.dayOfWeek - 1 });
  const { unit, size } = STEPS[interval];
  return unit === 'days' ? day : day.with({ day: 1, month: day.month - ((day.month - 1) % size) });
}

/** Counted from the first day each time: 28 Feb never becomes 28 Mar. */
function boundaryDay(anchor: BillingAnchor, first: Temporal.PlainDate, index: number): Temporal.PlainDate {
  const { unit, size } = stepOf(anchor);
  return first.add({ [unit]: size * index }, { overflow: 'constrain' });
}

function unitsBetween(anchor: BillingAnchor, from: Temporal.PlainDate, to: Temporal.PlainDate): number {
  if (stepOf(anchor).unit === 'months') return (to.year - from.year) * 12 + to.month - from.month;
  return from.until(to, { largestUnit: 'days' }).days;
}

/**
 * The last day that has begun at an instant. That is the local day, but for a clock that is set back over midnight (St.
 * John's did, at 00:01): it shows the old day again after the new one began.
 */
function begunDay(at: Date, timeZone: string): Temporal.PlainDate {
  invariant(!Number.isNaN(at.getTime()), 'an instant is a real date');
  const day = Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timeZone).toPlainDate();
  const next = day.add({ days: 1 });
  return firstInstant(next, timeZone).getTime() <= at.getTime() ? next : day;
}

function firstInstant(day: Temporal.PlainDate, timeZone: string): Date {
  return new Date(day.toZonedDateTime(timeZone).epochMilliseconds);
}
