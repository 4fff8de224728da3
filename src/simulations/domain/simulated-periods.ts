import { intervalInWords, type Plan } from '../../catalog/domain';
import { billingPeriod, instantOfLocal, invariant, localTimeOf, type Period } from '../../kernel';
import type { Share } from '../../rating/domain';

/** Most months that one simulation looks at. */
export const MOST_PERIODS = 24;

/** A month that is simulated, and how much of a whole one it is. */
export interface SimulatedPeriod {
  readonly period: Period;
  readonly share: Share;
}

/**
 * Cuts a range into months from its start on, as a subscription that began there would be billed. The last one may be
 * short, and is then a part of the whole month:
 *
 * ```
 * 15 Jan .. 1 March   |------- 15 Jan to 15 Feb -------|---- 15 Feb to 1 March ----|   14 of 28 days
 * ```
 *
 * @param range    not empty
 * @param timeZone where days begin
 * @returns        the months end to end, or null when there are more than `MOST_PERIODS`
 */
export function simulatedPeriods(range: Period, timeZone: string): SimulatedPeriod[] | null {
  invariant(range.start.getTime() < range.end.getTime(), 'a simulated range has a length');

  const anchor = { startAt: range.start, timeZone, interval: 'month' } as const;
  const periods: SimulatedPeriod[] = [];
  for (let index = 0; ; index += 1) {
    const whole = billingPeriod(anchor, index);
    if (whole.start.getTime() >= range.end.getTime()) return periods;
    if (periods.length === MOST_PERIODS) return null;
    const end = whole.end.getTime() > range.end.getTime() ? range.end : whole.end;
    periods.push({
      period: { start: whole.start, end },
      share: { part: lengthOf({ start: whole.start, end }), whole: lengthOf(whole) },
    });
  }
}

/** Why a plan can't be simulated by the month, or null: a price of a week is no price of a month. */
export function notByTheMonth(plan: Pick<Plan, 'key' | 'interval' | 'intervalCount'>): string | null {
  const isMonthly = plan.interval === 'month' && (plan.intervalCount ?? 1) === 1;
  if (isMonthly) return null;
  return `simulations are by the month, and '${plan.key}' is billed by the ${intervalInWords(plan)}`;
}

/** As far as outcomes look back, and a little more: 120 days of confirmation and disputes. */
const MONTHS_BEFORE = 5;

/**
 * Where the months before a simulated one began, newest first: earlier simulated ones, and before the range as many as
 * outcomes look back. An outcome that counted there and is taken back in the month is credited in it.
 */
export function startsBefore(periods: readonly SimulatedPeriod[], index: number, timeZone: string): Date[] {
  const simulated = periods.slice(0, index).map(({ period }) => period.start);
  const before = Array.from({ length: MONTHS_BEFORE }, (_, month) =>
    monthsBefore(periods[0]!.period.start, month + 1, timeZone),
  );
  return [...simulated.reverse(), ...before];
}

/** The same local day and time so many months earlier; a month without that day gives its last one. */
function monthsBefore(at: Date, months: number, timeZone: string): Date {
  const { date, minutes } = localTimeOf(at, timeZone);
  const [year, month, day] = date.split('-').map(Number) as [number, number, number];
  const first = new Date(Date.UTC(year, month - 1 - months));
  const days = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  first.setUTCDate(Math.min(day, days));
  return instantOfLocal(first.toISOString().slice(0, 10), minutes, timeZone);
}

function lengthOf({ start, end }: Period): number {
  return end.getTime() - start.getTime();
}
