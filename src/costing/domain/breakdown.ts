import { Decimal, invariant, scaledFromDecimal, scaledText } from '../../kernel';
import type { PricedUnit } from './unit-table';

/**
 * A row of a stored breakdown, `["input","1155","0.0000025"]`: what was used, how much of it, the price of one, and for
 * what is not simply the event's model price a fourth element that says more.
 */
type StoredRow = readonly [unit: string, quantity: string, unitPrice: string, more?: StoredMore];

/** What a row says beside quantity and price. */
export interface StoredMore {
  /** The wider unit whose price was charged, for a unit without one of its own. */
  readonly chargedAs?: string;
  /** The context step that decided the price: the input total was more than this. */
  readonly tierAbove?: number;
  /** The class of service, other than the standard one. */
  readonly class?: string;
  /** Key of the own contract that made the price. */
  readonly contract?: string;
  /** Ids of the prices whose factors made it. */
  readonly factors?: readonly number[];
  /** Key of the own resource this is for. */
  readonly resource?: string;
  /** Id of the dated price of that resource. */
  readonly resourcePriceId?: string;
  /** Where the price is not in the currency that costs are kept in: its currency, and the amount converted. */
  readonly currency?: string;
  readonly amount?: string;
}

/** What a breakdown says of a price beside its amounts. */
export interface PriceOrigin {
  readonly serviceClass: string | null;
  readonly contract: string | null;
  /** Ids of the rows whose factor changed it. */
  readonly factorIds: readonly number[];
}

/** One unit of an event's cost, for people. */
export interface CostBreakdownRow {
  /** A unit of the price book such as `cacheRead`, or a resource's own such as `GPU second`. */
  readonly unit: string;
  readonly quantity: Decimal;
  /** The price of one, in `currency`. */
  readonly unitPrice: Decimal;
  /** In the currency that costs are kept in: quantity × unit price, exactly, unless it was converted from `currency`. */
  readonly amount: Decimal;
  /** null: the currency that costs are kept in. */
  readonly currency: string | null;
  readonly chargedAs: string | null;
  readonly tierAbove: number | null;
  readonly serviceClass: string | null;
  readonly contract: string | null;
  /** Id of the model's price; null for a resource. */
  readonly priceId: number | null;
  /** Ids of the prices whose factors were multiplied with it. */
  readonly factorIds: readonly number[];
  readonly resource: string | null;
  readonly resourcePriceId: string | null;
}

/**
 * Reads a stored breakdown. Its amounts add up to the event's cost, to the last digit.
 *
 * @param text         the event's `cost_breakdown`
 * @param modelPriceId the event's `model_price_id`, which its rows don't repeat
 * @returns            nothing for an event of which nothing was priced
 */
export function readBreakdown(text: string | null, modelPriceId: number | null = null): CostBreakdownRow[] {
  if (text === null) return [];
  const rows: unknown = JSON.parse(text);
  invariant(Array.isArray(rows), 'a breakdown is a list');
  return (rows as StoredRow[]).map(([unit, quantity, unitPrice, more = {}]) => ({
    unit,
    quantity: new Decimal(quantity),
    unitPrice: new Decimal(unitPrice),
    amount: more.amount === undefined ? new Decimal(quantity).times(unitPrice) : new Decimal(more.amount),
    currency: more.currency ?? null,
    chargedAs: more.chargedAs ?? null,
    tierAbove: more.tierAbove ?? null,
    serviceClass: more.class ?? null,
    contract: more.contract ?? null,
    priceId: more.resource === undefined ? modelPriceId : null,
    factorIds: more.factors ?? [],
    resource: more.resource ?? null,
    resourcePriceId: more.resourcePriceId ?? null,
  }));
}

/**
 * A breakdown and its sum in another currency, each row converted by itself, so that they still add up.
 *
 * @param currency the one that the rows' prices are in
 * @param convert  gives amounts counting 10^-24; null when no rate is known
 * @returns        null when no rate is known
 */
export function convertBreakdown(
  text: string | null,
  currency: string,
  convert: (amount: bigint) => bigint | null,
): { amount: bigint; breakdown: string | null } | null {
  let sum = 0n;
  const rows: StoredRow[] = [];
  for (const [unit, quantity, unitPrice, more] of text === null ? [] : (JSON.parse(text) as StoredRow[])) {
    const amount = convert(scaledFromDecimal(new Decimal(quantity).times(unitPrice)));
    if (amount === null) return null;
    sum += amount;
    rows.push([unit, quantity, unitPrice, { ...more, currency, amount: scaledText(amount) }]);
  }
  return { amount: sum, breakdown: rows.length === 0 ? null : JSON.stringify(rows) };
}

/** A row of a breakdown as text. @param more only what there is to say */
export function breakdownRow(unit: string, quantity: string, unitPrice: bigint, more: StoredMore = {}): string {
  return rowStart(unit) + quantity + rowEnd(unitPrice, more);
}

/** How a core unit's row begins, up to its quantity. */
export function rowStart(unit: string): string {
  return `[${JSON.stringify(unit)},"`;
}

function rowEnd(unitPrice: bigint, more: StoredMore): string {
  const said = JSON.stringify(more);
  return `","${scaledText(unitPrice)}"${said === '{}' ? '' : `,${said}`}]`;
}

/** How a model's row goes on after its quantity. */
export function breakdownRowEnd(
  unit: PricedUnit,
  chargedAs: PricedUnit,
  unitPrice: bigint,
  tierAbove: number | null,
  origin: PriceOrigin,
): string {
  return rowEnd(unitPrice, moreOf(unit, chargedAs, tierAbove, origin));
}

/** What there is to say of a model's price. */
export function moreOf(
  unit: PricedUnit,
  chargedAs: PricedUnit,
  tierAbove: number | null,
  { serviceClass, contract, factorIds }: PriceOrigin,
): StoredMore {
  return {
    ...(chargedAs === unit ? {} : { chargedAs }),
    ...(tierAbove === null ? {} : { tierAbove }),
    ...(serviceClass === null ? {} : { class: serviceClass }),
    ...(contract === null ? {} : { contract }),
    ...(factorIds.length === 0 ? {} : { factors: factorIds }),
  };
}
