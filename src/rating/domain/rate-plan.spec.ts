import { Decimal, sum } from '../../kernel';
import type { Charge, Plan, PlanTerms, Price, PriceTerms } from '../../catalog/domain';
import { poolsForNextPeriod, ratePlan } from './rate-plan';
import type { RatedPlan, RatingContext } from './rated-plan';
import { NO_USAGE, type UsageToRate } from './usage';

const d = (text: string): Decimal => new Decimal(text);
const DAY = 86_400_000;
const unit = (unitPrice: string): Charge => ({ model: 'unit', unitPrice: d(unitPrice) });
const flat = (amount: string): Charge => ({ model: 'flat', amount: d(amount) });
const price = (key: string, charge: Charge, more: { allowance?: string; terms?: PriceTerms } = {}): Price => ({
  id: `id of ${key}`,
  key,
  name: key.toUpperCase(),
  meterId: charge.model === 'flat' ? null : `meter of ${key}`,
  allowance: more.allowance === undefined ? null : d(more.allowance),
  charge,
  terms: more.terms,
});
const plan = (prices: Price[], terms?: PlanTerms): Plan => ({
  id: 'plan',
  key: 'plan',
  version: 1,
  name: 'Plan',
  currency: 'USD',
  interval: 'month',
  prices,
  terms,
  status: 'published',
});
/** A whole first period, with nothing before it. */
const APRIL: RatingContext = {
  servicePeriod: { start: new Date('2026-04-01'), end: new Date('2026-05-01') },
  share: { part: 1, whole: 1 },
  periodIndex: 0,
  trial: null,
  pools: [],
  chargedInTerm: d('0'),
  lastOfTerm: true,
  firstSegment: true,
  lastSegment: true,
};
const days = (part: number) => ({ part: part * DAY, whole: 30 * DAY });

const rated = (
  of: Plan,
  used: Readonly<Record<string, string | Partial<UsageToRate>>>,
  context: Partial<RatingContext> = {},
): RatedPlan =>
  ratePlan(
    of,
    {
      of: ({ key }) => {
        const found = used[key] ?? '0';
        return { ...NO_USAGE, ...(typeof found === 'string' ? { quantity: d(found), events: 1 } : found) };
      },
    },
    { ...APRIL, ...context },
  );
const lines = ({ lines: found }: RatedPlan): string[] => found.map(({ key, amount }) => `${key} ${amount.toFixed()}`);
const rows = ({ lines: found }: RatedPlan, key: string): string[] =>
  found.find((line) => line.key === key)!.breakdown.map((row) => `${row.kind} ${row.quantity.toFixed()} ${row.amount.toFixed()}`); // prettier-ignore

