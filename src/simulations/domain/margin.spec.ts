import { Decimal } from '../../kernel';
import { isBelowFloor, marginOf } from './margin';
import type { CustomerOutcome } from './simulate-customer';

const d = (text: string) => new Decimal(text);
const outcome = (revenue: string | null, cost: string | null): CustomerOutcome => ({
  ...{ customerId: 'c', revenueNow: null, revenueThen: revenue === null ? null : d(revenue), costNow: null },
  ...{ costThen: cost === null ? null : d(cost), pendingEvents: 1, events: 1, lines: [], included: [], problem: null },
});

it.each`
  revenue  | cost           | floor          | margin                               | below    | because
  ${'120'} | ${'90'}        | ${'25'}        | ${'25'}                              | ${false} | ${'exactly the floor'}
  ${'120'} | ${'90.000001'} | ${'25'}        | ${'24.9999991666666666666666666666'} | ${true}  | ${'a hair less'}
  ${'3'}   | ${'2'}         | ${'33.333333'} | ${'33.3333333333333333333333333333'} | ${false} | ${'a third, told without a division'}
  ${'10'}  | ${'15'}        | ${'0'}         | ${'-50'}                             | ${true}  | ${'a loss'}
  ${'10'}  | ${'15'}        | ${'-50'}       | ${'-50'}                             | ${false} | ${'a loss that is allowed'}
  ${'0'}   | ${'0'}         | ${'50'}        | ${null}                              | ${false} | ${'nothing for nothing'}
  ${'0'}   | ${'1'}         | ${'-500'}      | ${null}                              | ${true}  | ${'nothing for something is below every floor'}
  ${'10'}  | ${null}        | ${'-500'}      | ${null}                              | ${true}  | ${'what isn’t known is'}
`('$revenue for $cost, floor $floor: $because', ({ revenue, cost, floor, margin, below }) => {
  const figures = marginOf([outcome(revenue as string, cost as string | null)]);
  expect(figures.marginPercent?.toSignificantDigits(30, Decimal.ROUND_DOWN).toFixed() ?? null).toBe(margin);
  expect(isBelowFloor(figures, d(floor as string))).toBe(below);
});

it('what can’t be charged was used all the same: its cost counts', () => {
  const figures = marginOf([outcome('100', '10'), outcome(null, '40')]);
  expect(figures).toMatchObject({ customers: 2, notRated: 1, pendingEvents: 2 });
  expect(figures.marginPercent).toEqual(d('50'));
});
