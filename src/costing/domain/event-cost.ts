import { type Decimal, SCALE, scaledToDecimal } from '../../kernel';
import type { ModelPrice, PriceLevel } from './model-price';
import type { PriceBook } from './price-book';
import { QUANTITY_SCALE, type Quantity, isMore, quantityToDecimal, toScaled } from './quantity';
import {
  type EventUsage,
  OTHER_USAGE_FIELDS,
  PRICED_UNITS,
  type PricedUnit,
  UNIT_FIELDS,
  type UsageUnits,
} from './usage-units';

/** What an event's usage costs us. */
export type CostResult = PricedCost | PendingCost | NoCost;

/** The cost is known, exactly. A zero is a real zero: the price says so. */
export interface PricedCost {
  readonly status: 'priced';
  /** Counting 10^-24 of the currency's unit. */
  readonly amount: bigint;
  readonly currency: string;
  readonly priceId: number;
}

/** The event costs something and we don't know what. It is counted, flagged, and can be priced later. */
export interface PendingCost {
  readonly status: 'pending';
  readonly reason: PendingReason;
  /** The usage field the reason is about, such as `web_searches`; null when it is about the whole event. */
  readonly field: string | null;
}

/** Nothing in the event costs anything. */
export interface NoCost {
  readonly status: 'none';
}

/**
 * - `model_missing`: tokens without a provider and a model to price them by
 * - `model_unknown`: no price is known for the model at the event's time
 * - `unit_unpriced`: the model's price has no price for a unit, nor for one that includes it
 * - `unit_unsupported`: a usage field that is charged for and that Weir does not price yet
 * - `amount_too_fine`: a fraction of a unit at a price of so many decimals that the amount would need rounding
 */
export type PendingReason =
  'model_missing' | 'model_unknown' | 'unit_unpriced' | 'unit_unsupported' | 'amount_too_fine';

/** One unit of an event's usage at its price. quantity × unitPrice = amount, exactly. */
export interface CostBreakdownRow {
  readonly unit: PricedUnit;
  /** Whose price it is charged at: the unit's own, or that of the unit it falls back to. */
  readonly chargedAs: PricedUnit;
  readonly quantity: Decimal;
  /** The price of one, in the price's currency. */
  readonly unitPrice: Decimal;
  /** The context step that decided the price: the input total was more than this; null at the base price. */
  readonly tierAbove: number | null;
  readonly amount: Decimal;
}

const NONE: NoCost = Object.freeze({ status: 'none' });
const MODEL_MISSING = pending('model_missing', null);
const MODEL_UNKNOWN = pending('model_unknown', null);
/** From amounts that count 10^-12 to amounts that count 10^-24. */
const FINER = 10n ** BigInt(SCALE - QUANTITY_SCALE);
const ONE_QUANTITY = 10n ** BigInt(QUANTITY_SCALE);

/** What an event costs, by the price in force at its time (microseconds since 1970). The hot path's one call. */
export function costOfUsage(usage: EventUsage, book: PriceBook, atMicros: number): CostResult {
  const { units, provider, model } = usage;
  if (units === null) return NONE;
  if (model === null) {
    // Without a model only what is surely AI usage waits for a price: a product may count `requests` of its own.
    return provider !== null || isAboveZero(units.totalInput) || isAboveZero(units.totalOutput) ? MODEL_MISSING : NONE;
  }
  return costOf(units, book.find(provider, model, atMicros));
}

/**
 * What units of usage cost at a price: 1,155 input at 2.50 and 211 output at 10.00 per million → 0.0049975.
 *
 * Each unit is charged at its own price or the one it falls back to (see `compileModelPrice`), all at the context tier
 * of the request's input total. A model that charges per request charges one when the event doesn't say how many.
 * A unit without any price makes the whole event pending: unknown is never zero, and never a part.
 *
 * @param units disjoint, from `readUsage`
 * @param price in force at the event's time; null when there is none
 */
export function costOf(units: UsageUnits, price: ModelPrice | null): CostResult {
  if (price === null) return MODEL_UNKNOWN;
  const level = levelOf(price, units.totalInput);

  if (units.others === null && reportsTokens(units)) {
    // Nearly every event: whole quantities, prices of up to 12 decimals, so that plain numbers are exact. Where one
    // is not, its term is NaN, the sum is NaN, and the comparison sends the event to the exact way.
    const fast = level.fast;
    const amount =
      term(units.input, fast.input) +
      term(units.cacheRead, fast.cacheRead) +
      term(units.cacheWrite, fast.cacheWrite) +
      term(units.inputAudio, fast.inputAudio) +
      term(units.cachedAudio, fast.cachedAudio) +
      term(units.output, fast.output) +
      term(units.outputAudio, fast.outputAudio) +
      term(units.requests ?? 1, fast.requests);
    // Terms are whole and not negative: a sum that passed 2^53 on its way has stayed above it.
    if (amount <= Number.MAX_SAFE_INTEGER) {
      return { status: 'priced', amount: BigInt(amount) * FINER, currency: price.currency, priceId: price.id };
    }
  }

  const charges = chargesOf(units, price, level);
  if (!Array.isArray(charges)) return charges;
  let amount = 0n;
  for (const charge of charges) amount += charge.amount;
  return { status: 'priced', amount, currency: price.currency, priceId: price.id };
}

