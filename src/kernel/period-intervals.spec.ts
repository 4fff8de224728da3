import fc from 'fast-check';
import { InvariantError } from './errors';
import {
  BILLING_INTERVALS,
  type BillingAnchor,
  billingPeriod,
  billingPeriodAt,
  isInPeriod,
  PERIOD_ANCHORS,
  wholePeriod,
} from './period';

const short = (at: Date): string => at.toISOString().replace(':00.000Z', 'Z');

/** The instants at which the periods 0, 1, 2 … start. */
const starts = (of: BillingAnchor, count: number): string[] =>
  Array.from({ length: count }, (_, index) => short(billingPeriod(of, index).start));

// Worked by hand with a calendar and the rules of the IANA zone data.
describe('billing periods of an anniversary', () => {
  it.each`
    startAt                | timeZone              | interval       | count | expected                                                                                                                          | because
    ${'2024-02-28T14:30Z'} | ${'UTC'}              | ${'day'}       | ${1}  | ${['2024-02-28T14:30Z', '2024-02-29T00:00Z', '2024-03-01T00:00Z', '2024-03-02T00:00Z']}                                           | ${'a leap year has a 29th'}
    ${'2024-02-27T00:00Z'} | ${'UTC'}              | ${'day'}       | ${3}  | ${['2024-02-27T00:00Z', '2024-03-01T00:00Z', '2024-03-04T00:00Z']}                                                                | ${'three days, one of them the 29th'}
    ${'2024-03-30T12:00Z'} | ${'Europe/Berlin'}    | ${'day'}       | ${1}  | ${['2024-03-30T12:00Z', '2024-03-30T23:00Z', '2024-03-31T22:00Z', '2024-04-01T22:00Z']}                                           | ${'31 March has 23 hours there'}
    ${'2024-04-06T00:00Z'} | ${'Australia/Sydney'} | ${'day'}       | ${1}  | ${['2024-04-06T00:00Z', '2024-04-06T13:00Z', '2024-04-07T14:00Z']}                                                                | ${'7 April has 25 hours there'}
    ${'2024-09-06T12:00Z'} | ${'America/Santiago'} | ${'day'}       | ${1}  | ${['2024-09-06T12:00Z', '2024-09-07T04:00Z', '2024-09-08T04:00Z', '2024-09-09T03:00Z']}                                           | ${'8 September began at 01:00'}
    ${'2009-11-01T03:00Z'} | ${'America/St_Johns'} | ${'day'}       | ${1}  | ${['2009-11-01T03:00Z', '2009-11-02T03:30Z']}                                                                                     | ${'the clock shows 31 October, 23:30, but 1 November has begun already'}
    ${'2024-02-28T14:30Z'} | ${'UTC'}              | ${'week'}      | ${1}  | ${['2024-02-28T14:30Z', '2024-03-06T00:00Z', '2024-03-13T00:00Z']}                                                                | ${'a Wednesday'}
    ${'2024-03-25T09:00Z'} | ${'Europe/Berlin'}    | ${'week'}      | ${1}  | ${['2024-03-25T09:00Z', '2024-03-31T22:00Z', '2024-04-07T22:00Z']}                                                                | ${'Mondays, an hour earlier from 31 March on'}
    ${'2024-10-21T09:00Z'} | ${'Europe/Berlin'}    | ${'week'}      | ${2}  | ${['2024-10-21T09:00Z', '2024-11-03T23:00Z', '2024-11-17T23:00Z']}                                                                | ${'every other Monday, an hour later from 27 October on'}
    ${'2023-12-31T00:00Z'} | ${'UTC'}              | ${'month'}     | ${2}  | ${['2023-12-31T00:00Z', '2024-02-29T00:00Z', '2024-04-30T00:00Z', '2024-06-30T00:00Z', '2024-08-31T00:00Z']}                      | ${'the 31st, or a month’s last day'}
    ${'2023-11-30T00:00Z'} | ${'UTC'}              | ${'quarter'}   | ${1}  | ${['2023-11-30T00:00Z', '2024-02-29T00:00Z', '2024-05-30T00:00Z', '2024-08-30T00:00Z', '2024-11-30T00:00Z', '2025-02-28T00:00Z']} | ${'29 and 28 February don’t stay'}
    ${'2023-08-31T00:00Z'} | ${'UTC'}              | ${'half_year'} | ${1}  | ${['2023-08-31T00:00Z', '2024-02-29T00:00Z', '2024-08-31T00:00Z', '2025-02-28T00:00Z']}                                           | ${'the 31st again in August'}
    ${'2024-02-29T00:00Z'} | ${'UTC'}              | ${'year'}      | ${1}  | ${['2024-02-29T00:00Z', '2025-02-28T00:00Z', '2026-02-28T00:00Z', '2027-02-28T00:00Z', '2028-02-29T00:00Z']}                      | ${'the 29th again in four years'}
    ${'2024-02-29T23:30Z'} | ${'Asia/Tokyo'}       | ${'year'}      | ${1}  | ${['2024-02-29T23:30Z', '2025-02-28T15:00Z', '2026-02-28T15:00Z']}                                                                | ${'in Tokyo it is 1 March already'}
    ${'2024-01-01T07:00Z'} | ${'America/New_York'} | ${'quarter'}   | ${2}  | ${['2024-01-01T07:00Z', '2024-07-01T04:00Z', '2025-01-01T05:00Z']}                                                                | ${'two quarters; the second begins in summer time'}
  `('every $count $interval from $startAt in $timeZone: $because', ({ expected, because: _, ...anchor }) => {
    const of = { ...anchor, startAt: new Date(anchor.startAt) } as BillingAnchor;
    expect(starts(of, expected.length)).toEqual(expected);
    expect(starts({ ...of, anchor: 'anniversary' }, expected.length)).toEqual(expected);
  });
});

