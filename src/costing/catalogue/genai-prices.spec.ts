import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Provider, calcPrice, findProvider } from '@pydantic/genai-prices';
import { Decimal, SCALE, scaledToDecimal, ZERO } from '../../kernel';
import {
  type Catalogue,
  CORE_UNITS,
  PRICED_UNITS,
  type PriceBook,
  type PriceRow,
  UNIT_FIELDS,
  compileCatalogue,
  compileModelPrice,
  compilePriceBook,
  costOfUsage,
  isUsageProblem,
  readBreakdown,
  readUsage,
  widerThan,
} from '../domain';
import {
  type GenaiCatalogue,
  catalogueVersion,
  compileGenaiCatalogue,
  readCatalogue,
  toCatalogue,
} from './genai-prices';

const PACKAGE_DIST = dirname(require.resolve('@pydantic/genai-prices'));
const SHIPPED_CODE = readFileSync(join(PACKAGE_DIST, 'index.js'), 'utf8');
const MICROS = (instant: string) => Date.parse(instant) * 1000;
const AT = '2026-09-30T12:00:00Z';

let shipped: GenaiCatalogue;
let catalogue: Catalogue;
let book: PriceBook;

beforeAll(async () => {
  shipped = await readCatalogue();
  catalogue = await compileGenaiCatalogue();
  book = compilePriceBook(catalogue);
});

const rowsOf = (provider: string, model: string) =>
  shipped.rows.filter((row) => row.provider === provider && row.model === model);

function usageOf(data: object) {
  const usage = readUsage(data);
  if (isUsageProblem(usage)) throw new Error(usage.detail);
  return usage;
}

const costOfData = (data: object, at = AT) => costOfUsage(usageOf(data), book, MICROS(at));