describe('the order of effects', () => {
  it('takes units off before money: rounding, allowance, free units, model, unit, discounts, minimum', () => {
    const everything = price('calls', unit('50'), {
      allowance: '1000',
      terms: {
        rounding: { mode: 'up', decimals: -2 },
        pricingUnit: 'credit',
        minimum: d('120'),
        discounts: [
          { key: 'present', name: 'Present', freeUnits: d('100') },
          { key: 'share', name: 'Partner', percent: d('20') },
          { key: 'amount', name: 'Sorry', amount: d('10') },
        ],
      },
    });
    const found = rated(plan([everything], { pricingUnits: [{ key: 'credit', name: 'credits', rate: d('0.01') }] }), { calls: '1320' }); // prettier-ignore
    // 1,320 → 1,400; less 1,000 and 100 → 300 × 50 credits = 15,000 credits = 150.00; −20 % = 120; −10 = 110; minimum 120.
    expect(rows(found, 'calls')).toEqual([
      'allowance 1000 0',
      'free 100 0',
      'unit 300 150',
      'discount 150 -30',
      'discount 1 -10',
      'minimum 1 10',
    ]);
    expect(found.lines[0]).toMatchObject({ quantity: d('1400'), amount: d('120'), units: { key: 'credit', amount: d('15000') } }); // prettier-ignore
    expect(found.lines[0]!.steps).toEqual([
      'Used in the period: 1,320, from 1 event.',
      'Rounded up to a multiple of 100: 1,400.',
      'The first 1,000 are included in the plan and cost nothing.',
      'Present: 100 units free: 100.',
      'Units beyond the 1,100 included, at 50 each (50 credits at 0.01 USD): 300 × 0.5 = 150.',
      'Partner: 20% off: 150 × -0.2 = -30.',
      'Sorry: 10 off: 1 × -10 = -10.',
      'Up to the minimum of 120: 10.',
      'Together: 150 - 30 - 10 + 10 = 120.',
    ]);
  });

  it('of the plan: discounts, then the minimum, then what is missing from the commitment', () => {
    const terms: PlanTerms = {
      discounts: [
        { key: 'all', name: 'Launch', percent: d('10') },
        { key: 'seats', name: 'Seats', prices: ['seats'], amount: d('20') },
      ],
      minimum: d('75'),
      commitment: { amount: d('300'), periods: 3 },
    };
    const found = rated(plan([price('seats', flat('50')), price('calls', unit('0.1'))], terms), { calls: '300' }, { chargedInTerm: d('190'), periodIndex: 2 }); // prettier-ignore
    // 50 + 30 = 80; −8; −20 → 52; minimum 75 → +23; 190 + 75 of 300 → +35.
    expect(lines(found)).toEqual([
      'seats 50',
      'calls 30',
      'plan:discount:all -8',
      'plan:discount:seats -20',
      'plan:minimum 23',
      'plan:true_up 35',
    ]);
    expect(found.total.toFixed()).toBe('110');
    expect(found.lines.map(({ kind, price: of }) => [kind, of?.key ?? null])).toEqual([
      ['price', 'seats'],
      ['price', 'calls'],
      ['discount', null],
      ['discount', null],
      ['minimum', null],
      ['true_up', null],
    ]);
  });
});

describe('a pool', () => {
  const terms: PlanTerms = { pools: [{ key: 'credits', name: 'Credits', amount: d('1000'), unit: 'credits' }] };
  const drawing = (key: string, weight: string, beyond?: PriceTerms['beyond']) =>
    price(key, unit('0.01'), { terms: { pool: { key: 'credits', weight: d(weight) }, beyond } });

  it('is drawn on in the plan’s order, each price by its weight, and what it doesn’t cover is charged', () => {
    const found = rated(plan([drawing('standard', '1'), drawing('premium', '5')], terms), { standard: '700', premium: '100' }); // prettier-ignore
    // 700 of 1,000; 300 ÷ 5 = 60 premium ones; 40 × 0.01.
    expect(rows(found, 'standard')).toEqual(['pool 700 0']);
    expect(rows(found, 'premium')).toEqual(['pool 60 0', 'unit 40 0.4']);
    expect(found.pools).toMatchObject([{ pool: 'credits', granted: d('1000'), used: d('1000'), lots: [] }]);
  });

  it.each`
    beyond                   | expected                         | because
    ${'block'}               | ${['premium 0', 'standard 5']}   | ${'nobody is charged for the 50'}
    ${{ price: 'standard' }} | ${['premium 0', 'standard 5.5']} | ${'the other price charges the 50 as its own'}
  `('that is empty: $because', ({ beyond, expected }) => {
    const of = plan([drawing('premium', '5', beyond), price('standard', unit('0.01'))], terms);
    const found = rated(of, { premium: '250', standard: '500' });
    expect(lines(found)).toEqual(expected);
    if (beyond !== 'block') expect(found.lines[1]!.steps[1]).toBe('With 50 that other prices leave to this one: 550.');
  });

  it('goes on into the next period as far as it may', () => {
    const rolling: PlanTerms = {
      pools: [{ ...terms.pools![0]!, rollover: { limit: d('400'), expiresAfterPeriods: 1 } }],
    };
    const of = plan([drawing('standard', '1')], rolling);
    const april = rated(of, { standard: '300' });
    const may = rated(of, { standard: '1300' }, { periodIndex: 1, pools: poolsForNextPeriod(of, april.pools, 0) });
    // 700 are left, 400 go on: 1,400 in May.
    expect(may.pools).toMatchObject([{ granted: d('1000'), rolledIn: d('400'), used: d('1300') }]);
    expect(lines(may)).toEqual(['standard 0']);
    const june = rated(of, { standard: '1200' }, { periodIndex: 2, pools: poolsForNextPeriod(of, may.pools, 1) });
    // 100 of May's own were left: those of April were used first.
    expect(lines(june)).toEqual(['standard 1']);
  });

  it('is gone with a plan that hasn’t got it', () => {
    const april = rated(plan([drawing('standard', '1')], terms), {});
    expect(poolsForNextPeriod(plan([]), april.pools, 0)).toEqual([]);
  });
});

