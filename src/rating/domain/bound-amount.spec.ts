import { Decimal } from '../../kernel';
import { boundAmount } from './bound-amount';
import { WHOLE } from './model';
import { prorateAmount } from './prorate';

const d = (text: string): Decimal => new Decimal(text);
const HALF = { part: 1, whole: 2 };

it.each`
  amount   | minimum      | maximum      | share    | rows               | because
  ${'7.5'} | ${'10'}      | ${undefined} | ${WHOLE} | ${['minimum 2.5']} | ${'lifted'}
  ${'10'}  | ${'10'}      | ${'10'}      | ${WHOLE} | ${[]}              | ${'on the bound is within'}
  ${'0'}   | ${'10'}      | ${undefined} | ${WHOLE} | ${['minimum 10']}  | ${'nothing used still asks the minimum'}
  ${'120'} | ${undefined} | ${'100'}     | ${WHOLE} | ${['maximum -20']} | ${'lowered'}
  ${'50'}  | ${'10'}      | ${'100'}     | ${WHOLE} | ${[]}              | ${'in between'}
  ${'4'}   | ${'10'}      | ${undefined} | ${HALF}  | ${['minimum 1']}   | ${'half a period asks half the minimum'}
  ${'60'}  | ${undefined} | ${'100'}     | ${HALF}  | ${['maximum -10']} | ${'and at most half the maximum'}
  ${'-3'}  | ${'0'}       | ${undefined} | ${WHOLE} | ${['minimum 3']}   | ${'a minimum of nothing takes a credit away'}
  ${'0'}   | ${undefined} | ${'0'}       | ${WHOLE} | ${[]}              | ${'nothing is within any maximum'}
`('$amount in $minimum to $maximum: $because', ({ amount, minimum, maximum, share, rows }) => {
  const bounds = { minimum: minimum && d(minimum), maximum: maximum && d(maximum) };
  expect(boundAmount(d(amount), bounds, share).map((row) => `${row.kind} ${row.amount.toFixed()}`)).toEqual(rows);
});

it('takes what divisions leave for nothing', () => {
  const third = { part: 1, whole: 3 };
  const amount = prorateAmount(d('5'), third).plus(prorateAmount(d('5'), third));
  expect(boundAmount(amount, { minimum: d('10'), maximum: d('10') }, third)).toEqual([]);
});
