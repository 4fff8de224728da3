import { instantOfLocal, InvalidRequestError, localTimeOf, parseRfc3339, type Period } from '../kernel';

/**
 * The period of a preview that names none: the month, in the customer's zone, in which its events lie, or the present
 * one where none has a time. Events of several months would be counted in one of them only, so they need a period.
 *
 * @param times RFC 3339, as the events have them
 * @throws      InvalidRequestError at `period`
 */
export function periodOfEvents(times: readonly string[], timeZone: string, now: Date): Period {
  const instants = times.map((time) => parseRfc3339(time)).filter((micros) => micros !== null);
  const first = instants.length === 0 ? now : new Date(Math.floor(Math.min(...extremes(instants)) / 1_000));
  const period = monthOf(first, timeZone);
  if (instants.length === 0 || Math.max(...extremes(instants)) < period.end.getTime() * 1_000) return period;
  const detail = 'is needed: the events lie in more than one month';
  throw new InvalidRequestError('invalid_request', `period: ${detail}`, [{ field: 'period', detail }]);
}

function extremes(instants: readonly number[]): [number, number] {
  return [
    instants.reduce((least, each) => Math.min(least, each)),
    instants.reduce((most, each) => Math.max(most, each)),
  ];
}

function monthOf(at: Date, timeZone: string): Period {
  const [year, month] = localTimeOf(at, timeZone).date.split('-').map(Number) as [number, number];
  return {
    start: instantOfLocal(firstOf(year, month), 0, timeZone),
    end: instantOfLocal(month === 12 ? firstOf(year + 1, 1) : firstOf(year, month + 1), 0, timeZone),
  };
}

function firstOf(year: number, month: number): string {
  return `${year}-${String(month).padStart(2, '0')}-01`;
}