describe('a trial', () => {
  const of = plan([price('base', flat('30')), price('calls', unit('0.1'), { terms: { minimum: d('5') } })], {
    minimum: d('100'),
    commitment: { amount: d('50'), periods: 1 },
  });

  it.each`
    trial           | expected                                     | because
    ${'everything'} | ${['base 0', 'calls 0']}                     | ${'nothing is asked, no minimum either'}
    ${'base_fee'}   | ${['base 0', 'calls 5']}                     | ${'usage is charged, and its own minimum holds'}
    ${null}         | ${['base 30', 'calls 5', 'plan:minimum 65']} | ${'without one all is asked'}
  `('of $trial: $because', ({ trial, expected }) => {
    expect(lines(rated(of, { calls: '20' }, { trial }))).toEqual(expected);
  });

  it('shows what it is worth', () => {
    expect(rows(rated(of, {}, { trial: 'base_fee' }), 'base')).toEqual(['flat 1 30', 'trial 1 -30']);
  });

  it('waits for no cost: a price on cost that is given away is nothing, whatever it was', () => {
    const margin = plan([price('ai', { model: 'consumption_margin', markupPercent: d('30') })]);
    const used = { ai: { quantity: d('1'), cost: d('2'), events: 3, pendingEvents: 1 } };
    expect(rated(margin, used).lines[0]!.pendingEvents).toBe(1);
    expect(rated(margin, used, { trial: 'everything' }).lines[0]).toMatchObject({ amount: d('0'), pendingEvents: 0 });
  });
});

describe('a segment', () => {
  it('has its share of what is promised for a whole period, and tiers of its own', () => {
    const tiered: Charge = { model: 'graduated', tiers: [{ upTo: d('100'), unitPrice: d('1') }, { upTo: null, unitPrice: d('0.5') }] }; // prettier-ignore
    const of = plan([price('base', flat('30')), price('calls', tiered, { allowance: '300' })], { minimum: d('300') });
    const found = rated(of, { calls: '250' }, { share: days(10), lastSegment: false });
    // 10 of 30 days: 30 → 10, 300 included → 100; 100 × 1 + 50 × 0.5; 300 → at least 100.
    expect(lines(found)).toEqual(['base 10', 'calls 125']);
    expect(lines(rated(of, { calls: '150' }, { share: days(10) }))).toEqual(['base 10', 'calls 50', 'plan:minimum 40']);
  });

  it('of a plan without changes adds up to the whole, for what is the same for every unit', () => {
    const of = plan([price('base', flat('20')), price('calls', unit('0.3'))]);
    const parts = [days(7), days(1), days(22)].map((share, index) =>
      rated(of, { calls: String(index + 1) }, { share }),
    );
    const whole = rated(of, { calls: '6' });
    expect(
      sum(parts.map(({ exactTotal }) => exactTotal))
        .minus(whole.exactTotal)
        .abs()
        .lessThan('1e-100'),
    ).toBe(true);
  });

  it('gets amounts off in the period’s first one only', () => {
    const of = plan([price('base', flat('30'))], { discounts: [{ key: 'sorry', name: 'Sorry', amount: d('5') }] });
    expect(lines(rated(of, {}, { share: days(15) }))).toEqual(['base 15', 'plan:discount:sorry -5']);
    expect(lines(rated(of, {}, { share: days(15), firstSegment: false }))).toEqual(['base 15']);
  });
});

