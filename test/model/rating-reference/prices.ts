import type {
  ReferenceCharge,
  ReferenceDiscount,
  ReferenceEvent,
  ReferencePlan,
  ReferencePrice,
  ReferenceSegment,
} from './definitions';
import { amountOfMargin } from './margins';
import { amountOfOutcomes } from './outcomes';
import { partsOf, priceOf, unitsIn, without, type Part } from './parts';
import { amountOf } from './quantities';
import * as r from './rational';
import type { Rational } from './rational';
import { amountOfShares, amountOfTransactions } from './transactions';

/** What a pool has in one period, as the reference keeps it. */
export interface ReferencePool {
  /** What is left of the grants, the earliest first. Of one grant all can be used for equally long. */
  readonly lots: { left: Rational; readonly grantedIn: number }[];
}

export interface PricedUsage {
  readonly amount: Rational;
  /** Units that another price is to charge. */
  readonly moved: { readonly to: string; readonly units: Rational } | null;
}

/** One price for one segment, in the order that a contract would be read: units first, then money. */
export function referencePrice(
  plan: ReferencePlan,
  price: ReferencePrice,
  events: readonly ReferenceEvent[],
  segment: ReferenceSegment,
  pools: ReadonlyMap<string, ReferencePool>,
  added: Rational,
): PricedUsage {
  const { charge, terms } = price;
  const during = events.filter(({ at }) => segment.start <= at && at < segment.end);
  let moved: PricedUsage['moved'] = null;

  const { rounding } = terms;
  const roundedUnits = (units: Rational): Rational =>
    rounding === undefined ? units : r.rounded(units, rounding.decimals, rounding.mode);

  let parts = partsOf(charge, during, segment, added, roundedUnits);
  let amount: Rational;
  if (parts === null) {
    amount = amountOfOther(charge, during, events, segment, roundedUnits);
  } else {
    parts = without(parts, freeUnits(price, parts, segment, pools));
    parts = without(parts, unitsOfDiscounts(terms.discounts ?? [], segment));
    const { beyond = 'overage' } = terms;
    const limited = price.allowance !== null || terms.pool !== undefined;
    if (beyond !== 'overage' && limited) {
      if (beyond !== 'block') moved = { to: beyond.price, units: unitsIn(parts) };
      parts = without(parts, unitsIn(parts));
    }
    amount = priceOf(parts);
  }

  const { pricingUnit } = terms;
  if (pricingUnit !== undefined) {
    const unit = plan.terms.pricingUnits!.find(({ key }) => key === pricingUnit)!;
    amount = r.times(amount, r.of(unit.rate));
  }
  // What a trial covers costs nothing, whatever else is agreed.
  const isBaseFee = charge.model === 'flat' || charge.model === 'recurring';
  if (segment.trial === 'everything' || (segment.trial === 'base_fee' && isBaseFee))
    return { amount: r.NOTHING, moved };

  for (const discount of terms.discounts ?? []) {
    if (!isGiven(discount, segment)) continue;
    if ('percent' in discount) amount = lessPercent(amount, discount.percent);
    if ('amount' in discount && segment.first) amount = lessMoney(amount, r.of(discount.amount));
  }
  if (terms.minimum !== undefined) amount = r.most(amount, shareOf(r.of(terms.minimum), segment));
  if (terms.maximum !== undefined) amount = r.least(amount, shareOf(r.of(terms.maximum), segment));
  return { amount, moved };
}

export const shareOf = (whole: Rational, { share }: ReferenceSegment): Rational =>
  r.times(whole, r.fraction(BigInt(share.part), BigInt(share.whole)));

/** Units are promised to twelve decimals, like all units: what is a third of an allowance is 0.333333333333 of it. */
export const unitsShareOf = (whole: Rational, segment: ReferenceSegment): Rational =>
  r.rounded(shareOf(whole, segment), 12, 'nearest');

/** Charges that aren't made of units that could be free. */
function amountOfOther(
  charge: ReferenceCharge,
  during: readonly ReferenceEvent[],
  events: readonly ReferenceEvent[],
  segment: ReferenceSegment,
  roundedUnits: (units: Rational) => Rational,
): Rational {
  const quantity = r.total(during.map(({ value }) => r.of(value)));
  switch (charge.model) {
    case 'flat':
      return shareOf(r.of(charge.amount), segment);
    case 'recurring': {
      const held = roundedUnits(charge.quantity === undefined ? quantity : r.of(charge.quantity));
      const { tiers, tierMode = 'graduated' } = charge;
      const whole =
        tiers === undefined ? r.times(held, r.of(charge.unitPrice!)) : amountOf({ model: tierMode, tiers }, held);
      return charge.proration === 'none' ? whole : shareOf(whole, segment);
    }
    case 'percentage':
      return amountOfTransactions(charge, during);
    case 'graduated_percentage':
      return amountOfShares(charge, quantity);
    case 'event_amount':
      return quantity;
    case 'consumption_margin':
      return amountOfMargin(charge, during);
    case 'outcome':
      return amountOfOutcomes(charge, events, segment);
    default:
      throw new Error(`${charge.model} is made of units`);
  }
}

/** Units that the allowance or the pool pays for; the pool has less afterwards. */
function freeUnits(
  { allowance, terms }: ReferencePrice,
  parts: readonly Part[],
  segment: ReferenceSegment,
  pools: ReadonlyMap<string, ReferencePool>,
): Rational {
  const used = unitsIn(parts);
  if (allowance !== null) return r.least(used, unitsShareOf(r.of(allowance), segment));
  if (terms.pool === undefined) return r.NOTHING;

  const weight = r.of(terms.pool.weight);
  const pool = pools.get(terms.pool.key)!;
  let wanted = r.times(used, weight);
  let drawn = r.NOTHING;
  for (const lot of pool.lots) {
    const taken = r.least(wanted, lot.left);
    lot.left = r.minus(lot.left, taken);
    wanted = r.minus(wanted, taken);
    drawn = r.plus(drawn, taken);
  }
  // What is left of a pool may pay for a part of a unit: as much of it as twelve decimals tell.
  return r.rounded(r.through(drawn, weight), 12, 'down');
}

/** Whether a discount is given in the segment's period. */
export function isGiven({ fromPeriod = 0, periods }: ReferenceDiscount, { periodIndex }: ReferenceSegment): boolean {
  return periodIndex >= fromPeriod && (periods === undefined || periodIndex < fromPeriod + periods);
}

function unitsOfDiscounts(discounts: readonly ReferenceDiscount[], segment: ReferenceSegment): Rational {
  const given = discounts.filter((discount) => 'freeUnits' in discount && isGiven(discount, segment));
  return r.total(given.map((discount) => unitsShareOf(r.of((discount as { freeUnits: string }).freeUnits), segment)));
}

/** A share of whatever the amount is: a credit for something that was billed with a discount is less, too. */
export const lessPercent = (amount: Rational, percent: string): Rational =>
  r.minus(amount, r.percentOf(r.of(percent), amount));

/** Money off, as far as there is something to take it from. */
export const lessMoney = (amount: Rational, money: Rational): Rational =>
  r.isLess(amount, r.NOTHING) ? amount : r.most(r.NOTHING, r.minus(amount, money));
