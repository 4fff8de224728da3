import fc from 'fast-check';
import { Decimal, sum } from '../../kernel';
import type { PercentageTier } from '../../catalog/domain';
import { chargeGraduated } from './charge-graduated';
import { chargeGraduatedPercentage } from './charge-graduated-percentage';
import { NegativeQuantityError } from './negative-quantity-error';

const d = (text: string): Decimal => new Decimal(text);
const tier = (upTo: string | null, percent: string, flatFee?: string): PercentageTier => ({
  upTo: upTo === null ? null : d(upTo),
  percent: d(percent),
  flatFee: flatFee === undefined ? undefined : d(flatFee),
});
const amounts = (value: string, tiers: readonly PercentageTier[]): string[] =>
  chargeGraduatedPercentage(d(value), tiers).map((row) => row.amount.toFixed());

describe('percentage tiers', () => {
  const TIERS = [tier('10000', '2'), tier('50000', '1.25'), tier(null, '0.5')];

  it.each`
    value                | expected                               | because
    ${'0'}               | ${[]}                                  | ${'nothing passed through, nothing charged'}
    ${'0.01'}            | ${['0.0002']}                          | ${'a cent is charged to the digit'}
    ${'10000'}           | ${['200']}                             | ${'upTo is inclusive'}
    ${'10000.01'}        | ${['200', '0.000125']}                 | ${'the cent above it is in the next tier'}
    ${'12000'}           | ${['200', '25']}                       | ${'200 + 1.25 % of 2,000'}
    ${'50000'}           | ${['200', '500']}                      | ${'the second tier is inclusive too'}
    ${'60000'}           | ${['200', '500', '50']}                | ${'the last tier is open'}
    ${'999999999999999'} | ${['200', '500', '4999999999749.995']} | ${'however much it is'}
  `('a value of $value: $because', ({ value, expected }) => {
    expect(amounts(value, TIERS)).toEqual(expected);
  });

  it.each`
    value    | expected                   | because
    ${'0'}   | ${['1']}                   | ${'the first tier is reached by any value, none included'}
    ${'100'} | ${['3', '1']}              | ${'the second tier is not reached at its edge'}
    ${'101'} | ${['3', '1', '0.02', '2']} | ${'but right behind it, with its fee'}
  `('with flat fees, a value of $value: $because', ({ value, expected }) => {
    expect(amounts(value, [tier('100', '3', '1'), tier(null, '2', '2')])).toEqual(expected);
  });

  it('say which part of the value each tier charged', () => {
    const rows = chargeGraduatedPercentage(d('60000'), TIERS);
    expect(rows.map(({ description }) => description)).toEqual([
      'Tier 1, value up to 10,000: 2%',
      'Tier 2, value above 10,000 up to 50,000: 1.25%',
      'Tier 3, value above 50,000: 0.5%',
    ]);
    expect(rows[1]).toMatchObject({ kind: 'percentage', quantity: d('40000'), unitPrice: d('0.0125') });
  });

  it('of one tier are told as the whole value', () => {
    expect(chargeGraduatedPercentage(d('5'), [tier(null, '10')])).toMatchObject([
      { description: 'Tier 1, the whole value: 10%' },
    ]);
  });

  it('refuse a value below zero', () => {
    expect(() => chargeGraduatedPercentage(d('-0.01'), TIERS)).toThrow(NegativeQuantityError);
  });

  it('are graduated tiers whose unit price is a hundredth of the percentage', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000_000 }), (cents) => {
        const value = new Decimal(cents).dividedBy(100);
        const asUnits = TIERS.map(({ upTo, percent }) => ({ upTo, unitPrice: percent.dividedBy(100) }));
        const total = (rows: readonly { amount: Decimal }[]): string => sum(rows.map(({ amount }) => amount)).toFixed();
        expect(total(chargeGraduatedPercentage(value, TIERS))).toBe(total(chargeGraduated(value, asUnits)));
      }),
    );
  });
});
