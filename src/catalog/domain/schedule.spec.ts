import fc from 'fast-check';
import { Decimal, localTimeOf } from '../../kernel';
import type { ScheduledCharge, TimeWindow } from './charges/scheduled';
import { WEEKDAYS } from './charges/scheduled';
import { scheduleSwitches } from './schedule';

const unit = { model: 'unit' as const, unitPrice: new Decimal(1) };
const window = (name: string, times: Omit<TimeWindow, 'name' | 'charge'>): TimeWindow => ({
  name,
  charge: unit,
  ...times,
});
const schedule = (timeZone: string, ...windows: TimeWindow[]): ScheduledCharge => ({
  model: 'scheduled',
  timeZone,
  windows,
  otherwise: unit,
});

/** The switches as `2026-03-01T05:00Z night`; `-` stands for all other times. */
function switches(charge: ScheduledCharge, start: string, end: string, customerZone = 'UTC'): string[] {
  const period = { start: new Date(start), end: new Date(end) };
  return scheduleSwitches(charge, period, customerZone).map(
    ({ at, window: index }) => `${at.toISOString().slice(0, 16)}Z ${charge.windows[index]?.name ?? '-'}`,
  );
}

const NIGHT = window('night', { hours: { from: '22:00', to: '06:00' } });

describe('a night from 22:00 to 06:00', () => {
  it('switches twice a day, from the period’s start on', () => {
    expect(switches(schedule('UTC', NIGHT), '2026-06-01T00:00Z', '2026-06-03T00:00Z')).toEqual([
      '2026-06-01T00:00Z night',
      '2026-06-01T06:00Z -',
      '2026-06-01T22:00Z night',
      '2026-06-02T06:00Z -',
      '2026-06-02T22:00Z night',
    ]);
  });

  it('is begun at the period’s own start, in its middle too', () => {
    expect(switches(schedule('UTC', NIGHT), '2026-06-01T23:30Z', '2026-06-02T05:00Z')).toEqual([
      '2026-06-01T23:30Z night',
    ]);
    expect(switches(schedule('UTC', NIGHT), '2026-06-01T12:00Z', '2026-06-01T22:00Z')).toEqual(['2026-06-01T12:00Z -']);
  });

  // Worked by hand: Berlin is two hours ahead in summer, one in winter, and changes at 01:00 UTC.
  it('has seven hours when summer time begins, nine when it ends', () => {
    expect(switches(schedule('Europe/Berlin', NIGHT), '2026-03-28T12:00Z', '2026-03-29T12:00Z')).toEqual([
      '2026-03-28T12:00Z -',
      '2026-03-28T21:00Z night',
      '2026-03-29T04:00Z -',
    ]);
    expect(switches(schedule('Europe/Berlin', NIGHT), '2026-10-24T12:00Z', '2026-10-25T12:00Z')).toEqual([
      '2026-10-24T12:00Z -',
      '2026-10-24T20:00Z night',
      '2026-10-25T05:00Z -',
    ]);
  });

  it('is the customer’s own night where the schedule says so', () => {
    const charge = schedule('customer', NIGHT);
    expect(switches(charge, '2026-06-01T12:00Z', '2026-06-02T12:00Z', 'Asia/Kolkata')).toEqual([
      '2026-06-01T12:00Z -',
      '2026-06-01T16:30Z night',
      '2026-06-02T00:30Z -',
    ]);
  });
});

describe('hours that the clock skips or shows twice', () => {
  const LATE = window('late', { hours: { from: '02:00', to: '03:00' } });

  it('aren’t there on the day that skips them', () => {
    expect(switches(schedule('Europe/Berlin', LATE), '2026-03-29T00:00Z', '2026-03-29T12:00Z')).toEqual([
      '2026-03-29T00:00Z -',
    ]);
  });

  it('are there twice on the day that shows them twice', () => {
    expect(switches(schedule('Europe/Berlin', LATE), '2026-10-24T23:00Z', '2026-10-25T12:00Z')).toEqual([
      '2026-10-24T23:00Z -',
      '2026-10-25T00:00Z late',
      '2026-10-25T02:00Z -',
    ]);
  });

  it('are there twice apart when they are half an hour', () => {
    const half = window('half', { hours: { from: '02:00', to: '02:30' } });
    expect(switches(schedule('Europe/Berlin', half), '2026-10-24T23:00Z', '2026-10-25T12:00Z')).toEqual([
      '2026-10-24T23:00Z -',
      '2026-10-25T00:00Z half',
      '2026-10-25T00:30Z -',
      '2026-10-25T01:00Z half',
      '2026-10-25T01:30Z -',
    ]);
  });
});

