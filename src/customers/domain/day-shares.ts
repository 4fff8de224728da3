import { localTimeOf, type Period } from '../../kernel';

/** How much of a whole a part is. */
export interface Share {
  readonly part: number;
  readonly whole: number;
}

const DAY_MS = 86_400_000;

export const ALL_OF_IT: Share = { part: 1, whole: 1 };
export const NONE_OF_IT: Share = { part: 0, whole: 1 };

/**
 * How much of a period a part of it is, in local days, each said to be of 24 hours. A day belongs to the part that begins on it or holds its first
 * instant: of April, changed on the 16th at noon, 15 days are before and 15 behind. A part within a day that another
 * part begins later on has none of it, so that the parts of a period always sum to the whole.
 *
 * @param whole at least a day long
 */
export function shareInDays(part: Period, whole: Period, timeZone: string): Share {
  const days = daysOf(part, timeZone);
  const all = daysOf(whole, timeZone);
  return days === all ? ALL_OF_IT : { part: days * DAY_MS, whole: all * DAY_MS };
}

function daysOf({ start, end }: Period, timeZone: string): number {
  return dayNumber(end, timeZone) - dayNumber(start, timeZone);
}

function dayNumber(at: Date, timeZone: string): number {
  return Date.parse(localTimeOf(at, timeZone).date) / DAY_MS;
}
