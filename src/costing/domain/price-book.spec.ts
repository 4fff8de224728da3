import { type ModelPrice, type PriceRow, compileModelPrice } from './model-price';
import { type CatalogueProvider, compileCatalogue, compilePriceBook } from './price-book';

const NOON = Date.parse('2026-03-15T12:00:00Z') * 1000;

function price(id: number, provider: string, model: string, change: Partial<PriceRow> = {}): ModelPrice {
  return compileModelPrice({
    id,
    provider,
    model,
    match: null,
    position: id,
    validFrom: null,
    validTo: null,
    dailyFrom: null,
    dailyTo: null,
    currency: 'USD',
    units: { input: { per: '1', amount: String(id) } },
    ...change,
  });
}

const provider = (id: string, more: Partial<CatalogueProvider> = {}): CatalogueProvider => ({
  id,
  match: null,
  modelMatch: null,
  fallbackProviders: [],
  ...more,
});

const CATALOGUE = compileCatalogue(
  [
    provider('acme', { match: { contains: 'acme' }, modelMatch: { starts_with: 'a-' } }),
    provider('cloud', { fallbackProviders: ['acme', 'other'] }),
    provider('other'),
  ],
  [
    price(1, 'acme', 'a-large', { match: { starts_with: 'a-' } }),
    price(2, 'acme', 'a-small'),
    price(3, 'acme', 'b', { validTo: '2026-01-01T00:00:00Z' }),
    price(4, 'acme', 'b', { validFrom: '2026-01-01T00:00:00Z' }),
    price(5, 'acme', 'b', { dailyFrom: '00:00:00', dailyTo: '06:00:00' }),
    price(6, 'cloud', 'c'),
    price(7, 'other', 'a-small'),
    price(8, 'acme', 'd', { validFrom: '2026-06-01T00:00:00Z' }),
    price(9, 'acme', 'e', { match: { starts_with: 'e-2024-08-06' } }),
  ],
);

describe('finding the price in force', () => {
  const book = compilePriceBook(CATALOGUE);

  it.each`
    provider         | model               | at                        | id      | because
    ${'acme'}        | ${'a-small'}        | ${'2026-03-15T12:00:00Z'} | ${2}    | ${'the exact name goes before an earlier match'}
    ${'acme'}        | ${'a-medium'}       | ${'2026-03-15T12:00:00Z'} | ${1}    | ${'the first match'}
    ${'The ACME Co'} | ${'A-Small '}       | ${'2026-03-15T12:00:00Z'} | ${2}    | ${'names as people write them'}
    ${null}          | ${'a-small'}        | ${'2026-03-15T12:00:00Z'} | ${2}    | ${'the provider whose model it is'}
    ${null}          | ${'b'}              | ${'2026-03-15T12:00:00Z'} | ${null} | ${'a model that no provider claims'}
    ${'cloud'}       | ${'c'}              | ${'2026-03-15T12:00:00Z'} | ${6}    | ${'its own model'}
    ${'cloud'}       | ${'a-small'}        | ${'2026-03-15T12:00:00Z'} | ${2}    | ${'the first provider it falls back to'}
    ${'acme'}        | ${'b'}              | ${'2025-12-31T23:59:59Z'} | ${3}    | ${'the price of last year'}
    ${'acme'}        | ${'b'}              | ${'2026-01-01T12:00:00Z'} | ${4}    | ${'the price of this year'}
    ${'acme'}        | ${'b'}              | ${'2026-01-01T03:00:00Z'} | ${5}    | ${'the later row of the same model goes first'}
    ${'acme'}        | ${'d'}              | ${'2026-03-15T12:00:00Z'} | ${null} | ${'not yet sold'}
    ${'acme'}        | ${'e-20240806-x'}   | ${'2026-03-15T12:00:00Z'} | ${9}    | ${'a date written together'}
    ${'nobody'}      | ${'a-small'}        | ${'2026-03-15T12:00:00Z'} | ${null} | ${'an unknown provider'}
    ${'litellm'}     | ${'acme/a-small'}   | ${'2026-03-15T12:00:00Z'} | ${2}    | ${"the gateway's name for it"}
    ${'litellm'}     | ${'nobody/a-small'} | ${'2026-03-15T12:00:00Z'} | ${null} | ${'a gateway to an unknown provider'}
    ${'litellm'}     | ${'a-small'}        | ${'2026-03-15T12:00:00Z'} | ${2}    | ${'a gateway that names only the model'}
  `('$provider $model at $at: $because', ({ provider: name, model, at, id }) => {
    const micros = Date.parse(at) * 1000;
    expect(book.find(name, model, micros)?.id ?? null).toBe(id);
    expect(book.find(name, model, micros)?.id ?? null).toBe(id); // now from what it keeps
  });

  it('keeps giving right answers when more names pass than it keeps', () => {
    for (let count = 0; count < 5000; count += 1) expect(book.find('acme', `a-${count}`, NOON)?.id).toBe(1);
    expect(book.find('acme', 'a-small', NOON)?.id).toBe(2);
    expect(book.find('nobody', 'x', NOON)).toBeNull();
  });
});

