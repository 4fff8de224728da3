import { Decimal, DomainError, type FieldProblem, invariant, SCALE, scaledFromDecimal } from '../../kernel';
import type { NameMatch } from './name-match';
import { QUANTITY_SCALE } from './quantity';
import { PRICED_UNITS, type PricedUnit } from './usage-units';

/** A price as it is published: an amount for so many units, such as 2.50 per 1,000,000. Decimal texts. */
export interface UnitPriceText {
  /** A power of ten, from "1" to "1000000000". */
  readonly per: string;
  readonly amount: string;
  /** Steps by context; absent or empty when one price holds for every request. */
  readonly tiers?: readonly TierText[];
}

/** Once a request's input total is more than `above`, all of this unit in that request costs `amount`. */
export interface TierText {
  readonly above: string;
  readonly amount: string;
}

/**
 * One price of one model over one span of time, as it is stored: plain data, decimals and instants as text.
 * A model that changed its price has several rows.
 */
export interface PriceRow {
  /** The provider's id, such as `openai`. */
  readonly provider: string;
  readonly model: string;
  /** Which names of a model this row prices besides `model` itself. null: only that exact name. */
  readonly match: NameMatch | null;
  /** Order in the catalogue: of two models that match a name the lower is taken; of one model's rows in force, the higher. */
  readonly position: number;
  /** From (inclusive) and to (exclusive), RFC 3339; null is open. */
  readonly validFrom: string | null;
  readonly validTo: string | null;
  /** The part of each UTC day, such as `16:30:00` to `00:30:00` (over midnight); both null: the whole day. */
  readonly dailyFrom: string | null;
  readonly dailyTo: string | null;
  readonly currency: string;
  readonly units: Readonly<Partial<Record<PricedUnit, UnitPriceText>>>;
  /** Usage fields for which the provider charges and Weir can't yet; an event that reports one stays pending. */
  readonly unsupported: readonly string[];
}

/** A price of one single unit, counting 10^-24 of the currency's unit. */
export interface UnitPrice {
  readonly base: bigint;
  /** Ascending. */
  readonly tiers: readonly { readonly above: number; readonly price: bigint }[];
}

/** The prices of one single unit that hold for one request, chosen by its input total. */
export interface PriceLevel {
  /** The level holds when the input total is more than this; -1 on the level that always does. */
  readonly above: number;
  /** Counting 10^-24 of the currency's unit; null where the model has no price that applies. */
  readonly exact: Readonly<Record<PricedUnit, bigint | null>>;
  /** The same counting 10^-12, for arithmetic on plain numbers; NaN where that isn't exact or there is no price. */
  readonly fast: Readonly<Record<PricedUnit, number>>;
}

/** A price row made ready for costing. */
export interface ModelPrice {
  readonly id: number;
  readonly provider: string;
  readonly model: string;
  readonly match: NameMatch | null;
  readonly position: number;
  /** Microseconds since 1970, half-open `[validFrom, validTo)`; null is open. */
  readonly validFrom: number | null;
  readonly validTo: number | null;
  /** Microseconds since UTC midnight, half-open; from > to runs over midnight. Both null: the whole day. */
  readonly dailyFrom: number | null;
  readonly dailyTo: number | null;
  readonly currency: string;
  /** The prices the row has of its own. */
  readonly units: Readonly<Partial<Record<PricedUnit, UnitPrice>>>;
  /** Whose price each unit is charged at: its own, or that of the unit it falls back to; null when there is none. */
  readonly chargedAs: Readonly<Record<PricedUnit, PricedUnit | null>>;
  /** Descending by `above`; the last always holds. */
  readonly levels: readonly PriceLevel[];
  readonly unsupported: readonly string[];
}

/** A price says something that can't be; `fields` name what. */
export class InvalidPriceError extends DomainError {
  readonly code = 'invalid_price';
  readonly kind = 'invalid';
}

const DECIMAL = /^(?:0|[1-9]\d*)(?:\.\d+)?$/;
const POWER_OF_TEN = /^10{0,9}$/;
const TIME_OF_DAY = /^([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,6}))?$/;
const LONGEST_TEXT = 64;
/** Above this an amount for one unit is a slip of the keyboard, and a price times a quantity might leave `numeric`. */
const LONGEST_INTEGER = 15;
const FROM_EXACT_TO_FAST = 10n ** BigInt(SCALE - QUANTITY_SCALE);
const MICROS_PER_DAY = 86_400_000_000;

