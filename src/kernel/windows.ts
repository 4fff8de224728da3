import { Temporal } from 'temporal-polyfill';
import { invariant } from './errors';
import type { Period } from './period';

/** What a stretch of time is cut into: by the clock (minutes, hours) or by the calendar (days, months) of a time zone. */
export const WINDOWS = ['minute', 'hour', 'day', 'month'] as const;
export type Window = (typeof WINDOWS)[number];

const CLOCK_MS = { minute: 60_000, hour: 3_600_000 } as const;

/**
 * Where the windows of a period begin, in milliseconds since 1970, the first at the period's own start. Each ends where
 * the next begins, the last at the period's end; so the first and the last may be shorter than the others.
 *
 * ```
 * Berlin, days      |- 24 Oct -|--- 25 Oct ---|- 26 Oct -|      the 25th has 25 hours
 *                 00:00      00:00           00:00
 * period               |---------------------------|            3 windows
 *                    15:00                       08:00
 * ```
 *
 * A day begins with its first instant, which is 01:00 where summer time begins at midnight. Minutes and hours are those
 * of the local clock: in Kolkata an hour begins at half past, UTC. A change of the clock begins a new one, so that an hour
 * that is shown twice is two windows; where the clock moves by half an hour (Lord Howe) one of them is short.
 *
 * @param timeZone one that `isTimeZone` accepts
 * @param most     windows at most
 * @returns        null when there would be more
 */
export function windowStarts(period: Period, window: Window, timeZone: string, most: number): number[] | null {
  const from = period.start.getTime();
  const to = period.end.getTime();
  invariant(from < to, 'a period that is cut into windows has a length');

  const starts = [from];
  const nextAfter = window === 'day' || window === 'month' ? calendar(from, window, timeZone) : clock(CLOCK_MS[window], timeZone); // prettier-ignore
  for (let next = nextAfter(from); next < to; next = nextAfter(next)) {
    if (starts.length === most) return null;
    starts.push(next);
  }
  return starts;
}

/** The first instants of days or months, one after the other. */
function calendar(from: number, window: 'day' | 'month', timeZone: string): (after: number) => number {
  let day = zoned(from, timeZone).toPlainDate();
  if (window === 'month') day = day.with({ day: 1 });
  const step = window === 'day' ? { days: 1 } : { months: 1 };
  return (after) => {
    // A day that a zone left out (Apia had no 30 December 2011) begins where the next one does.
    let start: number;
    do {
      day = day.add(step);
      start = day.toZonedDateTime(timeZone).epochMilliseconds;
    } while (start <= after);
    return start;
  };
}

/** The next instant at which the local clock shows a full minute or hour, or is set. */
function clock(lengthMs: number, timeZone: string): (after: number) => number {
  let offset = 0;
  let changesAt = -Infinity;
  return (after) => {
    if (after >= changesAt) {
      const local = zoned(after, timeZone);
      offset = Math.floor(local.offsetNanoseconds / 1_000_000);
      changesAt = local.getTimeZoneTransition('next')?.epochMilliseconds ?? Infinity;
    }
    return Math.min(changesAt, Math.floor((after + offset) / lengthMs) * lengthMs + lengthMs - offset);
  };
}

function zoned(at: number, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone);
}
