import { instantOfWallTime, localTimeOf } from '../../../src/kernel';

/**
 * The instant at which clocks of a zone show a time: of `2024-03-31` the first moment of that day, of
 * `2024-03-31T14:30` that minute. With an offset or `Z` it is an instant already, for hours that come twice.
 */
export function instantOf(local: string, timeZone: string): string {
  if (/(Z|[+-]\d\d:\d\d)$/.test(local)) return new Date(local).toISOString();
  return new Date(instantOfWallTime(withSeconds(local), timeZone)!).toISOString();
}

/** As clocks of a zone show an instant: the day alone where it is the day's first moment. */
export function localOf(instant: string, timeZone: string): string {
  const at = new Date(instant);
  const { date, minutes } = localTimeOf(at, timeZone);
  if (Date.parse(instantOf(date, timeZone)) === at.getTime()) return date;
  const time = [Math.floor(minutes / 60), Math.floor(minutes) % 60].map((part) => String(part).padStart(2, '0'));
  // Of zones with whole minutes, which are all that stories are told in.
  const behind = at.getTime() % 60_000;
  const seconds = behind === 0 ? '' : `:${(behind / 1000).toFixed(behind % 1000 === 0 ? 0 : 3).padStart(2, '0')}`;
  return `${date}T${time.join(':')}${seconds}`;
}

function withSeconds(local: string): string {
  return /T\d\d:\d\d$/.test(local) ? `${local}:00` : local;
}

const MONTHS = 'January February March April May June July August September October November December'.split(' ');

/** For readers: `2024-02-29` is `29 February 2024`, `2024-02-29T14:30` is `29 February 2024, 14:30`. */
export function inWords(local: string): string {
  const [, year, month, day, time] = /^(\d{4})-(\d\d)-(\d\d)(?:T(.+))?$/.exec(local) ?? [];
  const date = `${Number(day)} ${MONTHS[Number(month) - 1]!} ${year!}`;
  return time === undefined ? date : `${date}, ${time}`;
}