describe('weekdays and dates', () => {
  it('are those on which hours over midnight began', () => {
    // 5 June 2026 is a Friday.
    const workNight = window('work night', {
      hours: { from: '22:00', to: '06:00' },
      weekdays: ['mon', 'tue', 'wed', 'thu', 'fri'],
    });
    expect(switches(schedule('UTC', workNight), '2026-06-05T12:00Z', '2026-06-08T23:00Z')).toEqual([
      '2026-06-05T12:00Z -',
      '2026-06-05T22:00Z work night',
      '2026-06-06T06:00Z -', // Saturday morning ends Friday's night; the next begins on Monday
      '2026-06-08T22:00Z work night',
    ]);
  });

  it('make a weekend of whole days', () => {
    expect(
      switches(
        schedule('UTC', window('weekend', { weekdays: ['sat', 'sun'] })),
        '2026-06-05T00:00Z',
        '2026-06-09T00:00Z',
      ),
    ).toEqual(['2026-06-05T00:00Z -', '2026-06-06T00:00Z weekend', '2026-06-08T00:00Z -']);
  });

  it('end before the last date', () => {
    const launch = window('launch', { dates: { from: '2026-06-02', to: '2026-06-04' } });
    expect(switches(schedule('UTC', launch), '2026-06-01T00:00Z', '2026-07-01T00:00Z')).toEqual([
      '2026-06-01T00:00Z -',
      '2026-06-02T00:00Z launch',
      '2026-06-04T00:00Z -',
    ]);
  });

  it('let a night finish that began on the last day', () => {
    const lastNight = window('last night', {
      hours: { from: '22:00', to: '06:00' },
      dates: { from: '2026-06-02', to: '2026-06-03' },
    });
    expect(switches(schedule('UTC', lastNight), '2026-06-01T00:00Z', '2026-07-01T00:00Z')).toEqual([
      '2026-06-01T00:00Z -',
      '2026-06-02T22:00Z last night',
      '2026-06-03T06:00Z -',
    ]);
  });
});

it('gives a moment to the first window that matches', () => {
  const charge = schedule('UTC', window('weekend', { weekdays: ['sat', 'sun'] }), NIGHT);
  expect(switches(charge, '2026-06-05T20:00Z', '2026-06-08T12:00Z')).toEqual([
    '2026-06-05T20:00Z -',
    '2026-06-05T22:00Z night',
    '2026-06-06T00:00Z weekend',
    '2026-06-08T00:00Z night', // Sunday's night, behind the weekend
    '2026-06-08T06:00Z -',
  ]);
});

it('says for every minute what the clock on the wall says', () => {
  const timeOfDay = fc.integer({ min: 0, max: 95 }).map((quarter) => `${String(Math.floor(quarter / 4)).padStart(2, '0')}:${String((quarter % 4) * 15).padStart(2, '0')}`); // prettier-ignore
  const hours = fc.tuple(timeOfDay, timeOfDay).filter(([from, to]) => from !== to).map(([from, to]) => ({ from, to })); // prettier-ignore
  const weekdays = fc.uniqueArray(fc.constantFrom(...WEEKDAYS), { minLength: 1 });
  const dates = fc.constantFrom({ from: '2026-03-28', to: '2026-03-30' }, { from: '2026-10-25', to: '2026-10-26' });
  const times = fc.record({ hours, weekdays, dates }, { requiredKeys: [] });
  const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe');
  const start = fc.constantFrom('2026-03-27T13:00Z', '2026-04-03T00:07Z', '2026-10-23T22:00Z', '2026-10-31T12:30Z');

  /** Read once more, as a person would, from the clock's date, time and weekday alone. */
  const isOpen = (of: TimeWindow, at: Date, timeZone: string): boolean => {
    const { date, minutes, weekday } = localTimeOf(at, timeZone);
    const clock = `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
    let day = date;
    let name = WEEKDAYS[weekday - 1]!;
    if (of.hours !== undefined) {
      const { from, to } = of.hours;
      const overMidnight = from > to;
      if (overMidnight ? clock >= to && clock < from : clock < from || clock >= to) return false;
      if (overMidnight && clock < to) {
        day = new Date(Date.parse(`${date}T00:00Z`) - 86_400_000).toISOString().slice(0, 10);
        name = WEEKDAYS[(weekday + 5) % 7]!;
      }
    }
    return (
      (of.weekdays?.includes(name) ?? true) && (of.dates === undefined || (of.dates.from <= day && day < of.dates.to))
    );
  };

  fc.assert(
    fc.property(fc.array(times, { minLength: 1, maxLength: 4 }), zones, start, (found, timeZone, from) => {
      const windows = found.map((of, index) => window(`w${index}`, of));
      const period = { start: new Date(from), end: new Date(Date.parse(from) + 4 * 86_400_000) };
      const cuts = scheduleSwitches(schedule(timeZone, ...windows), period, 'UTC');
      expect(cuts[0]!.at).toEqual(period.start);
      let place = 0;
      for (let at = period.start.getTime(); at < period.end.getTime(); at += 15 * 60_000) {
        while (place + 1 < cuts.length && cuts[place + 1]!.at.getTime() <= at) place += 1;
        const first = windows.findIndex((of) => isOpen(of, new Date(at), timeZone));
        expect(cuts[place]!.window).toBe(first === -1 ? windows.length : first);
      }
    }),
    { numRuns: 40 },
  );
}, 60_000);
