import { Temporal } from 'temporal-polyfill';

/**
 * The instant at which clocks of a zone show a time: of `2024-03-31` the first moment of that day, of
 * `2024-03-31T14:30` that minute. With an offset or `Z` it is an instant already, for hours that come twice.
 */
export function instantOf(local: string, timeZone: string): string {
  if (/(Z|[+-]\d\d:\d\d)$/.test(local)) return Temporal.Instant.from(local).toString();
  if (!local.includes('T')) return Temporal.PlainDate.from(local).toZonedDateTime(timeZone).toInstant().toString();
  return Temporal.PlainDateTime.from(local).toZonedDateTime(timeZone).toInstant().toString();
}

/** As clocks of a zone show an instant: the day alone where it is the day's first moment. */
export function localOf(instant: string, timeZone: string): string {
  const local = Temporal.Instant.from(instant).toZonedDateTimeISO(timeZone);
  const isFirst = local.startOfDay().epochMilliseconds === local.epochMilliseconds;
  return isFirst
    ? local.toPlainDate().toString()
    : local.toPlainDateTime().toString({ smallestUnit: shownUnit(local) });
}

function shownUnit({ second, millisecond }: Temporal.ZonedDateTime): 'minute' | 'second' | 'millisecond' {
  return millisecond > 0 ? 'millisecond' : second > 0 ? 'second' : 'minute';
}

const MONTHS = 'January February March April May June July August September October November December'.split(' ');

/** For readers: `2024-02-29` is `29 February 2024`, `2024-02-29T14:30` is `29 February 2024, 14:30`. */
export function inWords(local: string): string {
  const [, year, month, day, time] = /^(\d{4})-(\d\d)-(\d\d)(?:T(.+))?$/.exec(local) ?? [];
  const date = `${Number(day)} ${MONTHS[Number(month) - 1]!} ${year!}`;
  return time === undefined ? date : `${date}, ${time}`;
}