/** What is wrong with a price row, each with its field; empty when it can be compiled. */
export function priceRowProblems(row: PriceRow): FieldProblem[] {
  const problems: FieldProblem[] = [];
  for (const unit of Object.keys(row.units)) {
    if (!(PRICED_UNITS as readonly string[]).includes(unit)) {
      problems.push({ field: `units.${unit}`, detail: `is not a unit; one of ${PRICED_UNITS.join(', ')}` });
    }
  }
  for (const unit of PRICED_UNITS) {
    const text = row.units[unit];
    if (text === undefined) continue;
    const field = `units.${unit}`;
    if (!POWER_OF_TEN.test(text.per)) {
      problems.push({ field: `${field}.per`, detail: 'must be a power of ten from "1" to "1000000000"' });
      continue;
    }
    problems.push(...amountProblems(`${field}.amount`, text.amount, text.per));
    let previous = -1;
    for (const [index, tier] of (text.tiers ?? []).entries()) {
      const at = `${field}.tiers[${index}]`;
      problems.push(...amountProblems(`${at}.amount`, tier.amount, text.per));
      const above = /^\d{1,15}$/.test(tier.above) ? Number(tier.above) : null;
      if (above === null) problems.push({ field: `${at}.above`, detail: 'must be a whole number of tokens' });
      else if (above <= previous) problems.push({ field: `${at}.above`, detail: 'must be more than the tier before' });
      previous = above ?? previous;
    }
  }

  const from = row.validFrom === null ? null : micros(row.validFrom);
  const to = row.validTo === null ? null : micros(row.validTo);
  if (Number.isNaN(from)) problems.push({ field: 'validFrom', detail: 'must be an RFC 3339 instant' });
  if (Number.isNaN(to)) problems.push({ field: 'validTo', detail: 'must be an RFC 3339 instant' });
  if (from !== null && to !== null && to <= from) {
    problems.push({ field: 'validTo', detail: 'must be after validFrom' });
  }
  if ((row.dailyFrom === null) !== (row.dailyTo === null)) {
    problems.push({ field: 'dailyTo', detail: 'goes together with dailyFrom' });
  }
  for (const field of ['dailyFrom', 'dailyTo'] as const) {
    if (row[field] !== null && !TIME_OF_DAY.test(row[field])) {
      problems.push({ field, detail: 'must be a time of the UTC day such as "16:30:00"' });
    }
  }
  if (!/^[A-Z]{3}$/.test(row.currency)) {
    problems.push({ field: 'currency', detail: 'must be a currency code such as "USD"' });
  }
  return problems;
}

function amountProblems(field: string, amount: string, per: string): FieldProblem[] {
  if (amount.length > LONGEST_TEXT || !DECIMAL.test(amount)) {
    return [{ field, detail: 'must be a plain decimal of 0 or more, such as "2.50"' }];
  }
  const [integer = '', fraction = ''] = amount.split('.');
  if (integer.length > LONGEST_INTEGER) {
    return [{ field, detail: `has too many digits: at most ${LONGEST_INTEGER} before the point` }];
  }
  const decimals = fraction.replace(/0+$/, '').length + per.length - 1;
  if (decimals <= SCALE) return [];
  return [
    { field, detail: `has too many digits: the price of one unit would have ${decimals} decimals, at most ${SCALE}` },
  ];
}

/**
 * Makes a price row ready for costing: prices of one single unit as integers, instants as microseconds, and for each
 * unit without a price of its own the unit it is charged as.
 *
 * The fall-back is the catalogue's own (genai-prices): a unit without a price is part of the next wider one that has
 * one. Cached tokens are input tokens, audio input tokens are input tokens, audio output tokens are output tokens.
 * Cached audio is both cached and audio: its own price, else the cached price, else the audio price, else input; and
 * none at all where cached and audio both have prices, because nobody says which of them holds.
 *
 * @throws InvalidPriceError with the row's problems
 */
export function compileModelPrice(row: PriceRow & { readonly id: number }): ModelPrice {
  const problems = priceRowProblems(row);
  if (problems.length > 0) {
    const list = problems.map((problem) => `${problem.field} ${problem.detail}`).join('; ');
    throw new InvalidPriceError(`The price of ${row.provider} ${row.model} can't be used: ${list}.`, problems);
  }

  const units: Partial<Record<PricedUnit, UnitPrice>> = {};
  const thresholds = new Set<number>();
  for (const unit of PRICED_UNITS) {
    const text = row.units[unit];
    if (text === undefined) continue;
    const price = unitPrice(text);
    units[unit] = price;
    for (const tier of price.tiers) thresholds.add(tier.above);
  }
  const chargedAs = fallBacks(units);
  const levels = [-1, ...[...thresholds].sort((a, b) => a - b)].map((above) => priceLevel(above, units, chargedAs));

  return {
    id: row.id,
    provider: row.provider,
    model: row.model,
    match: row.match,
    position: row.position,
    validFrom: row.validFrom === null ? null : micros(row.validFrom),
    validTo: row.validTo === null ? null : micros(row.validTo),
    dailyFrom: row.dailyFrom === null ? null : microsOfDay(row.dailyFrom),
    dailyTo: row.dailyTo === null ? null : microsOfDay(row.dailyTo),
    currency: row.currency,
    units,
    chargedAs,
    levels: levels.reverse(),
    unsupported: row.unsupported,
  };
}

