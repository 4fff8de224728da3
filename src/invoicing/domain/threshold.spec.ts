import type { Plan, Price } from '../../catalog/domain';
import { Decimal, ONE, sum, ZERO } from '../../kernel';
import type { DraftLine } from './draft-invoice';
import { takeOffLine, thresholdLine, thresholdPlan } from './threshold';

const SO_FAR = { start: new Date('2026-04-01T00:00:00Z'), end: new Date('2026-04-10T12:00:00Z') };
const MONTH = { start: SO_FAR.start, end: new Date('2026-05-01T00:00:00Z') };
const METERED = { key: 'calls', meterId: 'calls', charge: { model: 'unit', unitPrice: ONE } };

function plan(prices: readonly object[], terms?: Plan['terms']): Plan {
  const some = {
    id: 'plan',
    key: 'plan',
    version: 1,
    currency: 'USD',
    prices,
    ...(terms === undefined ? {} : { terms }),
  };
  return some as unknown as Plan;
}

function line(exact: string, amount: string, change: Partial<DraftLine> = {}): DraftLine {
  return {
    ...{ kind: 'price', key: 'calls', plan: plan([]), price: null, description: 'Calls', quantity: ONE, events: 3 },
    ...{ exactAmount: new Decimal(exact), amount: new Decimal(amount), servicePeriod: MONTH, breakdown: [], steps: [] },
    ...{ pendingEvents: 0, ...change },
  };
}

const billed = (ordinal: number, amount: string) => ({
  ...{ ordinal, number: `INV-00000${ordinal + 1}`, taxCode: null, taxBehaviour: null },
  ...{ exactAmount: new Decimal(amount), amount: new Decimal(amount) },
});

const passed = (lines: readonly DraftLine[], before: readonly ReturnType<typeof billed>[], threshold = '100') =>
  thresholdLine({
    ...{ plan: plan([]), currency: 'USD', soFar: SO_FAR, lines, billed: before },
    threshold: new Decimal(threshold),
  });

it.each`
  lines                                                         | before                                      | amount     | because
  ${[line('99.99', '99.99')]}                                   | ${[]}                                       | ${null}    | ${'a cent is missing'}
  ${[line('100', '100')]}                                       | ${[]}                                       | ${'100'}   | ${'it is reached'}
  ${[line('112.4', '112.4')]}                                   | ${[]}                                       | ${'112.4'} | ${'all that was used is billed'}
  ${[line('150', '150')]}                                       | ${[billed(0, '112.4')]}                     | ${null}    | ${'37.60 aren’t billed yet'}
  ${[line('230', '230')]}                                       | ${[billed(0, '112.4')]}                     | ${'117.6'} | ${'the rest has reached it again'}
  ${[line('350', '350')]}                                       | ${[billed(0, '112.4'), billed(1, '117.6')]} | ${'120'}   | ${'and again'}
  ${[line('60', '60'), line('60', '60'), line('-12', '-12')]}   | ${[]}                                       | ${'108'}   | ${'prices and discounts together'}
  ${[line('60', '60'), line('60', '60', { pendingEvents: 1 })]} | ${[]}                                       | ${null}    | ${'a cost isn’t known'}
  ${[line('50', '50')]}                                         | ${[billed(0, '112.4')]}                     | ${null}    | ${'a correction took usage away'}
`('$amount: $because', ({ lines, before, amount }) => {
  expect(passed(lines, before)?.amount.toFixed() ?? null).toBe(amount);
});

it('says what it bills, and its rows come to it', () => {
  const found = passed([line('230.001', '230', { description: 'Calls' })], [billed(0, '112.4')])!;
  expect(found).toMatchObject({ kind: 'threshold', key: 'plan:threshold', servicePeriod: SO_FAR, events: 3 });
  expect(sum(found.breakdown.map(({ amount }) => amount)).toFixed()).toBe(found.exactAmount.toFixed());
  expect(found.steps).toEqual([
    'Calls: 230.001 so far.',
    '112.40 USD of it were billed by INV-000001.',
    'What isn’t billed yet has reached the threshold of 100.00 USD.',
    '117.601 is rounded once, to 117.60 USD.',
  ]);
});

it('a period takes off what its thresholds billed: 260.00 − 112.40 − 117.60 are 30.00', () => {
  const lines = [billed(0, '112.4'), billed(1, '117.6')].map((each) => takeOffLine(each, plan([]), 'USD', MONTH));
  expect(lines.map(({ kind, key, amount }) => [kind, key, amount.toFixed()])).toEqual([
    ['threshold_credit', 'plan:threshold:0', '-112.4'],
    ['threshold_credit', 'plan:threshold:1', '-117.6'],
  ]);
  expect(sum([new Decimal(260), ...lines.map(({ amount }) => amount)]).toFixed()).toBe('30');
});

it.each`
  codes                | code      | because
  ${['saas', 'saas']}  | ${'saas'} | ${'all prices are of one kind'}
  ${['saas', 'books']} | ${null}   | ${'they aren’t'}
  ${['saas', null]}    | ${null}   | ${'one says nothing'}
`('is taxed as $code where $because', ({ codes, code }) => {
  const lines = (codes as (string | null)[]).map((each) =>
    line('60', '60', { price: { terms: each === null ? undefined : { tax: { code: each } } } as unknown as Price }),
  );
  expect(passed(lines, [])!.taxCode).toBe(code);
});

it('counts usage alone, with what lowers it', () => {
  const discounts = [{ key: 'd', percent: ONE }] as unknown as NonNullable<Plan['terms']>['discounts'];
  const full = plan(
    [
      { ...METERED, terms: { minimum: ONE, maximum: ONE } },
      { key: 'base', meterId: null, charge: { model: 'flat', amount: ONE } },
      { key: 'seats', meterId: 'seats', charge: { model: 'recurring', unitPrice: ONE } },
    ],
    { minimum: ONE, maximum: ONE, commitment: { amount: ONE, periods: 1 }, discounts },
  );
  const counted = thresholdPlan(full);
  expect(counted.prices.map(({ key }) => key)).toEqual(['calls']);
  expect(counted.prices[0]!.terms).toEqual({ minimum: undefined, maximum: ONE });
  expect(counted.terms).toEqual({ minimum: undefined, commitment: undefined, maximum: ONE, discounts });
  expect(thresholdPlan(plan([METERED])).terms).toBeUndefined();
  expect(passed([], [], '1')).toBeNull();
  expect(passed([line('0', '0', { exactAmount: ZERO })], [], '0')).toBeNull();
});
