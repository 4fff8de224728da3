import fc from 'fast-check';
import type { Charge, Meter, Plan, PlanTerms, Price } from '../../catalog/domain';
import { Decimal, sum, ZERO } from '../../kernel';
import { NO_USAGE, type UsageToRate } from '../../rating/domain';
import { canBeLess, lessUsage, mostLess, withLessUsage } from './counterfactual';
import { draftInvoice } from './draft-invoice';
import { type Before, rateSegments, type SegmentToRate } from './rate-segments';
import { chargeFor, type LineOfUsage, RunningUsage, runs } from './running-usage';

const d = (text: string): Decimal => new Decimal(text);
const PERIOD = { start: new Date('2026-04-01'), end: new Date('2026-05-01') };
const BEFORE: Before = { periodIndex: 0, pools: [], term: null };

const priceOf = (charge: Charge, more: Partial<Price> = {}): Price => ({
  ...{ id: 'calls', key: 'calls', name: 'Calls', meterId: 'calls', allowance: null, charge },
  ...more,
});
const BASE: Price = priceOf({ model: 'flat', amount: d('20') }, { id: 'base', key: 'base', meterId: null });
const planOf = (prices: Price[], terms?: PlanTerms): Plan => ({
  ...{ id: 'pro', key: 'pro', version: 1, name: 'Pro', currency: 'USD', interval: 'month', status: 'published' },
  ...{ prices, terms },
});
const segmentOf = (plan: Plan, usage: Partial<UsageToRate>): SegmentToRate => ({
  ...{ plan, period: PERIOD, share: { part: 1, whole: 1 }, trial: null },
  usage: { of: ({ meterId }) => (meterId === null ? NO_USAGE : { ...NO_USAGE, ...usage }) },
});
const rated = (segments: SegmentToRate[]) =>
  draftInvoice(
    rateSegments(segments, BEFORE),
    segments.map(() => ({ cost: ZERO, pendingEvents: 0 })),
  );
const WHERE = { key: 'calls', start: PERIOD.start };

const UNIT: Charge = { model: 'unit', unitPrice: d('0.05') };
const GRADUATED: Charge = {
  model: 'graduated',
  tiers: [
    { upTo: d('1000'), unitPrice: d('0.05') },
    { upTo: null, unitPrice: d('0.01') },
  ],
};
const VOLUME: Charge = {
  model: 'volume',
  tiers: [
    { upTo: d('100'), unitPrice: d('1') },
    { upTo: null, unitPrice: d('0.5') },
  ],
};
const MARGIN: Charge = { model: 'consumption_margin', markupPercent: d('50') };
const MATRIX: Charge = {
  model: 'matrix',
  dimensions: ['model'],
  cells: [{ match: { model: 'large' }, unitPrice: d('2') }],
  fallback: d('1'),
};
const PERCENTAGE: Charge = { model: 'percentage', percent: d('10'), fixedPerEvent: d('0.3') };

