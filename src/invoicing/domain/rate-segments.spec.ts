import type { Plan, PlanTerms, Price } from '../../catalog/domain';
import { Decimal } from '../../kernel';
import { NO_USAGE } from '../../rating/domain';
import { draftInvoice } from './draft-invoice';
import { type Before, type EarlierSegment, poolsAfter, rateSegments, type SegmentToRate } from './rate-segments';

const d = (text: string): Decimal => new Decimal(text);
const DAY = 86_400_000;
const APRIL = new Date('2026-04-01').getTime();
const NOTHING: Before = { periodIndex: 0, pools: [], term: null };

const calls = (unitPrice: string, more: Partial<Price> = {}): Price => ({
  id: `calls at ${unitPrice}`,
  key: 'calls',
  name: 'Calls',
  meterId: 'calls',
  allowance: null,
  charge: { model: 'unit', unitPrice: d(unitPrice) },
  ...more,
});
const plan = (version: number, prices: Price[], terms?: PlanTerms, key = 'pro'): Plan => ({
  id: `${key} ${version}`,
  key,
  version,
  name: 'Pro',
  currency: 'USD',
  interval: 'month',
  prices,
  terms,
  status: 'published',
});
/** Days of April, from the first given to the one before the last, with so many calls. */
const segment = (
  from: number,
  to: number,
  of: Plan,
  used: string,
  more: Partial<SegmentToRate> = {},
): SegmentToRate => ({
  plan: of,
  period: { start: new Date(APRIL + (from - 1) * DAY), end: new Date(APRIL + (to - 1) * DAY) },
  share: { part: to - from, whole: 30 },
  trial: null,
  usage: { of: () => ({ ...NO_USAGE, quantity: d(used), events: Number(used) }) },
  ...more,
});
const invoice = (segments: SegmentToRate[], before: Before = NOTHING) =>
  draftInvoice(
    rateSegments(segments, before),
    segments.map(() => ({ cost: d('1.5'), pendingEvents: 2 })),
  );
const lines = (segments: SegmentToRate[], before?: Before): string[] =>
  invoice(segments, before).lines.map(({ key, plan: of, amount }) => `${of!.version} ${key} ${amount.toFixed(2)}`);

it('a price that changes on the 11th charges the usage before at the old one and from then on at the new one', () => {
  const segments = [segment(1, 11, plan(1, [calls('1')]), '30'), segment(11, 31, plan(2, [calls('2')]), '30')];
  expect(lines(segments)).toEqual(['1 calls 30.00', '2 calls 60.00']);
  const draft = invoice(segments);
  expect(draft).toMatchObject({ total: d('90'), cost: d('3'), pendingEvents: 4 });
  expect(draft.servicePeriod).toEqual({ start: new Date('2026-04-01'), end: new Date('2026-05-01') });
  expect(draft.lines.map(({ servicePeriod }) => servicePeriod.start.toISOString().slice(0, 10))).toEqual([
    '2026-04-01',
    '2026-04-11',
  ]);
});

it('a pool that both have is one pool: what the first leaves, the second has', () => {
  const pools = [{ key: 'credits', name: 'Credits', amount: d('300') }];
  const drawing = calls('1', { terms: { pool: { key: 'credits', weight: d('1') } } });
  const of = (version: number): Plan => plan(version, [drawing], { pools });
  // 100 granted for the first ten days, of which 60 are used; 40 and 200 for the rest.
  const segments = [segment(1, 11, of(1), '60'), segment(11, 31, of(2), '250')];
  expect(lines(segments)).toEqual(['1 calls 0.00', '2 calls 10.00']);
  expect(poolsAfter(rateSegments(segments, NOTHING))).toEqual([
    { pool: 'credits', granted: d('300'), rolledIn: d('0'), used: d('300'), lots: [] },
  ]);
});

