import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Provider } from '@pydantic/genai-prices';
import { compileCatalogue, compileModelPrice, compilePriceBook, costOfUsage, isUsageProblem, readUsage } from '..';
import { Decimal, scaledToDecimal } from '../../../kernel';
import { toCatalogue } from '../../catalogue/genai-prices';
import { normaliseUsage } from './normalise-usage';

/**
 * Blocks recorded from providers, with the usage and the price that genai-prices (MIT, Pydantic) gives for every
 * provider and API flavour that can read them. The comparison is made while the tests are collected, so that each cause
 * of a difference is a line of the report.
 */
const DATA = join(process.cwd(), '..', 'shared', 'data');
const CASES = join(DATA, 'genai_usage_cases_dev.json.gz');
const CATALOGUE = join(DATA, 'genai_prices_v2_2026-08-21.json.gz');
/** The day for which the expected prices were computed. */
const AT_MICROS = Date.parse('2026-08-21T12:00:00Z') * 1_000;

interface Extractor {
  readonly provider_id: string;
  readonly api_flavor: string;
  readonly input_price?: string;
  readonly output_price?: string;
  readonly total_price?: string;
}
interface Case {
  readonly model?: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly extracted: readonly { usage: Record<string, number>; extractors: readonly Extractor[] }[];
}
interface Pair {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly usage: Readonly<Record<string, number>>;
  /** null where the source has no price for the model. */
  readonly price: Decimal | null;
}

/** Why a price may differ from the expected one. Whatever is not here is a fault of ours. */
const PRICE_CAUSES: readonly (readonly [test: RegExp, cause: string])[] = [
  [
    /^aws\/anthropic openai\.gpt-5\.6-luna$/,
    'expected at the launch price; the catalogue beside it has a cut by 80 % from 2026-07-30 on',
  ],
  [
    /^cerebras\/chat qwen-3-coder-480b$/,
    'the catalogue has no price for it and does not say that it is free: we say pending, the source says 0',
  ],
];

const unpack = (path: string): unknown => JSON.parse(gunzipSync(readFileSync(path)).toString('utf8'));

function pairsOf(cases: readonly Case[]): Pair[] {
  return cases.flatMap(({ body, model, extracted }) =>
    extracted.flatMap(({ usage, extractors }) =>
      extractors.map((extractor): Pair => {
        const { provider_id: provider, api_flavor: apiFlavor, input_price: input, output_price: output } = extractor;
        const { file: _file, ...response } = body;
        return {
          name: `${provider}/${apiFlavor} ${model ?? ''}`,
          data: { provider, apiFlavor, model, response },
          usage,
          price:
            input === undefined || output === undefined
              ? null
              : new Decimal(extractor.total_price ?? new Decimal(input).plus(output)),
        };
      }),
    ),
  );
}

function usageDifference({ data, usage }: Pair): string | null {
  const normalised = normaliseUsage(data);
  if (normalised === null) return 'not read';
  if ('detail' in normalised) return `${normalised.field} ${normalised.detail}`;
  const counted = Object.entries(normalised.data).filter(([, value]) => typeof value === 'number' && value !== 0);
  const got = JSON.stringify(counted.sort());
  const expected = JSON.stringify(Object.entries(usage).sort());
  return got === expected ? null : `${got} for ${expected}`;
}

function priceDifference({ name, data, price }: Pair, book: ReturnType<typeof compilePriceBook>): string | null {
  const usage = readUsage(data);
  const cost = isUsageProblem(usage) ? null : costOfUsage(usage, book, AT_MICROS);
  if (cost?.status === 'priced' && price?.equals(scaledToDecimal(cost.amount)) === true) return null;
  return PRICE_CAUSES.find(([test]) => test.test(name))?.[1] ?? `unexplained: ${name} ${JSON.stringify(usage)}`;
}

function countBy(differences: readonly (string | null)[]): [cause: string, pairs: number][] {
  const counts = new Map<string, number>();
  for (const cause of differences) if (cause !== null) counts.set(cause, (counts.get(cause) ?? 0) + 1);
  return [...counts];
}

const atHand = existsSync(CASES) && existsSync(CATALOGUE);

(atHand ? describe : describe.skip)('1,070 blocks as providers sent them', () => {
  const pairs = atHand ? pairsOf(unpack(CASES) as Case[]) : [];
  const priced = pairs.filter((pair) => pair.price !== null);

  const usage = countBy(pairs.map(usageDifference));
  const prices = countBy(atHand ? pricesOf(priced) : []);

  function pricesOf(these: readonly Pair[]): (string | null)[] {
    const { providers, rows } = toCatalogue(unpack(CATALOGUE) as Provider[]);
    const stored = rows.map((row) => compileModelPrice({ ...row, id: row.position }));
    const book = compilePriceBook(compileCatalogue(providers, stored));
    return these.map((pair) => priceDifference(pair, book));
  }

  it(`read the same in all ${pairs.length} pairs of a block and a flavour`, () => {
    expect(pairs).toHaveLength(13_508);
    expect(usage).toEqual([]);
  });

  it.each(prices)('cost the same but for: %s (%i pairs)', (cause) => {
    expect(cause).not.toMatch(/^unexplained/);
  });

  it(`cost the same in at least 99 % of ${priced.length} priced pairs`, () => {
    expect(priced).toHaveLength(2_405);
    const different = prices.reduce((sum, [, count]) => sum + count, 0);
    expect(different).toBeLessThanOrEqual(priced.length * 0.01);
  });
});
