import {
  InvalidPriceError,
  type PriceRow,
  compileModelPrice,
  isInForce,
  priceAbove,
  priceRowProblems,
} from './model-price';

const MILLION = '1000000';

function row(change: Partial<PriceRow> = {}): PriceRow & { id: number } {
  return {
    id: 1,
    provider: 'acme',
    model: 'm',
    match: null,
    position: 0,
    validFrom: null,
    validTo: null,
    dailyFrom: null,
    dailyTo: null,
    currency: 'USD',
    units: { input: { per: MILLION, amount: '2.5' }, output: { per: MILLION, amount: '10' } },
    ...change,
  };
}
const units = (names: string[]): PriceRow['units'] =>
  Object.fromEntries(names.map((name, index) => [name, { per: MILLION, amount: String(index + 1) }]));
const micros = (instant: string) => Date.parse(instant) * 1000;

describe('the price of one unit', () => {
  it.each`
    per        | amount                   | one                                       | fast         | because
    ${MILLION} | ${'2.5'}                 | ${2_500_000_000_000_000_000n}             | ${2_500_000} | ${'2.50 per million is 0.0000025 each'}
    ${'1000'}  | ${'5'}                   | ${5_000_000_000_000_000_000_000n}         | ${5e9}       | ${'5 per thousand requests'}
    ${'1'}     | ${'0'}                   | ${0n}                                     | ${0}         | ${'free is a price'}
    ${MILLION} | ${'0.08333333333333334'} | ${83_333_333_333_333_340n}                | ${NaN}       | ${'23 decimals: exact, and too fine for plain numbers'}
    ${'1'}     | ${'9007.199254740992'}   | ${9_007_199_254_740_992_000_000_000_000n} | ${NaN}       | ${'2^53 at 12 decimals: no plain number either'}
  `('$amount per $per: $because', ({ per, amount, one, fast }) => {
    const price = compileModelPrice(row({ units: { input: { per, amount } } }));
    expect(price.units.input).toEqual({ base: one, tiers: [] });
    expect(price.levels).toHaveLength(1);
    expect(price.levels[0]!.fast.input).toBe(fast);
  });

  it.each`
    amount     | per       | one             | because
    ${'0.36'}  | ${'3600'} | ${100_000_000n} | ${'0.36 an hour is exactly 0.0001 a second'}
    ${'0.006'} | ${'60'}   | ${100_000_000n} | ${'and so is 0.006 a minute'}
    ${'0.111'} | ${'3600'} | ${30_833_333n}  | ${'0.111 an hour has no end by the second: 12 decimals of it'}
    ${'0.04'}  | ${'3600'} | ${11_111_111n}  | ${'the digit behind is dropped below a half'}
    ${'0.02'}  | ${'3600'} | ${5_555_556n}   | ${'and rounded up from it'}
  `('a second at $amount per $per: $because', ({ amount, per, one }) => {
    const price = compileModelPrice(row({ units: { audioSeconds: { per, amount } } }));
    expect(price.units.audioSeconds?.base).toBe(one * 10n ** 12n);
  });

  it('has a level for each step of context, at which each unit has the price of its own last step', () => {
    const price = compileModelPrice(
      row({
        units: {
          input: {
            per: '1',
            amount: '1',
            tiers: [
              { above: '100', amount: '2' },
              { above: '300', amount: '3' },
            ],
          },
          output: { per: '1', amount: '10', tiers: [{ above: '200', amount: '20' }] },
        },
      }),
    );
    const at = (unit: 'input' | 'output', above: number) => Number(priceAbove(price.units[unit]!, above) / 10n ** 24n);
    expect(price.levels.map(({ above }) => [above, at('input', above), at('output', above)])).toEqual([
      [300, 3, 20],
      [200, 2, 20],
      [100, 2, 10],
      [-1, 1, 10],
    ]);
  });
});

