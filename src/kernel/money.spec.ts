import fc from 'fast-check';
import {
  allocate,
  Decimal,
  decimalProblem,
  decimalText,
  DecimalFormatError,
  formatAmount,
  InvariantError,
  minorUnitDecimals,
  parseDecimal,
  roundToMinorUnit,
  sum,
} from './index';

const d = (text: string): Decimal => new Decimal(text);

/** Any decimal that may come from outside: up to 15 digits before the point and 12 after. */
const acceptable = fc
  .tuple(fc.bigInt({ min: -(10n ** 27n - 1n), max: 10n ** 27n - 1n }), fc.integer({ min: 12, max: 20 }))
  .map(([units, shift]) => {
    const kept = units / 10n ** BigInt(shift - 12);
    const digits = (kept < 0n ? -kept : kept).toString().padStart(13, '0');
    return `${kept < 0n ? '-' : ''}${digits.slice(0, -12)}.${digits.slice(-12)}`;
  });

describe('decimals from outside', () => {
  it.each`
    text                     | read                 | because
    ${'0'}                   | ${'0'}               | ${'zero is a number'}
    ${'12.50'}               | ${'12.5'}            | ${'trailing zeros say nothing'}
    ${'-3'}                  | ${'-3'}              | ${'a sign is fine; who forbids negative values says so'}
    ${'0.1'}                 | ${'0.1'}             | ${'it never was a double'}
    ${'999999999999999'}     | ${'999999999999999'} | ${'15 digits before the point fit'}
    ${'0.000000000001'}      | ${'0.000000000001'}  | ${'12 digits after the point fit'}
    ${'1.50000000000000000'} | ${'1.5'}             | ${'zeros beyond the twelfth digit lose nothing'}
    ${'-0'}                  | ${'0'}               | ${'there is one zero'}
    ${'-0.00'}               | ${'0'}               | ${'there is one zero, however it is written'}
  `('$text is read as $read: $because', ({ text, read }) => {
    expect(decimalProblem(text)).toBeNull();
    expect(parseDecimal(text)).toEqual(d(read));
    expect(JSON.stringify(parseDecimal(text))).toBe(`"${read}"`);
  });

  it.each`
    text                   | because
    ${''}                  | ${'nothing is not zero'}
    ${' 1'}                | ${'white space is somebody else’s mistake'}
    ${'1\n'}               | ${'a line break behind the digits as well'}
    ${'1e3'}               | ${'an exponent can hide any size'}
    ${'NaN'}               | ${'not a number'}
    ${'Infinity'}          | ${'not a number either'}
    ${'+1'}                | ${'one way to write a number'}
    ${'01'}                | ${'a leading zero may mean octal or a cut text'}
    ${'1.'}                | ${'a point needs digits behind it'}
    ${'.5'}                | ${'and before it'}
    ${'1,5'}               | ${'a comma means thousands to some and a point to others'}
    ${'1_000'}             | ${'only code writes so'}
    ${'0x10'}              | ${'decimals are decimal'}
    ${'١٢'}                | ${'digits are 0 to 9'}
    ${'1000000000000000'}  | ${'16 digits before the point'}
    ${'0.0000000000001'}   | ${'13 digits after the point'}
    ${'9'.repeat(100_000)} | ${'refused by its length before anything looks at it'}
  `('refuses $text.length letters: $because', ({ text }) => {
    expect(decimalProblem(text)).toEqual(expect.stringMatching(/^(must|has)/));
    expect(() => parseDecimal(text)).toThrow(DecimalFormatError);
  });

  it('names no more of a long text than fits a sentence', () => {
    expect(() => parseDecimal('9'.repeat(1_000))).toThrow(/^'9{40}' has too many digits/);
  });

  it('leaves as it came', () => {
    fc.assert(
      fc.property(acceptable, (text) => {
        const once = decimalText(parseDecimal(text));
        expect(decimalProblem(once)).toBeNull();
        expect(parseDecimal(once)).toEqual(parseDecimal(text));
      }),
    );
  });

  it('multiplies three of them exactly', () => {
    const units = (text: string): bigint => BigInt(text.replace('.', ''));
    fc.assert(
      fc.property(acceptable, acceptable, acceptable, (a, b, c) => {
        const product = d(a).times(d(b)).times(d(c));
        expect(product.times(d('1e36')).toFixed()).toBe((units(a) * units(b) * units(c)).toString());
      }),
    );
  });
});

describe('the text of a decimal', () => {
  it.each`
    value                                   | text                                 | because
    ${d('0.0000000001')}                    | ${'0.0000000001'}                    | ${'no exponent, however small'}
    ${d('1e+30')}                           | ${'1000000000000000000000000000000'} | ${'nor however large'}
    ${d('2.50')}                            | ${'2.5'}                             | ${'no trailing zeros'}
    ${d('-0')}                              | ${'0'}                               | ${'there is one zero'}
    ${d('0.1').plus('0.2')}                 | ${'0.3'}                             | ${'0.1 + 0.2 is 0.3 here'}
    ${d('9007199254740993').plus('0.0001')} | ${'9007199254740993.0001'}           | ${'2^53 + 1 is a number like any other'}
  `('$text: $because', ({ value, text }) => {
    expect(decimalText(value)).toBe(text);
  });
});

