import fc from 'fast-check';
import { Decimal } from './money';
import { SCALE, ScaleError, scaledFromDecimal, scaledText, scaledToDecimal } from './scaled';

describe('scaled integers', () => {
  it.each`
    scaled                                  | scale    | text                            | because
    ${0n}                                   | ${SCALE} | ${'0'}                          | ${'zero has no fraction'}
    ${1n}                                   | ${SCALE} | ${'0.000000000000000000000001'} | ${'the smallest part, without exponent'}
    ${1_000_000_000_000_000_000_000_000n}   | ${SCALE} | ${'1'}                          | ${'a whole has no point'}
    ${-2_500_000_000_000_000_000n}          | ${SCALE} | ${'-0.0000025'}                 | ${'the sign stands before the zero'}
    ${120_000_000_000_000_000_000_000_000n} | ${SCALE} | ${'120'}                        | ${'zeros before the point stay'}
    ${2_500_000n}                           | ${12}    | ${'0.0000025'}                  | ${'other scales work alike'}
    ${-7n}                                  | ${0}     | ${'-7'}                         | ${'scale 0 is the integer itself'}
  `('$scaled at $scale is $text: $because', ({ scaled, scale, text }) => {
    expect(scaledText(scaled, scale)).toBe(text);
    expect(scaledToDecimal(scaled, scale).toFixed()).toBe(text);
    expect(scaledFromDecimal(new Decimal(text), scale)).toBe(scaled);
  });

  it.each`
    value                            | because
    ${'0.0000000000000000000000001'} | ${'25 decimals are one more than the scale keeps'}
    ${'NaN'}                         | ${'NaN is no number'}
    ${'Infinity'}                    | ${'nor is infinity'}
  `('refuses $value: $because', ({ value }) => {
    expect(() => scaledFromDecimal(new Decimal(value))).toThrow(ScaleError);
  });

  it('takes trailing zeros and a negative zero for what they are', () => {
    expect(scaledFromDecimal(new Decimal('1.50000000000000000000000000000'))).toBe(15n * 10n ** 23n);
    expect(scaledFromDecimal(new Decimal('-0'))).toBe(0n);
  });

  it('there and back is the same number, of any size and at any scale', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 60n), max: 10n ** 60n }),
        fc.integer({ min: 0, max: 30 }),
        (scaled, scale) => {
          expect(scaledFromDecimal(scaledToDecimal(scaled, scale), scale)).toBe(scaled);
          expect(scaledText(scaled, scale)).toBe(new Decimal(scaled.toString()).times(`1e-${scale}`).toFixed());
        },
      ),
    );
  });
});
