import { Temporal } from 'temporal-polyfill';
import { formatMicros, type Micros } from './rfc3339';

const WALL_TIME = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2})?)(\.\d{1,9})?)?$/;

/**
 * The instant of a date and time of day as a clock on the wall shows it in a zone, such as `2026-03-29 01:30:00.25` in
 * Europe/Berlin; a date alone is its first instant. Where the clock shows a time twice the earlier is meant, where it
 * skips one the instant after the gap, as `java.time` and Temporal ("compatible") have it.
 *
 * @returns RFC 3339 in UTC with six decimals (further ones are cut), or null when the text is no such time
 */
export function instantOfWallTime(text: string, timeZone: string): string | null {
  const match = WALL_TIME.exec(text);
  if (match === null) return null;
  const [, day = '', time = '00:00', fraction = ''] = match;
  const seconds = time.length === 5 ? `${time}:00` : time;
  if (Number(seconds.slice(6)) > 59) return null; // Temporal would take a leap second for the one before
  try {
    const wall = Temporal.PlainDateTime.from(`${day}T${seconds}${fraction}`, { overflow: 'reject' });
    const micros = wall.toZonedDateTime(timeZone).epochNanoseconds / 1_000n;
    return formatMicros(Number(micros) satisfies Micros);
  } catch {
    return null;
  }
}
