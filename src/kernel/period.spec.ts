import fc from 'fast-check';
import { InvariantError } from './errors';
import { billingPeriod, billingPeriodAt, isInPeriod, isTimeZone, type BillingAnchor } from './period';

const anchor = (startAt: string, timeZone = 'UTC'): BillingAnchor => ({
  startAt: new Date(startAt),
  timeZone,
  interval: 'month',
});

/** The instants at which the periods 0, 1, 2 … start, without the seconds. */
const starts = (of: BillingAnchor, count: number): string[] =>
  Array.from({ length: count }, (_, index) => billingPeriod(of, index).start.toISOString().replace(':00.000Z', 'Z'));

describe('billing periods', () => {
  it('keep the anchor’s day through short months, a leap February included', () => {
    expect(starts(anchor('2024-01-31T00:00:00Z'), 15)).toEqual([
      '2024-01-31T00:00Z',
      '2024-02-29T00:00Z', // a leap year
      '2024-03-31T00:00Z', // back to the 31st, not the 29th
      '2024-04-30T00:00Z',
      '2024-05-31T00:00Z',
      '2024-06-30T00:00Z',
      '2024-07-31T00:00Z',
      '2024-08-31T00:00Z',
      '2024-09-30T00:00Z',
      '2024-10-31T00:00Z',
      '2024-11-30T00:00Z',
      '2024-12-31T00:00Z',
      '2025-01-31T00:00Z',
      '2025-02-28T00:00Z', // not a leap year
      '2025-03-31T00:00Z',
    ]);
  });

  // Worked by hand from the IANA zone data's rules for each zone.
  it.each`
    startAt                   | timeZone                 | expected                                                                  | because
    ${'2023-11-15T09:30:00Z'} | ${'UTC'}                 | ${['2023-11-15T09:30Z', '2023-12-15T00:00Z', '2024-01-15T00:00Z']}        | ${'only the first period starts in the middle of a day'}
    ${'2023-01-30T12:00:00Z'} | ${'UTC'}                 | ${['2023-01-30T12:00Z', '2023-02-28T00:00Z', '2023-03-30T00:00Z']}        | ${'the 30th is missing in February only'}
    ${'2024-02-29T00:00:00Z'} | ${'UTC'}                 | ${['2024-02-29T00:00Z', '2024-03-29T00:00Z', '2024-04-29T00:00Z']}        | ${'anchored to the 29th, not to the month’s end'}
    ${'2024-01-31T23:59:59Z'} | ${'UTC'}                 | ${['2024-01-31T23:59:59.000Z', '2024-02-29T00:00Z', '2024-03-31T00:00Z']} | ${'the last second of a day belongs to that day'}
    ${'2024-02-29T23:30:00Z'} | ${'Asia/Tokyo'}          | ${['2024-02-29T23:30Z', '2024-03-31T15:00Z', '2024-04-30T15:00Z']}        | ${'in Tokyo it is 1 March already: boundaries are on the 1st'}
    ${'2024-03-01T03:00:00Z'} | ${'America/Los_Angeles'} | ${['2024-03-01T03:00Z', '2024-03-29T07:00Z', '2024-04-29T07:00Z']}        | ${'in Los Angeles it is still 29 February'}
    ${'2024-02-15T00:00:00Z'} | ${'Europe/Berlin'}       | ${['2024-02-15T00:00Z', '2024-03-14T23:00Z', '2024-04-14T22:00Z']}        | ${'summer time from 31 March: an hour earlier'}
    ${'2024-09-15T12:00:00Z'} | ${'Europe/Berlin'}       | ${['2024-09-15T12:00Z', '2024-10-14T22:00Z', '2024-11-14T23:00Z']}        | ${'and an hour later from 27 October'}
    ${'2024-08-31T14:00:00Z'} | ${'Australia/Sydney'}    | ${['2024-08-31T14:00Z', '2024-09-30T14:00Z', '2024-10-31T13:00Z']}        | ${'southern summer time begins in October'}
    ${'2024-01-31T18:30:00Z'} | ${'Asia/Kolkata'}        | ${['2024-01-31T18:30Z', '2024-02-29T18:30Z', '2024-03-31T18:30Z']}        | ${'half an hour off: midnight of the 1st is 18:30'}
    ${'2024-01-01T00:00:00Z'} | ${'Asia/Kathmandu'}      | ${['2024-01-01T00:00Z', '2024-01-31T18:15Z', '2024-02-29T18:15Z']}        | ${'three quarters'}
    ${'2024-03-06T15:00:00Z'} | ${'Australia/Lord_Howe'} | ${['2024-03-06T15:00Z', '2024-04-06T13:00Z', '2024-05-06T13:30Z']}        | ${'summer time of half an hour, ending 7 April 02:00'}
    ${'2017-09-15T03:00:00Z'} | ${'America/Sao_Paulo'}   | ${['2017-09-15T03:00Z', '2017-10-15T03:00Z', '2017-11-15T02:00Z']}        | ${'15 October 2017 had no midnight: it began at 01:00'}
    ${'2018-01-18T02:00:00Z'} | ${'America/Sao_Paulo'}   | ${['2018-01-18T02:00Z', '2018-02-18T03:00Z', '2018-03-18T03:00Z']}        | ${'17 February 2018 had its last hour twice'}
    ${'2023-03-28T00:00:00Z'} | ${'Africa/Cairo'}        | ${['2023-03-28T00:00Z', '2023-04-27T22:00Z', '2023-05-27T21:00Z']}        | ${'28 April 2023 began at 01:00'}
    ${'2023-10-05T04:00:00Z'} | ${'America/Havana'}      | ${['2023-10-05T04:00Z', '2023-11-05T04:00Z', '2023-12-05T05:00Z']}        | ${'5 November 2023 had two midnights: the first counts'}
    ${'2009-10-01T03:00:00Z'} | ${'America/St_Johns'}    | ${['2009-10-01T03:00Z', '2009-11-01T02:30Z', '2009-12-01T03:30Z']}        | ${'1 November 2009 began, and a minute later it was October again'}
    ${'2011-11-30T10:00:00Z'} | ${'Pacific/Apia'}        | ${['2011-11-30T10:00Z', '2011-12-30T10:00Z', '2012-01-29T10:00Z']}        | ${'Samoa had no 30 December 2011'}
    ${'2024-01-31T10:00:00Z'} | ${'Pacific/Kiritimati'}  | ${['2024-01-31T10:00Z', '2024-02-29T10:00Z', '2024-03-31T10:00Z']}        | ${'14 hours ahead it is the 1st'}
    ${'1919-01-31T05:00:00Z'} | ${'America/Toronto'}     | ${['1919-01-31T05:00Z', '1919-02-28T05:00Z', '1919-03-31T04:30Z']}        | ${'the clock went from 23:30 to 00:30: a day without midnight that began in between'}
  `('from $startAt in $timeZone: $because', ({ startAt, timeZone, expected }) => {
    expect(starts(anchor(startAt, timeZone), 3)).toEqual(expected);
  });

  it('begin a day without midnight at its first instant', () => {
    const { start } = billingPeriod(anchor('2017-09-15T03:00:00Z', 'America/Sao_Paulo'), 1);
    const local = start.toLocaleString('sv-SE', { timeZone: 'America/Sao_Paulo' });
    expect(local).toBe('2017-10-15 01:00:00');
  });

  it('have 23 or 25 hours to a day where the clocks change, and so 743 or 745 to a month of 31', () => {
    const hours = (of: BillingAnchor): number => {
      const { start, end } = billingPeriod(of, 1);
      return (end.getTime() - start.getTime()) / 3_600_000;
    };
    expect(hours(anchor('2024-01-31T23:00:00Z', 'Europe/Berlin'))).toBe(743);
    expect(hours(anchor('2024-08-31T22:00:00Z', 'Europe/Berlin'))).toBe(745);
  });

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('have no number %d', (index) => {
    expect(() => billingPeriod(anchor('2024-01-31T00:00:00Z'), index)).toThrow(InvariantError);
  });

  it('need a real date', () => {
    expect(() => billingPeriod(anchor('never'), 0)).toThrow(InvariantError);
  });

  it('never hand out the anchor’s own date object', () => {
    const of = anchor('2024-01-31T00:00:00Z');
    billingPeriod(of, 0).start.setUTCFullYear(1999);
    expect(of.startAt.toISOString()).toBe('2024-01-31T00:00:00.000Z');
  });
});

