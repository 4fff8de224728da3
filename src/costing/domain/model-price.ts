import { Decimal, DomainError, type FieldProblem, invariant, SCALE, scaledFromDecimal } from '../../kernel';
import { breakdownRowEnd, type PriceOrigin } from './breakdown';
import type { NameMatch } from './name-match';
import { QUANTITY_SCALE } from './quantity';
import { SERVICE_CLASS } from './service-class';
import {
  CORE_UNITS,
  type CoreUnit,
  countsSeconds,
  narrowerThan,
  narrowness,
  PRICED_UNITS,
  type PricedUnit,
  sharedBy,
  widerThan,
} from './unit-table';

/** A price as it is published: an amount for so many units, such as 2.50 per 1,000,000. Decimal texts. */
export interface UnitPriceText {
  /** A power of ten, from "1" to "1000000000"; for seconds also "60" and "3600". */
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
  /** The model's name; for an own price that is meant for all names a `match` fits, `*`. */
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
  /** Empty where `factor` says the price instead. */
  readonly units: Readonly<Partial<Record<PricedUnit, UnitPriceText>>>;
  /** The class of service it is for, such as `batch`; null or absent: the standard one. */
  readonly serviceClass?: string | null;
  /** Instead of `units`: what another price is multiplied by, such as "0.5". See `domain/price-factor.ts`. */
  readonly factor?: string | null;
  /** The own contract that says so, by its key. */
  readonly contract?: string | null;
  /** What people call the contract. */
  readonly name?: string | null;
}

/** A price of one single unit, counting 10^-24 of the currency's unit. */
export interface UnitPrice {
  readonly base: bigint;
  /** Ascending. */
  readonly tiers: readonly { readonly above: number; readonly price: bigint }[];
}

/** The core units' prices of one that hold for one request, chosen by its input total. */
export interface PriceLevel {
  /** The level holds when the input total is more than this; -1 on the level that always does. */
  readonly above: number;
  /** Counting 10^-12 of the currency's unit, for arithmetic on plain numbers; NaN where that isn't exact or there is no price. */
  readonly fast: Readonly<Record<CoreUnit, number>>;
  /** How a breakdown's row goes on after the quantity, written once instead of for every event. */
  readonly rowEnd: Readonly<Record<CoreUnit, string>>;
}

/** When a price holds, in microseconds. */
export interface Validity {
  /** Since 1970, half-open `[validFrom, validTo)`; null is open. */
  readonly validFrom: number | null;
  readonly validTo: number | null;
  /** Since UTC midnight, half-open; from > to runs over midnight. Both null: the whole day. */
  readonly dailyFrom: number | null;
  readonly dailyTo: number | null;
}

/** A price row made ready for costing. */
export interface ModelPrice extends Validity {
  readonly id: number;
  readonly provider: string;
  readonly model: string;
  readonly match: NameMatch | null;
  readonly position: number;
  readonly currency: string;
  readonly origin: PriceOrigin;
  readonly units: Readonly<Partial<Record<PricedUnit, UnitPrice>>>;
  /** Whose price each core unit is charged at: its own, or that of the next wider unit that has one. */
  readonly chargedAs: Readonly<Record<CoreUnit, PricedUnit | null>>;
  /** The priced units, each before those that include it. */
  readonly narrowestFirst: readonly PricedUnit[];
  /** Pairs of priced units that some tokens may be in both of, and the unit of those tokens. */
  readonly overlaps: readonly { readonly a: PricedUnit; readonly b: PricedUnit; readonly shared: PricedUnit }[];
  /** Descending by `above`; the last always holds. */
  readonly levels: readonly PriceLevel[];
}

/** A price says something that can't be; `fields` name what. */
export class InvalidPriceError extends DomainError {
  readonly code = 'invalid_price';
  readonly kind = 'invalid';
}

const DECIMAL = /^(?:0|[1-9]\d*)(?:\.\d+)?$/;
const POWER_OF_TEN = /^10{0,9}$/;
/** Seconds are priced by the minute and the hour as well. */
const SECONDS_PER = /^(?:60|3600)$/;
/** A factor with more decimals would leave few prices exact. */
const FACTOR = /^(?:0|[1-9]\d{0,3})(?:\.\d{1,8})?$/;
const TIME_OF_DAY = /^([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,6}))?$/;
const LONGEST_TEXT = 64;
/** Above this an amount for one unit is a slip of the keyboard, and a price times a quantity might leave `numeric`. */
const LONGEST_INTEGER = 15;
const FROM_EXACT_TO_FAST = 10n ** BigInt(SCALE - QUANTITY_SCALE);
const MICROS_PER_DAY = 86_400_000_000;

