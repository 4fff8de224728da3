import fc from 'fast-check';
import { Decimal, type Period } from '../../kernel';
import { usageNeeds, type OutcomeCharge } from '../../catalog/domain';
import { countOutcomes, type CountedOutcomes } from './count-outcomes';
import type { OutcomeEvent } from './usage';

const HOUR = 3_600_000_000;
const month = (number: number): Date => new Date(Date.UTC(2026, number - 1, 1));
const JUNE: Period = { start: month(6), end: month(7) };

const charge = (rest: Partial<OutcomeCharge> = {}): OutcomeCharge => ({
  model: 'outcome',
  prices: [
    { type: 'resolved', unitPrice: new Decimal('0.99') },
    { type: 'booked', unitPrice: new Decimal('5') },
  ],
  success: [{ field: 'data.ok', equals: true }],
  ...rest,
});

/**
 * Events in few words: `3d12 T resolved` is a success of task T on 3 June, 12:00; `fail` instead of the type a failed
 * attempt; `undo` a reversal. `-2d0` is 30 May. `-` is no task.
 */
function events(...texts: string[]): OutcomeEvent[] {
  return texts.map((text, index) => {
    const [at = '', task = '', what = ''] = text.split(' ');
    const [day = '', hour = ''] = at.split('d');
    const days = Number(day) > 0 ? Number(day) - 1 : Number(day);
    return {
      key: String(index).padStart(4, '0'),
      id: text,
      time: month(6).getTime() * 1_000 + (days * 24 + Number(hour)) * HOUR,
      task: task === '-' ? null : task,
      type: what === 'fail' || what === 'undo' || what === 'none' ? null : what,
      success: what !== 'fail' && what !== 'undo',
      reversal: what === 'undo',
    };
  });
}

/** What isn't 0 or empty. */
const told = (found: CountedOutcomes): Partial<CountedOutcomes> =>
  Object.fromEntries(
    Object.entries(found).filter(([, value]) => (Array.isArray(value) ? value.length > 0 : value > 0)),
  );

it.each`
  of                                        | rest                             | expected                                  | because
  ${[]}                                     | ${{}}                            | ${{}}                                     | ${'nothing happened'}
  ${['3d12 T fail', '3d13 T fail']}         | ${{}}                            | ${{}}                                     | ${'failures are no outcomes'}
  ${['3d12 T fail', '3d13 T resolved']}     | ${{}}                            | ${{ counted: ['resolved'] }}              | ${'billed once it works'}
  ${['3d12 T resolved', '3d13 T resolved']} | ${{}}                            | ${{ counted: ['resolved'], repeated: 1 }} | ${'once for each task and period'}
  ${['3d12 T resolved', '3d12 T booked']}   | ${{}}                            | ${{ counted: ['resolved'], repeated: 1 }} | ${'the first in the order of time and key, whatever its type'}
  ${['3d12 T resolved', '3d12 U resolved']} | ${{}}                            | ${{ counted: ['resolved', 'resolved'] }}  | ${'two tasks'}
  ${['3d12 - resolved', '3d12 - resolved']} | ${{}}                            | ${{ counted: ['resolved', 'resolved'] }}  | ${'an event without a task is one of its own'}
  ${['3d12 T other', '3d13 T resolved']}    | ${{}}                            | ${{ counted: ['resolved'] }}              | ${'a type without a price is no outcome, and uses no window up'}
  ${['3d12 T none', '4d12 U other']}        | ${{ otherwise: new Decimal(1) }} | ${{ counted: [null, 'other'] }}           | ${'unless there is a price for all others'}
  ${['1d0 T resolved']}                     | ${{}}                            | ${{ counted: ['resolved'] }}              | ${'the first instant of the period is in it'}
  ${['31d0 T resolved', '0d-1 U resolved']} | ${{}}                            | ${{}}                                     | ${'its end isn’t, nor is what was before'}
  ${['0d-1 T resolved', '2d0 T resolved']}  | ${{}}                            | ${{ counted: ['resolved'] }}              | ${'each period bills the task anew'}
`('$of: $because', ({ of, rest, expected }) => {
  expect(told(countOutcomes(charge(rest), events(...of), JUNE))).toEqual(expected);
});

