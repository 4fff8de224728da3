import { Decimal } from '../../kernel';
import { chargeEventAmount } from './charge-event-amount';
import { NegativeQuantityError } from './negative-quantity-error';

const d = (text: string): Decimal => new Decimal(text);

it.each`
  amount                            | expected                            | because
  ${'0'}                            | ${[]}                               | ${'no events, or only free ones'}
  ${'1.25'}                         | ${['1.25']}                         | ${'what the events say'}
  ${'0.000000000001'}               | ${['0.000000000001']}               | ${'to the last digit'}
  ${'999999999999999.999999999999'} | ${['999999999999999.999999999999']} | ${'however much it is'}
`('amounts of $amount: $because', ({ amount, expected }) => {
  expect(chargeEventAmount(d(amount)).map((row) => row.amount.toFixed())).toEqual(expected);
});

it('shows the sum as what it is: money, one for one', () => {
  expect(chargeEventAmount(d('1.25'))).toEqual([
    {
      kind: 'amount',
      description: 'Amounts of the events, added up',
      from: null,
      upTo: null,
      quantity: d('1.25'),
      unitPrice: d('1'),
      amount: d('1.25'),
    },
  ]);
});

it('refuses a sum below zero', () => {
  expect(() => chargeEventAmount(d('-0.01'))).toThrow(NegativeQuantityError);
});
