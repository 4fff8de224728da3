import { Decimal } from '../../kernel';
import type { Tier } from '../../catalog/domain';
import { chargeGraduated } from './charge-graduated';
import { NegativeQuantityError } from './negative-quantity-error';

const d = (text: string): Decimal => new Decimal(text);
const tier = (upTo: string | null, unitPrice: string, flatFee?: string): Tier => ({
  upTo: upTo === null ? null : d(upTo),
  unitPrice: d(unitPrice),
  flatFee: flatFee === undefined ? undefined : d(flatFee),
});
const amounts = (quantity: string, tiers: readonly Tier[]): string[] =>
  chargeGraduated(d(quantity), tiers).map((row) => row.amount.toFixed());
const total = (quantity: string, tiers: readonly Tier[]): string =>
  amounts(quantity, tiers)
    .reduce((sum, amount) => sum.plus(amount), d('0'))
    .toFixed();

describe('graduated tiers', () => {
  const TIERS = [tier('10', '2'), tier('20', '1.5'), tier(null, '1')];

  it.each`
    quantity          | expected                        | because
    ${'0'}            | ${[]}                           | ${'nothing used, nothing charged'}
    ${'0.000001'}     | ${['0.000002']}                 | ${'a millionth of a unit is a millionth of the price'}
    ${'1'}            | ${['2']}                        | ${'the first unit'}
    ${'10'}           | ${['20']}                       | ${'upTo is inclusive'}
    ${'10.5'}         | ${['20', '0.75']}               | ${'a fraction falls in the next tier'}
    ${'11'}           | ${['20', '1.5']}                | ${'the first whole unit of the second tier'}
    ${'20'}           | ${['20', '15']}                 | ${'the second tier is inclusive too'}
    ${'25'}           | ${['20', '15', '5']}            | ${'the last tier is open'}
    ${'150'}          | ${['20', '15', '130']}          | ${'tiers are 10, 10 and the rest wide: no unit is counted twice at an edge'}
    ${'999999999999'} | ${['20', '15', '999999999979']} | ${'however much is used'}
  `('$quantity units: $because', ({ quantity, expected }) => {
    expect(amounts(quantity, TIERS)).toEqual(expected);
  });

  it('say which units each tier charged', () => {
    const rows = chargeGraduated(d('12'), TIERS);
    expect(rows.map(({ description }) => description)).toEqual([
      'Tier 1, up to 10: at 2 each',
      'Tier 2, above 10 up to 20: at 1.5 each',
    ]);
    expect(rows[1]).toMatchObject({
      kind: 'tier',
      from: d('10'),
      upTo: d('20'),
      quantity: d('2'),
      unitPrice: d('1.5'),
    });
  });

  it('are counted behind the allowance, which is told in the rows', () => {
    const rows = chargeGraduated(d('12'), TIERS, d('100'));
    expect(rows.map(({ description, amount }) => `${description} = ${amount.toFixed()}`)).toEqual([
      'Tier 1, above 100 up to 110: at 2 each = 20',
      'Tier 2, above 110 up to 120: at 1.5 each = 3',
    ]);
  });

  it('charge fractional bounds to the digit', () => {
    expect(amounts('2.75', [tier('0.5', '3'), tier('2.25', '0.1'), tier(null, '0.01')])).toEqual([
      '1.5',
      '0.175',
      '0.005',
    ]);
  });

  it('can give a tier away, and still say so', () => {
    const rows = chargeGraduated(d('5'), [tier('3', '0'), tier(null, '4')]);
    expect(rows.map((row) => row.amount.toFixed())).toEqual(['0', '8']);
  });

  it('refuse a quantity below zero', () => {
    expect(() => chargeGraduated(d('-0.01'), TIERS)).toThrow(NegativeQuantityError);
  });
});

// Stripe, "Set up tiered pricing", section "Graduated pricing": fonts at 7, 6.50 and 6 USD.
// https://docs.stripe.com/subscriptions/pricing-models/tiered-pricing#graduated-pricing
describe('Stripe’s worked example of graduated pricing', () => {
  const FONTS = [tier('5', '7'), tier('10', '6.5'), tier(null, '6')];

  it.each`
    quantity | expected
    ${'1'}   | ${'7'}
    ${'5'}   | ${'35'}
    ${'6'}   | ${'41.5'}
    ${'20'}  | ${'127.5'}
    ${'25'}  | ${'157.5'}
  `('$quantity fonts cost $expected USD', ({ quantity, expected }) => {
    expect(total(quantity, FONTS)).toBe(expected);
  });
});

// The same page, section "Add a flat rate".
// https://docs.stripe.com/subscriptions/pricing-models/tiered-pricing#add-a-flat-rate
describe('Stripe’s worked example of graduated pricing with flat rates', () => {
  const WITH_FEES = [
    tier('5', '5', '10'),
    tier('10', '4', '20'),
    tier('15', '3', '30'),
    tier('20', '2', '40'),
    tier(null, '1', '50'),
  ];

  it.each`
    quantity | expected                               | because
    ${'12'}  | ${['25', '10', '20', '20', '6', '30']} | ${'(5 × 5 + 10) + (5 × 4 + 20) + (2 × 3 + 30) = 111, as Stripe works it'}
    ${'0'}   | ${['10']}                              | ${'Stripe bills the first tier’s flat rate when the quantity is 0'}
    ${'5'}   | ${['25', '10']}                        | ${'the second tier begins above 5, not at it'}
    ${'5.1'} | ${['25', '10', '0.4', '20']}           | ${'the first part of a unit reaches a tier'}
  `('$quantity units: $because', ({ quantity, expected }) => {
    expect(amounts(quantity, WITH_FEES)).toEqual(expected);
  });

  it('adds up to Stripe’s 111 USD for 12 units', () => expect(total('12', WITH_FEES)).toBe('111'));

  it('bills nothing without usage when the fee is the price of a first unit, as Stripe advises', () => {
    const advised = [tier('1', '10'), tier(null, '5')];
    expect(total('0', advised)).toBe('0');
    expect(total('1', advised)).toBe('10');
  });
});
