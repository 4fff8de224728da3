import fc from 'fast-check';
import type { Charge, Plan, PriceOverride } from '../../catalog/domain';
import { billingPeriod, Decimal } from '../../kernel';
import { currencyOf, type Override, planAt, segmentsOf, type SubscriptionInTime, trialOf } from './segments';

const at = (text: string) => new Date(text);
const unit = (unitPrice: string): Charge => ({ model: 'unit', unitPrice: new Decimal(unitPrice) });

function planOf(id: string, changes: Partial<Plan> = {}): Plan {
  return {
    id,
    key: 'pro',
    version: 1,
    name: 'Pro',
    currency: 'USD',
    interval: 'month',
    status: 'published',
    prices: [
      { id: `${id}-calls`, key: 'calls', name: 'Calls', meterId: 'meter', allowance: null, charge: unit('1') },
      { id: `${id}-base`, key: 'base', name: 'Base', meterId: null, allowance: null, charge: unit('20') },
    ],
    ...changes,
  };
}

const V1 = planOf('v1');
const V2 = planOf('v2', { version: 2 });
const TEAM = planOf('team', { key: 'team' });
const trial = (days: number, covers: 'base_fee' | 'everything' = 'everything') => ({
  terms: { trial: { days, covers } },
});

let overrides = 0;
function override(priceKey: string, definition: PriceOverride, from: string, to: string | null = null): Override {
  overrides += 1;
  const toAt = to === null ? null : at(to);
  return { id: `o${overrides}`, priceKey, definition, fromAt: at(from), toAt, reason: '', createdAt: at(from) };
}

interface Given {
  plan?: Plan;
  moves?: [string, Plan][];
  overrides?: Override[];
  startAt?: string;
  timeZone?: string;
  currency?: string | null;
}

function subscribed({ plan = V1, moves = [], overrides: agreed = [], ...given }: Given = {}): SubscriptionInTime {
  const startAt = at(given.startAt ?? '2026-01-01T00:00:00Z');
  return {
    subscription: { startAt, currency: given.currency ?? null },
    customer: { timeZone: given.timeZone ?? 'UTC' },
    phases: [
      { fromAt: startAt, plan, moveId: null },
      ...moves.map(([from, to]) => ({ fromAt: at(from), plan: to, moveId: 'move' })),
    ],
    overrides: agreed,
  };
}

const MARCH = { start: at('2026-03-01T00:00:00Z'), end: at('2026-04-01T00:00:00Z') };

/** `v1 01T00 744`: plan, day and hour it begins, hours it lasts; a trial in front of what it covers. */
function told(about: SubscriptionInTime, period = MARCH): string[] {
  return segmentsOf(about, period).map(({ plan, period: { start, end }, trial: free }) => {
    const hours = (end.getTime() - start.getTime()) / 3_600_000;
    return `${plan.id} ${start.toISOString().slice(8, 13)} ${hours}${free === null ? '' : ` ${free}`}`;
  });
}

