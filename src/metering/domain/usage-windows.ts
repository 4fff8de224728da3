import type { Micros } from '../../kernel';
import { HOUR_MICROS } from './usage-sums';

/** A stretch of time that is cut into windows, end to end. */
export interface UsageWindows {
  /** Where each begins, ascending; the first is where the stretch begins. */
  readonly starts: readonly Micros[];
  readonly end: Micros;
}

/** Half-open, like a period, to the microsecond. */
export interface Stretch {
  readonly from: Micros;
  readonly to: Micros;
}

/**
 * The hours that a window's edge goes through. Sums are kept by whole hours (UTC), so what is used in these is counted
 * from the events; every other hour lies in one window as a whole.
 *
 * @returns the start of each, ascending
 */
export function cutHours({ starts, end }: UsageWindows): Micros[] {
  const hours: Micros[] = [];
  for (const edge of [...starts, end]) {
    const hour = hourOf(edge);
    if (hour !== edge && hours.at(-1) !== hour) hours.push(hour);
  }
  return hours;
}

/** The parts of hours that lie in a stretch, those that touch made one. */
export function stretchesOf(hours: readonly Micros[], { from, to }: Stretch): Stretch[] {
  const stretches: { from: Micros; to: Micros }[] = [];
  for (const hour of hours) {
    const part = { from: Math.max(hour, from), to: Math.min(hour + HOUR_MICROS, to) };
    const last = stretches.at(-1);
    if (last?.to === part.from) last.to = part.to;
    else stretches.push(part);
  }
  return stretches;
}

/** Which window an instant of the stretch lies in, counted from 0. */
export function windowAt({ starts }: UsageWindows, at: Micros): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (starts[middle]! <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

export function hourOf(at: Micros): Micros {
  return Math.floor(at / HOUR_MICROS) * HOUR_MICROS;
}
