import { Temporal } from 'temporal-polyfill';
import { invariant } from './errors';
import type { Period } from './period';

/** What the clock and the calendar on a wall show at an instant. */
export interface LocalTime {
  /** `2026-03-29` */
  readonly date: string;
  /** Minutes since 00:00 as the clock shows it, seconds left off: 90 is 01:30, also on a day whose clocks change. */
  readonly minutes: number;
  /** 1 for Monday to 7 for Sunday. */
  readonly weekday: number;
}

/** What a clock on a wall in a zone shows at an instant: 2026-03-29T01:00Z is 03:00 on Sunday, 29 March, in Berlin. */
export function localTimeOf(at: Date, timeZone: string): LocalTime {
  const local = zoned(at, timeZone);
  return {
    date: local.toPlainDate().toString(),
    minutes: local.hour * 60 + local.minute,
    weekday: local.dayOfWeek,
  };
}

/**
 * The instant at which a clock on a wall shows a time of a day. What is shown twice is the first, what is skipped the
 * instant after the gap, as in `instantOfWallTime`.
 *
 * @param minutes since 00:00 as the clock shows it; 1440 is the next day's 00:00
 */
export function instantOfLocal(date: string, minutes: number, timeZone: string): Date {
  const wall = Temporal.PlainDate.from(date).toPlainDateTime().add({ minutes });
  return new Date(wall.toZonedDateTime(timeZone, { disambiguation: 'compatible' }).epochMilliseconds);
}

/** The same time of day so many local days later: a day in which the clocks change is a day, of 23 hours or 25. */
export function addLocalDays(at: Date, days: number, timeZone: string): Date {
  return new Date(zoned(at, timeZone).add({ days }).epochMilliseconds);
}

/** A stretch of time in which the clock of a zone isn't changed. */
export interface SteadyClock extends Period {
  /** What to add to the instant to have what the clock shows, read as if it were UTC. */
  readonly offsetMs: number;
}

/**
 * Cuts a period where the clocks change, so that between two cuts local time runs like any other: Berlin's year is
 * three stretches, at +1, +2 and +1 hours.
 */
export function steadyClocks(period: Period, timeZone: string): SteadyClock[] {
  invariant(period.start < period.end, 'a period that is cut has a length');
  const stretches: SteadyClock[] = [];
  let start = period.start;
  while (start < period.end) {
    const local = zoned(start, timeZone);
    const change = local.getTimeZoneTransition('next');
    const end =
      change === null || change.epochMilliseconds >= period.end.getTime()
        ? period.end
        : new Date(change.epochMilliseconds);
    stretches.push({ start, end, offsetMs: Math.round(local.offsetNanoseconds / 1_000_000) });
    start = end;
  }
  return stretches;
}

function zoned(at: Date, timeZone: string): Temporal.ZonedDateTime {
  invariant(!Number.isNaN(at.getTime()), 'an instant is a real date');
  return Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timeZone);
}
