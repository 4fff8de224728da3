import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { waitForUpdate } from '@pydantic/genai-prices';
import type { ConditionalPrice, ModelInfo, ModelPrice, Provider, TieredPrices } from '@pydantic/genai-prices';
import { Decimal, decimalText, invariant } from '../../kernel';
import {
  type Catalogue,
  type CatalogueProvider,
  type PriceRow,
  type PricedUnit,
  UNIT_OF_FIELD,
  type UnitPriceText,
  compileCatalogue,
  compileModelPrice,
} from '../domain';

/** The public price catalogue, as plain data to be stored: 43 providers and some 1,700 models at the time of writing. */
export interface GenaiCatalogue {
  /** Changes when the package or anything we read from it changes. */
  readonly version: string;
  readonly providers: readonly CatalogueProvider[];
  readonly rows: readonly PriceRow[];
}

/** What the endings of the catalogue's price keys stand for: the ending of the usage field, and how many the price is for. */
const ENDINGS: readonly (readonly [ofKey: string, ofField: string, per: string])[] = [
  ['_mtok', '_tokens', '1000000'],
  ['_kcount', '', '1000'],
  ['_hours', '_seconds', '3600'],
  ['_kpages', '_pages', '1000'],
  ['_mchars', '_characters', '1000000'],
  ['_gpixels', '_pixels', '1000000000'],
];

/** How a model with an empty price says that it is free. An empty price that doesn't say so is an unknown one. */
const SAYS_FREE = /:free$|\(free\)|\bfree of charge\b|\bincluded in the subscription\b/i;

const PACKAGE = '@pydantic/genai-prices';

let reading: Promise<GenaiCatalogue> | undefined;

/**
 * Reads the catalogue out of the npm package, as data only: its prices are doubles and so is its arithmetic, of which
 * we use none. A price becomes the decimal text that was typed into the catalogue (a double's shortest text).
 *
 * The package lists its providers nowhere; `waitForUpdate()` answers all it works with, which is what it ships, since
 * we never ask it to update. It is not told to: prices change with a release of Weir or an own price, not unseen.
 */
export function readCatalogue(): Promise<GenaiCatalogue> {
  return (reading ??= waitForUpdate().then((providers) => {
    invariant(providers !== null && providers.length > 0, `${PACKAGE} ships a catalogue`);
    return toCatalogue(providers);
  }));
}

/** Version of the package and a hash of all that is read from it, such as `0.1.8+3f2a9c0d1e4b`. */
export async function catalogueVersion(): Promise<string> {
  return (await readCatalogue()).version;
}

/** The catalogue ready for costing, numbered in its own order; for tests and tools. A server costs from stored rows. */
export async function compileGenaiCatalogue(): Promise<Catalogue> {
  const { providers, rows } = await readCatalogue();
  return compileCatalogue(
    providers,
    rows.map((row) => compileModelPrice({ ...row, id: row.position })),
  );
}

/** Turns the package's providers into plain rows. Exported for tests with catalogues made by hand. */
export function toCatalogue(shipped: readonly Provider[]): GenaiCatalogue {
  const providers = shipped.map((provider): CatalogueProvider => {
    return {
      id: provider.id,
      match: provider.provider_match ?? null,
      modelMatch: provider.model_match ?? null,
      fallbackProviders: provider.fallback_model_providers ?? [],
    };
  });

  const rows: PriceRow[] = [];
  for (const provider of shipped) {
    for (const model of provider.models) {
      for (const price of pricesOf(model)) {
        rows.push({ provider: provider.id, model: model.id, match: model.match, position: rows.length, ...price });
      }
    }
  }
  const hash = createHash('sha256')
    .update(JSON.stringify([providers, rows]))
    .digest('hex')
    .slice(0, 12);
  return { version: `${packageVersion()}+${hash}`, providers, rows };
}

type DatedPrice = Omit<PriceRow, 'provider' | 'model' | 'match' | 'position'>;