/**
 * An hour's price by the second may have no end in decimals (0.111 ÷ 3600). Then the price of one second is kept to
 * this many, half away from zero, so that any quantity times it is exact: an hour is off by less than 2 × 10^-9.
 */
const DECIMALS_WITHOUT_END = QUANTITY_SCALE;

/** What is wrong with a price row, each with its field; empty when it can be compiled. */
export function priceRowProblems(row: PriceRow): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const { serviceClass = null, factor = null } = row;
  if (serviceClass !== null && !SERVICE_CLASS.test(serviceClass)) {
    problems.push({ field: 'class', detail: 'must be a class of service such as "batch", in lower case' });
  }
  if (factor !== null && (factor.length > LONGEST_TEXT || !FACTOR.test(factor))) {
    problems.push({ field: 'factor', detail: 'must be a decimal of 0 or more such as "0.5", with at most 8 decimals' });
  }
  if (factor !== null && Object.keys(row.units).length > 0) {
    problems.push({
      field: 'factor',
      detail: 'goes without prices of units: it is multiplied with those of another price',
    });
  }
  for (const unit of Object.keys(row.units)) {
    if (!(PRICED_UNITS as readonly string[]).includes(unit)) {
      problems.push({ field: `units.${unit}`, detail: `is not a unit; one of ${PRICED_UNITS.join(', ')}` });
    }
  }
  for (const unit of PRICED_UNITS) {
    const text = row.units[unit];
    if (text === undefined) continue;
    const field = `units.${unit}`;
    const byTheHour = countsSeconds(unit) && SECONDS_PER.test(text.per);
    if (!byTheHour && !POWER_OF_TEN.test(text.per)) {
      const more = countsSeconds(unit) ? ', or "60" or "3600" seconds' : '';
      problems.push({ field: `${field}.per`, detail: `must be a power of ten from "1" to "1000000000"${more}` });
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

  const from = row.validFrom === null ? null : microsOf(row.validFrom);
  const to = row.validTo === null ? null : microsOf(row.validTo);
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
 * Cached audio is both cached and audio: its own price, else that of the one that has a price; and none at all where
 * both have, because nobody says which of them holds.
 *
 * @throws InvalidPriceError with the row's problems
 */
export function compileModelPrice(row: PriceRow & { readonly id: number }): ModelPrice {
  refuseProblems(row);
  const units: Partial<Record<PricedUnit, UnitPrice>> = {};
  for (const unit of PRICED_UNITS) {
    const text = row.units[unit];
    if (text !== undefined) units[unit] = unitPrice(text);
  }
  const { id, provider, model, match, position, currency } = row;
  const origin = { serviceClass: row.serviceClass ?? null, contract: row.contract ?? null, factorIds: [] };
  return assemblePrice({ id, provider, model, match, position, currency, origin, ...validityOf(row) }, units);
}

/** Everything of a price that follows from the prices of its units. */
export function assemblePrice(
  price: Omit<ModelPrice, 'units' | 'chargedAs' | 'narrowestFirst' | 'overlaps' | 'levels'>,
  units: ModelPrice['units'],
): ModelPrice {
  const priced = PRICED_UNITS.filter((unit) => units[unit] !== undefined);
  const thresholds = new Set(priced.flatMap((unit) => units[unit]!.tiers.map((tier) => tier.above)));
  const chargedAs = Object.fromEntries(
    CORE_UNITS.map((unit) => [unit, narrowestOf([unit, ...widerThan(unit)].filter((one) => units[one] !== undefined))]),
  ) as Record<CoreUnit, PricedUnit | null>;
  const overlaps = priced.flatMap((a, index) =>
    priced.slice(index + 1).flatMap((b) => {
      const shared = sharedBy(a, b);
      return shared === null ? [] : [{ a, b, shared }];
    }),
  );
  const levels = [...thresholds, -1]
    .sort((a, b) => b - a)
    .map((above) => priceLevel(above, units, chargedAs, price.origin));
  const narrowestFirst = priced.toSorted((a, b) => narrowness(b) - narrowness(a));
  return { ...price, units, chargedAs, narrowestFirst, overlaps, levels };
}

/** @throws InvalidPriceError with the row's problems */
export function refuseProblems(row: PriceRow): void {
  const problems = priceRowProblems(row);
  if (problems.length === 0) return;
  const list = problems.map((problem) => `${problem.field} ${problem.detail}`).join('; ');
  throw new InvalidPriceError(`The price of ${row.provider} ${row.model} can't be used: ${list}.`, problems);
}

/** When a row holds, in microseconds. */
export function validityOf(row: PriceRow): Validity {
  return {
    validFrom: row.validFrom === null ? null : microsOf(row.validFrom),
    validTo: row.validTo === null ? null : microsOf(row.validTo),
    dailyFrom: row.dailyFrom === null ? null : microsOfDay(row.dailyFrom),
    dailyTo: row.dailyTo === null ? null : microsOfDay(row.dailyTo),
  };
}

/** Whether the price holds at an instant, given in microseconds since 1970. */
export function isInForce(price: Validity, atMicros: number): boolean {
  if (price.validFrom !== null && atMicros < price.validFrom) return false;
  if (price.validTo !== null && atMicros >= price.validTo) return false;
  if (price.dailyFrom === null || price.dailyTo === null) return true;
  const timeOfDay = ((atMicros % MICROS_PER_DAY) + MICROS_PER_DAY) % MICROS_PER_DAY;
  return price.dailyTo < price.dailyFrom
    ? timeOfDay >= price.dailyFrom || timeOfDay < price.dailyTo
    : timeOfDay >= price.dailyFrom && timeOfDay < price.dailyTo;
}

/** The price of one, counting 10^-24, from the price of so many: 2.50 per 1,000,000 → 0.0000025. */
export function priceOfOne(amount: string, per: string): bigint {
  const price = new Decimal(amount).dividedBy(per);
  return scaledFromDecimal(price.decimalPlaces() <= SCALE ? price : price.toDecimalPlaces(DECIMALS_WITHOUT_END));
}

function unitPrice({ amount, per, tiers = [] }: UnitPriceText): UnitPrice {
  return {
    base: priceOfOne(amount, per),
    tiers: tiers.map((tier) => ({ above: Number(tier.above), price: priceOfOne(tier.amount, per) })),
  };
}

/** The one unit among these that all others include; null when there is none. */
function narrowestOf(units: readonly PricedUnit[]): PricedUnit | null {
  return units.find((unit) => units.every((other) => other === unit || narrowerThan(other).includes(unit))) ?? null;
}

function priceLevel(
  above: number,
  units: ModelPrice['units'],
  chargedAs: ModelPrice['chargedAs'],
  origin: PriceOrigin,
): PriceLevel {
  const fast = {} as Record<CoreUnit, number>;
  const rowEnd = {} as Record<CoreUnit, string>;
  for (const unit of CORE_UNITS) {
    const charged = chargedAs[unit];
    const price = charged === null ? null : priceAbove(units[charged]!, above);
    fast[unit] = price === null ? Number.NaN : fastPrice(price);
    rowEnd[unit] =
      charged === null ? '' : breakdownRowEnd(unit, charged, price!, tierOf(units[charged]!, above), origin);
  }
  // A provider that prices tokens and not requests charges nothing for the request as such.
  if (chargedAs.requests === null && Object.keys(units).length > 0) fast.requests = 0;
  return { above, fast, rowEnd };
}

/** The price of one at a level. */
export function priceAbove(price: UnitPrice, above: number): bigint {
  let inTier = price.base;
  for (const tier of price.tiers) if (tier.above <= above) inTier = tier.price;
  return inTier;
}

/** The step that decides a price at a level; null at the base price. */
export function tierOf(price: UnitPrice, above: number): number | null {
  let tierAbove: number | null = null;
  for (const tier of price.tiers) if (tier.above <= above) tierAbove = tier.above;
  return tierAbove;
}

function fastPrice(exact: bigint): number {
  if (exact % FROM_EXACT_TO_FAST !== 0n) return Number.NaN;
  const fast = exact / FROM_EXACT_TO_FAST;
  return fast <= Number.MAX_SAFE_INTEGER ? Number(fast) : Number.NaN;
}

/** Microseconds since 1970 of an RFC 3339 instant; NaN for what is none. */
export function microsOf(instant: string): number {
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
