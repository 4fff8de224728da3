/** A calendar written to be obviously right: days are texts such as `2024-02-29`, and clocks on walls are asked. */
const MINUTE = 60_000;
const QUARTER = 15 * MINUTE;

const clocks = new Map<string, Intl.DateTimeFormat>();

/** The day that a clock on the wall shows at an instant. */
export function dayAt(at: number, timeZone: string): string {
  let clock = clocks.get(timeZone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
    clocks.set(timeZone, clock);
  }
  return clock.format(at);
}

const firsts = new Map<string, number>();

/** The first instant of a day: from well before it on, looks at the clock every quarter of an hour. */
export function startOfDay(day: string, timeZone: string): number {
  const name = `${timeZone} ${day}`;
  let at = firsts.get(name);
  if (at === undefined) {
    at = Date.parse(`${day}T00:00:00Z`) - 15 * 60 * MINUTE;
    while (dayAt(at, timeZone) < day) at += QUARTER;
    firsts.set(name, at);
  }
  return at;
}

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

export function daysIn(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

const written = (year: number, month: number, day: number): string =>
  `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;

const read = (day: string): [year: number, month: number, day: number] =>
  day.split('-').map(Number) as [number, number, number];

export function dayAfter(day: string): string {
  const [year, month, number] = read(day);
  if (number < daysIn(year, month)) return written(year, month, number + 1);
  return month < 12 ? written(year, month + 1, 1) : written(year + 1, 1, 1);
}

export function daysLater(day: string, days: number): string {
  let later = day;
  for (let each = 0; each < days; each += 1) later = dayAfter(later);
  return later;
}

/** The same day of a later month; its last one where it has no such day. */
export function monthsLater(day: string, months: number): string {
  const [year, month, number] = read(day);
  const later = year * 12 + (month - 1) + months;
  const [laterYear, laterMonth] = [Math.floor(later / 12), (later % 12) + 1];
  return written(laterYear, laterMonth, Math.min(number, daysIn(laterYear, laterMonth)));
}

/** Days from one to another, counted. */
export function daysBetween(from: string, to: string): number {
  let count = 0;
  for (let day = from; day < to; day = dayAfter(day)) count += 1;
  return count;
}

export type Interval = 'day' | 'week' | 'month' | 'quarter' | 'half_year' | 'year';

export interface Anchor {
  readonly startAt: number;
  readonly timeZone: string;
  readonly interval: Interval;
  readonly count: number;
  readonly calendar: boolean;
}

export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** A billing period, and the whole one that it is a part of. */
export interface BillingPeriod extends Stretch {
  readonly index: number;
  readonly whole: Stretch;
}

const MONTHS = { month: 1, quarter: 3, half_year: 6, year: 12 } as const;

/** The day that begins the interval of the calendar that a day is in. */
function calendarStart(day: string, interval: Interval): string {
  if (interval === 'day') return day;
  if (interval === 'week') {
    // A Monday, and every seventh day after it.
    let monday = '2023-12-25';
    while (daysLater(monday, 7) <= day) monday = daysLater(monday, 7);
    return monday;
  }
  const [year, month] = read(day);
  const length = MONTHS[interval];
  return written(year, month - ((month - 1) % length), 1);
}

const periods = new WeakMap<Anchor, Map<number, BillingPeriod>>();

/** Period by its number: each boundary is counted from the first day, so that the 31st comes back after February. */
export function periodOf(anchor: Anchor, index: number): BillingPeriod {
  const known = periods.get(anchor) ?? new Map<number, BillingPeriod>();
  periods.set(anchor, known);
  const period = known.get(index) ?? countedPeriod(anchor, index);
  known.set(index, period);
  return period;
}

function countedPeriod(anchor: Anchor, index: number): BillingPeriod {
  const { startAt, timeZone, interval, count, calendar } = anchor;
  const startDay = dayAt(startAt, timeZone);
  const first = calendar ? calendarStart(startDay, interval) : startDay;
  const boundary = (number: number): number => {
    const day =
      interval === 'day' || interval === 'week'
        ? daysLater(first, number * count * (interval === 'week' ? 7 : 1))
        : monthsLater(first, number * count * MONTHS[interval]);
    return startOfDay(day, timeZone);
  };
  const to = boundary(index + 1);
  if (index > 0) {
    const from = boundary(index);
    return { index, from, to, whole: { from, to } };
  }
  return { index, from: startAt, to, whole: { from: calendar ? boundary(0) : startAt, to } };
}