describe('billing periods of the calendar', () => {
  it.each`
    startAt                | timeZone                 | interval       | count | expected                                                           | because
    ${'2024-02-28T14:30Z'} | ${'UTC'}                 | ${'day'}       | ${1}  | ${['2024-02-28T14:30Z', '2024-02-29T00:00Z', '2024-03-01T00:00Z']} | ${'from midnight to midnight'}
    ${'2024-02-28T14:30Z'} | ${'UTC'}                 | ${'week'}      | ${1}  | ${['2024-02-28T14:30Z', '2024-03-04T00:00Z', '2024-03-11T00:00Z']} | ${'Mondays'}
    ${'2024-03-03T23:30Z'} | ${'UTC'}                 | ${'week'}      | ${1}  | ${['2024-03-03T23:30Z', '2024-03-04T00:00Z', '2024-03-11T00:00Z']} | ${'half an hour of a Sunday'}
    ${'2024-03-03T23:30Z'} | ${'Europe/Berlin'}       | ${'week'}      | ${1}  | ${['2024-03-03T23:30Z', '2024-03-10T23:00Z', '2024-03-17T23:00Z']} | ${'which in Berlin is Monday, 00:30'}
    ${'2024-02-28T14:30Z'} | ${'UTC'}                 | ${'week'}      | ${2}  | ${['2024-02-28T14:30Z', '2024-03-11T00:00Z', '2024-03-25T00:00Z']} | ${'two weeks from Monday, 26 February'}
    ${'2024-02-17T14:30Z'} | ${'UTC'}                 | ${'month'}     | ${1}  | ${['2024-02-17T14:30Z', '2024-03-01T00:00Z', '2024-04-01T00:00Z']} | ${'the first of each month'}
    ${'2024-01-31T14:30Z'} | ${'UTC'}                 | ${'month'}     | ${1}  | ${['2024-01-31T14:30Z', '2024-02-01T00:00Z', '2024-03-01T00:00Z']} | ${'the 31st plays no part'}
    ${'2024-02-17T14:30Z'} | ${'UTC'}                 | ${'month'}     | ${2}  | ${['2024-02-17T14:30Z', '2024-04-01T00:00Z', '2024-06-01T00:00Z']} | ${'February and March, April and May'}
    ${'2024-02-29T23:30Z'} | ${'Asia/Tokyo'}          | ${'month'}     | ${1}  | ${['2024-02-29T23:30Z', '2024-03-31T15:00Z', '2024-04-30T15:00Z']} | ${'in Tokyo it is March already'}
    ${'2024-03-01T03:00Z'} | ${'America/Los_Angeles'} | ${'month'}     | ${1}  | ${['2024-03-01T03:00Z', '2024-03-01T08:00Z', '2024-04-01T07:00Z']} | ${'five more hours of February, then summer time'}
    ${'2024-02-17T14:30Z'} | ${'UTC'}                 | ${'quarter'}   | ${1}  | ${['2024-02-17T14:30Z', '2024-04-01T00:00Z', '2024-07-01T00:00Z']} | ${'January, April, July, October'}
    ${'2024-02-10T00:00Z'} | ${'Australia/Sydney'}    | ${'quarter'}   | ${1}  | ${['2024-02-10T00:00Z', '2024-03-31T13:00Z', '2024-06-30T14:00Z']} | ${'an hour later from 7 April on'}
    ${'2024-12-31T23:59Z'} | ${'UTC'}                 | ${'half_year'} | ${1}  | ${['2024-12-31T23:59Z', '2025-01-01T00:00Z', '2025-07-01T00:00Z']} | ${'a minute of the old year'}
    ${'2024-02-29T00:00Z'} | ${'UTC'}                 | ${'year'}      | ${1}  | ${['2024-02-29T00:00Z', '2025-01-01T00:00Z', '2026-01-01T00:00Z']} | ${'the 29th plays no part'}
    ${'2024-04-01T00:00Z'} | ${'UTC'}                 | ${'quarter'}   | ${1}  | ${['2024-04-01T00:00Z', '2024-07-01T00:00Z', '2024-10-01T00:00Z']} | ${'a start on the first is a whole period'}
  `('every $count $interval from $startAt in $timeZone: $because', ({ expected, because: _, ...anchor }) => {
    const of = { ...anchor, startAt: new Date(anchor.startAt), anchor: 'calendar' } as BillingAnchor;
    expect(starts(of, expected.length)).toEqual(expected);
  });

  it.each`
    interval       | whole
    ${'day'}       | ${['2024-02-17T00:00Z', '2024-02-18T00:00Z']}
    ${'week'}      | ${['2024-02-12T00:00Z', '2024-02-19T00:00Z']}
    ${'month'}     | ${['2024-02-01T00:00Z', '2024-03-01T00:00Z']}
    ${'quarter'}   | ${['2024-01-01T00:00Z', '2024-04-01T00:00Z']}
    ${'half_year'} | ${['2024-01-01T00:00Z', '2024-07-01T00:00Z']}
    ${'year'}      | ${['2024-01-01T00:00Z', '2025-01-01T00:00Z']}
  `('from Saturday, 17 February, 14:30, begin with a part of the $interval $whole', ({ interval, whole }) => {
    const of = { startAt: new Date('2024-02-17T14:30Z'), timeZone: 'UTC', interval } as BillingAnchor;
    const { start, end } = wholePeriod({ ...of, anchor: 'calendar' }, 0);
    expect([short(start), short(end)]).toEqual(whole);
    expect(wholePeriod({ ...of, anchor: 'calendar' }, 1)).toEqual(billingPeriod({ ...of, anchor: 'calendar' }, 1));
    // The first period of an anniversary is a whole one, though it lacks some hours of its first day.
    expect(wholePeriod(of, 0)).toEqual(billingPeriod(of, 0));
  });
});