describe('windows of hours', () => {
  it.each`
    of                                                          | rest                 | expected                                              | because
    ${['3d0 T resolved', '3d23 T resolved']}                    | ${{}}                | ${{ counted: ['resolved'], repeated: 1 }}             | ${'within 24 hours of the first'}
    ${['3d0 T resolved', '4d0 T resolved']}                     | ${{}}                | ${{ counted: ['resolved', 'resolved'] }}              | ${'the end is exclusive: a new window begins'}
    ${['3d0 T resolved', '3d20 T resolved', '4d10 T resolved']} | ${{}}                | ${{ counted: ['resolved', 'resolved'], repeated: 1 }} | ${'windows begin with what is billed, not with what is repeated'}
    ${['0d-3 T resolved', '1d2 T resolved', '1d22 T resolved']} | ${{}}                | ${{ counted: ['resolved'], repeated: 1 }}             | ${'each period begins without a window'}
    ${['3d0 T resolved', '5d0 T resolved', '7d0 T resolved']}   | ${{ maxPerTask: 2 }} | ${{ counted: ['resolved', 'resolved'], capped: 1 }}   | ${'billed twice at most'}
    ${['-2d0 T resolved', '3d0 T resolved', '5d0 T resolved']}  | ${{ maxPerTask: 2 }} | ${{ counted: ['resolved', 'resolved'] }}              | ${'in one period'}
  `('$of: $because', ({ of, rest, expected }) => {
    expect(told(countOutcomes(charge({ window: { hours: 24 }, ...rest }), events(...of), JUNE))).toEqual(expected);
  });
});

describe('confirmation', () => {
  it.each`
    of                                                    | expected                                                          | because
    ${['3d0 T resolved']}                                 | ${{ counted: ['resolved'] }}                                      | ${'48 hours later it counts, still in June'}
    ${['29d0 T resolved']}                                | ${{ waiting: 1 }}                                                 | ${'it counts at the first instant of July, which isn’t June’s'}
    ${['28d23 T resolved']}                               | ${{ counted: ['resolved'] }}                                      | ${'an hour earlier it counts in June'}
    ${['0d-48 T resolved']}                               | ${{ counted: ['resolved'] }}                                      | ${'happened in May, counts on 1 June, 00:00'}
    ${['0d-49 T resolved']}                               | ${{}}                                                             | ${'and this counted in May'}
    ${['3d0 T resolved', '4d23 T undo']}                  | ${{ dropped: 1 }}                                                 | ${'taken back an hour before it counts'}
    ${['3d0 T resolved', '5d0 T undo']}                   | ${{ counted: ['resolved'], credited: ['resolved'] }}              | ${'it counted at that very moment, and is credited'}
    ${['3d0 T resolved', '4d0 T undo', '4d1 T resolved']} | ${{ counted: ['resolved'], dropped: 1 }}                          | ${'the first that isn’t taken back'}
    ${['3d0 T resolved', '3d1 T resolved', '4d0 T undo']} | ${{ dropped: 2 }}                                                 | ${'a reversal drops all that waits of its task'}
    ${['3d0 T resolved', '5d1 T resolved', '5d2 T undo']} | ${{ counted: ['resolved'], credited: ['resolved'], repeated: 1 }} | ${'what waits would not be billed: the reversal is of what was'}
    ${['3d0 T resolved', '4d0 U undo']}                   | ${{ counted: ['resolved'], ignored: 1 }}                          | ${'of another task'}
  `('of 48 hours, $of: $because', ({ of, expected }) => {
    expect(told(countOutcomes(charge({ confirmationHours: 48 }), events(...of), JUNE))).toEqual(expected);
  });
});