/**
 * The cost of an event, unit by unit, for people: its rows add up to `costOf` exactly.
 * Empty when the cost is not known; `costOf` says why.
 */
export function costBreakdown(units: UsageUnits, price: ModelPrice): CostBreakdownRow[] {
  const level = levelOf(price, units.totalInput);
  const charges = chargesOf(units, price, level);
  if (!Array.isArray(charges)) return [];
  return charges.map(({ unit, chargedAs, quantity, unitPrice, amount }) => ({
    unit,
    chargedAs,
    quantity: quantityToDecimal(quantity),
    unitPrice: scaledToDecimal(unitPrice),
    tierAbove: tierOf(price, chargedAs, level),
    amount: scaledToDecimal(amount),
  }));
}

/** Why a cost is pending, as a sentence for whoever has to do something about it. */
export function pendingSentence(cost: PendingCost): string {
  const field = cost.field ?? 'a unit';
  switch (cost.reason) {
    case 'model_missing':
      return 'The event reports tokens without naming the model that used them: send data.provider and data.model, or its cost.';
    case 'model_unknown':
      return "The price book has no price for the event's provider and model at its time: add one.";
    case 'unit_unpriced':
      return `The model's price has no price for ${field}, nor for a unit that includes it: add a price that has.`;
    case 'unit_unsupported':
      return `The event reports ${field}, which Weir does not price yet: send the event's cost.`;
    case 'amount_too_fine':
      return `The quantity of ${field} times its price has more than ${SCALE} decimals: send fewer decimals.`;
  }
}

interface Charge {
  readonly unit: PricedUnit;
  readonly chargedAs: PricedUnit;
  readonly quantity: Quantity;
  readonly unitPrice: bigint;
  readonly amount: bigint;
}

/** quantity × price as plain numbers, or NaN where that is not exact: the product of two whole numbers is rounded
 *  only when it is above 2^53, and then it stays above. */
function term(quantity: Quantity | null, price: number): number {
  if (quantity === null || quantity === 0) return 0;
  if (typeof quantity !== 'number') return Number.NaN;
  const product = quantity * price;
  return product <= Number.MAX_SAFE_INTEGER ? product : Number.NaN;
}

/** The exact way, in integers of any size: one charge for each unit used, or why there is no cost. */
function chargesOf(units: UsageUnits, price: ModelPrice, level: PriceLevel): Charge[] | PendingCost | NoCost {
  for (const field of units.others ?? []) {
    if (!isCovered(field, units, price)) return pending('unit_unsupported', field);
  }

  const perRequest = price.units.requests !== undefined;
  const tokens = reportsTokens(units);
  if (!tokens && units.requests === null && units.others === null) return NONE;

  const charges: Charge[] = [];
  for (const unit of PRICED_UNITS) {
    const quantity = unit === 'requests' && perRequest ? (units.requests ?? 1) : units[unit];
    if (!isAboveZero(quantity)) continue;
    // Where tokens are charged and requests are not, a request's price is that of its tokens.
    if (unit === 'requests' && !perRequest && tokens) continue;
    const chargedAs = price.chargedAs[unit];
    const unitPrice = level.exact[unit];
    if (chargedAs === null || unitPrice === null) return pending('unit_unpriced', UNIT_FIELDS[unit]);

    const product = toScaled(quantity) * unitPrice;
    if (product % ONE_QUANTITY !== 0n) return pending('amount_too_fine', UNIT_FIELDS[unit]);
    charges.push({ unit, chargedAs, quantity, unitPrice, amount: product / ONE_QUANTITY });
  }
  return charges;
}

/** Whether a usage field that Weir does not price is paid for with the total that includes it. */
function isCovered(field: string, units: UsageUnits, price: ModelPrice): boolean {
  if (price.unsupported.includes(field)) return false;
  switch (OTHER_USAGE_FIELDS.get(field)) {
    case 'input':
      return units.totalInput !== null;
    case 'output':
      return units.totalOutput !== null;
    case 'separate':
    case undefined:
      return false;
  }
}

/** Whether the event reports tokens at all, be they zero. */
function reportsTokens(units: UsageUnits): boolean {
  return units.totalInput !== null || units.totalOutput !== null;
}

function isAboveZero(quantity: Quantity | null): quantity is Quantity {
  return quantity !== null && quantity > 0;
}

function levelOf(price: ModelPrice, totalInput: Quantity | null): PriceLevel {
  const levels = price.levels;
  if (totalInput !== null) {
    for (let index = 0; index < levels.length - 1; index += 1) {
      const level = levels[index]!;
      if (isMore(totalInput, level.above)) return level;
    }
  }
  return levels[levels.length - 1]!;
}

function tierOf(price: ModelPrice, chargedAs: PricedUnit, level: PriceLevel): number | null {
  let above: number | null = null;
  for (const tier of price.units[chargedAs]?.tiers ?? []) if (tier.above <= level.above) above = tier.above;
  return above;
}

function pending(reason: PendingReason, field: string | null): PendingCost {
  return Object.freeze({ status: 'pending', reason, field });
}
