import fc from 'fast-check';
import { DEFAULT_SOURCE, type StoredCost, type UsageEvent } from '../events';
import { Decimal, scaledFromDecimal, scaledText, ZERO } from '../kernel';
import { costEvent } from './cost-event';
import {
  compileCatalogue,
  compileOwnPrice,
  compilePriceBook,
  compileRates,
  compileResources,
  converter,
  type CostBook,
  isUsageProblem,
  type PriceRow,
  readBreakdown,
  readUsage,
  type Resource,
  type ResourcePrice,
  UNIT_FIELDS,
} from './domain';

const TIME = Date.parse('2026-03-15T12:00:00Z') * 1000;
const MILLION = '1000000';

const event = (data: object, change: Partial<UsageEvent> = {}): UsageEvent => ({
  id: 'e',
  source: DEFAULT_SOURCE,
  type: 'llm.request',
  customer: 'acme',
  time: null,
  step: null,
  cost: null,
  session: null,
  task: null,
  agent: null,
  feature: null,
  department: null,
  user: null,
  parent: null,
  hold: null,
  data: data as Record<string, unknown>,
  dataText: null,
  ...change,
});

function price(id: number, change: Partial<PriceRow>) {
  const span = { validFrom: null, validTo: null, dailyFrom: null, dailyTo: null };
  const units = { input: { per: MILLION, amount: '2.5' }, output: { per: MILLION, amount: '10' } };
  return compileOwnPrice({
    id,
    provider: 'p',
    model: 'm',
    match: null,
    position: 0,
    ...span,
    currency: 'USD',
    units,
    ...change,
  });
}

const GPU: Resource = {
  id: 'r',
  key: 'gpu',
  name: 'GPU',
  unit: 'GPU second',
  eventType: null,
  field: 'data.gpu_seconds',
  filters: [],
};
const HOURLY: ResourcePrice = { id: 'rp', amount: '3.6', per: '3600', currency: 'USD', validFrom: null, validTo: null };

function book(
  change: { prices?: ReturnType<typeof price>[]; resources?: (Resource & { prices: ResourcePrice[] })[] } = {},
): CostBook {
  const { prices = [price(7, {})], resources = [] } = change;
  return {
    prices: compilePriceBook(compileCatalogue([], []), prices),
    resources: compileResources(resources),
    convert: converter(compileRates([{ base: 'EUR', quote: 'USD', rate: '1.1', validFrom: '2026-01-01T00:00:00Z' }])),
  };
}

function costOf(data: object, by: CostBook, change: Partial<UsageEvent> = {}): StoredCost {
  const usage = readUsage(data);
  if (isUsageProblem(usage)) throw new Error(usage.detail);
  return costEvent(event(data, change), usage, TIME, by, 'USD');
}
const told = ({ status, amount }: StoredCost) => (amount === null ? status : `${status} ${scaledText(amount)}`);

const M = { provider: 'p', model: 'm' };
const WITH_GPU = book({ resources: [{ ...GPU, prices: [HOURLY] }] });
const REPORTED = { cost: { amount: '0.5', currency: 'USD' } };

describe('what an event costs', () => {
  it.each`
    data                                                      | by                                                   | change                                          | cost                | because
    ${{ ...M, input_tokens: 1000 }}                           | ${book()}                                            | ${{}}                                           | ${'priced 0.0025'}  | ${'what its model used'}
    ${{ gpu_seconds: 10 }}                                    | ${WITH_GPU}                                          | ${{}}                                           | ${'priced 0.01'}    | ${'what it used of a resource'}
    ${{ ...M, input_tokens: 1000, gpu_seconds: 10 }}          | ${WITH_GPU}                                          | ${{}}                                           | ${'priced 0.0125'}  | ${'both'}
    ${{ ...M, model: 'x', input_tokens: 1, gpu_seconds: 10 }} | ${WITH_GPU}                                          | ${{}}                                           | ${'pending'}        | ${'one of them unknown: no part is the cost'}
    ${{ ...M, input_tokens: 1000, gpu_seconds: 10 }}          | ${book({ resources: [{ ...GPU, prices: [] }] })}     | ${{}}                                           | ${'pending'}        | ${'the other unknown: a missing price is not 0'}
    ${{ ok: true }}                                           | ${WITH_GPU}                                          | ${{}}                                           | ${'none'}           | ${'nothing used'}
    ${{ ...M, input_tokens: 1000 }}                           | ${book()}                                            | ${REPORTED}                                     | ${'priced 0.0025'}  | ${'computed goes before reported'}
    ${{ ...M, model: 'x', input_tokens: 1000 }}               | ${book()}                                            | ${REPORTED}                                     | ${'reported 0.5'}   | ${'reported where nothing can be computed'}
    ${{ gpu_seconds: 10 }}                                    | ${book({ resources: [{ ...GPU, prices: [] }] })}     | ${REPORTED}                                     | ${'reported 0.5'}   | ${'for resources too'}
    ${{ ok: true }}                                           | ${book()}                                            | ${REPORTED}                                     | ${'reported 0.5'}   | ${'a kind of your own with a cost'}
    ${{ ok: true }}                                           | ${book()}                                            | ${{ cost: { amount: '0.5', currency: 'EUR' } }} | ${'reported 0.55'}  | ${'at the rate of its time'}
    ${{ ok: true }}                                           | ${book()}                                            | ${{ cost: { amount: '0.5', currency: 'GBP' } }} | ${'pending'}        | ${'no rate: never one to one'}
    ${{ ...M, input_tokens: 1000 }}                           | ${book({ prices: [price(7, { currency: 'EUR' })] })} | ${{}}                                           | ${'priced 0.00275'} | ${'a price in another currency'}
    ${{ ...M, input_tokens: 1000 }}                           | ${book({ prices: [price(7, { currency: 'GBP' })] })} | ${{}}                                           | ${'pending'}        | ${'one without a rate'}
  `('$cost: $because', ({ data, by, change, cost }) => {
    expect(told(costOf(data, by, change))).toBe(cost);
  });

  it('says of each row what made it', () => {
    const dear = { ...HOURLY, currency: 'EUR' };
    const { breakdown } = costOf(
      { ...M, input_tokens: 1000, gpu_seconds: '1.5' },
      book({ resources: [{ ...GPU, prices: [dear] }] }),
    );
    expect(JSON.parse(breakdown!)).toEqual([
      ['input', '1000', '0.0000025'],
      ['GPU second', '1.5', '0.001', { resource: 'gpu', resourcePriceId: 'rp', currency: 'EUR', amount: '0.00165' }],
    ]);
  });

  it('says the class and the contract', () => {
    const half = price(8, { units: {}, factor: '0.5', serviceClass: 'batch', contract: 'c' });
    const { breakdown } = costOf(
      { ...M, input_tokens: 10, serviceTier: 'batch' },
      book({ prices: [price(7, {}), half] }),
    );
    expect(JSON.parse(breakdown!)).toEqual([
      ['input', '10', '0.00000125', { class: 'batch', contract: 'c', factors: [8] }],
    ]);
    expect(readBreakdown(breakdown, 7)).toMatchObject([
      { serviceClass: 'batch', contract: 'c', factorIds: [8], priceId: 7 },
    ]);
  });
});

