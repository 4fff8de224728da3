import fc from 'fast-check';
import { Decimal, scaledToDecimal } from '../../kernel';
import { compileModelPrice, type PriceRow, priceAbove } from './model-price';
import { compileCatalogue, compilePriceBook, type OwnPrice } from './price-book';
import { compileOwnPrice, compilePriceFactor, multiplyPrice } from './price-factor';

const MILLION = '1000000';
const NOON = Date.parse('2026-03-15T12:00:00Z') * 1000;

function row(change: Partial<PriceRow> & { id?: number } = {}): PriceRow & { id: number } {
  return {
    id: 1,
    provider: 'openai',
    model: 'gpt-4o',
    match: null,
    position: 0,
    validFrom: null,
    validTo: null,
    dailyFrom: null,
    dailyTo: null,
    currency: 'USD',
    units: {
      input: { per: MILLION, amount: '2.5', tiers: [{ above: '200000', amount: '5' }] },
      output: { per: MILLION, amount: '10' },
      webSearches: { per: '1000', amount: '25' },
    },
    ...change,
  };
}
const factor = (id: number, of: string, change: Partial<PriceRow> = {}): OwnPrice =>
  compileOwnPrice(row({ id, units: {}, factor: of, ...change }));
const text = (price: bigint | undefined) => (price === undefined ? null : scaledToDecimal(price).toFixed());

describe('a price times a factor', () => {
  const listed = compileModelPrice(row());

  it('of a contract is every amount of it times that: 12.5 % off', () => {
    const contract = compilePriceFactor(row({ id: 9, units: {}, factor: '0.875', contract: 'c' }));
    const price = multiplyPrice(listed, contract)!;
    expect(text(price.units.input?.base)).toBe('0.0000021875');
    expect(text(price.units.input?.tiers[0]?.price)).toBe('0.000004375');
    expect(text(price.units.webSearches?.base)).toBe('0.021875');
    expect(price).toMatchObject({ id: 1, origin: { serviceClass: null, contract: 'c', factorIds: [9] } });
  });

  it('of a class is of tokens only: a search costs in a batch what it costs anywhere', () => {
    const batch = compilePriceFactor(row({ id: 9, units: {}, factor: '0.5', serviceClass: 'batch' }));
    const price = multiplyPrice(listed, batch)!;
    expect(text(price.units.output?.base)).toBe('0.000005');
    expect(text(price.units.webSearches?.base)).toBe('0.025');
    expect(price.origin).toEqual({ serviceClass: 'batch', contract: null, factorIds: [9] });
  });

  it('is not rounded: where the product has no exact amount there is none', () => {
    const fine = compileModelPrice(row({ units: { input: { per: MILLION, amount: '0.08333333333333334' } } }));
    expect(multiplyPrice(fine, compilePriceFactor(row({ units: {}, factor: '0.87' })))).toBeNull();
  });

  it('any price and factor: exactly the product, at each step', () => {
    const amount = fc.tuple(fc.nat(5000), fc.nat(999_999)).map(([a, b]) => `${a}.${String(b).padStart(6, '0')}`);
    const times = fc.nat(40_000).map((value) => new Decimal(value).dividedBy(10_000).toFixed());
    fc.assert(
      fc.property(amount, amount, times, (base, above, by) => {
        const price = compileModelPrice(
          row({ units: { input: { per: MILLION, amount: base, tiers: [{ above: '10', amount: above }] } } }),
        );
        const product = multiplyPrice(price, compilePriceFactor(row({ units: {}, factor: by })))!;
        for (const [step, own] of [
          [-1, base],
          [10, above],
        ] as const) {
          const expected = new Decimal(own).times(by).dividedBy(MILLION).toFixed();
          expect(text(priceAbove(product.units.input!, step))).toBe(expected);
        }
      }),
    );
  });
});

