import fc from 'fast-check';
import { Decimal } from '../../kernel';
import { chargePackage } from './charge-package';
import { NegativeQuantityError } from './negative-quantity-error';

const d = (text: string): Decimal => new Decimal(text);
const packages = (quantity: string, size: string, price = '5'): string[] =>
  chargePackage(d(quantity), d(size), d(price)).map((row) => `${row.quantity.toFixed()} = ${row.amount.toFixed()}`);

describe('packages', () => {
  it.each`
    quantity                    | size                | expected                                                          | because
    ${'0'}                      | ${'100'}            | ${[]}                                                             | ${'no usage begins no package'}
    ${'0.000000000001'}         | ${'100'}            | ${['1 = 5']}                                                      | ${'the smallest usage begins one'}
    ${'1'}                      | ${'100'}            | ${['1 = 5']}                                                      | ${'a begun package is charged in full'}
    ${'100'}                    | ${'100'}            | ${['1 = 5']}                                                      | ${'a full one is not the beginning of the next'}
    ${'100.5'}                  | ${'100'}            | ${['2 = 10']}                                                     | ${'half a unit begins the second'}
    ${'250'}                    | ${'100'}            | ${['3 = 15']}                                                     | ${'two full ones and a begun one'}
    ${'1'}                      | ${'0.1'}            | ${['10 = 50']}                                                    | ${'as doubles 1 / 0.1 is even by luck'}
    ${'0.3'}                    | ${'0.1'}            | ${['3 = 15']}                                                     | ${'as doubles 0.3 / 0.1 is below 3, and 0.6 / 0.2 too'}
    ${'2.5'}                    | ${'0.75'}           | ${['4 = 20']}                                                     | ${'sizes may be fractions: 3.33 packages'}
    ${'10'}                     | ${'3'}              | ${['4 = 20']}                                                     | ${'a quotient without an end'}
    ${'999999999999999'}        | ${'0.000000000001'} | ${['999999999999999000000000000 = 4999999999999995000000000000']} | ${'the most units in the smallest packages'}
    ${'999999999999999.000001'} | ${'3'}              | ${['333333333333334 = 1666666666666670']}                         | ${'a millionth of a unit above a full package, far out'}
  `('$quantity units in packages of $size: $because', ({ quantity, size, expected }) => {
    expect(packages(quantity, size)).toEqual(expected);
  });

  it('can be free, and still say so', () => {
    expect(packages('101', '100', '0')).toEqual(['2 = 0']);
  });

  it('say how many were charged, and for which units', () => {
    expect(chargePackage(d('150'), d('100'), d('5'))).toEqual([
      {
        kind: 'package',
        description: 'Packages of 100, at 5 each',
        from: d('0'),
        upTo: d('200'),
        quantity: d('2'),
        unitPrice: d('5'),
        amount: d('10'),
      },
    ]);
  });

  it('begin behind the allowance, which is told', () => {
    expect(chargePackage(d('150'), d('100'), d('5'), d('1000'))).toMatchObject([
      { description: 'Packages of 100, beyond the 1,000 included, at 5 each', from: d('1000'), upTo: d('1200') },
    ]);
  });

  it('refuse a quantity below zero', () => {
    expect(() => chargePackage(d('-1'), d('100'), d('5'))).toThrow(NegativeQuantityError);
  });

  it('hold all units, and one package fewer would not', () => {
    const amountsOfMoney = fc
      .integer({ min: 1, max: 1_000_000 })
      .map((thousandths) => new Decimal(thousandths).dividedBy(1000));
    fc.assert(
      fc.property(amountsOfMoney, amountsOfMoney, (quantity, size) => {
        const [row] = chargePackage(quantity, size, d('0.07'));
        expect(row!.quantity.isInteger()).toBe(true);
        expect(row!.quantity.times(size).greaterThanOrEqualTo(quantity)).toBe(true);
        expect(row!.quantity.minus(1).times(size).lessThan(quantity)).toBe(true);
      }),
    );
  });
});
