import { isTimeZone, type FieldProblem } from '../../../kernel';
import { quantityChargeProblems, type QuantityCharge } from './quantity-charges';
import { compileWindow, DAY_MS, dayNumberOf, edgesOf, MINUTE_MS, type TimeWindow } from './time-window';

export { WEEKDAYS, type TimeWindow, type Weekday } from './time-window';

/** Another price at another time: at night, at weekends, or between two dates. */
export interface ScheduledCharge {
  readonly model: 'scheduled';
  /** Whose clock decides: a zone such as `Europe/Berlin`, or `customer` for the zone of each customer. */
  readonly timeZone: string;
  /** Usage belongs to the first one that matches the local time of its event. */
  readonly windows: readonly TimeWindow[];
  /** For usage at any other time. */
  readonly otherwise: QuantityCharge;
}

/** How usage at other times is called beside the windows. */
export const OTHERWISE = 'otherwise';
const MOST_WINDOWS = 50;
const TIME_OF_DAY = /^(?:[01]\d|2[0-3]):[0-5]\d$/;

/**
 * Windows have names of their own, times and days that exist, and each is open at some time at which no window before
 * it is: what can't be reached is a mistake, not a price.
 */
export function scheduledProblems({ timeZone, windows, otherwise }: ScheduledCharge, at: string): FieldProblem[] {
  const known = timeZone === 'customer' || isTimeZone(timeZone);
  const zone = known ? [] : [{ field: `${at}.timeZone`, detail: 'must be a time zone such as Europe/Berlin, or customer' }]; // prettier-ignore
  if (windows.length === 0) return [...zone, { field: `${at}.windows`, detail: 'must have at least one window' }];
  if (windows.length > MOST_WINDOWS)
    return [...zone, { field: `${at}.windows`, detail: 'must have at most 50 windows' }];

  const times = windows.flatMap((window, index) => problemsOfWindow(windows, window, index, `${at}.windows[${index}]`));
  return [
    ...zone,
    ...times,
    ...(times.length > 0 ? [] : unreachable(windows, `${at}.windows`)),
    ...windows.flatMap(({ charge }, index) => quantityChargeProblems(charge, `${at}.windows[${index}].charge`)),
    ...quantityChargeProblems(otherwise, `${at}.otherwise`),
  ];
}

function problemsOfWindow(
  windows: readonly TimeWindow[],
  { name, hours, weekdays, dates }: TimeWindow,
  index: number,
  at: string,
): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const say = (field: string, detail: string): void => void problems.push({ field: `${at}.${field}`, detail });

  if (name === OTHERWISE) say('name', 'must be another: this is what all other times are called');
  if (windows.findIndex((window) => window.name === name) !== index) say('name', 'is there twice');
  if (hours !== undefined) {
    const wrong = (['from', 'to'] as const).filter((edge) => !TIME_OF_DAY.test(hours[edge]));
    for (const edge of wrong) say(`hours.${edge}`, 'must be a time of day such as 22:00');
    if (wrong.length === 0 && hours.from === hours.to)
      say('hours.to', 'must differ from `from`; a whole day needs no hours');
  }
  if (weekdays?.length === 0) say('weekdays', 'must have at least one day; all days need no weekdays');
  if (dates !== undefined) {
    const wrong = (['from', 'to'] as const).filter((edge) => Number.isNaN(dayNumberOf(dates[edge])));
    for (const edge of wrong) say(`dates.${edge}`, 'must be a day such as 2026-12-24');
    if (wrong.length === 0 && dates.from >= dates.to) say('dates.to', 'must be a later day: it is exclusive');
  }
  return problems;
}

/** Windows that no instant has. Between two edges of a day nothing changes, so that one look at each is enough. */
function unreachable(windows: readonly TimeWindow[], at: string): FieldProblem[] {
  const open = windows.map(compileWindow);
  const edges = edgesOf(windows);
  const reached = new Set<number>();
  for (const day of daysToLookAt(windows)) {
    if (reached.size === windows.length) break;
    for (const edge of edges) {
      const local = day * DAY_MS + edge * MINUTE_MS;
      reached.add(open.findIndex((isOpen) => isOpen(local)));
    }
    reached.delete(-1);
  }
  const detail = 'is never open: all of its times are in windows before it';
  return windows.flatMap((_, index) => (reached.has(index) ? [] : [{ field: `${at}[${index}]`, detail }]));
}

/** Every weekday on either side of each date that a window begins or ends on, and the day that hours over midnight reach. */
function daysToLookAt(windows: readonly TimeWindow[]): Set<number> {
  const dates = windows.flatMap(({ dates }) => (dates === undefined ? [] : [dates.from, dates.to]));
  const days = new Set<number>();
  for (const day of [0, ...dates.map(dayNumberOf)]) {
    for (let offset = -8; offset <= 8; offset += 1) days.add(day + offset);
  }
  return days;
}
