import { Temporal } from 'temporal-polyfill';
import { billingPeriodAt, type Period } from './period';

/** What the calendar and the clock of a zone divide time into. Weeks begin on Monday. */
export const CALENDAR_UNITS = ['hour', 'day', 'week', 'month'] as const;
export type CalendarUnit = (typeof CALENDAR_UNITS)[number];

const HOUR_MS = 3_600_000;
const EPOCH = new Date(0);

/**
 * The hour, day, week or month that an instant lies in, as a zone has it. A day has 23 or 25 hours where the clocks
 * change, and begins with its first instant, which is 01:00 where summer time begins at midnight. An hour that the clock
 * shows twice is two; where the clock moves by half an hour (Lord Howe) one hour is short.
 *
 * ```
 * Berlin, days      |- 24 Oct -|--- 25 Oct ---|- 26 Oct -|      the 25th has 25 hours
 *                 00:00      00:00           00:00
 * ```
 *
 * Takes a tenth of a millisecond, so ask once and compare further instants with the period.
 *
 * @param at       from 1970 on
 * @param timeZone one that `isTimeZone` accepts
 */
export function calendarPeriodAt(at: Date, unit: CalendarUnit, timeZone: string): Period {
  if (unit === 'hour') return hourAt(at, timeZone);
  return billingPeriodAt({ startAt: EPOCH, timeZone, interval: unit, anchor: 'calendar' }, at).period;
}

function hourAt(at: Date, timeZone: string): Period {
  const atMs = at.getTime();
  const local = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone);
  const offset = Math.floor(local.offsetNanoseconds / 1_000_000);
  const begin = Math.floor((atMs + offset) / HOUR_MS) * HOUR_MS - offset;

  // The change of a clock begins an hour and ends the one before. Asked one millisecond on, since an instant at which the
  // clock is changed is after the change.
  const next = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone).getTimeZoneTransition('next');
  const last = Temporal.Instant.fromEpochMilliseconds(atMs + 1)
    .toZonedDateTimeISO(timeZone)
    .getTimeZoneTransition('previous');
  return {
    start: new Date(Math.max(begin, last?.epochMilliseconds ?? begin)),
    end: new Date(Math.min(begin + HOUR_MS, next?.epochMilliseconds ?? Infinity)),
  };
}