describe('a commitment', () => {
  const committed = (version: number): Plan => plan(version, [calls('1')], { commitment: { amount: d('90'), periods: 1 } }); // prettier-ignore
  const term = { charged: d('0'), promised: d('0'), ends: true };

  it.each`
    segments                                                                                             | expected                                                      | because
    ${[segment(1, 31, committed(1), '20')]}                                                              | ${['1 calls 20.00', '1 plan:true_up 70.00']}                  | ${'for the whole period'}
    ${[segment(1, 11, committed(1), '20'), segment(11, 31, committed(2), '10')]}                         | ${['1 calls 20.00', '2 calls 10.00', '2 plan:true_up 60.00']} | ${'another version goes on with it'}
    ${[segment(1, 11, committed(1), '0', { trial: 'everything' }), segment(11, 31, committed(1), '10')]} | ${['1 calls 0.00', '1 calls 10.00', '1 plan:true_up 50.00']}  | ${'nothing was promised in the trial: 90 × 20 ÷ 30'}
    ${[segment(1, 11, plan(1, [calls('1')], {}, 'free'), '20'), segment(11, 31, committed(1), '10')]}    | ${['1 calls 20.00', '1 calls 10.00', '1 plan:true_up 50.00']} | ${'nor in another plan, whose charges don’t count'}
    ${[segment(1, 11, committed(1), '20'), segment(11, 31, plan(1, [calls('1')], {}, 'free'), '10')]}    | ${['1 calls 20.00', '1 calls 10.00']}                         | ${'a plan that was left when the term ends asks nothing'}
  `('$because', ({ segments, expected }) => {
    const last = (segments as SegmentToRate[]).at(-1)!.plan;
    expect(lines(segments, { ...NOTHING, term: last.terms?.commitment === undefined ? null : term })).toEqual(expected);
  });
});

it('credits outcomes of earlier segments and periods: it is known where those began', () => {
  const charge = { model: 'outcome' as const, prices: [{ type: 'ok', unitPrice: d('1') }], success: [] };
  const of = plan(1, [calls('1', { charge })]);
  const at = (day: string, reversal = false) => ({ key: day, time: Date.parse(day) * 1_000, task: 't', type: 'ok', success: !reversal, reversal, id: day }); // prettier-ignore
  // Billed in March, and in April's first segment; both are taken back in the second.
  const outcomes = [at('2026-03-20'), at('2026-04-06'), at('2026-04-20', true), at('2026-04-21', true)];
  const upTo = (end: number) => ({ of: () => ({ ...NO_USAGE, outcomes: outcomes.filter(({ time }) => time < end * 1_000) }) }); // prettier-ignore
  const segments = [
    segment(1, 11, of, '0', { usage: upTo(APRIL + 10 * DAY) }),
    segment(11, 31, of, '0', { usage: upTo(APRIL + 30 * DAY) }),
  ];
  const march = (more: Partial<EarlierSegment> = {}) => [
    { start: new Date('2026-03-01'), plan: of, trial: null, ...more },
  ];
  expect(lines(segments, { ...NOTHING, earlier: march() })).toEqual(['1 calls 1.00', '1 calls -2.00']);

  // What March didn't bill isn't credited: another model, a trial, or no March at all.
  expect(lines(segments, { ...NOTHING, earlier: march({ plan: plan(1, [calls('1')]) }) })).toEqual(['1 calls 1.00', '1 calls -1.00']); // prettier-ignore
  expect(lines(segments, { ...NOTHING, earlier: march({ trial: 'everything' }) })).toEqual(['1 calls 1.00', '1 calls -1.00']); // prettier-ignore
  expect(lines(segments, { ...NOTHING, earlier: [] })).toEqual(['1 calls 1.00', '1 calls -1.00']);
});