describe('reversals', () => {
  it.each`
    of                                                                                     | rest                                          | expected                                                          | because
    ${['3d0 T resolved', '5d0 T undo']}                                                    | ${{}}                                         | ${{ counted: ['resolved'], credited: ['resolved'] }}              | ${'charged and credited'}
    ${['3d0 T resolved', '5d0 T undo', '6d0 T undo']}                                      | ${{}}                                         | ${{ counted: ['resolved'], credited: ['resolved'], ignored: 1 }}  | ${'once'}
    ${['3d0 T resolved', '5d0 T undo', '6d0 T resolved']}                                  | ${{}}                                         | ${{ counted: ['resolved'], credited: ['resolved'], repeated: 1 }} | ${'the window stays used'}
    ${['-10d0 T booked', '5d0 T undo']}                                                    | ${{}}                                         | ${{ credited: ['booked'] }}                                       | ${'of May’s outcome, in June'}
    ${['-10d0 T booked', '-5d0 T undo', '5d0 T undo']}                                     | ${{}}                                         | ${{ ignored: 1 }}                                                 | ${'which May credited already'}
    ${['-40d0 T booked', '-10d0 T resolved', '-9d0 T booked', '5d0 T undo', '6d0 T undo']} | ${{}}                                         | ${{ credited: ['resolved', 'booked'] }}                           | ${'the newest that was billed first: May’s first, then April’s'}
    ${['3d0 T resolved', '4d0 T undo']}                                                    | ${{ disputeHours: 24 }}                       | ${{ counted: ['resolved'], credited: ['resolved'] }}              | ${'at the last moment'}
    ${['3d0 T resolved', '4d1 T undo']}                                                    | ${{ disputeHours: 24 }}                       | ${{ counted: ['resolved'], ignored: 1 }}                          | ${'an hour too late'}
    ${['3d0 T resolved', '4d0 T undo', '4d1 T undo']}                                      | ${{ disputeHours: 25, confirmationHours: 1 }} | ${{ counted: ['resolved'], credited: ['resolved'], ignored: 1 }}  | ${'the dispute begins when it counts'}
    ${['3d0 T resolved', '3d0 T undo']}                                                    | ${{ disputeHours: 0 }}                        | ${{ counted: ['resolved'], credited: ['resolved'] }}              | ${'none after that moment'}
    ${['-91d0 T resolved', '1d1 T undo']}                                                  | ${{}}                                         | ${{ ignored: 1 }}                                                 | ${'90 days, unless told'}
    ${['3d0 - resolved', '4d0 - undo']}                                                    | ${{}}                                         | ${{ counted: ['resolved'], ignored: 1 }}                          | ${'what has no task can’t be named'}
  `('$of: $because', ({ of, rest, expected }) => {
    expect(told(countOutcomes(charge(rest), events(...of), JUNE))).toEqual(expected);
  });

  it('know the periods before from their starts, where they are told', () => {
    // Billed on the 20th: what was on 15 and 25 May is in two periods, and both were billed.
    const period = { start: new Date('2026-06-20T00:00Z'), end: new Date('2026-07-20T00:00Z') };
    const starts = [new Date('2026-05-20T00:00Z'), new Date('2026-04-20T00:00Z')];
    const of = events('-17d0 T booked', '-7d0 T resolved', '25d0 T undo', '26d0 T undo');
    expect(countOutcomes(charge(), of, period, starts).credited).toEqual(['resolved', 'booked']);
    expect(countOutcomes(charge(), of, period).credited).toEqual(['resolved', 'booked']);
    expect(countOutcomes(charge(), of, period, [new Date('2026-05-10T00:00Z')]).credited).toEqual(['booked']);
  });

  it('take nothing back that happened before the customer had the price, and so was never billed', () => {
    const of = events('0d-48 T resolved', '0d-1 U resolved', '5d0 T undo', '6d0 U undo');
    const told = (starts: Date[]): unknown => {
      const { counted, credited, ignored } = countOutcomes(charge({ confirmationHours: 24 }), of, JUNE, starts);
      return { counted, credited, ignored };
    };
    expect(told([month(5)])).toEqual({ counted: ['resolved'], credited: ['resolved', 'resolved'], ignored: 0 });
    expect(told([])).toEqual({ counted: [], credited: [], ignored: 2 });
  });
});

