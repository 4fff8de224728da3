import fc from 'fast-check';
import type { Plan } from '../../catalog/domain';
import { BILLING_INTERVALS, type BillingInterval, PERIOD_ANCHORS, type PeriodAnchor } from '../../kernel';
import { cyclesOf, firstCycle, type LaterCycle, linkCycles, nextPeriod, periodAt, periodOf, shareOf } from './cycles';
import { afterClosing, scheduleNext } from './due';
import type { Ending, Settle } from './ending';
import type { Pause } from './pauses';
import { feeStretches, segmentsOf, type SubscriptionInTime } from './segments';

const DAY_MS = 86_400_000;
const at = (text: string): Date => new Date(text.length === 10 ? `${text}T00:00:00Z` : text);

function planOf(changes: Partial<Plan> = {}): Plan {
  return {
    ...{ id: 'v1', key: 'pro', version: 1, name: 'Pro', currency: 'USD', interval: 'month', status: 'published' },
    prices: [],
    ...changes,
  };
}

interface Given {
  startAt?: string;
  plan?: Partial<Plan>;
  anchor?: PeriodAnchor;
  timeZone?: string;
  later?: readonly LaterCycle[];
  ending?: Ending | null;
  pauses?: readonly Pause[];
  moves?: readonly (readonly [string, Plan])[];
}

function subscribed(
  given: Given = {},
): SubscriptionInTime & { subscription: { openPeriod: number; startDue: boolean } } {
  const { later = [], ending = null, pauses = [], timeZone = 'UTC', moves = [] } = given;
  const startAt = at(given.startAt ?? '2026-01-01');
  const about = {
    subscription: { startAt, currency: null, anchor: given.anchor, openPeriod: 0, startDue: false },
    customer: { timeZone },
    phases: [
      { fromAt: startAt, plan: planOf(given.plan), moveId: null },
      ...moves.map(([from, plan]) => ({ fromAt: at(from), plan, moveId: 'move' })),
    ],
    overrides: [],
    pauses,
    ending,
  };
  return { ...about, cycles: linkCycles(firstCycle(about), later, timeZone) };
}

function cycle(fromAt: string, interval: BillingInterval, previousEndAt = fromAt, settle?: Settle): LaterCycle {
  const previous = at(previousEndAt);
  const previousEnding = settle === undefined ? null : { endAt: previous, cancelledAt: previous, settle };
  return {
    fromAt: at(fromAt),
    interval,
    intervalCount: 1,
    anchor: 'anniversary',
    previousEndAt: previous,
    previousEnding,
  };
}

const ends = (endAt: string, settle: Settle = 'invoice'): Ending => ({
  endAt: at(endAt),
  cancelledAt: at(endAt),
  settle,
});

/** `2: 03-01 → 03-16`, all there are or the first so many. */
function told(about: SubscriptionInTime, most = 6): string[] {
  const periods: string[] = [];
  for (let index: number | null = 0; index !== null && periods.length < most;) {
    const { start, end } = periodOf(about, index);
    if (start < end) periods.push(`${index}: ${start.toISOString().slice(5, 10)} → ${end.toISOString().slice(5, 10)}`);
    index = nextPeriod(about, index)?.index ?? null;
  }
  return periods;
}

it.each<[because: string, given: Given, periods: string[]]>([
  ['without a change, months', {}, ['0: 01-01 → 02-01', '1: 02-01 → 03-01', '2: 03-01 → 04-01']],
  [
    'from months to years on 16 March: March is cut, and the year begins there',
    { later: [cycle('2026-03-16', 'year')] },
    ['0: 01-01 → 02-01', '1: 02-01 → 03-01', '2: 03-01 → 03-16', '3: 03-16 → 03-16'],
  ],
  [
    'from months to quarters with a period: nothing is cut',
    { later: [cycle('2026-03-01', 'quarter')] },
    ['0: 01-01 → 02-01', '1: 02-01 → 03-01', '2: 03-01 → 06-01', '3: 06-01 → 09-01'],
  ],
  [
    'before its start: it begins with it',
    { later: [cycle('2026-01-01', 'quarter')] },
    ['0: 01-01 → 04-01', '1: 04-01 → 07-01'],
  ],
  ['ended in February', { ending: ends('2026-02-10') }, ['0: 01-01 → 02-01', '1: 02-01 → 02-10']],
  ['ended with a period', { ending: ends('2026-02-01') }, ['0: 01-01 → 02-01']],
  ['ended before it began', { ending: ends('2026-01-01') }, []],
  [
    'ended and taken up again: the numbers go on, the time between is nobody’s',
    { later: [cycle('2026-02-20', 'month', '2026-02-10', 'invoice')] },
    ['0: 01-01 → 02-01', '1: 02-01 → 02-10', '2: 02-20 → 03-20', '3: 03-20 → 04-20'],
  ],
  [
    'a cycle planned for behind the end never comes',
    { later: [cycle('2026-03-01', 'year')], ending: ends('2026-02-10') },
    ['0: 01-01 → 02-01', '1: 02-01 → 02-10'],
  ],
])('%s', (_because, given, periods) => {
  expect(told(subscribed(given), periods.length === 0 || given.ending !== undefined ? 6 : periods.length)).toEqual(
    periods,
  );
});