describe("an organisation's own prices", () => {
  it.each`
    own                                                                                        | provider         | model             | id    | because
    ${[price(50, 'acme', 'a-small')]}                                                          | ${'acme'}        | ${'a-small'}      | ${50} | ${'own goes before the catalogue'}
    ${[price(50, 'ACME', 'A-Small')]}                                                          | ${'acme'}        | ${'a-small'}      | ${50} | ${"letters' case doesn't matter"}
    ${[price(50, 'acme', 'a-small')]}                                                          | ${'acme'}        | ${'a-large'}      | ${1}  | ${'only the exact name'}
    ${[price(50, 'acme', 'a-small')]}                                                          | ${'acme europe'} | ${'a-small'}      | ${50} | ${'the provider by another of its names'}
    ${[price(50, 'acme', 'a-small')]}                                                          | ${null}          | ${'a-small'}      | ${50} | ${'no provider named'}
    ${[price(50, 'acme', 'a-small'), price(51, 'acme europe', 'a-small')]}                     | ${'acme europe'} | ${'a-small'}      | ${51} | ${'the name that the event uses goes first'}
    ${[price(51, 'acme europe', 'a-small')]}                                                   | ${'acme'}        | ${'a-small'}      | ${2}  | ${'a price for one name of a provider is not for its others'}
    ${[price(50, 'acme', 'a-small')]}                                                          | ${'litellm'}     | ${'acme/a-small'} | ${50} | ${"the gateway's name for it"}
    ${[price(50, 'acme', 'a-small')]}                                                          | ${'cloud'}       | ${'a-small'}      | ${2}  | ${'what acme gives us is not what cloud gives us'}
    ${[price(50, 'our-cluster', 'llama')]}                                                     | ${'our-cluster'} | ${'llama'}        | ${50} | ${'a provider the catalogue does not know'}
    ${[price(50, 'acme', 'b', { validFrom: '2026-04-01T00:00:00Z' })]}                         | ${'acme'}        | ${'b'}            | ${4}  | ${'an own price that has not begun leaves the catalogue'}
    ${[price(50, 'acme', 'b'), price(51, 'acme', 'b', { validFrom: '2026-02-01T00:00:00Z' })]} | ${'acme'}        | ${'b'}            | ${51} | ${'the one that began last'}
    ${[price(52, 'acme', 'b'), price(51, 'acme', 'b')]}                                        | ${'acme'}        | ${'b'}            | ${52} | ${'of two that began together, the newer'}
  `('$provider $model: $because', ({ own, provider: name, model, id }) => {
    expect(compilePriceBook(CATALOGUE, own).find(name, model, NOON)?.id ?? null).toBe(id);
  });
});
