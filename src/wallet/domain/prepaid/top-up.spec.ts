import { Decimal } from '../../../kernel';
import { decideTopUp, schedulePeriod, type TopUpRule } from '.';

const d = (text: string): Decimal => new Decimal(text);
const BELOW: TopUpRule = { on: 'threshold', below: d('10') };
const MONTHLY: TopUpRule = {
  on: 'schedule',
  every: { startAt: new Date('2026-01-31T00:00:00Z'), timeZone: 'UTC', interval: 'month' },
};
const TOP_UP = { amount: d('25'), price: d('25'), monthlyLimit: d('60') };
const NOTHING = { available: d('0'), isPending: false, spentThisMonth: d('0'), lastPeriod: null };

it.each`
  left       | isPending | spent      | limit   | decision     | because
  ${'12'}    | ${false}  | ${'0'}     | ${'60'} | ${'none'}    | ${'enough is left'}
  ${'10'}    | ${false}  | ${'0'}     | ${'60'} | ${'none'}    | ${'the threshold itself is enough'}
  ${'9.999'} | ${false}  | ${'0'}     | ${'60'} | ${'buy'}     | ${'a tenth of a cent below'}
  ${'-3'}    | ${false}  | ${'25'}    | ${'60'} | ${'buy'}     | ${'the second of the month'}
  ${'3'}     | ${false}  | ${'50'}    | ${'60'} | ${'limited'} | ${'a third would be 75.00'}
  ${'3'}     | ${false}  | ${'35'}    | ${'60'} | ${'buy'}     | ${'up to the limit itself'}
  ${'3'}     | ${false}  | ${'35.01'} | ${'60'} | ${'limited'} | ${'a cent above it'}
  ${'3'}     | ${true}   | ${'25'}    | ${'60'} | ${'none'}    | ${'one is asked for already'}
  ${'3'}     | ${false}  | ${'9000'}  | ${null} | ${'buy'}     | ${'without a limit'}
`('$left left, $spent spent: $because', ({ left, isPending, spent, limit, decision }) => {
  const state = { ...NOTHING, available: d(left), isPending, spentThisMonth: d(spent) };
  const topUp = { ...TOP_UP, monthlyLimit: limit === null ? null : d(limit) };
  expect(decideTopUp(BELOW, topUp, state, new Date('2026-03-05'))).toBe(decision);
});

it.each`
  at              | lastPeriod | spent   | decision     | because
  ${'2026-01-30'} | ${null}    | ${'0'}  | ${'none'}    | ${'it has not begun'}
  ${'2026-01-31'} | ${null}    | ${'0'}  | ${'buy'}     | ${'its first instant'}
  ${'2026-02-27'} | ${0}       | ${'0'}  | ${'none'}    | ${'the period has its top-up'}
  ${'2026-02-28'} | ${0}       | ${'0'}  | ${'buy'}     | ${'the 31st of February is the 28th'}
  ${'2026-06-10'} | ${1}       | ${'0'}  | ${'buy'}     | ${'once, though three were missed'}
  ${'2026-03-31'} | ${1}       | ${'40'} | ${'limited'} | ${'the month has had 40.00 already'}
`('on $at after period $lastPeriod: $because', ({ at, lastPeriod, spent, decision }) => {
  const state = { ...NOTHING, lastPeriod, spentThisMonth: d(spent) };
  expect(decideTopUp(MONTHLY, TOP_UP, state, new Date(at))).toBe(decision);
});

it('a schedule buys though one is not paid yet: its price was agreed for each period', () => {
  expect(decideTopUp(MONTHLY, TOP_UP, { ...NOTHING, isPending: true, lastPeriod: 0 }, new Date('2026-03-05'))).toBe(
    'buy',
  );
});

it('says which period an instant is in', () => {
  const { every } = MONTHLY;
  expect(
    ['2026-01-01', '2026-02-01', '2026-02-28', '2026-03-30'].map((at) => schedulePeriod(every, new Date(at))),
  ).toEqual([null, 0, 1, 1]);
});
