import type { BillingInterval } from '../../kernel';
import type { Charge } from './charge';
import { intervalProblems } from './interval-problems';
import { intervalInWords, type Plan, sameInterval } from './plan';

const OUTCOME = { model: 'outcome' } as Charge;
const FLAT = { model: 'flat' } as Charge;

function problems(interval: BillingInterval, intervalCount: number, charge = FLAT): string[] {
  const prices = [{ key: 'a', meter: null, allowance: null, charge }];
  return intervalProblems({ currency: 'USD', interval, intervalCount, prices }).map(({ field }) => field);
}

it.each`
  interval       | most
  ${'day'}       | ${1_096}
  ${'week'}      | ${156}
  ${'month'}     | ${36}
  ${'quarter'}   | ${12}
  ${'half_year'} | ${6}
  ${'year'}      | ${3}
`(
  'a billing period is at most three years, $most of a $interval',
  ({ interval, most }: { interval: BillingInterval; most: number }) => {
    expect(problems(interval, most)).toEqual([]);
    expect(problems(interval, most + 1)).toEqual(['intervalCount']);
  },
);

it.each`
  interval       | count | isFine
  ${'day'}       | ${31} | ${true}
  ${'day'}       | ${32} | ${false}
  ${'week'}      | ${4}  | ${true}
  ${'week'}      | ${5}  | ${false}
  ${'month'}     | ${1}  | ${true}
  ${'month'}     | ${2}  | ${false}
  ${'quarter'}   | ${1}  | ${false}
  ${'half_year'} | ${1}  | ${false}
  ${'year'}      | ${1}  | ${false}
`('outcomes in periods of $count $interval: fine is $isFine', ({ interval, count, isFine }) => {
  expect(problems(interval, count, OUTCOME)).toEqual(isFine ? [] : ['prices[0].charge.model']);
});

it('is a month where a plan says nothing', () => {
  const prices = [{ key: 'a', meter: null, allowance: null, charge: OUTCOME }];
  expect(intervalProblems({ currency: 'USD', prices })).toEqual([]);
});

it.each`
  interval       | intervalCount | words
  ${'month'}     | ${undefined}  | ${'month'}
  ${'half_year'} | ${1}          | ${'half-year'}
  ${'week'}      | ${2}          | ${'2 weeks'}
  ${'half_year'} | ${3}          | ${'3 half-years'}
`('$intervalCount $interval is told as $words', ({ words, ...plan }) => {
  expect(intervalInWords(plan)).toBe(words);
});

it('is the same with and without a count of one, and no other', () => {
  const plan = (interval: BillingInterval, intervalCount?: number) => ({ interval, intervalCount }) as Plan;
  expect(sameInterval(plan('month'), plan('month', 1))).toBe(true);
  expect(sameInterval(plan('month', 3), plan('quarter'))).toBe(false);
  expect(sameInterval(plan('week', 2), plan('week'))).toBe(false);
});
