import { ATTRIBUTION_FIELDS, type AttributionField, compileFilterTest, type Filter } from '../../catalog/domain';
import { type FieldProblem, scaledText } from '../../kernel';
import { breakdownRow, type StoredMore } from './breakdown';
import type { Convert } from './exchange-rates';
import { isInForce, microsOf, priceOfOne } from './model-price';
import { QUANTITY_SCALE, type Quantity, quantityText, readQuantity, toScaled } from './quantity';
import { UNIT_OF_FIELD } from './unit-table';
import type { EventUsage } from './event-usage';
import { reportedOf } from './usage-units';

/** Something of our own that events use and that costs us, in any unit: GPU seconds, GB of egress, tool calls. */
export interface Resource {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  /** What one of it is, for people: `GPU second`, `GB-day`, `call`. */
  readonly unit: string;
  /** Only events of this type use it; null: any. */
  readonly eventType: string | null;
  /** The field that says how much an event used, such as `data.gpu_seconds`; null: each event that matches used one. */
  readonly field: string | null;
  /** All of them must hold for an event to use it. */
  readonly filters: readonly Filter[];
}

/** What a resource costs over one span of time. Never changed: another price is another one of these. */
export interface ResourcePrice {
  readonly id: string;
  /** Decimal text: the price of `per` units. */
  readonly amount: string;
  /** A whole number of units, such as "1" or "3600". */
  readonly per: string;
  readonly currency: string;
  /** From (inclusive) and to (exclusive), RFC 3339; null is open. */
  readonly validFrom: string | null;
  readonly validTo: string | null;
}

/** What costing looks at in an event. */
export interface ResourceEvent extends Readonly<Record<AttributionField, string | null>> {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>> | null;
}

/** What an event costs for the resources it used, in the currency that costs are kept in. */
export interface ResourceCost {
  /** Counting 10^-24. */
  readonly amount: bigint;
  /** Rows for `readBreakdown` that add up to it. */
  readonly breakdown: string;
}

/** An organisation's resources, ready for costing. */
export interface ResourceBook {
  /**
   * @param time microseconds since 1970: the prices in force then count
   * @returns    null when the event used none; `pending` when it used one whose cost is not known
   */
  costOf(
    event: ResourceEvent,
    usage: EventUsage,
    time: number,
    currency: string,
    convert: Convert,
  ): ResourceCost | 'pending' | null;
}

type Reader = (event: ResourceEvent, usage: EventUsage) => unknown;

interface CompiledResource {
  readonly key: string;
  readonly unit: string;
  readonly matches: (event: ResourceEvent, usage: EventUsage) => boolean;
  readonly quantityOf: Reader;
  /** The one that began last first. */
  readonly prices: readonly CompiledPrice[];
}

interface CompiledPrice {
  readonly id: string;
  readonly unitPrice: bigint;
  readonly currency: string;
  readonly validFrom: number | null;
  readonly validTo: number | null;
  readonly dailyFrom: null;
  readonly dailyTo: null;
}

const ONE_QUANTITY = 10n ** BigInt(QUANTITY_SCALE);

/** What is wrong with a resource's price, by field; empty when it can be used. */
export function resourcePriceProblems(price: Omit<ResourcePrice, 'id'>): FieldProblem[] {
  const problems: FieldProblem[] = [];
  if (!/^[1-9]\d{0,9}$/.test(price.per))
    problems.push({ field: 'per', detail: 'must be a whole number from 1 to 9999999999' });
  if (price.validFrom !== null && price.validTo !== null && microsOf(price.validTo) <= microsOf(price.validFrom)) {
    problems.push({ field: 'validTo', detail: 'must be after validFrom' });
  }
  return problems;
}

/**
 * Makes resources ready for costing.
 *
 * @param resources each with its prices, in the order in which they were added
 */
