import { Decimal } from '../../kernel';
import { chargeConsumptionMargin } from './charge-consumption-margin';
import { NegativeQuantityError } from './negative-quantity-error';

const d = (text: string): Decimal => new Decimal(text);

it.each`
  cost                | markup               | expected                                   | because
  ${'0'}              | ${'30'}              | ${[]}                                      | ${'nothing spent, nothing charged'}
  ${'12.34'}          | ${'30'}              | ${['12.34', '3.702']}                      | ${'12.34 × 1.3 = 16.042'}
  ${'10'}             | ${'0'}               | ${['10', '0']}                             | ${'passed on at cost'}
  ${'10'}             | ${'250'}             | ${['10', '25']}                            | ${'a markup may be more than the cost'}
  ${'0.000000000001'} | ${'12.5'}            | ${['0.000000000001', '0.000000000000125']} | ${'however little a token costs'}
  ${'1'}              | ${'33.333333333333'} | ${['1', '0.33333333333333']}               | ${'the share has two digits more than the percentage'}
`('a cost of $cost with $markup%: $because', ({ cost, markup, expected }) => {
  expect(chargeConsumptionMargin(d(cost), d(markup)).map((row) => row.amount.toFixed())).toEqual(expected);
});

it('is on the cost, so the margin is less than the markup', () => {
  const [cost, markup] = chargeConsumptionMargin(d('100'), d('30'));
  const charge = cost!.amount.plus(markup!.amount);
  expect(markup!.amount.dividedBy(charge).toFixed(4)).toBe('0.2308'); // 30/130
});

it('refuses a cost below zero', () => {
  expect(() => chargeConsumptionMargin(d('-0.01'), d('30'))).toThrow(NegativeQuantityError);
});