describe('an ended subscription', () => {
  it('keeps how each cycle ended', () => {
    const about = subscribed({
      later: [cycle('2026-02-20', 'month', '2026-02-10', 'invoice_and_credit')],
      ending: ends('2026-03-05', 'nothing'),
    });
    expect(cyclesOf(about).map(({ ending }) => ending?.settle)).toEqual(['invoice_and_credit', 'nothing']);
  });

  it('is in no period behind its end, nor between an end and going on', () => {
    const about = subscribed({
      later: [cycle('2026-02-20', 'month', '2026-02-10', 'invoice')],
      ending: ends('2026-03-05'),
    });
    const index = (text: string) => periodAt(about, at(text))?.index ?? null;
    expect(
      ['2025-12-31', '2026-02-09', '2026-02-10', '2026-02-19', '2026-02-20', '2026-03-04', '2026-03-05'].map(index),
    ).toEqual([null, 1, null, null, 2, 2, null]);
  });

  it('is due until its last period is closed', () => {
    const about = subscribed({ ending: ends('2026-01-10') });
    expect(scheduleNext(about)).toEqual({
      openPeriod: 0,
      openPeriodEnd: at('2026-01-10'),
      startDue: false,
      dueAt: at('2026-01-10'),
    });
    expect(afterClosing(about)).toEqual({
      openPeriod: 1,
      openPeriodEnd: at('2026-01-10'),
      startDue: false,
      dueAt: null,
    });
  });

  it('bills nothing of the period it ends in, when that was asked for', () => {
    const about = subscribed({ ending: ends('2026-02-10', 'nothing') });
    const waived = [0, 1].map((index) =>
      segmentsOf(about, periodOf(about, index)).map((segment) => segment.waived ?? false),
    );
    expect(waived).toEqual([[false], [true]]);
  });
});

it('a cut period is its share of a whole one: 15 of the 31 days of March', () => {
  const about = subscribed({ later: [cycle('2026-03-16', 'year')] });
  expect(shareOf(about, periodOf(about, 2))).toEqual({ part: 15 * DAY_MS, whole: 31 * DAY_MS });
});

describe('fees have of a period', () => {
  const twice = planOf({ id: 'v2', version: 2 });
  const shares = (terms: Plan['terms'], moveAt: string) => {
    const about = subscribed({ startAt: '2026-04-01', plan: { terms }, moves: [[moveAt, twice]] });
    return segmentsOf(about, periodOf(about, 0)).map(({ share, feeShare = share }) => feeShare.part / feeShare.whole);
  };

  it.each<[Plan['terms'], string, number[], string]>([
    [{}, '2026-04-16T12:00:00Z', [15.5 / 30, 14.5 / 30], 'the time, without a word'],
    [{ proration: 'second' }, '2026-04-16T12:00:00Z', [15.5 / 30, 14.5 / 30], 'the time'],
    [{ proration: 'day' }, '2026-04-16T12:00:00Z', [0.5, 0.5], 'days: that of the change belongs to the new terms'],
    [{ proration: 'day' }, '2026-04-01T12:00:00Z', [0, 1], 'no day, when they hold on none'],
    [{ proration: 'none' }, '2026-04-16T12:00:00Z', [1, 0], 'all of it, with the terms it begins with'],
  ])('%j at %s: %j, %s', (terms, moveAt, expected) => {
    expect(shares(terms, moveAt)).toEqual(expected);
  });
});

describe('a pause', () => {
  const prices = [
    { id: 'p1', key: 'base', name: 'Base', meterId: null, allowance: null, charge: { model: 'flat' } },
    { id: 'p2', key: 'calls', name: 'Calls', meterId: 'm', allowance: null, charge: { model: 'unit' } },
  ] as unknown as Plan['prices'];
  const paused = (bills: Pause['bills']) =>
    subscribed({ plan: { prices }, pauses: [{ id: 'p', fromAt: at('2026-01-11'), toAt: at('2026-02-11'), bills }] });
  const charged = (about: SubscriptionInTime, index: number) =>
    segmentsOf(about, periodOf(about, index)).map(({ plan, period }) => [
      period.start.getUTCDate(),
      ...plan.prices.map(({ key }) => key),
    ]);

  it('charges nothing over the end of a period', () => {
    expect(charged(paused('nothing'), 0)).toEqual([[1, 'base', 'calls'], [11]]);
    expect(charged(paused('nothing'), 1)).toEqual([[1], [11, 'base', 'calls']]);
  });

  it('charges only the fee that no usage is needed for', () => {
    expect(charged(paused('base_fee'), 0)).toEqual([
      [1, 'base', 'calls'],
      [11, 'base'],
    ]);
  });

  it('leaves the plan whole to whoever asks about fees in advance', () => {
    const stretches = feeStretches(paused('nothing'), at('2026-01-01'), at('2026-02-01'));
    expect(stretches.map(({ plan, paused: bills }) => [plan.prices.length, bills])).toEqual([
      [2, null],
      [2, 'nothing'],
    ]);
  });
});