describe('the billing period of an instant', () => {
  it.each`
    startAt                   | timeZone               | at                            | index | because
    ${'2024-01-31T14:30:00Z'} | ${'UTC'}               | ${'2024-01-31T14:30:00Z'}     | ${0}  | ${'the start belongs to the period'}
    ${'2024-01-31T14:30:00Z'} | ${'UTC'}               | ${'2024-02-28T23:59:59.999Z'} | ${0}  | ${'the last millisecond as well'}
    ${'2024-01-31T14:30:00Z'} | ${'UTC'}               | ${'2024-02-29T00:00:00Z'}     | ${1}  | ${'the end is the next period’s start'}
    ${'2024-01-31T14:30:00Z'} | ${'UTC'}               | ${'2024-03-30T12:00:00Z'}     | ${1}  | ${'30 March is before the 31st'}
    ${'2024-01-31T14:30:00Z'} | ${'UTC'}               | ${'2025-03-31T00:00:00Z'}     | ${14} | ${'a year and two months on'}
    ${'2024-02-29T23:30:00Z'} | ${'Asia/Tokyo'}        | ${'2024-03-31T14:59:59Z'}     | ${0}  | ${'Tokyo’s March'}
    ${'2024-02-29T23:30:00Z'} | ${'Asia/Tokyo'}        | ${'2024-03-31T15:00:00Z'}     | ${1}  | ${'Tokyo’s April'}
    ${'2017-09-15T03:00:00Z'} | ${'America/Sao_Paulo'} | ${'2017-10-15T02:59:59Z'}     | ${0}  | ${'before the day that has no midnight'}
    ${'2017-09-15T03:00:00Z'} | ${'America/Sao_Paulo'} | ${'2017-10-15T03:00:00Z'}     | ${1}  | ${'its first instant'}
    ${'2009-10-01T03:00:00Z'} | ${'America/St_Johns'}  | ${'2009-11-01T02:29:59Z'}     | ${0}  | ${'October, the first time'}
    ${'2009-10-01T03:00:00Z'} | ${'America/St_Johns'}  | ${'2009-11-01T03:00:00Z'}     | ${1}  | ${'October on the clock again (23:30), but November’s period has begun'}
  `('$at is in period $index: $because', ({ startAt, timeZone, at, index }) => {
    const of = anchor(startAt, timeZone);
    expect(billingPeriodAt(of, new Date(at))).toEqual({ index, period: billingPeriod(of, index) });
  });

  it('is not there before the anchor', () => {
    const of = anchor('2024-01-31T14:30:00Z');
    expect(() => billingPeriodAt(of, new Date('2024-01-31T14:29:59.999Z'))).toThrow(InvariantError);
    expect(() => billingPeriodAt(of, new Date(Number.NaN))).toThrow(InvariantError);
  });
});