/** Whether the price holds at an instant, given in microseconds since 1970. */
export function isInForce(price: ModelPrice, atMicros: number): boolean {
  if (price.validFrom !== null && atMicros < price.validFrom) return false;
  if (price.validTo !== null && atMicros >= price.validTo) return false;
  if (price.dailyFrom === null || price.dailyTo === null) return true;
  const timeOfDay = ((atMicros % MICROS_PER_DAY) + MICROS_PER_DAY) % MICROS_PER_DAY;
  return price.dailyTo < price.dailyFrom
    ? timeOfDay >= price.dailyFrom || timeOfDay < price.dailyTo
    : timeOfDay >= price.dailyFrom && timeOfDay < price.dailyTo;
}

function unitPrice(text: UnitPriceText): UnitPrice {
  const per = new Decimal(text.per);
  return {
    base: scaledFromDecimal(new Decimal(text.amount).dividedBy(per)),
    tiers: (text.tiers ?? []).map((tier) => ({
      above: Number(tier.above),
      price: scaledFromDecimal(new Decimal(tier.amount).dividedBy(per)),
    })),
  };
}

function fallBacks(units: ModelPrice['units']): Record<PricedUnit, PricedUnit | null> {
  const first = (...candidates: PricedUnit[]) => candidates.find((unit) => units[unit] !== undefined) ?? null;
  const ambiguous = units.cachedAudio === undefined && units.cacheRead !== undefined && units.inputAudio !== undefined;
  return {
    input: first('input'),
    cacheRead: first('cacheRead', 'input'),
    cacheWrite: first('cacheWrite', 'input'),
    inputAudio: first('inputAudio', 'input'),
    cachedAudio: ambiguous ? null : first('cachedAudio', 'cacheRead', 'inputAudio', 'input'),
    output: first('output'),
    outputAudio: first('outputAudio', 'output'),
    requests: first('requests'),
  };
}

function priceLevel(above: number, units: ModelPrice['units'], chargedAs: ModelPrice['chargedAs']): PriceLevel {
  const exact = {} as Record<PricedUnit, bigint | null>;
  const fast = {} as Record<PricedUnit, number>;
  for (const unit of PRICED_UNITS) {
    const charged = chargedAs[unit];
    const price = charged === null ? null : priceAbove(units[charged], above);
    exact[unit] = price;
    fast[unit] = price === null ? Number.NaN : fastPrice(price);
  }
  // A provider that prices tokens and not requests charges nothing for the request as such.
  if (exact.requests === null && PRICED_UNITS.some((unit) => units[unit] !== undefined)) fast.requests = 0;
  return { above, exact, fast };
}

function priceAbove(price: UnitPrice | undefined, above: number): bigint {
  invariant(price !== undefined, 'a unit is charged at a price that exists');
  let inTier = price.base;
  for (const tier of price.tiers) if (tier.above <= above) inTier = tier.price;
  return inTier;
}

function fastPrice(exact: bigint): number {
  if (exact % FROM_EXACT_TO_FAST !== 0n) return Number.NaN;
  const fast = exact / FROM_EXACT_TO_FAST;
  return fast <= Number.MAX_SAFE_INTEGER ? Number(fast) : Number.NaN;
}

function micros(instant: string): number {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)$/.test(instant)
    ? Date.parse(instant.replace(/\.\d+/, '')) * 1000 + microsecondsIn(instant)
    : Number.NaN;
}

/** The digits after the second's point as microseconds; `Date` stops at milliseconds. */
function microsecondsIn(instant: string): number {
  const fraction = /\.(\d+)/.exec(instant)?.[1] ?? '';
  return Number(fraction.padEnd(6, '0'));
}

function microsOfDay(time: string): number {
  const match = TIME_OF_DAY.exec(time);
  invariant(match !== null, 'a time of day was checked before it is read');
  const [, hours = '0', minutes = '0', seconds = '0'] = match;
  return (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1_000_000 + microsecondsIn(time);
}
