import fc from 'fast-check';
import { Decimal, scaledFromDecimal, scaledText } from '../../kernel';
import { compileRates, convert, converter, type ExchangeRate, exchangeRateProblems, NO_RATES } from './exchange-rates';

const rate = (base: string, quote: string, value: string, validFrom = '2026-01-01T00:00:00.000Z'): ExchangeRate => ({
  base,
  quote,
  rate: value,
  validFrom,
});
const micros = (instant: string) => Date.parse(instant) * 1_000;
const AT = micros('2026-06-01T00:00:00Z');
const amount = (text: string) => scaledFromDecimal(new Decimal(text));

describe('an amount in another currency', () => {
  const rates = compileRates([
    rate('EUR', 'USD', '1.085'),
    rate('EUR', 'USD', '1.1', '2026-02-01T00:00:00.000Z'),
    rate('GBP', 'EUR', '1.2'),
    rate('USD', 'JPY', '151.123456789012'),
  ]);

  it.each`
    given                           | from     | to       | at                            | expected                        | because
    ${'10'}                         | ${'EUR'} | ${'USD'} | ${'2026-01-01T00:00:00Z'}     | ${'10.85'}                      | ${'a rate holds from its instant on'}
    ${'10'}                         | ${'EUR'} | ${'USD'} | ${'2026-01-31T23:59:59.999Z'} | ${'10.85'}                      | ${'until the next begins'}
    ${'10'}                         | ${'EUR'} | ${'USD'} | ${'2026-02-01T00:00:00Z'}     | ${'11'}                         | ${'which holds from its own instant on'}
    ${'10'}                         | ${'EUR'} | ${'USD'} | ${'2025-12-31T23:59:59.999Z'} | ${null}                         | ${'none was in force'}
    ${'10'}                         | ${'USD'} | ${'EUR'} | ${'2026-06-01T00:00:00Z'}     | ${null}                         | ${'a rate says nothing about the way back'}
    ${'10'}                         | ${'GBP'} | ${'USD'} | ${'2026-06-01T00:00:00Z'}     | ${null}                         | ${'no way through a third currency'}
    ${'10'}                         | ${'CHF'} | ${'CHF'} | ${'2026-06-01T00:00:00Z'}     | ${'10'}                         | ${'the same currency needs no rate'}
    ${'0'}                          | ${'CHF'} | ${'USD'} | ${'2026-06-01T00:00:00Z'}     | ${null}                         | ${'not even nothing is converted by a guess'}
    ${'0.000000000000000000000001'} | ${'USD'} | ${'JPY'} | ${'2026-06-01T00:00:00Z'}     | ${'0.000000000000000000000151'} | ${'rounded at the 24th decimal'}
    ${'-0.5'}                       | ${'EUR'} | ${'USD'} | ${'2026-06-01T00:00:00Z'}     | ${'-0.55'}                      | ${'a correction is the mirror of its cost'}
  `('$given $from at $at in $to: $because', ({ given, from, to, at, expected }) => {
    const converted = convert(rates, amount(given), from, to, micros(at));
    expect(converted === null ? null : scaledText(converted)).toBe(expected);
  });

  it.each`
    value    | given   | expected
    ${'0.5'} | ${'1'}  | ${'1'}
    ${'0.5'} | ${'-1'} | ${'-1'}
    ${'0.5'} | ${'3'}  | ${'2'}
    ${'0.4'} | ${'1'}  | ${'0'}
    ${'0.6'} | ${'1'}  | ${'1'}
  `('$given of the smallest part at $value is $expected of them: half away from zero', ({ value, given, expected }) => {
    expect(convert(compileRates([rate('EUR', 'USD', value)]), BigInt(given), 'EUR', 'USD', AT)).toBe(BigInt(expected));
  });

  it('counts the last given of two for one instant', () => {
    const twice = compileRates([rate('EUR', 'USD', '1'), rate('EUR', 'USD', '2')]);
    expect(convert(twice, 5n, 'EUR', 'USD', AT)).toBe(10n);
  });

  it('has no rate in an empty book', () => {
    expect(convert(NO_RATES, 5n, 'EUR', 'USD', AT)).toBeNull();
    expect(converter(NO_RATES)(5n, 'EUR', 'EUR', AT)).toBe(5n);
  });
});

describe('for all amounts and rates', () => {
  const amounts = fc.bigInt({ min: -(10n ** 36n), max: 10n ** 36n });
  const values = fc
    .tuple(fc.nat({ max: 1_000_000 }), fc.nat({ max: 999_999 }))
    .map(([whole, part]) => `${whole}.${String(part).padStart(12, '0')}`);

  it('is at most half of the smallest part away from the exact product', () => {
    fc.assert(
      fc.property(amounts, values, (given, value) => {
        const converted = convert(compileRates([rate('EUR', 'USD', value)]), given, 'EUR', 'USD', AT)!;
        const exact = given * scaledFromDecimal(new Decimal(value), 12);
        const away = converted * 10n ** 12n - exact;
        expect((away < 0n ? -away : away) * 2n).toBeLessThanOrEqual(10n ** 12n);
      }),
    );
  });

  it('is the mirror for the mirrored amount', () => {
    fc.assert(
      fc.property(amounts, values, (given, value) => {
        const rates = compileRates([rate('EUR', 'USD', value)]);
        expect(convert(rates, -given, 'EUR', 'USD', AT)).toBe(-convert(rates, given, 'EUR', 'USD', AT)!);
      }),
    );
  });

  it('takes the latest rate that has begun, in whatever order they were given', () => {
    const days = fc.uniqueArray(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(days, fc.integer({ min: 0, max: 300 }), (from, day) => {
        const instant = (offset: number) => new Date(Date.UTC(2026, 0, 1 + offset)).toISOString();
        const rates = compileRates(from.map((start) => rate('EUR', 'USD', String(start + 1), instant(start))));
        const begun = from.filter((start) => start <= day);
        const expected = begun.length === 0 ? null : BigInt(Math.max(...begun) + 1);
        expect(convert(rates, 1n, 'EUR', 'USD', micros(instant(day)))).toBe(expected);
      }),
    );
  });
});

describe('a list of rates', () => {
  it('says everything that is wrong, by its place', () => {
    expect(
      exchangeRateProblems([
        rate('EUR', 'USD', '1.1'),
        rate('EUR', 'EUR', '1'),
        rate('EUR', 'CHF', '0'),
        rate('EUR', 'USD', '1.2'),
        rate('EUR', 'USD', '1.20'),
      ]),
    ).toEqual([
      { field: '[1].quote', detail: 'must be another currency than base' },
      { field: '[2].rate', detail: 'must be more than 0' },
      { field: '[3].validFrom', detail: 'EUR to USD has another rate for this instant in the list' },
    ]);
  });

  it('may say the same twice', () => {
    expect(exchangeRateProblems([rate('EUR', 'USD', '1.1'), rate('EUR', 'USD', '1.10')])).toEqual([]);
  });
});