it.each`
  price                                            | terms                        | usage                                       | less     | saved      | inPeriod   | because
  ${priceOf(UNIT, { allowance: d('1000') })}       | ${undefined}                 | ${{ quantity: d('1200') }}                  | ${'10'}  | ${'0.50'}  | ${'0.50'}  | ${'10 × 0.05'}
  ${priceOf(UNIT, { allowance: d('1000') })}       | ${undefined}                 | ${{ quantity: d('1200') }}                  | ${'300'} | ${'10.00'} | ${'10.00'} | ${'only 200 were charged'}
  ${priceOf(GRADUATED)}                            | ${undefined}                 | ${{ quantity: d('1200') }}                  | ${'300'} | ${'7.00'}  | ${'7.00'}  | ${'200 × 0.01 of the upper tier, 100 × 0.05 of the lower'}
  ${priceOf(VOLUME)}                               | ${undefined}                 | ${{ quantity: d('110') }}                   | ${'10'}  | ${'-45.00'} | ${'-45.00'} | ${'100 at 1.00 are more than 110 at 0.50: volume’s cliff'}
  ${priceOf(MARGIN)}                               | ${undefined}                 | ${{ quantity: d('9'), cost: d('40') }}      | ${'10'}  | ${'15.00'} | ${'15.00'} | ${'10.00 of cost and 50 per cent on it'}
  ${priceOf(UNIT)}                                 | ${{ minimum: d('75') }}      | ${{ quantity: d('1200') }}                  | ${'300'} | ${'15.00'} | ${'5.00'}  | ${'80.00 in all; the plan’s minimum of 75.00 asks for the rest'}
  ${priceOf(UNIT)}                                 | ${{ maximum: d('50') }}      | ${{ quantity: d('1200') }}                  | ${'300'} | ${'15.00'} | ${'0.00'}  | ${'the plan asks 50.00 at most'}
`('$less less of $usage saves $saved: $because', ({ price, terms, usage, less, saved, inPeriod }) => {
  const segments = [segmentOf(planOf([BASE, price], terms), usage)];
  const told = withLessUsage(segments, BEFORE, WHERE, { less: d(less), place: null });
  expect([told.saved.toFixed(2), told.savedInPeriod.toFixed(2)]).toEqual([saved, inPeriod]);
}); // prettier-ignore

it('is what rating says of a period that really had less', () => {
  const amounts = fc.integer({ min: 0, max: 3_000 });
  fc.assert(
    fc.property(fc.constantFrom(UNIT, GRADUATED, VOLUME), amounts, amounts, (charge, one, other) => {
      const [most, less] = [Math.max(one, other) + 1, Math.min(one, other) + 1];
      const plan = planOf([BASE, priceOf(charge, { allowance: d('50') })], { minimum: d('30') });
      const told = withLessUsage([segmentOf(plan, { quantity: d(`${most}`) })], BEFORE, WHERE, { less: d(`${less}`), place: null }); // prettier-ignore
      const really = rated([segmentOf(plan, { quantity: d(`${most - less}`) })]);
      const before = rated([segmentOf(plan, { quantity: d(`${most}`) })]);
      expect(told.would).toEqual(really.lines.find(({ key }) => key === 'calls'));
      expect(told.savedInPeriod).toEqual(before.total.minus(really.total));
    }),
  );
});

it('takes from the group that is named, and from single transactions the last ones', () => {
  const groups = [
    { ...NO_USAGE, quantity: d('5'), values: ['large'] },
    { ...NO_USAGE, quantity: d('7'), values: ['small'] },
  ];
  const usage = { ...NO_USAGE, quantity: d('12'), groups };
  const segments = [segmentOf(planOf([priceOf(MATRIX)]), usage)];
  expect(withLessUsage(segments, BEFORE, WHERE, { less: d('3'), place: 0 }).saved).toEqual(d('6'));
  expect(withLessUsage(segments, BEFORE, WHERE, { less: d('3'), place: 1 }).saved).toEqual(d('3'));
  expect(mostLess(usage, MATRIX, 0)).toEqual(d('5'));

  const transactions = ['10', '20', '30'].map((value, index) => ({ value: d(value), time: index, key: `${index}` }));
  const left = lessUsage({ ...NO_USAGE, quantity: d('60'), transactions }, PERCENTAGE, { less: d('35'), place: null });
  expect(left.transactions?.map(({ value }) => value.toFixed())).toEqual(['10', '15']);
  expect(left.quantity).toEqual(d('25'));
});

it.each`
  charge                               | can      | because
  ${UNIT}                              | ${true}  | ${'usage by quantity'}
  ${MARGIN}                            | ${true}  | ${'usage by cost'}
  ${{ model: 'outcome', amount: '1' }} | ${false} | ${'outcomes are told from single events'}
`('$charge.model can be less: $can, $because', ({ charge, can }) => {
  expect(canBeLess(priceOf(charge as Charge))).toBe(can);
  expect(canBeLess(priceOf(charge as Charge, { meterId: null }))).toBe(false);
});