describe('what a change leaves of units', () => {
  type Rule = NonNullable<PlanTerms['allowancesOnChange']>;
  const included = (rule: Rule, allowance: string, version: number) =>
    plan(version, [calls('1', { allowance: d(allowance) })], { allowancesOnChange: rule });

  it.each`
    rule         | after    | used              | expected              | because
    ${'prorate'} | ${'100'} | ${['60', '60']}   | ${['10.00', '10.00']} | ${'each half of April has 50'}
    ${'reset'}   | ${'100'} | ${['120', '120']} | ${['20.00', '20.00']} | ${'each half has all 100'}
    ${'carry'}   | ${'100'} | ${['70', '50']}   | ${['0.00', '20.00']}  | ${'30 of 100 are left'}
    ${'carry'}   | ${'100'} | ${['130', '50']}  | ${['30.00', '50.00']} | ${'nothing is left'}
    ${'carry'}   | ${'500'} | ${['70', '450']}  | ${['0.00', '20.00']}  | ${'the new plan includes 500, and 70 of them are used'}
    ${'carry'}   | ${'50'}  | ${['70', '10']}   | ${['0.00', '10.00']}  | ${'more was used than the new plan includes: never below nothing'}
  `('$rule, $used with 100 and then $after: $because', ({ rule, after, used, expected }) => {
    const segments = [
      segment(1, 16, included(rule, '100', 1), used[0]),
      segment(16, 31, included(rule, after, 2), used[1]),
    ];
    expect(invoice(segments).lines.map(({ amount }) => amount.toFixed(2))).toEqual(expected);
  });

  it('carries over a stretch in which the price is not there, and says what was used', () => {
    const segments = [
      segment(1, 11, included('carry', '100', 1), '70'),
      segment(11, 21, plan(2, []), '0'),
      segment(21, 31, included('carry', '100', 3), '50'),
    ];
    const [, last] = invoice(segments).lines;
    expect(last!.amount.toFixed(2)).toBe('20.00');
    expect(last!.steps).toContain(
      'Of the 100 that the plan includes in the period, 70 were used before this stretch of it began.',
    );
    expect(last!.steps).toContain('The first 30 are included in the plan and cost nothing.');
  });

  it('carries free units of a discount', () => {
    const free = { key: 'free', name: 'Free', freeUnits: d('100') };
    const of = (version: number) => plan(version, [calls('1', { terms: { discounts: [free] } })], { allowancesOnChange: 'carry' }); // prettier-ignore
    expect(lines([segment(1, 16, of(1), '70'), segment(16, 31, of(2), '50')])).toEqual([
      '1 calls 0.00',
      '2 calls 20.00',
    ]);
  });

  it.each`
    rule         | after     | left              | because
    ${'prorate'} | ${'1000'} | ${'100 of 1000'}  | ${'500, and 500 more: 900 used'}
    ${'reset'}   | ${'1000'} | ${'800 of 1800'}  | ${'200 are left and go, and 1,000 come: 200 of them used'}
    ${'carry'}   | ${'1000'} | ${'100 of 1000'}  | ${'granted once'}
    ${'carry'}   | ${'2000'} | ${'1100 of 2000'} | ${'the new plan grants 2,000, of which 700 are used'}
    ${'carry'}   | ${'500'}  | ${'0 of 700'}     | ${'700 of 500 are used: nothing is left, and nothing is asked back'}
  `('a pool of 1,000 and then $after, $rule: $because', ({ rule, after, left }) => {
    const of = (version: number, amount: string) =>
      plan(version, [calls('1', { terms: { pool: { key: 'credits', weight: d('1') } } })], {
        allowancesOnChange: rule,
        pools: [{ key: 'credits', name: 'Credits', amount: d(amount) }],
      });
    const first = rule === 'carry' ? '700' : rule === 'reset' ? '800' : '500';
    const second = rule === 'prorate' ? '400' : '200';
    const rated = rateSegments([segment(1, 16, of(1, '1000'), first), segment(16, 31, of(2, after), second)], NOTHING);
    const [pool] = poolsAfter(rated);
    const lots = pool!.lots.reduce((all, { amount }) => all.plus(amount), d('0'));
    expect(`${lots.toFixed()} of ${pool!.granted.toFixed()}`).toBe(left);
    expect(pool!.used.plus(lots)).toEqual(pool!.granted);
  });
});

describe('what a change asks of fees', () => {
  const base = (amount: string, more: Partial<Price> = {}): Price =>
    calls('1', { id: `base at ${amount}`, key: 'base', meterId: null, charge: { model: 'flat', amount: d(amount) }, ...more }); // prettier-ignore

  it('is the share that the segment has of them, and not of the time', () => {
    const segments = [
      segment(1, 16, plan(1, [base('30')]), '0', { feeShare: { part: 1, whole: 1 } }),
      segment(16, 31, plan(2, [base('60')]), '0', { feeShare: { part: 0, whole: 1 } }),
    ];
    expect(lines(segments)).toEqual(['1 base 30.00', '2 base 0.00']);
    expect(invoice(segments).lines[1]!.steps).toContain(
      'Fixed amount for the period, paid by the terms that the period began with: 0.',
    );
  });

  it('is nothing where they are billed in advance: neither a line, nor in the plan’s minimum', () => {
    const advance = base('30', { terms: { billing: { in: 'advance' } } });
    const of = plan(1, [advance, calls('1')], { minimum: d('20') });
    expect(lines([segment(1, 31, of, '5')])).toEqual(['1 calls 5.00', '1 plan:minimum 15.00']);
  });
});