describe('cents', () => {
  const THREE = [price('a', flat('3.335')), price('b', flat('3.335')), price('c', flat('3.335'))];
  const cents = (found: RatedPlan): string[] => found.lines.map(({ rounded }) => rounded.toFixed(2));

  it.each`
    terms                                                             | expected                              | total      | because
    ${undefined}                                                      | ${['3.34', '3.34', '3.34']}           | ${'10.02'} | ${'each line once'}
    ${{ maximum: d('10') }}                                           | ${['3.34', '3.34', '3.34', '-0.02']}  | ${'10.00'} | ${'a maximum is what is asked at most'}
    ${{ minimum: d('10.015') }}                                       | ${['3.34', '3.34', '3.34', '0.00']}   | ${'10.02'} | ${'a minimum that the cents reach already'}
    ${{ commitment: { amount: d('11'), periods: 1 } }}                | ${['3.34', '3.34', '3.34', '0.98']}   | ${'11.00'} | ${'a commitment is what is asked in all'}
    ${{ discounts: [{ key: 'x', name: 'All', percent: d('100') }] }}  | ${['3.34', '3.34', '3.34', '-10.02']} | ${'0.00'}  | ${'nothing is nothing, not a cent less'}
    ${{ discounts: [{ key: 'x', name: 'Tenth', percent: d('10') }] }} | ${['3.34', '3.34', '3.34', '-1.00']}  | ${'9.02'}  | ${'a line like any other'}
  `('$expected: $because', ({ terms, expected, total }) => {
    const found = rated(plan(THREE, terms), {});
    expect(cents(found)).toEqual(expected);
    expect(found.total.toFixed(2)).toBe(total);
    expect(sum(found.lines.map(({ rounded }) => rounded))).toEqual(found.total);
  });
});

it('a plan without anything around its prices is the sum of their charges', () => {
  const found = rated(plan([price('base', flat('20')), price('calls', unit('0.002'), { allowance: '3000' })]), { calls: '3500' }); // prettier-ignore
  expect(lines(found)).toEqual(['base 20', 'calls 1']);
  expect(found).toMatchObject({ currency: 'USD', exactTotal: d('21'), total: d('21'), pools: [] });
});

it('tells no sentences where nobody reads them', () => {
  const of = plan([price('base', flat('20'))], { minimum: d('30') });
  expect(rated(of, {}, { explain: false }).lines.map(({ steps }) => steps)).toEqual([[], []]);
});

describe('fees in advance, in a plan that is rated as a whole', () => {
  const advance = (amount: string, every?: number, more: PriceTerms = {}): Price =>
    price('base', flat(amount), { terms: { billing: { in: 'advance', ...(every === undefined ? {} : { every }) }, ...more } }); // prettier-ignore
  const off = { key: 'launch', name: 'Launch', amount: d('24'), periods: 12 };

  it.each`
    base                                         | context                  | amount   | because
    ${advance('30')}                             | ${{}}                    | ${'30'}  | ${'a month of a month'}
    ${advance('30')}                             | ${{ share: days(10) }}   | ${'10'}  | ${'10 of 30 days'}
    ${advance('1200', 12)}                       | ${{}}                    | ${'100'} | ${'a twelfth of a year'}
    ${advance('1200', 12)}                       | ${{ share: days(15) }}   | ${'50'}  | ${'and half of that'}
    ${advance('1200', 12, { discounts: [off] })} | ${{ periodIndex: 11 }}   | ${'98'}  | ${'24 off the first year, which has the 12th month'}
    ${advance('1200', 12, { discounts: [off] })} | ${{ periodIndex: 12 }}   | ${'100'} | ${'and not off the second'}
    ${advance('1200', 12)}                       | ${{ trial: 'base_fee' }} | ${'0'}   | ${'free in a trial'}
  `('$amount: $because', ({ base, context, amount }) => {
    const { lines: [line] } = rated(plan([base]), {}, context); // prettier-ignore
    expect(line!.amount.toFixed()).toBe(amount);
    expect(sum(line!.breakdown.map((row) => row.amount)).toFixed()).toBe(amount);
  });

  it('are outside what is agreed for the plan', () => {
    const terms: PlanTerms = { minimum: d('20'), discounts: [{ key: 'ten', name: 'Ten', percent: d('10') }] };
    const both = plan([advance('30'), price('calls', unit('1'))], terms);
    expect(lines(rated(both, { calls: '10' }))).toEqual([
      'base 30',
      'calls 10',
      'plan:discount:ten -1',
      'plan:minimum 11',
    ]);
  });

  it('say which part of them it is', () => {
    const { lines: [line] } = rated(plan([advance('1200', 12)]), {}); // prettier-ignore
    expect(line!.steps).toEqual([
      'This price is the same in every period, whatever is used.',
      'Fixed amount for the period, for 1 of 12 billing periods: 100.',
    ]);
  });
});