export function compileResources(
  resources: readonly (Resource & { readonly prices: readonly ResourcePrice[] })[],
): ResourceBook {
  if (resources.length === 0) return { costOf: () => null };
  const ofAnyType: CompiledResource[] = [];
  const byType = new Map<string, CompiledResource[]>();
  for (const resource of resources) {
    const compiled = compileResource(resource, resource.prices);
    if (resource.eventType === null) ofAnyType.push(compiled);
    else byType.set(resource.eventType, [...(byType.get(resource.eventType) ?? []), compiled]);
  }

  return {
    costOf(event, usage, time, currency, convert) {
      const candidates = [...ofAnyType, ...(byType.get(event.type) ?? [])];
      let amount = 0n;
      const rows: string[] = [];
      for (const resource of candidates) {
        if (!resource.matches(event, usage)) continue;
        const value = resource.quantityOf(event, usage);
        if (value === undefined || value === null) continue;
        const quantity = readQuantity(value);
        if (quantity === 0) continue;
        const charge =
          quantity === undefined || quantity === null ? null : chargeOf(resource, quantity, time, currency, convert);
        if (charge === null) return 'pending';
        amount += charge.amount;
        rows.push(charge.row);
      }
      return rows.length === 0 ? null : { amount, breakdown: `[${rows.join(',')}]` };
    },
  };
}

/** What so much of a resource costs; null when no price is in force, or none that gives an exact amount. */
function chargeOf(
  { key, unit, prices }: CompiledResource,
  quantity: Quantity,
  time: number,
  currency: string,
  convert: Convert,
): { amount: bigint; row: string } | null {
  const price = prices.find((candidate) => isInForce(candidate, time));
  if (price === undefined) return null;
  const product = toScaled(quantity) * price.unitPrice;
  if (product % ONE_QUANTITY !== 0n) return null;
  const own = product / ONE_QUANTITY;
  const amount = convert(own, price.currency, currency, time);
  if (amount === null) return null;
  const more: StoredMore = { resource: key, resourcePriceId: price.id };
  const converted: StoredMore =
    price.currency === currency ? {} : { currency: price.currency, amount: scaledText(amount) };
  return { amount, row: breakdownRow(unit, quantityText(quantity), price.unitPrice, { ...more, ...converted }) };
}

function compileResource(resource: Resource, prices: readonly ResourcePrice[]): CompiledResource {
  const conditions = resource.filters.map((filter) => ({
    read: readerOf(filter.field),
    holds: compileFilterTest(filter),
  }));
  const began = (price: CompiledPrice) => price.validFrom ?? Number.NEGATIVE_INFINITY;
  return {
    key: resource.key,
    unit: resource.unit,
    matches: (event, usage) => conditions.every(({ read, holds }) => holds(read(event, usage))),
    quantityOf: resource.field === null ? () => 1 : readerOf(resource.field),
    // Of two that began together the one added later counts: sorting keeps the order of equals.
    prices: prices
      .map((price): CompiledPrice => {
        const validFrom = price.validFrom === null ? null : microsOf(price.validFrom);
        const validTo = price.validTo === null ? null : microsOf(price.validTo);
        const unitPrice = priceOfOne(price.amount, price.per);
        return {
          id: price.id,
          unitPrice,
          currency: price.currency,
          validFrom,
          validTo,
          dailyFrom: null,
          dailyTo: null,
        };
      })
      .reverse()
      .sort((a, b) => (began(a) === began(b) ? 0 : began(b) - began(a))),
  };
}

/** Reads a field of an event as meters name it. Only an object's own properties count. */
function readerOf(field: string): Reader {
  const [first = '', ...names] = field.split('.');
  if (first === 'provider') return (_event, usage) => usage.provider;
  if (first === 'model') return (_event, usage) => usage.model;
  if (first === 'usage') return (_event, usage) => usageValue(usage, names[0] ?? '');
  if ((ATTRIBUTION_FIELDS as readonly string[]).includes(first)) return (event) => event[first as AttributionField];
  return ({ data }) => {
    let value: unknown = data;
    for (const name of names) {
      if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name))
        return undefined;
      value = (value as Record<string, unknown>)[name];
    }
    return value;
  };
}

function usageValue({ units }: EventUsage, name: string): unknown {
  const unit = UNIT_OF_FIELD.get(name);
  const quantity = unit === undefined || units === null ? null : reportedOf(units, unit);
  return quantity === null ? undefined : quantityText(quantity);
}