describe('always', () => {
  const START = month(1).getTime() * 1_000;
  const what = fc.constantFrom('fail', 'undo', 'resolved', 'resolved', 'booked', 'other');
  const happened = fc.record({
    hour: fc.integer({ min: 0, max: 181 * 24 - 1 }),
    task: fc.constantFrom('T', 'U', null),
    what,
  });
  const history = fc.array(happened, { maxLength: 60 }).map((list) =>
    list.map(({ hour, task, what: type }, index): OutcomeEvent => ({
      key: String(index),
      id: String(index),
      time: START + hour * HOUR,
      task,
      type: type === 'fail' || type === 'undo' ? null : type,
      success: type !== 'fail' && type !== 'undo',
      reversal: type === 'undo',
    })),
  );
  const hours = fc.constantFrom(0, 1, 24, 24 * 7, 24 * 40);
  const rules = fc
    .record(
      {
        confirmationHours: hours,
        disputeHours: hours,
        window: fc.oneof(fc.constant('period' as const), fc.record({ hours: fc.constantFrom(1, 24, 24 * 7, 24 * 25) })),
        otherwise: fc.constant(new Decimal(2)),
        maxPerTask: fc.integer({ min: 1, max: 3 }),
      },
      { requiredKeys: [] },
    )
    .map((rest) => charge(rest));

  const months = [1, 2, 3, 4, 5, 6].map((number) => ({ start: month(number), end: month(number + 1) }));
  const monthly = (of: OutcomeCharge, all: OutcomeEvent[]): CountedOutcomes[] =>
    months.map((period) => {
      const { lookBackMs } = usageNeeds(of).outcomes!;
      const from = (period.start.getTime() - lookBackMs) * 1_000;
      return countOutcomes(
        of,
        all.filter(({ time }) => from <= time && time < period.end.getTime() * 1_000),
        period,
      );
    });

  /** Which task is counted before which other has no meaning. */
  const sorted = (found: CountedOutcomes): CountedOutcomes => ({
    ...found,
    counted: found.counted.toSorted(),
    credited: found.credited.toSorted(),
  });

  it('months look back far enough: they say what they would say of the whole history', () => {
    fc.assert(
      fc.property(rules, history, (of, all) => {
        expect(monthly(of, all).map(sorted)).toEqual(months.map((period) => sorted(countOutcomes(of, all, period))));
      }),
      { numRuns: 300 },
    );
  });

  it('the order of events changes nothing, and a period says the same again', () => {
    fc.assert(
      fc.property(rules, history, (of, all) => {
        expect(sorted(countOutcomes(of, all.toReversed(), JUNE))).toEqual(sorted(countOutcomes(of, all, JUNE)));
      }),
    );
  });

  it('a task is billed once in a period (or as often as it may be), and no more is credited than was billed', () => {
    fc.assert(
      fc.property(rules, history, (of, all) => {
        const ofTask = all.filter(({ task }) => task === 'T');
        const found = monthly(of, ofTask);
        let balance = 0;
        for (const { counted, credited } of found) {
          if (of.window === undefined || of.window === 'period') expect(counted.length).toBeLessThanOrEqual(1);
          expect(counted.length).toBeLessThanOrEqual(of.maxPerTask ?? Infinity);
          balance += counted.length - credited.length;
          expect(balance).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('every billable success is billed, repeated, capped or dropped in one month, or still waits at the end', () => {
    fc.assert(
      fc.property(rules, history, (of, all) => {
        const found = monthly(of, all);
        const billable = all.filter(({ success, type }) => success && (of.otherwise !== undefined || type !== 'other'));
        const settled = found.map(
          ({ counted, repeated, capped, dropped }) => counted.length + repeated + capped + dropped,
        );
        expect(settled.reduce((total, count) => total + count, 0) + found.at(-1)!.waiting).toBe(billable.length);
      }),
      { numRuns: 300 },
    );
  });

  it('a task isn’t billed twice in a window of hours', () => {
    fc.assert(
      fc.property(history, fc.constantFrom(1, 24, 24 * 7), (all, windowHours) => {
        const ofTask = all.filter(({ task }) => task === 'T');
        const of = charge({ window: { hours: windowHours } });
        const whole = countOutcomes(of, ofTask, { start: month(1), end: month(7) });
        const most = Math.ceil((181 * 24) / windowHours);
        expect(whole.counted.length).toBeLessThanOrEqual(most);
        const billed = (until: number): number => countOutcomes(of, ofTask, { start: month(1), end: new Date(START / 1_000 + until) }).counted.length; // prettier-ignore
        for (const { time } of ofTask) {
          const at = (time - START) / 1_000;
          const before = Math.max(1, at - windowHours * 3_600_000 + 1);
          expect(billed(at + 1) - billed(before)).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 100 },
    );
  });
});
