import { Decimal } from '../../kernel';
import { applyAllowance } from './apply-allowance';
import { NegativeQuantityError } from './negative-quantity-error';

const d = (text: string): Decimal => new Decimal(text);

it.each`
  quantity    | allowance | free        | billable  | because
  ${'0'}      | ${'3000'} | ${[]}       | ${'0'}    | ${'nothing used, nothing to show'}
  ${'10'}     | ${'3000'} | ${['10']}   | ${'0'}    | ${'within the allowance'}
  ${'3000'}   | ${'3000'} | ${['3000']} | ${'0'}    | ${'the last unit included costs nothing'}
  ${'3000.5'} | ${'3000'} | ${['3000']} | ${'0.5'}  | ${'half a unit beyond'}
  ${'3500'}   | ${'3000'} | ${['3000']} | ${'500'}  | ${'the rest is charged'}
  ${'3500'}   | ${null}   | ${[]}       | ${'3500'} | ${'no allowance'}
  ${'3500'}   | ${'0'}    | ${[]}       | ${'3500'} | ${'an allowance of nothing is none'}
`('$quantity used, $allowance included: $because', ({ quantity, allowance, free, billable }) => {
  const left = applyAllowance(d(quantity), allowance === null ? null : d(allowance));
  expect(left.rows.map((row) => row.quantity.toFixed())).toEqual(free);
  expect(left.rows.every((row) => row.kind === 'allowance' && row.amount.isZero())).toBe(true);
  expect(left.billable.toFixed()).toBe(billable);
});

it('refuses a quantity below zero, which would make the allowance larger', () => {
  expect(() => applyAllowance(d('-1'), d('10'))).toThrow(NegativeQuantityError);
});