describe('what a unit without a price of its own is charged as', () => {
  it.each`
    own                                                    | unit              | chargedAs         | because
    ${['input', 'output']}                                 | ${'cacheRead'}    | ${'input'}        | ${'cached tokens are input tokens'}
    ${['input', 'output']}                                 | ${'cacheWrite'}   | ${'input'}        | ${'written tokens too'}
    ${['input', 'output']}                                 | ${'inputAudio'}   | ${'input'}        | ${'audio is input'}
    ${['input', 'output']}                                 | ${'outputAudio'}  | ${'output'}       | ${'audio is output'}
    ${['input', 'output']}                                 | ${'cachedAudio'}  | ${'input'}        | ${'cached audio is input'}
    ${['input', 'cacheRead']}                              | ${'cachedAudio'}  | ${'cacheRead'}    | ${'what is cached is cached, spoken or not'}
    ${['input', 'inputAudio']}                             | ${'cachedAudio'}  | ${'inputAudio'}   | ${'what is spoken is spoken, cached or not'}
    ${['input', 'cacheRead', 'inputAudio']}                | ${'cachedAudio'}  | ${null}           | ${'two prices, and nobody says which'}
    ${['input', 'cacheRead', 'inputAudio', 'cachedAudio']} | ${'cachedAudio'}  | ${'cachedAudio'}  | ${'its own price'}
    ${['input']}                                           | ${'output'}       | ${null}           | ${'output is not input'}
    ${['output']}                                          | ${'cacheRead'}    | ${null}           | ${'nothing wider has a price'}
    ${['input']}                                           | ${'requests'}     | ${null}           | ${'a request is no token'}
    ${['input', 'cacheWrite']}                             | ${'cacheWrite1h'} | ${'cacheWrite'}   | ${'a write for an hour is a write'}
    ${['input', 'cacheWrite', 'cacheWrite1h']}             | ${'cacheWrite1h'} | ${'cacheWrite1h'} | ${'at its own price where it has one'}
  `('$unit with prices of $own: $because', ({ own, unit, chargedAs }) => {
    const price = compileModelPrice(row({ units: units(own) }));
    expect(price.chargedAs[unit as 'input']).toBe(chargedAs);
  });
});

describe('when a price holds', () => {
  it.each`
    validFrom                             | validTo                   | at                                    | holds    | because
    ${null}                               | ${null}                   | ${micros('1999-01-01T00:00:00Z')}     | ${true}  | ${'open on both sides'}
    ${'2025-06-10T00:00:00Z'}             | ${null}                   | ${micros('2025-06-10T00:00:00Z')}     | ${true}  | ${'from is inclusive'}
    ${'2025-06-10T00:00:00Z'}             | ${null}                   | ${micros('2025-06-10T00:00:00Z') - 1} | ${false} | ${'a microsecond before'}
    ${null}                               | ${'2025-06-10T00:00:00Z'} | ${micros('2025-06-10T00:00:00Z')}     | ${false} | ${'to is exclusive'}
    ${null}                               | ${'2025-06-10T00:00:00Z'} | ${micros('2025-06-10T00:00:00Z') - 1} | ${true}  | ${'a microsecond before'}
    ${'2025-06-10T02:00:00.000001+02:00'} | ${null}                   | ${micros('2025-06-10T00:00:00Z')}     | ${false} | ${'microseconds and offsets count'}
    ${'2025-06-10T02:00:00.000001+02:00'} | ${null}                   | ${micros('2025-06-10T00:00:00Z') + 1} | ${true}  | ${'and no more than that'}
  `('[$validFrom, $validTo) at $at: $because', ({ validFrom, validTo, at, holds }) => {
    expect(isInForce(compileModelPrice(row({ validFrom, validTo })), at)).toBe(holds);
  });

  it.each`
    from          | to            | at                            | holds    | because
    ${'00:30:00'} | ${'16:30:00'} | ${'2026-02-28T00:30:00Z'}     | ${true}  | ${'from is inclusive'}
    ${'00:30:00'} | ${'16:30:00'} | ${'2026-02-28T16:30:00Z'}     | ${false} | ${'to is exclusive'}
    ${'00:30:00'} | ${'16:30:00'} | ${'2026-02-28T00:29:59.999Z'} | ${false} | ${'before it begins'}
    ${'22:00:00'} | ${'06:00:00'} | ${'2026-02-28T23:00:00Z'}     | ${true}  | ${'over midnight, before'}
    ${'22:00:00'} | ${'06:00:00'} | ${'2026-03-01T05:59:59Z'}     | ${true}  | ${'over midnight, after'}
    ${'22:00:00'} | ${'06:00:00'} | ${'2026-03-01T12:00:00Z'}     | ${false} | ${'by day'}
    ${'22:00:00'} | ${'06:00:00'} | ${'1969-12-31T23:00:00Z'}     | ${true}  | ${'before 1970 a day has its hours too'}
    ${'10:00:00'} | ${'10:00:00'} | ${'2026-03-01T10:00:00Z'}     | ${false} | ${'from 10 to 10 is no time'}
  `('$from to $to at $at: $because', ({ from, to, at, holds }) => {
    expect(isInForce(compileModelPrice(row({ dailyFrom: from, dailyTo: to })), micros(at))).toBe(holds);
  });
});

