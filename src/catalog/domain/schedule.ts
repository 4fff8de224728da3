import { invariant, steadyClocks, type Period, type SteadyClock } from '../../kernel';
import type { ScheduledCharge } from './charges/scheduled';
import { compileWindow, DAY_MS, edgesOf, MINUTE_MS } from './charges/time-window';

/** From this instant on, usage belongs to another window of a schedule. */
export interface ScheduleSwitch {
  readonly at: Date;
  /** The window's place in the schedule; the number of windows stands for `otherwise`. */
  readonly window: number;
}

/** A month of fifty windows has some three thousand. More are no price that anybody can follow. */
const MOST_SWITCHES = 10_000;

/**
 * When which window of a schedule is open in a period, the first from the period's start on. Usage belongs to the first
 * window that matches what a clock on the wall shows, so an hour that is shown twice is in the window twice, and an hour
 * that is skipped is in none:
 *
 * ```
 * Berlin, 25 October 2026, night 22:00 to 06:00
 *   22:00  23:00  00:00  01:00  02:00  02:00  03:00  04:00  05:00  06:00
 *   |----------------------- night: 9 hours ------------------------|
 * ```
 *
 * Times over midnight belong to the day on which they began: with weekdays mon to fri, Friday's night lasts until
 * Saturday, 06:00, and there is none from Sunday to Monday.
 *
 * @param customerZone whose clock decides where the charge says `customer`
 */
export function scheduleSwitches(charge: ScheduledCharge, period: Period, customerZone: string): ScheduleSwitch[] {
  const timeZone = charge.timeZone === 'customer' ? customerZone : charge.timeZone;
  const windows = charge.windows.map(compileWindow);
  const edges = edgesOf(charge.windows);

  const switches: ScheduleSwitch[] = [];
  for (const clock of steadyClocks(period, timeZone)) {
    for (const at of instantsToLookAt(clock, edges)) {
      const local = at + clock.offsetMs;
      const found = windows.findIndex((isOpen) => isOpen(local));
      const window = found === -1 ? windows.length : found;
      if (switches.at(-1)?.window !== window) switches.push({ at: new Date(at), window });
    }
  }
  invariant(switches.length <= MOST_SWITCHES, 'a schedule switches at most 10,000 times in a period');
  return switches;
}

/** The stretch's start, and every instant in it at which the clock shows one of the edges. */
function instantsToLookAt({ start, end, offsetMs }: SteadyClock, edges: readonly number[]): number[] {
  const from = start.getTime();
  const instants = [from];
  for (let midnight = Math.floor((from + offsetMs) / DAY_MS) * DAY_MS; ; midnight += DAY_MS) {
    for (const edge of edges) {
      const at = midnight + edge * MINUTE_MS - offsetMs;
      if (at >= end.getTime()) return instants;
      if (at > from) instants.push(at);
    }
  }
}
