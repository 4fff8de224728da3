import { intervalInWords, type Plan } from '../catalog/domain';
import { InvalidRequestError, parseRfc3339, type Period, wholePeriod } from '../kernel';

/**
 * The period of a preview that names none: the month, or what the plan has for one, of the calendar in the customer's
 * zone, in which its events lie, or the present one where none has a time. Events of several months would be counted in
 * one of them only, so they need a period.
 *
 * @param plan  whose billing period it is; it begins with the calendar's day, week, month, …
 * @param times RFC 3339, as the events have them
 * @throws      InvalidRequestError at `period`
 */
export function periodOfEvents(
  plan: Pick<Plan, 'interval' | 'intervalCount'>,
  times: readonly string[],
  timeZone: string,
  now: Date,
): Period {
  const instants = times.map((time) => parseRfc3339(time)).filter((micros) => micros !== null);
  const first = instants.length === 0 ? now : new Date(Math.floor(Math.min(...extremes(instants)) / 1_000));
  const { interval, intervalCount: count } = plan;
  const period = wholePeriod({ startAt: first, timeZone, interval, count, anchor: 'calendar' }, 0);
  if (instants.length === 0 || Math.max(...extremes(instants)) < period.end.getTime() * 1_000) return period;
  const detail = `is needed: the events lie in more than one ${intervalInWords(plan)}`;
  throw new InvalidRequestError('invalid_request', `period: ${detail}`, [{ field: 'period', detail }]);
}

function extremes(instants: readonly number[]): [number, number] {
  return [
    instants.reduce((least, each) => Math.min(least, each)),
    instants.reduce((most, each) => Math.max(most, each)),
  ];
}