describe('an instant and a period', () => {
  it.each`
    at                            | inside   | because
    ${'2024-01-31T23:59:59.999Z'} | ${false} | ${'a millisecond before'}
    ${'2024-02-01T00:00:00.000Z'} | ${true}  | ${'the start belongs to it'}
    ${'2024-02-29T23:59:59.999Z'} | ${true}  | ${'the last millisecond'}
    ${'2024-03-01T00:00:00.000Z'} | ${false} | ${'the end is the next period’s'}
  `('$at: $because', ({ at, inside }) => {
    const february = { start: new Date('2024-02-01T00:00:00Z'), end: new Date('2024-03-01T00:00:00Z') };
    expect(isInPeriod(new Date(at), february)).toBe(inside);
  });
});

describe('always', () => {
  const ZONES = [
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'America/Sao_Paulo',
    'America/Havana',
    'America/St_Johns',
    'Africa/Cairo',
    'Asia/Kolkata',
    'Asia/Gaza',
    'Australia/Lord_Howe',
    'Pacific/Apia',
    'Pacific/Kiritimati',
  ];
  const instant = fc.date({
    min: new Date('1985-01-01T00:00:00Z'),
    max: new Date('2037-01-01T00:00:00Z'),
    noInvalidDate: true,
  });
  const anchors = fc
    .tuple(instant, fc.constantFrom(...ZONES))
    .map(([startAt, timeZone]): BillingAnchor => ({ startAt, timeZone, interval: 'month' }));
  const index = fc.integer({ min: 0, max: 60 });

  it('one period ends where the next starts, and each lasts 27 to 32 days but for the first', () => {
    fc.assert(
      fc.property(anchors, index, (of, number) => {
        const period = billingPeriod(of, number);
        const days = (period.end.getTime() - period.start.getTime()) / 86_400_000;
        expect(billingPeriod(of, number + 1).start).toEqual(period.end);
        expect(days).toBeGreaterThan(number === 0 ? 26 : 27.5);
        expect(days).toBeLessThan(31.5);
      }),
    );
  });

  it('an instant is in the period it is said to be in, and in no other', () => {
    fc.assert(
      fc.property(anchors, fc.integer({ min: 0, max: 5 * 366 * 86_400_000 }), (of, laterMs) => {
        const at = new Date(of.startAt.getTime() + laterMs);
        const found = billingPeriodAt(of, at);
        expect(isInPeriod(at, found.period)).toBe(true);
        expect(found.period).toEqual(billingPeriod(of, found.index));
        expect(isInPeriod(at, billingPeriod(of, found.index + 1))).toBe(false);
        if (found.index > 0) expect(isInPeriod(at, billingPeriod(of, found.index - 1))).toBe(false);
      }),
    );
  });

  it('first and last millisecond of a period lead back to it', () => {
    fc.assert(
      fc.property(anchors, index, (of, number) => {
        const { start, end } = billingPeriod(of, number);
        expect(billingPeriodAt(of, start).index).toBe(number);
        expect(billingPeriodAt(of, new Date(end.getTime() - 1)).index).toBe(number);
        expect(billingPeriodAt(of, end).index).toBe(number + 1);
      }),
    );
  });

  it('later instants are never in earlier periods', () => {
    const later = fc.integer({ min: 0, max: 5 * 366 * 86_400_000 });
    fc.assert(
      fc.property(anchors, later, later, (of, one, other) => {
        const [first, second] = [Math.min(one, other), Math.max(one, other)];
        const numberAt = (ms: number): number => billingPeriodAt(of, new Date(of.startAt.getTime() + ms)).index;
        expect(numberAt(first)).toBeLessThanOrEqual(numberAt(second));
      }),
    );
  });

  // Intl, not Temporal, reads the local day here, so that the two can disagree.
  it('a period after the first starts on the anchor’s local day, or on the last day of a shorter month', () => {
    const localDay = (at: Date, timeZone: string): number =>
      Number(at.toLocaleDateString('en-US', { timeZone, day: 'numeric' }));
    fc.assert(
      fc.property(anchors, fc.integer({ min: 1, max: 60 }), (of, number) => {
        // Samoa left out 30 December 2011, so its period then starts on the 31st.
        fc.pre(of.timeZone !== 'Pacific/Apia');
        const { start } = billingPeriod(of, number);
        const day = localDay(start, of.timeZone);
        const anchorDay = localDay(of.startAt, of.timeZone);
        const nextDay = localDay(new Date(start.getTime() + 26 * 3_600_000), of.timeZone);
        expect(day === anchorDay || (day < anchorDay && nextDay === 1)).toBe(true);
      }),
    );
  });
});

describe('time zones', () => {
  it.each([
    'UTC',
    'Europe/Berlin',
    'America/Argentina/Buenos_Aires',
    'America/Port-au-Prince',
    'Etc/GMT+5',
    'Asia/Calcutta',
  ])('knows %s', (name) => expect(isTimeZone(name)).toBe(true));

  it.each`
    name                       | because
    ${''}                      | ${'empty'}
    ${'Mars/Phobos'}           | ${'not on this planet'}
    ${'Berlin'}                | ${'a city is not a zone’s name'}
    ${'+02:00'}                | ${'an offset knows nothing of summer time'}
    ${'Z'}                     | ${'nor does this'}
    ${'UTC+2'}                 | ${'nor this'}
    ${'Europe/Berlin '}        | ${'white space'}
    ${'Europe/Berlin[u-ca=x]'} | ${'no annotations'}
    ${'../../etc/passwd'}      | ${'not a path'}
    ${'a'.repeat(1_000_000)}   | ${'refused by its length'}
  `('refuses a name: $because', ({ name }) => {
    expect(isTimeZone(name)).toBe(false);
  });
});