describe('a day that a zone left out', () => {
  const samoa: BillingAnchor = { startAt: new Date('2011-12-29T20:00Z'), timeZone: 'Pacific/Apia', interval: 'day' };

  it('is a daily period without length, in which no instant lies', () => {
    expect(starts(samoa, 4)).toEqual(['2011-12-29T20:00Z', '2011-12-30T10:00Z', '2011-12-30T10:00Z', '2011-12-31T10:00Z']); // prettier-ignore
    expect(billingPeriodAt(samoa, new Date('2011-12-30T10:00Z')).index).toBe(2);
  });
});

describe('the number of intervals', () => {
  it.each([0, -1, 1.5, Number.NaN])('is never %d', (count) => {
    const of: BillingAnchor = { startAt: new Date('2024-02-17T14:30Z'), timeZone: 'UTC', interval: 'week', count };
    expect(() => billingPeriod(of, 0)).toThrow(InvariantError);
  });
});

describe('whatever the interval', () => {
  // Without those that left out a day, which daily periods show above.
  const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'America/Sao_Paulo', 'America/Havana', 'America/St_Johns', 'Africa/Cairo', 'Asia/Kolkata', 'Asia/Gaza', 'Australia/Sydney', 'Australia/Lord_Howe', 'Pacific/Auckland']; // prettier-ignore
  const anchors: fc.Arbitrary<BillingAnchor> = fc.record({
    startAt: fc.date({ min: new Date('1985-01-01'), max: new Date('2037-01-01'), noInvalidDate: true }),
    timeZone: fc.constantFrom(...ZONES),
    interval: fc.constantFrom(...BILLING_INTERVALS),
    count: fc.integer({ min: 1, max: 6 }),
    anchor: fc.constantFrom(...PERIOD_ANCHORS),
  });
  const numbers = fc.integer({ min: 0, max: 400 });

  it('one period ends where the next starts, and later', () => {
    fc.assert(
      fc.property(anchors, numbers, (of, number) => {
        const { start, end } = billingPeriod(of, number);
        expect(billingPeriod(of, number + 1).start).toEqual(end);
        expect(start.getTime()).toBeLessThan(end.getTime());
      }),
    );
  });

  it('an instant leads to its period, and a period’s first and last millisecond back to it', () => {
    fc.assert(
      fc.property(anchors, numbers, fc.double({ min: 0, max: 0.999, noNaN: true }), (of, number, part) => {
        const { start, end } = billingPeriod(of, number);
        const between = new Date(start.getTime() + Math.floor((end.getTime() - start.getTime()) * part));
        for (const at of [start, between, new Date(end.getTime() - 1)]) {
          const found = billingPeriodAt(of, at);
          expect(found).toEqual({ index: number, period: { start, end } });
          expect(isInPeriod(at, found.period)).toBe(true);
        }
        expect(billingPeriodAt(of, end).index).toBe(number + 1);
      }),
    );
  });

  it('a first period is a part of its whole one, which ends with it; all others are whole', () => {
    fc.assert(
      fc.property(anchors, numbers, (of, number) => {
        const [period, whole] = [billingPeriod(of, number), wholePeriod(of, number)];
        expect(whole.end).toEqual(period.end);
        expect(whole.start.getTime()).toBeLessThanOrEqual(period.start.getTime());
        if (number > 0 || of.anchor === 'anniversary') expect(whole).toEqual(period);
      }),
    );
  });

  // Intl and plain numbers, not Temporal, say here which day it is and which it has to be.
  const localDay = (at: Date, timeZone: string): number => {
    const [year, month, day] = at.toLocaleDateString('sv-SE', { timeZone }).split('-').map(Number);
    return Date.UTC(year!, month! - 1, day);
  };
  const DAY_MS = 86_400_000;
  const DAYS = { day: 1, week: 7 };
  const MONTHS = { month: 1, quarter: 3, half_year: 6, year: 12 };

  it('periods never drift: each begins on a day that the start, or the calendar, and the number say', () => {
    fc.assert(
      fc.property(anchors, fc.integer({ min: 1, max: 400 }), (of, number) => {
        // A clock that is set back over midnight shows the day before for an hour; it has no part in what is shown here.
        fc.pre(of.timeZone !== 'America/St_Johns');
        const { interval, count = 1, anchor } = of;
        const first = new Date(localDay(of.startAt, of.timeZone));
        const found = localDay(billingPeriod(of, number).start, of.timeZone);

        if (interval === 'day' || interval === 'week') {
          const monday = anchor === 'calendar' && interval === 'week' ? (first.getUTCDay() + 6) % 7 : 0;
          expect(found).toBe(first.getTime() + (DAYS[interval] * count * number - monday) * DAY_MS);
          return;
        }
        const size = MONTHS[interval];
        const month = anchor === 'calendar' ? first.getUTCMonth() - (first.getUTCMonth() % size) : first.getUTCMonth();
        const target = Date.UTC(first.getUTCFullYear(), month + size * count * number);
        const [year, nth] = [new Date(target).getUTCFullYear(), new Date(target).getUTCMonth()];
        const last = new Date(Date.UTC(year, nth + 1, 0)).getUTCDate();
        const day = anchor === 'calendar' ? 1 : Math.min(first.getUTCDate(), last);
        expect(found).toBe(Date.UTC(year, nth, day));
      }),
    );
  });
});
