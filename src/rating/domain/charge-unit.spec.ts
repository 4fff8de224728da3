import { Decimal } from '../../kernel';
import { chargeUnit } from './charge-unit';
import { NegativeQuantityError } from './negative-quantity-error';

const d = (text: string): Decimal => new Decimal(text);

it.each`
  quantity             | unitPrice           | expected                | because
  ${'0'}               | ${'5'}              | ${[]}                   | ${'nothing used, nothing charged'}
  ${'1'}               | ${'0.05'}           | ${['0.05']}             | ${'one successful task'}
  ${'3.5'}             | ${'0.002'}          | ${['0.007']}            | ${'fractions are charged as fractions'}
  ${'3'}               | ${'0.1'}            | ${['0.3']}              | ${'not 0.30000000000000004'}
  ${'7'}               | ${'0'}              | ${['0']}                | ${'free by its price, and shown'}
  ${'999999999999999'} | ${'0.000000000001'} | ${['999.999999999999']} | ${'the largest quantity at the smallest price loses nothing'}
`('$quantity units at $unitPrice: $because', ({ quantity, unitPrice, expected }) => {
  expect(chargeUnit(d(quantity), d(unitPrice)).map((row) => row.amount.toFixed())).toEqual(expected);
});

it('says which units it charged', () => {
  expect(chargeUnit(d('500'), d('0.002'), d('3000'))).toEqual([
    {
      kind: 'unit',
      description: 'Units beyond the 3,000 included, at 0.002 each',
      from: d('3000'),
      upTo: null,
      quantity: d('500'),
      unitPrice: d('0.002'),
      amount: d('1'),
    },
  ]);
});

it('refuses a quantity below zero', () => {
  expect(() => chargeUnit(d('-1'), d('1'))).toThrow(NegativeQuantityError);
});