describe('a billing period is cut', () => {
  const cases: [string, Given, string[]][] = [
    ['nothing changes: it is one', {}, ['v1 01T00 744']],
    ['a move in the middle', { moves: [['2026-03-16T12:00:00Z', V2]] }, ['v1 01T00 372', 'v2 16T12 372']],
    ['a move at its start is whole', { moves: [['2026-03-01T00:00:00Z', V2]] }, ['v2 01T00 744']],
    ['a move at its end is the next one’s', { moves: [['2026-04-01T00:00:00Z', V2]] }, ['v1 01T00 744']],
    ['a move long before', { moves: [['2026-01-20T00:00:00Z', V2]] }, ['v2 01T00 744']],
    ['the latest that has begun holds', { moves: [['2026-01-20T00:00:00Z', V2], ['2026-02-20T00:00:00Z', TEAM]] }, ['team 01T00 744']],
    ['two moves at one instant: the later one', { moves: [['2026-03-11T00:00:00Z', V2], ['2026-03-11T00:00:00Z', TEAM]] }, ['v1 01T00 240', 'team 11T00 504']],
    ['a move to the plan that is there is no cut', { moves: [['2026-03-11T00:00:00Z', V1]] }, ['v1 01T00 744']],
    ['there and back again', { moves: [['2026-03-11T00:00:00Z', V2], ['2026-03-21T00:00:00Z', V1]] }, ['v1 01T00 240', 'v2 11T00 240', 'v1 21T00 264']],
    ['an override that begins', { overrides: [override('calls', { charge: unit('2') }, '2026-03-11T00:00:00Z')] }, ['v1 01T00 240', 'v1 11T00 504']],
    ['an override that begins and ends', { overrides: [override('calls', { charge: unit('2') }, '2026-03-11T00:00:00Z', '2026-03-12T00:00:00Z')] }, ['v1 01T00 240', 'v1 11T00 24', 'v1 12T00 480']],
    ['an override of a price the plan hasn’t is no cut', { overrides: [override('seats', { charge: unit('2') }, '2026-03-11T00:00:00Z')] }, ['v1 01T00 744']],
    ['the same override agreed on twice is no cut', { overrides: [override('calls', { charge: unit('2') }, '2026-02-01T00:00:00Z', '2026-03-11T00:00:00Z'), override('calls', { charge: unit('2.0') }, '2026-03-11T00:00:00Z')] }, ['v1 01T00 744']],
    ['an override that says what the plan says is no cut', { overrides: [override('calls', { charge: unit('1.0'), allowance: null }, '2026-03-11T00:00:00Z')] }, ['v1 01T00 744']],
    ['nor is the end of one', { overrides: [override('calls', { charge: unit('1') }, '2026-03-11T00:00:00Z', '2026-03-21T00:00:00Z')] }, ['v1 01T00 744']],
    ['an override of the name alone is one', { overrides: [override('calls', { name: 'Requests' }, '2026-03-11T00:00:00Z')] }, ['v1 01T00 240', 'v1 11T00 504']],
    ['a trial that ends in it', { plan: planOf('t', trial(14)), startAt: '2026-03-01T00:00:00Z' }, ['t 01T00 336 everything', 't 15T00 408']],
    ['a trial of the base fee', { plan: planOf('t', trial(14, 'base_fee')), startAt: '2026-03-01T00:00:00Z' }, ['t 01T00 336 base_fee', 't 15T00 408']],
    ['a trial longer than it', { plan: planOf('t', trial(60)), startAt: '2026-03-01T00:00:00Z' }, ['t 01T00 744 everything']],
  ]; // prettier-ignore

  it.each(cases)('%s', (_, given, expected) => {
    expect(told(subscribed(given))).toEqual(expected);
  });

  it('with shares in milliseconds, and 1 of 1 for a whole one', () => {
    const half = segmentsOf(subscribed({ moves: [['2026-03-16T12:00:00Z', V2]] }), MARCH);
    expect(half.map(({ share }) => share)).toEqual([
      { part: 1_339_200_000, whole: 2_678_400_000 },
      { part: 1_339_200_000, whole: 2_678_400_000 },
    ]);
    expect(segmentsOf(subscribed(), MARCH)[0]!.share).toEqual({ part: 1, whole: 1 });
  });
});

describe('an override', () => {
  const agreed = override('calls', { charge: unit('0.5'), name: 'Calls, as agreed' }, '2026-02-01T00:00:00Z');

  it('stays when the subscription moves, and leaves the other prices to the new version', () => {
    const dearer = planOf('v2', {
      version: 2,
      prices: V1.prices.map((price) => ({ ...price, charge: unit(price.key === 'base' ? '30' : '3') })),
    });
    const [before, after] = segmentsOf(
      subscribed({ moves: [['2026-03-11T00:00:00Z', dearer]], overrides: [agreed] }),
      MARCH,
    );
    const prices = (plan: Plan) =>
      plan.prices.map(({ name, charge }) => `${name}: ${charge.model === 'unit' ? charge.unitPrice.toFixed() : ''}`);
    expect(prices(before!.plan)).toEqual(['Calls, as agreed: 0.5', 'Base: 20']);
    expect(prices(after!.plan)).toEqual(['Calls, as agreed: 0.5', 'Base: 30']);
  });

  it('of a price that only a later version has begins with that version', () => {
    const without = planOf('v1', { prices: [V1.prices[1]!] });
    expect(told(subscribed({ plan: without, moves: [['2026-03-11T00:00:00Z', V2]], overrides: [agreed] }))).toEqual([
      'v1 01T00 240',
      'v2 11T00 504',
    ]);
  });
});