describe('minor units', () => {
  it.each`
    currency | decimals
    ${'USD'} | ${2}
    ${'EUR'} | ${2}
    ${'JPY'} | ${0}
    ${'KWD'} | ${3}
    ${'CLF'} | ${4}
  `('$currency has $decimals decimals', ({ currency, decimals }) => {
    expect(minorUnitDecimals(currency)).toBe(decimals);
  });

  it.each(['jpy', '', 'US', 'USDT', 'U$D'])('refuses to guess the decimals of %j', (currency) => {
    expect(() => minorUnitDecimals(currency)).toThrow(InvariantError);
  });

  it.each`
    amount       | currency | rounded    | because
    ${'1.005'}   | ${'USD'} | ${'1.01'}  | ${'half goes away from zero, and 1.005 is 1.005'}
    ${'-1.005'}  | ${'USD'} | ${'-1.01'} | ${'also below zero'}
    ${'1.00499'} | ${'USD'} | ${'1.00'}  | ${'less than half goes down'}
    ${'2.675'}   | ${'EUR'} | ${'2.68'}  | ${'a double would make it 2.67'}
    ${'0.5'}     | ${'JPY'} | ${'1'}     | ${'a yen has no parts'}
    ${'1.0005'}  | ${'KWD'} | ${'1.001'} | ${'a dinar has a thousand'}
    ${'20'}      | ${'USD'} | ${'20.00'} | ${'shown with the currency’s decimals'}
    ${'-0.001'}  | ${'USD'} | ${'0.00'}  | ${'no minus before a zero'}
  `('$amount $currency is $rounded: $because', ({ amount, currency, rounded }) => {
    const line = roundToMinorUnit(d(amount), currency);
    expect(formatAmount(line, currency)).toBe(rounded);
    expect(roundToMinorUnit(line, currency)).toEqual(line);
  });

  it('shows no amount that is not rounded yet', () => {
    expect(() => formatAmount(d('1.005'), 'USD')).toThrow(InvariantError);
  });
});

describe('sum', () => {
  it('of nothing is zero', () => expect(sum([])).toEqual(d('0')));
  it('is exact', () => expect(sum(Array.from({ length: 10 }, () => d('0.1')))).toEqual(d('1')));
});

describe('allocate', () => {
  it.each`
    total      | weights                                 | unit      | parts                          | because
    ${'100'}   | ${['1', '1', '1']}                      | ${'0.01'} | ${['33.34', '33.33', '33.33']} | ${'equal remainders: the earlier part gets the cent'}
    ${'0.02'}  | ${['4', '1', '1']}                      | ${'0.01'} | ${['0.02', '0', '0']}          | ${'4/3 and 1/3 leave the same, so the first is first'}
    ${'0.05'}  | ${['1', '1']}                           | ${'0.01'} | ${['0.03', '0.02']}            | ${'half a cent each, and the first gets it'}
    ${'10'}    | ${['0', '1', '0']}                      | ${'0.01'} | ${['0', '10', '0']}            | ${'no weight, no part'}
    ${'-0.05'} | ${['1', '1']}                           | ${'0.01'} | ${['-0.03', '-0.02']}          | ${'what is taken back is split the same way'}
    ${'0'}     | ${['1', '2']}                           | ${'0.01'} | ${['0', '0']}                  | ${'nothing is split into nothings'}
    ${'7'}     | ${['0.5', '0.25', '0.25']}              | ${'1'}    | ${['3', '2', '2']}             | ${'3.5, 1.75, 1.75: the larger remainders first'}
    ${'0.01'}  | ${['0.000000000001', '0.000000000002']} | ${'0.01'} | ${['0', '0.01']}               | ${'only the proportion counts'}
  `('$total over $weights: $because', ({ total, weights, unit, parts }) => {
    const shares = allocate(d(total), (weights as string[]).map(d), d(unit));
    expect(shares).toEqual((parts as string[]).map(d));
  });

  it.each`
    total      | weights        | because
    ${'1'}     | ${[]}          | ${'nobody to give it to'}
    ${'1'}     | ${['0', '0']}  | ${'no proportion'}
    ${'1'}     | ${['2', '-1']} | ${'a weight below zero'}
    ${'0.005'} | ${['1']}       | ${'half a cent can’t be handed out'}
  `('refuses $total over $weights: $because', ({ total, weights }) => {
    expect(() => allocate(d(total), (weights as string[]).map(d), d('0.01'))).toThrow(InvariantError);
  });

  it('adds up, and each part is within a unit of its exact share', () => {
    const cents = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n });
    const weights = fc
      .array(fc.bigInt({ min: 0n, max: 10n ** 18n }), { minLength: 1, maxLength: 20 })
      .filter((some) => some.some((weight) => weight > 0n));
    fc.assert(
      fc.property(cents, weights, (total, some) => {
        const parts = allocate(
          d(`${total}e-2`),
          some.map((weight) => d(`${weight}e-6`)),
          d('0.01'),
        );
        expect(sum(parts)).toEqual(d(`${total}e-2`));

        const weightSum = some.reduce((left, right) => left + right);
        for (const [index, part] of parts.entries()) {
          const units = BigInt(part.times(100).toFixed());
          const off = units * weightSum - total * some[index]!;
          expect((off < 0n ? -off : off) < weightSum).toBe(true);
        }
      }),
    );
  });
});
