import type { QuantityCharge } from './quantity-charges';

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** Times that share a charge. A window without hours, weekdays and dates is always open. */
export interface TimeWindow {
  /** Shown on the invoice, such as `night`. */
  readonly name: string;
  readonly charge: QuantityCharge;
  /** `HH:MM` of the local clock, `to` exclusive; 22:00 to 06:00 lasts over midnight. */
  readonly hours?: { readonly from: string; readonly to: string } | undefined;
  /** Of the local day; for hours over midnight, of the day on which they began. */
  readonly weekdays?: readonly Weekday[] | undefined;
  /** Local days, `to` exclusive; for hours over midnight, the days on which they begin. */
  readonly dates?: { readonly from: string; readonly to: string } | undefined;
}

export const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;
export const DAY_MS = DAY_MINUTES * MINUTE_MS;

/** Minutes of a day at which a window may open or close, midnight among them. */
export function edgesOf(windows: readonly TimeWindow[]): number[] {
  const edges = windows.flatMap(({ hours }) => (hours === undefined ? [] : [hours.from, hours.to]));
  return [...new Set([0, ...edges.map(minutesOf)])].sort((one, other) => one - other);
}

/** Whether a window is open when the clock shows this: milliseconds since 1970 as if it were UTC. */
export function compileWindow({ hours, weekdays, dates }: TimeWindow): (local: number) => boolean {
  const from = hours === undefined ? 0 : minutesOf(hours.from);
  const to = hours === undefined ? DAY_MINUTES : minutesOf(hours.to);
  const overMidnight = from > to;
  const days = new Set(weekdays?.map((weekday) => WEEKDAYS.indexOf(weekday)));
  const firstDay = dates === undefined ? -Infinity : dayNumberOf(dates.from);
  const behindLastDay = dates === undefined ? Infinity : dayNumberOf(dates.to);

  return (local) => {
    const today = Math.floor(local / DAY_MS);
    const minutes = Math.floor((local - today * DAY_MS) / MINUTE_MS);
    if (overMidnight ? minutes < from && minutes >= to : minutes < from || minutes >= to) return false;

    const beganOn = overMidnight && minutes < to ? today - 1 : today;
    return firstDay <= beganOn && beganOn < behindLastDay && (weekdays === undefined || days.has(weekdayOf(beganOn)));
  };
}

/** `22:30` as minutes since midnight. */
export function minutesOf(timeOfDay: string): number {
  return Number(timeOfDay.slice(0, 2)) * 60 + Number(timeOfDay.slice(3));
}

/** Days since 1970-01-01; NaN for a day that the calendar hasn't. */
export function dayNumberOf(date: string): number {
  const ms = Date.parse(`${date}T00:00:00Z`);
  // JavaScript takes 30 February for 1 or 2 March.
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date) ? ms / DAY_MS : NaN;
}

/** 0 for Monday; 1970 began on a Thursday. */
function weekdayOf(dayNumber: number): number {
  return (((dayNumber + 3) % 7) + 7) % 7;
}