describe('which price an event has', () => {
  const provider = { id: 'openai', match: null, modelMatch: { starts_with: 'gpt-' }, fallbackProviders: [] };
  const catalogue = compileCatalogue([provider], [compileModelPrice(row({ id: 1 }))]);
  const own = (id: number, amount: string, change: Partial<PriceRow> = {}): OwnPrice =>
    compileOwnPrice(row({ id, units: { input: { per: MILLION, amount } }, ...change }));
  const ANY = { model: '*', match: { and: [] } };
  const GPT = { model: '*', match: { and: [{ starts_with: 'gpt-' }] } };

  it.each`
    prices                                                                                                | serviceClass  | input      | because
    ${[]}                                                                                                 | ${null}       | ${'2.5'}   | ${'the catalogue'}
    ${[factor(9, '0.9', { ...ANY, contract: 'c' })]}                                                      | ${null}       | ${'2.25'}  | ${'a contract for all models of the provider'}
    ${[factor(9, '0.9', { ...GPT, contract: 'c' })]}                                                      | ${null}       | ${'2.25'}  | ${'a contract for those that it names'}
    ${[factor(9, '0.9', { model: '*', match: { and: [{ starts_with: 'o' }] }, contract: 'c' })]}          | ${null}       | ${'2.5'}   | ${'not for others'}
    ${[factor(9, '0.9', { ...ANY, contract: 'c', validTo: '2026-01-01T00:00:00Z' })]}                     | ${null}       | ${'2.5'}   | ${'a contract that has ended'}
    ${[factor(9, '0.9', { ...ANY, contract: 'c' }), factor(8, '0.8', { contract: 'd' })]}                 | ${null}       | ${'2'}     | ${'a contract for the exact model goes before'}
    ${[factor(9, '0.9', { ...ANY, contract: 'c' }), own(8, '3', GPT)]}                                    | ${null}       | ${'3'}     | ${'own prices are not discounted'}
    ${[own(8, '3', GPT), own(7, '4')]}                                                                    | ${null}       | ${'4'}     | ${'an exact name goes before a match'}
    ${[]}                                                                                                 | ${'batch'}    | ${null}    | ${'never the standard price'}
    ${[factor(9, '0.5', { serviceClass: 'batch' })]}                                                      | ${'batch'}    | ${'1.25'}  | ${'the factor that is stated for it'}
    ${[factor(9, '0.5', { serviceClass: 'batch' })]}                                                      | ${'priority'} | ${null}    | ${'and for it alone'}
    ${[factor(9, '0.5', { serviceClass: 'batch' })]}                                                      | ${null}       | ${'2.5'}   | ${'not for the standard'}
    ${[factor(9, '0.5', { ...ANY, serviceClass: 'batch' }), factor(8, '0.9', { ...ANY, contract: 'c' })]} | ${'batch'}    | ${'1.125'} | ${'a contract counts for every class'}
    ${[factor(9, '0.5', { serviceClass: 'batch' }), own(8, '3')]}                                         | ${'batch'}    | ${'1.5'}   | ${'the standard price may be an own one'}
    ${[factor(9, '0.5', { serviceClass: 'batch' }), own(8, '1', { serviceClass: 'batch' })]}              | ${'batch'}    | ${'1'}     | ${'a price of the class goes before its factor'}
    ${[own(8, '1', { serviceClass: 'batch' })]}                                                           | ${null}       | ${'2.5'}   | ${'which is not for the standard'}
  `('$serviceClass: $because', ({ prices, serviceClass, input }) => {
    const book = compilePriceBook(catalogue, prices);
    const once = book.find('openai', 'gpt-4o', NOON, serviceClass);
    const perMillion = once === null ? null : scaledToDecimal(once.units.input!.base).times(MILLION).toFixed();
    expect(perMillion).toBe(input);
    expect(book.find('openai', 'gpt-4o', NOON, serviceClass)).toBe(once); // made once, and kept
    if (once === null) expect(book.whyNone('openai', 'gpt-4o', NOON, serviceClass)).toBe('class_unpriced');
  });
});