it('true of any usage at any price: the breakdown adds up to the cost to the last digit, and twice equals once', () => {
  const amount = fc.tuple(fc.nat(5000), fc.nat(999_999)).map(([a, b]) => `${a}.${String(b).padStart(6, '0')}`);
  const quantity = fc.oneof(fc.nat(3_000_000), amount);
  const UNITS = [
    'input',
    'cacheRead',
    'cacheWrite',
    'cacheWrite1h',
    'inputImage',
    'output',
    'outputReasoning',
    'outputAudio',
    'webSearches',
    'audioSeconds',
    'inputPixels',
    'requests',
  ] as const;
  const prices = fc.record(
    Object.fromEntries(UNITS.map((unit) => [unit, amount.map((text) => ({ per: '1000', amount: text }))])),
  );
  const parts = fc.record(Object.fromEntries(UNITS.map((unit) => [unit, quantity])));
  const seconds = fc.option(quantity, { nil: undefined });
  let pricedOnes = 0;

  fc.assert(
    fc.property(
      parts,
      prices,
      fc.constantFrom('USD', 'EUR'),
      seconds,
      fc.boolean(),
      (used, units, currency, gpu, plain) => {
        const sum = (...names: string[]) => names.reduce((total, name) => total.plus(used[name]!), ZERO).toFixed();
        const some = plain
          ? { output_tokens: sum('output') }
          : {
              cache_read_tokens: sum('cacheRead'),
              cache_write_tokens: sum('cacheWrite', 'cacheWrite1h'),
              cache_write_1h_tokens: sum('cacheWrite1h'),
              input_image_tokens: sum('inputImage'),
              // Whether what is cached is of the images is what their shared unit says: none of it.
              cache_image_read_tokens: '0',
              cache_image_write_tokens: '0',
              output_tokens: sum('output', 'outputReasoning', 'outputAudio'),
              output_reasoning_tokens: sum('outputReasoning'),
              output_audio_tokens: sum('outputAudio'),
              output_audio_reasoning_tokens: '0',
              [UNIT_FIELDS.webSearches]: sum('webSearches'),
              [UNIT_FIELDS.audioSeconds]: sum('audioSeconds'),
              [UNIT_FIELDS.inputPixels]: sum('inputPixels'),
            };
        const data = {
          ...M,
          input_tokens: plain ? sum('input') : sum('input', 'cacheRead', 'cacheWrite', 'cacheWrite1h', 'inputImage'),
          requests: sum('requests'),
          ...(gpu === undefined ? {} : { gpu_seconds: gpu }),
          ...some,
        };
        const by = book({ prices: [price(7, { units, currency })], resources: [{ ...GPU, prices: [HOURLY] }] });
        const cost = costOf(data, by);
        expect(costOf(data, by)).toEqual(cost);
        if (cost.amount === null) throw new Error(`not priced: ${JSON.stringify(data)}`);

        const rows = readBreakdown(cost.breakdown, cost.modelPriceId);
        const total = rows.reduce((added, row) => added.plus(row.amount), ZERO);
        expect(scaledFromDecimal(total)).toBe(cost.amount);
        for (const row of rows) {
          expect(row.quantity.greaterThan(0)).toBe(true);
          if (row.currency === null) expect(row.amount.toFixed()).toBe(row.quantity.times(row.unitPrice).toFixed());
        }
        // Every unit is charged once: what is charged of tokens is what the totals say.
        const tokens = rows.filter((row) => /^(input|cache|output)/.test(row.unit) && row.unit !== 'inputPixels');
        const charged = tokens.reduce((added, row) => added.plus(row.quantity), ZERO);
        expect(charged.toFixed()).toBe(new Decimal(data.input_tokens).plus(data.output_tokens).toFixed());
        pricedOnes += 1;
      },
    ),
    { numRuns: 150 },
  );
  expect(pricedOnes).toBe(150);
});
