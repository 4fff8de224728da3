import type { Plan, Price } from '../../catalog/domain';
import { Decimal, ZERO } from '../../kernel';
import { type Before, rateSegments, type RatedSegment, type SegmentToRate } from './rate-segments';

/** What a price charges for usage in a billing period. */
export interface UsageCharge {
  readonly meterId: string;
  /** Of prices that leave units to this one, or draw on the same pool. */
  readonly otherMeterIds: readonly string[];
  /** Unrounded, but for what is finer than 24 decimals. */
  readonly amount: Decimal;
  /** What the amount is for, in the meter's unit; for a margin on costs, the cost. */
  readonly quantity: Decimal;
  /** Whether it grows with what events cost us instead of with the meter. */
  readonly byCost: boolean;
  /** Events it depends on whose cost isn't known: they aren't in it. */
  readonly pendingEvents: number;
}

/** Amounts of spend are added up as scaled integers; a quotient that doesn't come out even is cut there. */
const DECIMALS = 24;

/**
 * What of a plan charges for usage as it happens: units that are included, tiers and models as they are. Fees aren't
 * usage. What lowers or lifts a sum of money, such as a discount, a minimum or a commitment, is left to the invoice.
 */
export function usagePlan<P extends Plan>(plan: P): P {
  const { discounts: _1, minimum: _2, maximum: _3, commitment: _4, ...terms } = plan.terms ?? {};
  return { ...plan, prices: plan.prices.filter(chargesUsage).map(withoutBounds), terms };
}

/** Whether a price charges for what a meter counts. */
export function chargesUsage({ meterId, charge }: Price): boolean {
  return meterId !== null && charge.model !== 'flat' && charge.model !== 'recurring';
}

function withoutBounds(price: Price): Price {
  if (price.terms === undefined) return price;
  const { minimum: _1, maximum: _2, discounts = [], ...terms } = price.terms;
  const units = discounts.filter((discount) => 'freeUnits' in discount);
  return { ...price, terms: { ...terms, ...(units.length === 0 ? {} : { discounts: units }) } };
}

/** A billing period's charges for usage, by the key of their price, and its segments as they were rated. */
export interface UsageCharges {
  readonly charges: ReadonlyMap<string, UsageCharge>;
  readonly segments: readonly RatedSegment[];
}

/**
 * Rates the segments of a billing period for their usage alone. What is waived of them is charged nothing.
 *
 * @param segments with plans of `usagePlan`
 */
export function usageCharges(
  segments: readonly (SegmentToRate & { readonly waived?: boolean | undefined })[],
  before: Before,
): UsageCharges {
  const rated = rateSegments(segments, { ...before, term: null }, false);
  const charges = new Map<string, UsageCharge>();
  for (const [place, { rated: segment }] of rated.entries()) {
    const waived = segments[place]!.waived === true;
    for (const { key, price, amount, quantity, pendingEvents } of segment.lines) {
      if (price === null) continue;
      const { meterId } = price;
      if (meterId === null) continue;
      const earlier = charges.get(key);
      charges.set(key, {
        meterId,
        otherMeterIds: othersOf(segments[place]!.plan, price),
        amount: (earlier?.amount ?? ZERO).plus(waived ? ZERO : amount),
        quantity: (earlier?.quantity ?? ZERO).plus(quantity),
        byCost: price.charge.model === 'consumption_margin',
        pendingEvents: (earlier?.pendingEvents ?? 0) + (waived ? 0 : pendingEvents),
      });
    }
  }
  for (const [key, charge] of charges) charges.set(key, { ...charge, amount: cut(charge.amount) });
  return { charges, segments: rated };
}

function othersOf({ prices }: Plan, { key, meterId, terms }: Price): string[] {
  const pool = terms?.pool?.key;
  const others = prices.filter(
    (price) =>
      price.key !== key &&
      ((pool !== undefined && price.terms?.pool?.key === pool) ||
        (typeof price.terms?.beyond === 'object' && price.terms.beyond.price === key)),
  );
  return [...new Set(others.flatMap((price) => price.meterId ?? []))].filter((id) => id !== meterId);
}

function cut(amount: Decimal): Decimal {
  return amount.toDecimalPlaces(DECIMALS, Decimal.ROUND_HALF_UP);
}
