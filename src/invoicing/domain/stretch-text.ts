import { localTimeOf, type Period } from '../../kernel';

const MONTHS = 'January February March April May June July August September October November December'.split(' ');

/**
 * A stretch of time as its customer reads it, in local days, the last one included: `16 April to 30 April`. The year is
 * said where there are two, the time of day where it begins or ends within a day.
 *
 * @param dayByDay for what is counted in local days: times of day mean nothing
 */
export function stretchText({ start, end }: Period, timeZone: string, dayByDay = false): string {
  const from = instant(start, timeZone, dayByDay);
  const atMidnight = instant(end, timeZone, dayByDay).time === '';
  // What ends with a day ends before the next one's first instant.
  const to = instant(atMidnight ? new Date(lastInstantBefore(end, timeZone)) : end, timeZone, dayByDay || atMidnight);
  const years = from.year !== to.year;
  const text = ({ day, month, year, time }: LocalInstant): string =>
    `${day} ${MONTHS[month - 1]}${years ? ` ${year}` : ''}${time}`;
  const [first, last] = [text(from), text(to)];
  return first === last ? first : `${first} to ${last}`;
}

interface LocalInstant {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  /** `, 14:30`, or nothing at midnight. */
  readonly time: string;
}

function instant(at: Date, timeZone: string, dayByDay: boolean): LocalInstant {
  const { date, minutes } = localTimeOf(at, timeZone);
  const [year, month, day] = date.split('-').map(Number) as [number, number, number];
  const isMidnight = minutes === 0 && at.getTime() % MINUTE_MS === 0;
  return { year, month, day, time: dayByDay || isMidnight ? '' : `, ${clockText(minutes)}` };
}

/** The day before the one an instant is in, which for an instant at midnight is the one that ends there. */
function lastInstantBefore(at: Date, timeZone: string): number {
  const { minutes } = localTimeOf(at, timeZone);
  return at.getTime() - (minutes + 1) * MINUTE_MS;
}

function clockText(minutes: number): string {
  const [hour, minute] = [Math.floor(minutes / 60), minutes % 60];
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
}

const MINUTE_MS = 60_000;