describe('reading the catalogue out of the package', () => {
  it('misses no provider: every one that the shipped code spells out, and every one fallen back to', () => {
    // A provider is the one thing in the data with an API pattern, and its id is written shortly before it.
    const spelt = [
      ...SHIPPED_CODE.matchAll(/\bid: "([^"]+)",\s+name: "[^"]*",(?:(?!\bid: ")[^])*?api_pattern: "/g),
    ].map((match) => match[1]);
    expect(spelt).toHaveLength(SHIPPED_CODE.match(/\bapi_pattern: "/g)?.length ?? 0);
    expect(shipped.providers.map((provider) => provider.id)).toEqual(spelt);
    for (const { id, fallbackProviders } of shipped.providers) {
      expect(findProvider({ providerId: id })?.id).toBe(id);
      for (const fallback of fallbackProviders) expect(spelt).toContain(fallback);
    }
  });

  it('has a row for every model of every provider', () => {
    for (const { id } of shipped.providers) {
      const models = findProvider({ providerId: id })!.models.map((model) => model.id);
      expect([...new Set(shipped.rows.filter((row) => row.provider === id).map((row) => row.model))]).toEqual(models);
    }
  });

  it('has a unit for every price key of every model', () => {
    for (const { id } of shipped.providers) {
      for (const model of findProvider({ providerId: id })!.models) {
        const entries = Array.isArray(model.prices) ? model.prices : [{ prices: model.prices }];
        const rows = rowsOf(id, model.id);
        expect(rows).toHaveLength(entries.length);
        for (const [index, { prices }] of entries.entries()) {
          const keys = Object.keys(prices).length;
          if (keys > 0) expect(Object.keys(rows[index]!.units)).toHaveLength(keys);
        }
      }
    }
  });

  it('stops at a price key that it does not know, rather than leave a price out', () => {
    const unheard = provider({ id: 'm', prices: { input_mtok: 1, smells_kcount: 2 } });
    expect(() => toCatalogue([unheard])).toThrow(/smells_kcount/);
  });

  it("knows every usage field of the package's vocabulary, and what each of them includes", () => {
    const spelt = [...SHIPPED_CODE.matchAll(/^ {2}(\w+): \{\s+dimensions: \{([^}]*)\},\s+per: ([\de]+),/gm)];
    expect(spelt.length).toBeGreaterThan(50);
    expect(new Set(spelt.map((match) => match[1]))).toEqual(new Set(Object.values(UNIT_FIELDS)));
    const dimensions = new Map(
      spelt.map(([, field, text]) => [field!, new Set([...text!.matchAll(/(\w+: "\w+")/g)].map((match) => match[1]!))]),
    );
    for (const unit of PRICED_UNITS) {
      const own = dimensions.get(UNIT_FIELDS[unit])!;
      const wider = PRICED_UNITS.filter((other) => {
        return other !== unit && [...dimensions.get(UNIT_FIELDS[other])!].every((dimension) => own.has(dimension));
      });
      expect([unit, new Set(widerThan(unit))]).toEqual([unit, new Set(wider)]);
    }
  });

  it('says its version: the same for the same data, another for other data', async () => {
    const { version } = JSON.parse(readFileSync(join(PACKAGE_DIST, '../package.json'), 'utf8'));
    expect(await catalogueVersion()).toMatch(new RegExp(`^${version.replaceAll('.', '\\.')}\\+[0-9a-f]{12}$`));
    const one = provider({ id: 'm', prices: { input_mtok: 1 } });
    expect(toCatalogue([one]).version).toBe(toCatalogue([one]).version);
    expect(toCatalogue([one]).version).not.toBe(
      toCatalogue([provider({ id: 'm', prices: { input_mtok: 2 } })]).version,
    );
  });

  it('is plain data: it survives JSON', () => {
    expect(JSON.parse(JSON.stringify(shipped))).toEqual(shipped);
  });
});

describe('prices', () => {
  it('gpt-4o costs 2.50 and 10.00 USD per million', () => {
    expect(rowsOf('openai', 'gpt-4o')).toMatchObject([
      {
        currency: 'USD',
        validFrom: null,
        validTo: null,
        units: {
          input: { per: '1000000', amount: '2.5', tiers: [] },
          cacheRead: { per: '1000000', amount: '1.25', tiers: [] },
          output: { per: '1000000', amount: '10', tiers: [] },
        },
      },
    ]);
  });

  it('one unit of anything has at most 12 decimals, but for seven that were computed before they were typed', () => {
    const finer = shipped.rows.flatMap((row) => {
      return Object.entries(row.units).flatMap(([unit, price]) =>
        [price.amount, ...(price.tiers ?? []).map((tier) => tier.amount)]
          .map((amount) => ({ amount, decimals: new Decimal(amount).dividedBy(price.per).decimalPlaces() }))
          // A price by the hour has no end by the second; it is kept to 12 decimals.
          .filter(({ decimals }) => decimals > SCALE / 2 && price.per !== '3600')
          .map(({ amount, decimals }) => `${row.provider} ${row.model} ${unit} ${amount} (${decimals})`),
      );
    });
    // All are exact at 24 decimals: for these, whole quantities are priced and fractions of a token stay pending.
    expect(finer).toEqual([
      'huggingface_together Qwen/Qwen3-VL-8B-Instruct input 0.18000000000000002 (23)',
      'openrouter google/gemini-2.5-flash-image cacheWrite 0.08333333333333334 (23)',
      'openrouter google/gemini-2.5-flash-lite cacheWrite 0.08333333333333334 (23)',
      'openrouter google/gemini-3-flash-preview cacheWrite 0.08333333333333334 (23)',
      'openrouter google/gemini-3.1-flash-lite cacheWrite 0.08333333333333334 (23)',
      'openrouter google/gemini-3.5-flash cacheWrite 0.08333333333333334 (23)',
      'openrouter ~google/gemini-flash-latest cacheWrite 0.08333333333333334 (23)',
    ]);
  });

  it('every price is usable, and the hot path has plain numbers for nearly all', () => {
    let slow = 0;
    for (const row of shipped.rows) {
      const price = compileModelPrice({ ...row, id: row.position });
      for (const level of price.levels) {
        if (CORE_UNITS.some((unit) => price.units[unit] !== undefined && Number.isNaN(level.fast[unit]))) slow += 1;
      }
    }
    expect(slow).toBe(7);
  });

  it('an empty price is free where the catalogue says so and unknown where it does not', () => {
    const empty = shipped.rows.filter((row) => Object.keys(row.units).length === 0);
    expect(empty.map((row) => `${row.provider} ${row.model}`)).toEqual([
      'cerebras qwen-3-coder-480b',
      'huggingface_together ServiceNow-AI/Apriel-1.6-15b-Thinker',
      'openrouter gemini-2.5-pro-exp-03-25',
      'openrouter google/gemini-flash-1.5-8b-exp',
      'openrouter google/lyria-3-clip-preview',
      'openrouter google/lyria-3-pro-preview',
    ]);
    const free = shipped.rows.filter((row) => row.units.input?.amount === '0' && row.units.output?.amount === '0');
    expect(free.length).toBeGreaterThan(100);
    expect(costOfData({ provider: 'github-copilot', model: 'gpt-4o', input_tokens: 9 })).toMatchObject({
      status: 'priced',
      amount: 0n,
    });
  });
});

const provider = (...models: Pick<Provider['models'][number], 'id' | 'prices'>[]): Provider => ({
  id: 'acme',
  name: 'Acme',
  api_pattern: 'x',
  models: models.map((model) => ({ match: { equals: model.id }, ...model })),
});

describe('prices over time', () => {
  const dated = (prices: Provider['models'][number]['prices']) =>
    toCatalogue([provider({ id: 'm', prices })]).rows.map(({ validFrom, validTo, dailyFrom, dailyTo, units }) => {
      const span = `${validFrom?.slice(0, 10) ?? ''}/${validTo?.slice(0, 10) ?? ''}`;
      return `${span} ${dailyFrom ?? ''}-${dailyTo ?? ''} ${units.input?.amount}`;
    });
  const from = (start_date: string) => ({ type: 'start_date' as const, start_date });
  const daily = (start_time: string, end_time: string) => ({ type: 'time_of_date' as const, start_time, end_time });

  it.each([
    {
      because: 'one price has always held',
      prices: { input_mtok: 1 },
      rows: ['/ - 1'],
    },
    {
      because: 'a price holds until the next one starts',
      prices: [
        { prices: { input_mtok: 1 } },
        { constraint: from('2025-05-22'), prices: { input_mtok: 2 } },
        { constraint: from('2025-12-18'), prices: { input_mtok: 3 } },
      ],
      rows: ['/2025-05-22 - 1', '2025-05-22/2025-12-18 - 2', '2025-12-18/ - 3'],
    },
    {
      because: 'the first has held before it started: the package knows nothing earlier',
      prices: [
        { constraint: from('2025-01-01'), prices: { input_mtok: 1 } },
        { constraint: from('2025-02-01'), prices: { input_mtok: 2 } },
      ],
      rows: ['/2025-02-01 - 1', '2025-02-01/ - 2'],
    },
    {
      because: 'a later entry hides one that starts after it',
      prices: [
        { prices: { input_mtok: 1 } },
        { constraint: from('2025-12-18'), prices: { input_mtok: 2 } },
        { constraint: from('2025-05-22'), prices: { input_mtok: 3 } },
      ],
      rows: ['/2025-05-22 - 1', '2025-05-22/ - 3'],
    },
    {
      because: 'a part of the day, in UTC, goes before the whole day',
      prices: [
        { prices: { input_mtok: 1 } },
        { constraint: daily('08:30:00+08:00', '00:30:00+08:00'), prices: { input_mtok: 2 } },
      ],
      rows: ['/ - 1', '/ 00:30:00-16:30:00 2'],
    },
    {
      because: 'an entry without constraint hides all before it',
      prices: [{ prices: { input_mtok: 1 } }, { prices: { input_mtok: 2 } }],
      rows: ['/ - 2'],
    },
  ])('$because', ({ prices, rows }) => {
    expect(dated(prices)).toEqual(rows);
  });

  it.each`
    at                        | perMillion | because
    ${'2025-06-09T23:59:59Z'} | ${'10'}    | ${'the day before o3 became cheaper'}
    ${'2025-06-10T00:00:00Z'} | ${'2'}     | ${'from the first instant of the day'}
  `('o3 input at $at is $perMillion per million: $because', ({ at, perMillion }) => {
    const cost = costOfData({ provider: 'openai', model: 'o3', input_tokens: 1_000_000 }, at);
    expect(cost.status === 'priced' && scaledToDecimal(cost.amount).toFixed()).toBe(perMillion);
  });
});

describe('finding a model by the names that events carry', () => {
  it.each`
    provider             | model                      | found                                 | because
    ${'openai'}          | ${'gpt-4o'}                | ${['openai', 'gpt-4o']}               | ${'the names of the catalogue'}
    ${' OpenAI '}        | ${'GPT-4o'}                | ${['openai', 'gpt-4o']}               | ${"letters' case and blanks around don't matter"}
    ${'openai'}          | ${'gpt-4o-2024-08-06'}     | ${['openai', 'gpt-4o']}               | ${'a dated name of the model'}
    ${'openai'}          | ${'gpt-4o-20240806'}       | ${['openai', 'gpt-4o']}               | ${'a date written together'}
    ${null}              | ${'gpt-4o'}                | ${['openai', 'gpt-4o']}               | ${'names that start with gpt- are of openai'}
    ${null}              | ${'claude-sonnet-4-5'}     | ${['anthropic', 'claude-sonnet-4-5']} | ${'claude is of anthropic'}
    ${'azure'}           | ${'gpt-4o-2024-11-20'}     | ${['openai', 'gpt-4o']}               | ${'azure sells the models of openai at their prices'}
    ${'my-azure-openai'} | ${'gpt-4o'}                | ${['openai', 'gpt-4o']}               | ${'a name that contains openai'}
    ${'bedrock'}         | ${'amazon.nova-lite-v1:0'} | ${['aws', 'amazon.nova-lite-v1:0']}   | ${'another name of aws'}
    ${'litellm'}         | ${'openai/gpt-4o'}         | ${['openai', 'gpt-4o']}               | ${'a gateway that puts the provider into the model'}
    ${'litellm'}         | ${'gpt-4o'}                | ${['openai', 'gpt-4o']}               | ${'a gateway that names only the model'}
    ${'openai'}          | ${'gpt-4o-2024-02-31'}     | ${null}                               | ${'a date that the catalogue does not list is not guessed'}
    ${'no-such'}         | ${'gpt-4o'}                | ${null}                               | ${'an unknown provider may charge what it likes'}
    ${'openai'}          | ${'claude-sonnet-4-5'}     | ${null}                               | ${'openai does not sell it'}
    ${null}              | ${'my-own-model'}          | ${null}                               | ${'nobody is known to sell it'}
  `('$provider, $model: $because', ({ provider, model, found }) => {
    const resolved = catalogue.resolve(provider, model);
    expect(resolved === null ? null : [resolved.provider, resolved.model]).toEqual(found);
    const theirs = calcPrice({}, model, provider === null ? {} : { providerId: provider });
    // They report as provider the one that was asked, we the one whose price it is.
    expect(theirs?.model.id).toBe(found?.[1]);
  });

  it('finds for every model name without a provider what the package finds', () => {
    for (const { model } of shipped.rows) {
      const theirs = calcPrice({}, model)?.model.id;
      const ours = catalogue.resolve(null, model)?.model;
      // By its exact name we find a model that its own match misses.
      if (theirs !== undefined) expect([model, ours]).toEqual([model, theirs]);
      else if (ours !== undefined) expect(ours).toBe(model);
    }
  });
});

describe("compared with the package's own calculation", () => {
  const USAGES = [
    { input_tokens: 1155, output_tokens: 211 },
    { input_tokens: 1_000_000, cache_read_tokens: 250_000, cache_write_tokens: 125_000, output_tokens: 40_000 },
    {
      input_tokens: 250_001,
      cache_read_tokens: 100_000,
      input_audio_tokens: 50_000,
      cache_audio_read_tokens: 20_000,
      output_tokens: 9_999,
      output_audio_tokens: 1_111,
    },
    { input_tokens: 200_000, output_tokens: 1 },
    { input_tokens: 7, input_audio_tokens: 7, output_tokens: 3, output_audio_tokens: 3 },
  ];
  const TIMES = [
    '2025-01-15T02:00:00Z',
    '2026-05-01T16:29:59.999Z',
    '2026-05-01T16:30:00Z',
    '2026-08-25T08:00:00Z',
    AT,
  ];

  it('every model, at several usages and times: the same price to nine digits, and every difference has a reason', () => {
    let compared = 0;
    const differences = new Map<string, Set<string>>();
    const differ = (how: string, name: string) => differences.set(how, (differences.get(how) ?? new Set()).add(name));

    for (const { id } of shipped.providers) {
      for (const model of findProvider({ providerId: id })!.models) {
        const name = `${id} ${model.id}`;
        for (const usage of USAGES) {
          for (const at of Array.isArray(model.prices) ? TIMES : [AT]) {
            const theirs = calcPrice(usage, model.id, { providerId: id, timestamp: new Date(at) });
            const ours = costOfData({ provider: id, model: model.id, ...usage }, at);
            if (ours.status === 'none') throw new Error(`${name} has no cost`);
            if (theirs === null) differ(`theirs unknown, ours ${ours.status}`, name);
            else if (ours.status === 'pending') {
              differ(`theirs ${theirs.total_price === 0 ? 'zero' : 'a sum'}, ours ${ours.reason} ${ours.field}`, name);
            } else {
              const amount = scaledToDecimal(ours.amount).toNumber();
              const near = Math.abs(amount - theirs.total_price) <= 1e-9 * Math.max(amount, theirs.total_price);
              if (!near) differ(`theirs ${theirs.total_price}, ours ${amount}`, name);
              compared += 1;
            }
          }
        }
      }
    }

    expect(compared).toBeGreaterThan(7_500);
    const unpriced = (name: string, unit: 'input' | 'output') =>
      shipped.rows.some((row) => `${row.provider} ${row.model}` === name && row.units[unit] === undefined);
    for (const [how, names] of differences) {
      switch (how) {
        case 'theirs unknown, ours priced':
          // The package finds a model by its match alone, and some don't match their own name.
          for (const name of names) expect(name).toMatch(/^(aws regional\.|fireworks |mistral |openai ft:)/);
          break;
        case 'theirs a sum, ours unit_unpriced output_tokens':
        case 'theirs a sum, ours unit_unpriced output_audio_tokens':
          // Embedding models: the package charges nothing for output it has no price for.
          for (const name of names) expect([name, unpriced(name, 'output')]).toEqual([name, true]);
          break;
        case 'theirs zero, ours unit_unpriced input_tokens':
        case 'theirs zero, ours unit_unpriced input_audio_tokens':
          // Models charged by the page or the second, and empty prices that don't say "free".
          for (const name of names) expect([name, unpriced(name, 'input')]).toEqual([name, true]);
          break;
        default:
          throw new Error(`${how}: ${[...names].join(', ')}`);
      }
    }
  });
});

/** Real responses priced by the authors of the catalogue, and the catalogue of that day. Not part of the repository. */
const GOLDEN_CASES = join(__dirname, '../../../../shared/data/genai_usage_cases_dev.json.gz');
const GOLDEN_PRICES = join(__dirname, '../../../../shared/data/genai_prices_v2_2026-08-21.json.gz');
const whenAtHand = existsSync(GOLDEN_CASES) && existsSync(GOLDEN_PRICES) ? describe : describe.skip;

whenAtHand('compared with recorded responses and their published prices', () => {
  const unpack = (file: string) => JSON.parse(gunzipSync(readFileSync(file)).toString());

  /** Published prices are written with an exponent where they are small. */
  const plain = (published: string) => new Decimal(published).toFixed();

  it('gives every published price to the last digit, or says what it lacks', () => {
    const { providers, rows } = toCatalogue(unpack(GOLDEN_PRICES));
    const prices = rows.map((row: PriceRow) => compileModelPrice({ ...row, id: row.position }));
    const ofThatDay = compilePriceBook(compileCatalogue(providers, prices));

    let equal = 0;
    const others: string[] = [];
    for (const { model, extracted } of unpack(GOLDEN_CASES)) {
      for (const { usage, extractors } of extracted) {
        for (const { provider_id, input_price, output_price } of extractors) {
          const read = usageOf({ provider: provider_id, model, ...usage });
          if (input_price === undefined || read.units === null) continue;
          const cost = costOfUsage(read, ofThatDay, MICROS('2026-08-21T12:00:00Z'));
          const rows = cost.status === 'priced' ? readBreakdown(cost.breakdown) : [];
          // What is neither input nor output, such as searches, is in neither of the published prices.
          const paidFor = (start: RegExp) =>
            rows.reduce((sum, { unit, amount }) => (start.test(unit) ? sum.plus(amount) : sum), ZERO).toFixed();
          const input = paidFor(/^(input|cache)/);
          const output = paidFor(/^output/);
          const same = input === plain(input_price) && output === plain(output_price);
          if (cost.status === 'priced' && same) equal += 1;
          else
            others.push(
              `${provider_id} ${model} ${cost.status === 'pending' ? `${cost.reason} ${cost.field}` : 'differs'}`,
            );
        }
      }
    }
    expect(equal).toBe(2_398);
    expect(others).toHaveLength(4);
    expect([...new Set(others)].sort()).toEqual([
      // Their case was priced before the price cut of 30 July 2026, ours at the day of the catalogue.
      'aws openai.gpt-5.6-luna differs',
      // An empty price: they say nothing is to be paid, we that we don't know.
      'cerebras qwen-3-coder-480b unit_unpriced input_tokens',
    ]);
  });
});
