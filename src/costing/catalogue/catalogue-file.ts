import { createHash } from 'node:crypto';
import type { Provider } from '@pydantic/genai-prices';
import { z } from 'zod';
import { InvalidRequestError, InvariantError } from '../../kernel';
import { compileCatalogue, compileModelPrice, type NameMatch } from '../domain';
import { type GenaiCatalogue, toCatalogue } from './genai-prices';

const name = z.string().min(1).max(300);
/** A JSON number, or its digits as a string where a double could not hold them. */
const amount = z.union([z.number(), z.string()]).transform(Number).pipe(z.number().min(0));
const match = z
  .record(z.string(), z.unknown())
  .refine(
    isNameMatch,
    'must be equals, starts_with, ends_with, contains or regex with a text, or a list of these under or / and',
  )
  .transform((given) => given as unknown as NameMatch);

const Prices = z.record(
  z.string(),
  z.union([amount, z.object({ base: amount, tiers: z.array(z.object({ start: amount, price: amount })) })]),
);
const DatedPrices = z.array(
  z.object({
    constraint: z
      .union([z.object({ start_date: z.iso.date() }), z.object({ start_time: z.string(), end_time: z.string() })])
      .optional(),
    prices: Prices,
  }),
);

const Model = z.object({
  id: name,
  name: z.string().optional(),
  description: z.string().optional(),
  price_comments: z.string().optional(),
  match,
  prices: z
    .union([DatedPrices, Prices])
    .describe('Prices, or a list of prices that hold from a date on or by the time of day.'),
});

/** A file of genai-prices (v2): a list of providers, each with its models and their prices. */
export const CatalogueFile = z
  .array(
    z.object({
      id: name,
      provider_match: match.nullish().transform((given) => given ?? undefined),
      model_match: match.nullish().transform((given) => given ?? undefined),
      fallback_model_providers: z
        .array(name)
        .nullish()
        .transform((given) => given ?? undefined),
      models: z.array(Model),
    }),
  )
  .min(1);
export type CatalogueFile = z.output<typeof CatalogueFile>;

function isNameMatch(given: unknown): boolean {
  if (typeof given !== 'object' || given === null) return false;
  const [[word, value] = [], ...more] = Object.entries(given) as [string?, unknown?][];
  if (more.length > 0) return false;
  if (word === 'or' || word === 'and') return Array.isArray(value) && value.length > 0 && value.every(isNameMatch);
  return ['equals', 'starts_with', 'ends_with', 'contains', 'regex'].includes(word ?? '') && typeof value === 'string';
}

/**
 * The rows of a catalogue file, read as those of the package are, and tried: every price compiles and every pattern too.
 *
 * @throws InvalidRequestError `invalid_catalogue` where this version of Weir can't price by it
 */
export function catalogueOfFile(file: CatalogueFile): GenaiCatalogue {
  try {
    const { providers, rows } = toCatalogue(file as unknown as Provider[]);
    compileCatalogue(
      providers,
      rows.map((row) => compileModelPrice({ ...row, id: row.position })),
    );
    const hash = createHash('sha256')
      .update(JSON.stringify([providers, rows]))
      .digest('hex');
    return { version: `file+${hash.slice(0, 12)}`, providers, rows };
  } catch (error) {
    // Both say what is wrong: a key nobody knows, a pattern that does not compile.
    if (!(error instanceof InvariantError || error instanceof SyntaxError)) throw error;
    throw new InvalidRequestError('invalid_catalogue', `The file can't be priced by: ${error.message}`, [
      { field: 'body', detail: error.message },
    ]);
  }
}
