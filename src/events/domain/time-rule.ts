import type { Micros } from '../../kernel';
import type { EventProblem } from './event';

/** How far an event's time may lie from now, in milliseconds. */
export interface TimeLimits {
  readonly maxAgeMs: number;
  readonly maxFutureMs: number;
}

/**
 * Whether an event's time is too old or in the future; null when it is fine. A customer on a test clock lives in two
 * times, the clock's and the real one: an event that either of them allows is fine.
 *
 * @param now the real time, and the customer's test clock's when there is one
 */
export function timeProblem(time: Micros, now: readonly Micros[], limits: TimeLimits): EventProblem | null {
  const oldest = Math.min(...now) - limits.maxAgeMs * 1_000;
  const newest = Math.max(...now) + limits.maxFutureMs * 1_000;
  if (time < oldest) {
    return {
      code: 'event_too_old',
      field: 'time',
      detail: `is longer ago than ${words(limits.maxAgeMs)}, the oldest this server takes`,
    };
  }
  if (time > newest) {
    return {
      code: 'event_in_future',
      field: 'time',
      detail: `is more than ${words(limits.maxFutureMs)} ahead of this server’s clock`,
    };
  }
  return null;
}

function words(ms: number): string {
  const units: [string, number][] = [['days', 86_400_000], ['hours', 3_600_000], ['minutes', 60_000], ['seconds', 1_000]]; // prettier-ignore
  const [name, size] = units.find(([, unit]) => ms >= unit && ms % unit === 0) ?? ['milliseconds', 1];
  return `${ms / size} ${name}`;
}
