import { SCALE } from '../../kernel';
import { breakdownRow, moreOf, rowStart } from './breakdown';
import type { EventUsage, UsageUnits } from './event-usage';
import { type ModelPrice, type PriceLevel, priceAbove, tierOf } from './model-price';
import type { PriceBook } from './price-book';
import { QUANTITY_SCALE, type Quantity, add, isMore, quantityText, subtract, toScaled } from './quantity';
import {
  CORE_UNITS,
  type CoreUnit,
  countsTokens,
  narrowerThan,
  type PricedUnit,
  UNIT_FIELDS,
  widerThan,
} from './unit-table';
import { reportedOf } from './usage-units';

/** What an event's usage costs us. */
export type CostResult = PricedCost | PendingCost | NoCost;

/** The cost is known, exactly. A zero is a real zero: the price says so. */
export interface PricedCost {
  readonly status: 'priced';
  /** Counting 10^-24 of the currency's unit. */
  readonly amount: bigint;
  readonly currency: string;
  readonly priceId: number;
  /** Unit by unit, for `readBreakdown`; its rows add up to `amount`. null when nothing was used. */
  readonly breakdown: string | null;
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
 * - `usage_unread`: the provider's usage block counts something that Weir does not know
 * - `class_unpriced`: the model has a price, and none is stated for the class of service that served the request
 * - `unit_unpriced`: the model's price has no price for a unit, nor for one that includes it
 * - `quantity_missing`: the price tells apart what the event does not, such as how many cached tokens were audio
 * - `parts_exceed_total`: the parts that the price tells apart are more than the total that includes them
 * - `amount_too_fine`: a fraction of a unit at a price of so many decimals that the amount would need rounding
 */
export type PendingReason =
  | 'model_missing'
  | 'model_unknown'
  | 'usage_unread'
  | 'class_unpriced'
  | 'unit_unpriced'
  | 'quantity_missing'
  | 'parts_exceed_total'
  | 'amount_too_fine';

const NONE: NoCost = Object.freeze({ status: 'none' });
const MODEL_MISSING = pending('model_missing', null);
/** From amounts that count 10^-12 to amounts that count 10^-24. */
const FINER = 10n ** BigInt(SCALE - QUANTITY_SCALE);
const ONE_QUANTITY = 10n ** BigInt(QUANTITY_SCALE);

/** What an event costs, by the price in force at its time (microseconds since 1970). The hot path's one call. */
export function costOfUsage(usage: EventUsage, book: PriceBook, atMicros: number): CostResult {
  const { units, provider, model, serviceClass, unread } = usage;
  if (unread !== undefined) return pending('usage_unread', unread[0] ?? null);
  if (units === null) return NONE;
  if (model === null) {
    // Without a model only what is surely AI usage waits for a price: a product may count `requests` of its own.
    return provider !== null || isAboveZero(units.totalInput) || isAboveZero(units.totalOutput) ? MODEL_MISSING : NONE;
  }
  const price = book.find(provider, model, atMicros, serviceClass);
  return price === null ? pending(book.whyNone(provider, model, atMicros, serviceClass), null) : costOf(units, price);
}

/**
 * What units of usage cost at a price: 1,155 input at 2.50 and 211 output at 10.00 per million → 0.0049975.
 *
 * Each unit is charged at its own price or the one it falls back to (see `compileModelPrice`), all at the context tier
 * of the request's input total. A model that charges per request charges one when the event doesn't say how many.
 * A unit without any price makes the whole event pending: unknown is never zero, and never a part.
 *
 * @param units from `readUsage`
 * @param price in force at the event's time
 */
export function costOf(units: UsageUnits, price: ModelPrice): CostResult {
  const level = levelOf(price, units.totalInput);

  if (reportsTokens(units) && units.disjoint && (units.others === null || !isToldApart(units.others, price))) {
    // Nearly every event: whole quantities, prices of up to 12 decimals, so that plain numbers are exact. Where one
    // is not, its term is NaN, the sum is NaN, and the comparison sends the event to the exact way.
    const fast = level.fast;
    const amount =
      term(units.input, fast.input) +
      term(units.cacheRead, fast.cacheRead) +
      term(units.cacheWrite, fast.cacheWrite) +
      term(units.cacheWrite1h, fast.cacheWrite1h) +
      term(units.inputAudio, fast.inputAudio) +
      term(units.cachedAudio, fast.cachedAudio) +
      term(units.output, fast.output) +
      term(units.outputAudio, fast.outputAudio) +
      term(units.requests ?? 1, fast.requests);
    // Terms are whole and not negative: a sum that passed 2^53 on its way has stayed above it.
    if (amount <= Number.MAX_SAFE_INTEGER) {
      const breakdown = coreBreakdown(units, level, price);
      return {
        status: 'priced',
        amount: BigInt(amount) * FINER,
        currency: price.currency,
        priceId: price.id,
        breakdown,
      };
    }
  }

  const charges = chargesOf(units, price);
  if (!Array.isArray(charges)) return charges;
  let amount = 0n;
  const rows: string[] = [];
  for (const { unit, chargedAs, quantity } of charges) {
    const unitPrice = priceAbove(price.units[chargedAs]!, level.above);
    const product = toScaled(quantity) * unitPrice;
    if (product % ONE_QUANTITY !== 0n) return pending('amount_too_fine', UNIT_FIELDS[unit]);
    amount += product / ONE_QUANTITY;
    const more = moreOf(unit, chargedAs, tierOf(price.units[chargedAs]!, level.above), price.origin);
    rows.push(breakdownRow(unit, quantityText(quantity), unitPrice, more));
  }
  const breakdown = rows.length === 0 ? null : `[${rows.join(',')}]`;
  return { status: 'priced', amount, currency: price.currency, priceId: price.id, breakdown };
}

/** Why a cost is pending, as a sentence for whoever has to do something about it. */
export function pendingSentence(cost: PendingCost): string {
  const field = cost.field ?? 'a unit';
  switch (cost.reason) {
    case 'model_missing':
      return 'The event reports tokens without naming the model that used them: send data.provider and data.model, or its cost.';
    case 'model_unknown':
      return "The price book has no price for the event's provider and model at its time: add one.";
    case 'usage_unread':
      return `The provider's usage block counts ${field}, which Weir does not know: name data.apiFlavor to leave it out, or send the event's cost.`;
    case 'class_unpriced':
      return "The price book has no price for the class of service that the event's data.serviceTier names: add one of that class.";
    case 'unit_unpriced':
      return `The model's price has no price for ${field}, nor for a unit that includes it: add a price that has.`;
    case 'quantity_missing':
      return `The model's price needs to know ${field}, which the event does not say: send it, or the event's cost.`;
    case 'parts_exceed_total':
      return `The parts that the model's price tells apart are more than the ${field} that includes them: send a total that does.`;
    case 'amount_too_fine':
      if (cost.field === null)
        return `The model's price times the factor stated for it has more than ${SCALE} decimals: add the prices of its units.`;
      return `The quantity of ${field} times its price has more than ${SCALE} decimals: send fewer decimals.`;
  }
}

/** So much of a unit at the price of a unit; every token is in one charge. */
interface Charge {
  readonly unit: PricedUnit;
  readonly chargedAs: PricedUnit;
  readonly quantity: Quantity;
}

/** quantity × price as plain numbers, or NaN where that is not exact: the product of two whole numbers is rounded
 *  only when it is above 2^53, and then it stays above. */
function term(quantity: Quantity | null, price: number): number {
  if (quantity === null || quantity === 0) return 0;
  if (typeof quantity !== 'number') return Number.NaN;
  const product = quantity * price;
  return product <= Number.MAX_SAFE_INTEGER ? product : Number.NaN;
}

/** The rows of core units, from texts that were made with the price. */
function coreBreakdown(units: UsageUnits, level: PriceLevel, price: ModelPrice): string | null {
  const end = level.rowEnd;
  let rows = '';
  if (units.input) rows += ROW_START.input + String(units.input) + end.input;
  if (units.cacheRead) rows += ROW_START.cacheRead + String(units.cacheRead) + end.cacheRead;
  if (units.cacheWrite) rows += ROW_START.cacheWrite + String(units.cacheWrite) + end.cacheWrite;
  if (units.cacheWrite1h) rows += ROW_START.cacheWrite1h + String(units.cacheWrite1h) + end.cacheWrite1h;
  if (units.inputAudio) rows += ROW_START.inputAudio + String(units.inputAudio) + end.inputAudio;
  if (units.cachedAudio) rows += ROW_START.cachedAudio + String(units.cachedAudio) + end.cachedAudio;
  if (units.output) rows += ROW_START.output + String(units.output) + end.output;
  if (units.outputAudio) rows += ROW_START.outputAudio + String(units.outputAudio) + end.outputAudio;
  if (price.chargedAs.requests !== null && units.requests !== 0) {
    rows += ROW_START.requests + String(units.requests ?? 1) + end.requests;
  }
  // Each row begins with the comma that sets it off from the one before.
  return rows === '' ? null : `[${rows.slice(1)}]`;
}

const ROW_START = Object.fromEntries(CORE_UNITS.map((unit) => [unit, `,${rowStart(unit)}`])) as Record<
  CoreUnit,
  string
>;

/**
 * Whether the price needs more than the core units: it charges for one of the others by itself, or for something beside
 * the tokens, which no total of tokens pays for.
 */
function isToldApart(others: ReadonlyMap<PricedUnit, Quantity>, price: ModelPrice): boolean {
  for (const [unit, quantity] of others) {
    if (quantity !== 0 && (price.units[unit] !== undefined || !countsTokens(unit))) return true;
  }
  return false;
}

/** What is charged, or why there is no cost. */
function chargesOf(units: UsageUnits, price: ModelPrice): Charge[] | PendingCost | NoCost {
  const tokens = reportsTokens(units);
  if (!tokens && units.requests === null && units.others === null) return NONE;

  const byPrice = !units.disjoint || (units.others !== null && isToldApart(units.others, price));
  const charges = byPrice ? leavesOf(units, price) : coreCharges(units, price);
  if (!Array.isArray(charges)) return charges;

  if (!tokens && charges.length === 0 && isAboveZero(units.requests)) {
    // A request whose tokens are charged for used some, and doesn't say how many. One of seconds or pages likewise.
    const total = (['input', 'output'] as const).find((unit) => price.units[unit] !== undefined);
    if (total !== undefined) return pending('quantity_missing', UNIT_FIELDS[total]);
    if (price.units.requests === undefined) return pending('unit_unpriced', UNIT_FIELDS.requests);
  }
  const requests = units.requests ?? 1;
  if (price.units.requests !== undefined && isAboveZero(requests)) {
    charges.push({ unit: 'requests', chargedAs: 'requests', quantity: requests });
  }
  return charges;
}

/** Core units as they are: each at its own price or that of the unit it falls back to. */
function coreCharges(units: UsageUnits, price: ModelPrice): Charge[] | PendingCost {
  const charges: Charge[] = [];
  for (const unit of CORE_UNITS) {
    const quantity = units[unit];
    if (unit === 'requests' || !isAboveZero(quantity)) continue;
    const chargedAs = price.chargedAs[unit];
    if (chargedAs === null) return pending('unit_unpriced', UNIT_FIELDS[unit]);
    charges.push({ unit, chargedAs, quantity });
  }
  return charges;
}

/**
 * Takes usage apart by the units that a price has, as genai-prices does: from the narrowest to the widest, each is
 * charged for what it counts less what narrower ones were charged for.
 *
 * ```
 * price has input, cacheRead, inputImage, cacheImageRead        100 input, 40 cached, 30 image, 10 of them cached
 *   cacheImageRead 10 · cacheRead 40 − 10 = 30 · inputImage 30 − 10 = 20 · input 100 − 60 = 40
 * ```
 */
function leavesOf(units: UsageUnits, price: ModelPrice): Charge[] | PendingCost {
  const leaves = new Map<PricedUnit, Quantity>();
  const within = (unit: PricedUnit) =>
    narrowerThan(unit).reduce<Quantity>((total, narrower) => add(total, leaves.get(narrower) ?? 0), 0);

  for (const unit of price.narrowestFirst) {
    if (unit === 'requests') continue;
    const total = totalOf(units, unit);
    if (total === null) return pending('quantity_missing', UNIT_FIELDS[unit]);
    const charged = within(unit);
    if (isMore(charged, total)) return pending('parts_exceed_total', UNIT_FIELDS[unit]);
    leaves.set(unit, subtract(total, charged));
  }
  for (const { a, b, shared } of price.overlaps) {
    if (!isAboveZero(totalOf(units, a)) || !isAboveZero(totalOf(units, b))) continue;
    const both = sharedOf(units, shared);
    if (both === null) return pending('quantity_missing', UNIT_FIELDS[shared]);
    if (isAboveZero(both) && price.units[shared] === undefined) return pending('unit_unpriced', UNIT_FIELDS[shared]);
  }
  // What no priced unit includes must be made of priced units.
  for (const unit of reportedUnits(units)) {
    if (price.units[unit] !== undefined || widerThan(unit).some((wider) => price.units[wider] !== undefined)) continue;
    const total = reportedOf(units, unit);
    if (isAboveZero(total) && isMore(total, within(unit))) return pending('unit_unpriced', UNIT_FIELDS[unit]);
  }

  const charges: Charge[] = [];
  for (const [unit, quantity] of leaves) if (isAboveZero(quantity)) charges.push({ unit, chargedAs: unit, quantity });
  return charges;
}

/**
 * All of a unit: what the event reports; nothing when it reports no part of it either. Of what is not tokens the parts
 * make the whole, since nobody reports them otherwise; of tokens a part is not enough to know it (null).
 */
function totalOf(units: UsageUnits, unit: PricedUnit): Quantity | null {
  const reported = reportedOf(units, unit);
  if (reported !== null) return reported;
  let total: Quantity = 0;
  for (const narrower of narrowerThan(unit)) total = add(total, reportedOf(units, narrower) ?? 0);
  return total !== 0 && countsTokens(unit) ? null : total;
}

/** What two units share: as the event reports it, or nothing where something that includes it is nothing. */
function sharedOf(units: UsageUnits, shared: PricedUnit): Quantity | null {
  return reportedOf(units, shared) ?? (widerThan(shared).some((wider) => reportedOf(units, wider) === 0) ? 0 : null);
}

function reportedUnits(units: UsageUnits): PricedUnit[] {
  const core = CORE_UNITS.filter((unit) => unit !== 'requests' && reportedOf(units, unit) !== null);
  return units.others === null ? core : [...core, ...units.others.keys()];
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

function pending(reason: PendingReason, field: string | null): PendingCost {
  return Object.freeze({ status: 'pending', reason, field });
}