describe('running totals', () => {
  const METER = { aggregation: 'sum', timeUnit: null, groupBy: ['model'] } as unknown as Meter;
  const event = fc.record({
    quantity: fc.integer({ min: 0, max: 400 }).map((value) => d(`${value}`)),
    cost: fc.option(fc.integer({ min: 0, max: 50 }).map((value) => d(`${value}`))),
    model: fc.constantFrom('large', 'small', null),
  });
  const pages = fc.array(fc.array(event, { maxLength: 6 }), { minLength: 1, maxLength: 5 });
  const pool = { pools: [{ key: 'credits', name: 'Credits', amount: d('300') }] };
  const drawing = { terms: { pool: { key: 'credits', weight: d('2') } } };

  it('over pages end at the line’s quantity and amount, whatever its charge', () => {
    const prices = [
      priceOf(UNIT, { allowance: d('100') }),
      priceOf(UNIT, drawing),
      ...[GRADUATED, VOLUME, MARGIN, MATRIX].map((charge) => priceOf(charge)),
    ];
    fc.assert(
      fc.property(fc.constantFrom(...prices), pages, (price, events) => {
        const plan = planOf([BASE, price], { ...pool, minimum: d('5') });
        const line: LineOfUsage = { meter: METER, charge: price.charge, period: PERIOD, timeZone: 'UTC' };
        let running = new RunningUsage(line);
        let last = { quantity: ZERO, amount: ZERO };
        const begun = [segmentOf(plan, NO_USAGE)];
        for (const page of events) {
          for (const { quantity, cost, model } of page) {
            running.add({ time: 0, quantity, cost, pending: false, dimensions: JSON.stringify([model]) });
            last = chargeFor(begun, BEFORE, 'calls', running.usage());
          }
          running = RunningUsage.from(line, running.state()!)!;
        }

        const all = events.flat();
        const totalOf = (of: typeof all) => ({
          quantity: sum(of.map(({ quantity }) => quantity)),
          cost: sum(of.map(({ cost }) => cost ?? ZERO)),
          ...{ events: of.length, pendingEvents: 0 },
        });
        const values = [...new Set(all.map(({ model }) => model))].sort((a, b) => ((a ?? '') < (b ?? '') ? -1 : 1));
        const groups = values.map((value) => ({
          ...totalOf(all.filter(({ model }) => model === value)),
          values: [value],
        }));
        const whole = rated([segmentOf(plan, { ...totalOf(all), ...(price.charge.model === 'matrix' ? { groups } : {}) })]); // prettier-ignore
        const billed = whole.lines.find(({ key }) => key === 'calls')!;
        if (all.length > 0) expect(last).toEqual({ quantity: billed.quantity, amount: billed.exactAmount });
      }),
    );
  });

  it.each`
    aggregation | charge                               | does     | because
    ${'sum'}    | ${UNIT}                              | ${true}  | ${'it adds up'}
    ${'count'}  | ${MATRIX}                            | ${true}  | ${'its groups do'}
    ${'max'}    | ${UNIT}                              | ${false} | ${'an event below the peak has no part in it'}
    ${'sum'}    | ${PERCENTAGE}                        | ${false} | ${'each event is charged by itself'}
    ${'count'}  | ${{ model: 'outcome', amount: '1' }} | ${false} | ${'an outcome may be told by several events'}
  `('$aggregation of $charge.model runs: $does, $because', ({ aggregation, charge, does }) => {
    expect(runs({ ...METER, aggregation }, charge as Charge)).toBe(does);
  });

  it('what is no state of the line is refused, and too long a one isn’t handed on', () => {
    const line: LineOfUsage = { meter: METER, charge: MATRIX, period: PERIOD, timeZone: 'UTC' };
    for (const state of ['', '{}', '[1]', '[["x","0",1,0],[],[]]']) expect(RunningUsage.from(line, state)).toBeNull();
    const running = new RunningUsage(line);
    for (let index = 0; index < 100; index += 1) {
      running.add({ ...{ time: 0, quantity: d('1'), cost: null, pending: false }, dimensions: `["model-${index}"]` });
    }
    expect(running.state()).toBeNull();
  });
});
