import type { ReferenceChargeOf } from './definitions';

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const DAY_MS = 86_400_000;

/** What a clock on the wall shows at an instant, asked of `Intl`. */
function wallClock(at: number, timeZone: string): { date: string; time: string } {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  }).formatToParts(at);
  const part = (type: string): string => parts.find((one) => one.type === type)!.value;
  return { date: `${part('year')}-${part('month')}-${part('day')}`, time: `${part('hour')}:${part('minute')}` };
}

const dayBefore = (date: string): string => new Date(Date.parse(date) - DAY_MS).toISOString().slice(0, 10);
const weekday = (date: string): (typeof DAYS)[number] => DAYS[new Date(date).getUTCDay()]!;

/** The place of the first window that an instant lies in; as many as there are windows when it lies in none. */
export function windowAt(charge: ReferenceChargeOf<'scheduled'>, at: number, customerZone: string): number {
  const zone = charge.timeZone === 'customer' ? customerZone : charge.timeZone;
  const { date, time } = wallClock(at, zone);
  const found = charge.windows.findIndex(({ hours, weekdays, dates }) => {
    // Hours over midnight that began yesterday belong to yesterday.
    let began = date;
    if (hours !== undefined) {
      const { from, to } = hours;
      const overMidnight = from > to;
      if (overMidnight && time < to) began = dayBefore(date);
      else if (time < from || (!overMidnight && time >= to)) return false;
    }
    if (weekdays !== undefined && !weekdays.includes(weekday(began))) return false;
    return dates === undefined || (began >= dates.from && began < dates.to);
  });
  return found === -1 ? charge.windows.length : found;
}