describe('what can not be a price', () => {
  it.each`
    change                                                                                                                    | field
    ${{ units: { input: { per: '3600', amount: '1' } } }}                                                                     | ${'units.input.per'}
    ${{ units: { input: { per: '10000000000', amount: '1' } } }}                                                              | ${'units.input.per'}
    ${{ units: { input: { per: MILLION, amount: '-1' } } }}                                                                   | ${'units.input.amount'}
    ${{ units: { input: { per: MILLION, amount: '1e-7' } } }}                                                                 | ${'units.input.amount'}
    ${{ units: { input: { per: MILLION, amount: `0.${'1'.repeat(19)}` } } }}                                                  | ${'units.input.amount'}
    ${{ units: { input: { per: MILLION, amount: '1'.repeat(16) } } }}                                                         | ${'units.input.amount'}
    ${{ units: { input: { per: MILLION, amount: '1', tiers: [{ above: '1.5', amount: '2' }] } } }}                            | ${'units.input.tiers[0].above'}
    ${{ units: { input: { per: MILLION, amount: '1', tiers: [{ above: '5', amount: '2' }, { above: '5', amount: '3' }] } } }} | ${'units.input.tiers[1].above'}
    ${{ units: { input: { per: MILLION, amount: '1', tiers: [{ above: '5', amount: 'x' }] } } }}                              | ${'units.input.tiers[0].amount'}
    ${{ units: { tokens: { per: '1', amount: '1' } } }}                                                                       | ${'units.tokens'}
    ${{ units: JSON.parse('{"__proto__": {"per": "1", "amount": "1"}}') }}                                                    | ${'units.__proto__'}
    ${{ validFrom: '2025-06-10' }}                                                                                            | ${'validFrom'}
    ${{ validFrom: '2025-13-10T00:00:00Z' }}                                                                                  | ${'validFrom'}
    ${{ validFrom: '2025-06-10T00:00:00Z', validTo: '2025-06-10T00:00:00Z' }}                                                 | ${'validTo'}
    ${{ dailyFrom: '10:00:00' }}                                                                                              | ${'dailyTo'}
    ${{ dailyFrom: '24:00:00', dailyTo: '10:00:00' }}                                                                         | ${'dailyFrom'}
    ${{ units: { webSearches: { per: '60', amount: '1' } } }}                                                                 | ${'units.webSearches.per'}
    ${{ units: { audioSeconds: { per: '7', amount: '1' } } }}                                                                 | ${'units.audioSeconds.per'}
    ${{ serviceClass: 'Batch' }}                                                                                              | ${'class'}
    ${{ units: {}, factor: '-1' }}                                                                                            | ${'factor'}
    ${{ units: {}, factor: '0.123456789' }}                                                                                   | ${'factor'}
    ${{ factor: '0.5' }}                                                                                                      | ${'factor'}
    ${{ currency: 'usd' }}                                                                                                    | ${'currency'}
  `('$field', ({ change, field }) => {
    expect(priceRowProblems(row(change)).map((problem) => problem.field)).toEqual([field]);
    expect(() => compileModelPrice(row(change))).toThrow(InvalidPriceError);
  });

  it('names all problems at once', () => {
    expect(priceRowProblems(row({ currency: '', validTo: 'never' })).map(({ field }) => field)).toEqual([
      'validTo',
      'currency',
    ]);
  });
});