describe('a trial', () => {
  const tried = planOf('t1', trial(14));

  it.each`
    startAt                   | timeZone           | endAt                         | because
    ${'2026-03-01T14:30:00Z'} | ${'UTC'}           | ${'2026-03-15T14:30:00.000Z'} | ${'days are counted from the start, to the minute'}
    ${'2026-03-20T14:30:00Z'} | ${'Europe/Berlin'} | ${'2026-04-03T13:30:00.000Z'} | ${'they are local: summer time began on 29 March'}
    ${'2026-02-20T00:00:00Z'} | ${'UTC'}           | ${'2026-03-06T00:00:00.000Z'} | ${'it goes on over the end of a month'}
  `('from $startAt in $timeZone ends at $endAt: $because', ({ startAt, timeZone, endAt }) => {
    expect(trialOf(subscribed({ plan: tried, startAt, timeZone }))?.endAt.toISOString()).toBe(endAt);
  });

  const start = { plan: tried, startAt: '2026-03-01T00:00:00Z' };

  it('is not changed by another version of the plan', () => {
    expect(told(subscribed({ ...start, moves: [['2026-03-08T00:00:00Z', V2]] }))).toEqual([
      't1 01T00 168 everything',
      'v2 08T00 168 everything',
      'v2 15T00 408',
    ]);
  });

  it('ends with a move to another plan, where none begins', () => {
    const moved = { ...TEAM, ...trial(30) };
    expect(told(subscribed({ ...start, moves: [['2026-03-08T00:00:00Z', moved]] }))).toEqual([
      't1 01T00 168 everything',
      'team 08T00 576',
    ]);
  });

  it('is that of the plan the subscription was moved to before it began', () => {
    expect(told(subscribed({ ...start, moves: [['2026-03-01T00:00:00Z', TEAM]] }))).toEqual(['team 01T00 744']);
  });
});

describe('a subscription’s currency', () => {
  const prices = { calls: { charge: unit('0.9') }, base: { charge: unit('18') } };
  const both = planOf('both', { currencies: { EUR: { prices } } });
  const euros = planOf('euros', { currency: 'EUR', currencies: { USD: { prices } } });

  it('is that of the plan it was made with, and stays when the next plan’s first is another', () => {
    const about = subscribed({ plan: both, moves: [['2026-03-11T00:00:00Z', euros]] });
    expect(currencyOf(about)).toBe('USD');
    expect(segmentsOf(about, MARCH).map(({ plan }) => plan.currency)).toEqual(['USD', 'USD']);
  });

  it('is the one it was made in', () => {
    const about = subscribed({ plan: both, currency: 'EUR' });
    expect(planAt(about, MARCH.start)).toMatchObject({
      currency: 'EUR',
      prices: [{ charge: prices.calls.charge }, {}],
    });
  });
});

describe('segments', () => {
  const anchor = { startAt: at('2026-01-31T14:30:00Z'), timeZone: 'Europe/Berlin', interval: 'month' } as const;
  const instant = fc
    .integer({ min: anchor.startAt.getTime(), max: Date.parse('2026-07-01T00:00:00Z') })
    .map((ms) => new Date(ms).toISOString());
  const given = fc.record({
    startAt: fc.constant(anchor.startAt.toISOString()),
    timeZone: fc.constant(anchor.timeZone),
    plan: fc.constantFrom(V1, planOf('t', trial(20)), planOf('t', trial(90, 'base_fee'))),
    moves: fc
      .array(fc.tuple(instant, fc.constantFrom(V1, V2, TEAM)), { maxLength: 6 })
      .map((moves) => moves.sort(([one], [other]) => (one < other ? -1 : 1))),
    overrides: fc.array(
      fc
        .tuple(fc.constantFrom('calls', 'base', 'gone'), instant, fc.option(instant))
        .filter(([, from, to]) => to === null || from < to)
        .map(([key, from, to]) => override(key, { charge: unit('7') }, from, to)),
      { maxLength: 1 },
    ),
  });

  it('cover the period without a gap, their shares add up, and no cut is without a reason', () => {
    fc.assert(
      fc.property(given, fc.integer({ min: 0, max: 4 }), (what, index) => {
        const about = subscribed(what);
        const period = billingPeriod(anchor, index);
        const segments = segmentsOf(about, period);

        expect(segments[0]!.period.start).toEqual(period.start);
        expect(segments.at(-1)!.period.end).toEqual(period.end);
        segments.slice(1).forEach((segment, before) => {
          expect(segment.period.start).toEqual(segments[before]!.period.end);
          expect({ ...segment, period: null, share: null }).not.toEqual({
            ...segments[before],
            period: null,
            share: null,
          });
        });
        const parts = segments.reduce((sum, { share }) => sum + share.part, 0);
        expect(parts).toBe(segments[0]!.share.whole);
        for (const { plan, period: { start } } of segments) expect(plan).toEqual(planAt(about, start)); // prettier-ignore
      }),
    );
  });
});