/**
 * A model's prices, each with the time it holds. In the package the last entry whose constraint fits is taken, and the
 * first one where none does; so an entry holds until a later one starts, and the first has always held. An entry for
 * a part of the day goes before all earlier ones in that part of every day, whatever date they start at.
 */
function pricesOf(model: ModelInfo): DatedPrice[] {
  const entries: ConditionalPrice[] = Array.isArray(model.prices) ? model.prices : [{ prices: model.prices }];
  const dated: DatedPrice[] = [];
  let supersededAt: string | null = null;
  for (let index = entries.length - 1; index >= 0; index -= 1) {
    const entry = entries[index]!;
    const constraint = index === 0 ? undefined : entry.constraint;
    let validFrom: string | null = null;
    let daily: { dailyFrom: string | null; dailyTo: string | null } = { dailyFrom: null, dailyTo: null };
    // The kinds are told apart by their fields: the catalogue's own JSON leaves `type` out.
    if (constraint !== undefined && 'start_date' in constraint) {
      validFrom = new Date(constraint.start_date).toISOString();
    } else if (constraint !== undefined) {
      daily = { dailyFrom: utcTime(constraint.start_time), dailyTo: utcTime(constraint.end_time) };
    }

    const neverHolds = supersededAt !== null && validFrom !== null && validFrom >= supersededAt;
    if (!neverHolds) {
      dated.unshift({
        validFrom,
        validTo: supersededAt,
        ...daily,
        currency: 'USD',
        units: unitsOf(model, entry.prices),
      });
    }
    // An entry without any constraint hides all that stand before it.
    if (index > 0 && constraint === undefined) return dated;
    if (validFrom !== null && (supersededAt === null || validFrom < supersededAt)) supersededAt = validFrom;
  }
  return dated;
}

function unitsOf(model: ModelInfo, prices: ModelPrice): PriceRow['units'] {
  const units: Partial<Record<PricedUnit, UnitPriceText>> = {};
  for (const [key, price] of Object.entries(prices)) {
    if (price === undefined) continue;
    const { unit, per } = meaningOf(key);
    units[unit] = unitPrice(per, price);
  }
  // Everything else falls back to these two.
  return Object.keys(prices).length === 0 && saysFree(model) ? { input: FREE, output: FREE } : units;
}

/** The unit a price key is for: `cache_read_mtok` is the price of 1,000,000 of `cache_read_tokens`. */
function meaningOf(key: string): { unit: PricedUnit; per: string } {
  const [ofKey = '', ofField = '', per = ''] = ENDINGS.find(([ending]) => key.endsWith(ending)) ?? [];
  const unit = UNIT_OF_FIELD.get(key.slice(0, key.length - ofKey.length) + ofField);
  invariant(per !== '' && unit !== undefined, `the price key ${key} is one that this version of Weir knows`);
  return { unit, per };
}

const FREE: UnitPriceText = { per: '1000000', amount: '0', tiers: [] };

function saysFree(model: ModelInfo): boolean {
  return [model.id, model.name, model.description, model.price_comments].some((text) => SAYS_FREE.test(text ?? ''));
}

function unitPrice(per: string, price: number | TieredPrices): UnitPriceText {
  if (typeof price === 'number') return { per, amount: decimalOf(price), tiers: [] };
  const tiers = [...price.tiers].sort((a, b) => a.start - b.start);
  return {
    per,
    amount: decimalOf(price.base),
    tiers: tiers.map((tier) => ({ above: String(tier.start), amount: decimalOf(tier.price) })),
  };
}

/** The decimal that was typed for a price: the shortest text that gives this double back. */
function decimalOf(price: number): string {
  return decimalText(new Decimal(String(price)));
}

/** A time of day with an offset, such as `08:00:00+08:00`, in UTC: `00:00:00`. */
function utcTime(time: string): string {
  const moment = new Date(`1970-01-02T${time}`);
  invariant(!Number.isNaN(moment.getTime()), `${time} is a time of day`);
  return moment.toISOString().slice(11, 19);
}

function packageVersion(): string {
  const manifest = join(dirname(require.resolve(PACKAGE)), '..', 'package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  return version;
}