/** Subscriptions that are moved to other intervals, cancelled and taken up again at random. */
const lives = fc
  .record({
    startAt: fc.date({ min: at('2024-01-01'), max: at('2025-12-31'), noInvalidDate: true }),
    timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Pacific/Apia'),
    anchor: fc.constantFrom(...PERIOD_ANCHORS),
    interval: fc.constantFrom(...BILLING_INTERVALS),
    steps: fc.array(
      fc.record({
        after: fc.integer({ min: 1, max: 200 * DAY_MS }),
        gap: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 50 * DAY_MS })),
        interval: fc.constantFrom(...BILLING_INTERVALS),
        anchor: fc.constantFrom(...PERIOD_ANCHORS),
      }),
      { maxLength: 4 },
    ),
    endsAfter: fc.option(fc.integer({ min: 0, max: 100 * DAY_MS })),
  })
  .map(({ startAt, timeZone, anchor, interval, steps, endsAfter }) => {
    let now = startAt.getTime();
    const later = steps.map(({ after, gap, ...step }): LaterCycle => {
      const previousEndAt = new Date(now + after);
      now += after + gap;
      const previousEnding =
        gap === 0 ? null : { endAt: previousEndAt, cancelledAt: previousEndAt, settle: 'invoice' as const };
      return { ...step, intervalCount: 1, fromAt: new Date(now), previousEndAt, previousEnding };
    });
    const ending = endsAfter === null ? null : ends(new Date(now + endsAfter).toISOString());
    return subscribed({ startAt: startAt.toISOString(), timeZone, anchor, plan: { interval }, later, ending });
  });

describe('whatever happens to a subscription', () => {
  it('its periods follow each other, numbered one by one, and fill its cycles', () => {
    fc.assert(
      fc.property(lives, (about) => {
        const cycles = cyclesOf(about).filter(({ fromAt, endAt }) => endAt === null || fromAt < endAt);
        let found = cycles.length === 0 ? null : periodAt(about, about.subscription.startAt);
        for (let count = 0; found !== null && count < 20; count += 1) {
          const { period, index } = found;
          const isStart = cycles.some(
            ({ fromAt, firstIndex }) => fromAt.getTime() === period.start.getTime() && firstIndex === index,
          );
          expect(isStart || periodOf(about, index - 1).end.getTime() === period.start.getTime()).toBe(true);
          const isEnd = cycles.some(({ endAt }) => endAt?.getTime() === period.end.getTime());
          const next = nextPeriod(about, index);
          expect(isEnd || next?.period.start.getTime() === period.end.getTime()).toBe(true);
          found = next;
        }
      }),
      { numRuns: 50 },
    );
  });

  it('the period of an instant holds it, and has the number it is found by', () => {
    fc.assert(
      fc.property(lives, fc.integer({ min: 0, max: 900 * DAY_MS }), (about, after) => {
        const instant = new Date(about.subscription.startAt.getTime() + after);
        const found = periodAt(about, instant);
        if (found === null) return;
        expect(found.period.start <= instant && instant < found.period.end).toBe(true);
        expect(periodOf(about, found.index)).toEqual(found.period);
      }),
    );
  });

  it('the shares of a period’s segments sum to what it is of a whole, in time and in days', () => {
    fc.assert(
      fc.property(
        lives,
        fc.constantFrom('second' as const, 'day' as const),
        fc.array(fc.integer({ min: 0, max: 400 * DAY_MS }), { maxLength: 4 }),
        (life, proration, cuts) => {
          const [first] = life.phases;
          const phases = [
            { ...first!, plan: { ...first!.plan, terms: { proration } } },
            ...cuts
              .sort((one, other) => one - other)
              .map((after, place) => ({
                fromAt: new Date(life.subscription.startAt.getTime() + after),
                plan: planOf({ id: `cut${place}`, terms: { proration } }),
                moveId: 'move',
              })),
          ];
          const about = { ...life, phases };
          for (let index = 0; index < 3; index += 1) {
            const period = periodOf(about, index);
            const segments = segmentsOf(about, period);
            const parts = segments.map(({ share, feeShare = share }) => feeShare);
            if (segments.length < 2) continue;
            const undivided = segmentsOf({ ...about, phases: [phases[0]!] }, period)[0]!;
            const all = undivided.feeShare ?? undivided.share;
            const sum = parts.reduce((total, { part, whole: of }) => total + part / of, 0);
            // Of a period that ended on the day it began, no day is anybody's: a share of 0, of which all parts are 0.
            expect(sum).toBeCloseTo(all.part / all.whole, 9);
            expect(parts.every(({ whole }) => whole > 0)).toBe(true);
          }
        },
      ),
    );
  });
});
