import { Decimal } from '../../kernel';
import { chargeFlat } from './charge-flat';

it.each`
  amount              | because
  ${'20'}             | ${'the base fee of a plan'}
  ${'0'}              | ${'a free plan says so on a row'}
  ${'0.333333333333'} | ${'nothing is rounded here'}
`('a flat amount of $amount is charged as it is: $because', ({ amount }) => {
  const [row, ...others] = chargeFlat(new Decimal(amount));
  expect(others).toEqual([]);
  expect(row).toMatchObject({ kind: 'flat', quantity: new Decimal(1), amount: new Decimal(amount) });
});
