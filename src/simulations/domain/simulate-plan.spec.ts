import { Decimal } from '../../kernel';
import type { Charge, Plan, PlanTerms, Price } from '../../catalog/domain';
import { simulatePlan } from './simulate-plan';
import { simulatedPeriods } from './simulated-periods';

const d = (text: string) => new Decimal(text);
const unit = (unitPrice: string, more: Partial<Price> = {}): Price => ({
  ...{ id: 'p', key: 'units', name: 'Units', meterId: 'm', allowance: null },
  charge: { model: 'unit', unitPrice: d(unitPrice) } satisfies Charge,
  ...more,
});
const plan = (prices: Price[], terms: PlanTerms = {}): Plan => ({
  ...{ id: 'x', key: 'x', version: 1, name: 'X', currency: 'USD', interval: 'month', status: 'draft' },
  ...{ prices, terms },
});

/** Months of 2026 from January on, with so many units used in each. */
function simulated(
  of: Plan,
  used: readonly string[],
  { to, firstPeriod = 0 }: { to?: string; firstPeriod?: number } = {},
) {
  const end = to ?? `2026-${String(used.length + 1).padStart(2, '0')}-01`;
  const periods = simulatedPeriods(
    { start: new Date('2026-01-01T00:00:00Z'), end: new Date(`${end}T00:00:00Z`) },
    'UTC',
  )!;
  const usage = used.map((quantity) => ({
    of: () => ({ quantity: d(quantity), cost: d('0'), events: 1, pendingEvents: 0 }),
  }));
  return simulatePlan({ plan: of, firstPeriod }, usage, periods, 'UTC');
}
const revenue = (...args: Parameters<typeof simulated>) => simulated(...args).revenue.toFixed();

const POOL: PlanTerms = {
  pools: [{ key: 'credits', name: 'Credits', amount: d('100'), rollover: { limit: d('50'), expiresAfterPeriods: 1 } }],
};
const pooled = unit('1', { terms: { pool: { key: 'credits', weight: d('1') } } });
const halfOff = { key: 'half', name: 'Half', percent: d('50'), periods: 2 };

it('bills month by month: lines are rounded in each', () => {
  const bill = simulated(plan([unit('0.005')]), ['1', '1', '1']);
  // 0.005 becomes 0.01 on each invoice.
  expect(bill.revenue.toFixed()).toBe('0.03');
  expect(bill.lines).toEqual([{ key: 'units', name: 'Units', quantity: d('3'), amount: d('0.03') }]);
  expect(bill.ratings).toBe(3);
});

it.each`
  because                                              | terms                                                 | used                   | revenueThen
  ${'a pool rolls over, at most 50'}                   | ${POOL}                                               | ${['0', '170', '100']} | ${'20'}
  ${'a discount of the first two periods ends'}        | ${{ discounts: [halfOff] }}                           | ${['10', '10', '10']}  | ${'20'}
  ${'a term of two: 100 promised, 30 and 90 charged'}  | ${{ commitment: { amount: d('100'), periods: 2 } }}   | ${['30', '90']}        | ${'120'}
  ${'a term of two: 100 promised, 30 and 20 charged'}  | ${{ commitment: { amount: d('100'), periods: 2 } }}   | ${['30', '20']}        | ${'100'}
  ${'a second term begins, a half of it in the range'} | ${{ commitment: { amount: d('100'), periods: 2 } }}   | ${['30', '90', '10']}  | ${'170'}
  ${'a term that the range cuts short: 300 of 1,200'}  | ${{ commitment: { amount: d('1200'), periods: 12 } }} | ${['10', '10', '10']}  | ${'300'}
  ${'each period has its minimum'}                     | ${{ minimum: d('20') }}                               | ${['10', '30']}        | ${'50'}
  ${'there is no trial'}                               | ${{ trial: { days: 30, covers: 'everything' } }}      | ${['10', '10']}        | ${'20'}
`('$because', ({ terms, used, revenueThen }) => {
  const price = (terms as PlanTerms).pools === undefined ? unit('1') : pooled;
  expect(revenue(plan([price], terms as PlanTerms), used as string[])).toBe(revenueThen);
});

it('a subscription’s own period decides which discounts are left', () => {
  const discounted = plan([unit('1')], { discounts: [halfOff] });
  expect(revenue(discounted, ['10', '10'], { firstPeriod: 1 })).toBe('15');
  expect(revenue(discounted, ['10', '10'], { firstPeriod: 7 })).toBe('20');
});

it('a short last month: its share of base fee, minimum, commitment and allowance', () => {
  const base: Price = { id: 'b', key: 'base', name: 'Base', meterId: null, allowance: null, charge: { model: 'flat', amount: d('28') } }; // prettier-ignore
  // All of January, and 14 of February's 28 days.
  expect(revenue(plan([base]), ['0', '0'], { to: '2026-02-15' })).toBe('42');
  const promised = { commitment: { amount: d('200'), periods: 2 } };
  expect(revenue(plan([unit('1')], promised), ['0', '0'], { to: '2026-02-15' })).toBe('150');
  const { included, revenue: charged } = simulated(plan([unit('1', { allowance: d('100') })]), ['20', '70'], { to: '2026-02-15' }); // prettier-ignore
  expect(charged.toFixed()).toBe('20');
  expect(included).toEqual([{ kind: 'allowance', key: 'units', granted: d('150'), used: d('70') }]);
});

it('tells how much of a pool is used', () => {
  expect(simulated(plan([pooled], POOL), ['0', '170']).included).toEqual([
    // 100 twice; 50 of the first rolled over and were used with the second 100.
    { kind: 'pool', key: 'credits', granted: d('200'), used: d('150') },
  ]);
});
