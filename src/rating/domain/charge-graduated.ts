import { Decimal, invariant, ZERO } from '../../kernel';
import type { Tier } from '../../catalog/domain';
import { band } from './band';
import { refuseNegative } from './negative-quantity-error';
import type { BreakdownRow } from './rated-charge';
import { shown } from './shown';
import { tierFee } from './tier-fee';

/**
 * Charges each unit at the price of the tier it falls in (graduated pricing), and each tier's flat fee once when the
 * tier is reached. Tiers up to 10 at 2.00, up to 20 at 1.50, then 1.00:  10.5 units → 20.00 + 0.75.
 *
 * `upTo` is inclusive and the next tier begins right behind it: unit 10 costs 2.00, the half unit after it 0.75.
 * The first tier is reached by any usage, none included, so its flat fee is charged for a period without usage too;
 * a later tier is reached by the first part of a unit above the tier before it.
 *
 * @param quantity billable units in the period, after allowance; fractions welcome
 * @param tiers    ascending, the last one open, as `chargeProblems` demands
 * @param included units of the allowance that come before these; tiers are counted behind them
 * @returns        a row per tier touched and one per flat fee, unrounded
 * @throws         NegativeQuantityError when quantity is below zero
 * @see            docs/pricing/graduated.md, which follows Stripe's `tiers_mode: graduated`
 */
export function chargeGraduated(quantity: Decimal, tiers: readonly Tier[], included: Decimal = ZERO): BreakdownRow[] {
  refuseNegative(quantity);

  const rows: BreakdownRow[] = [];
  let charged = ZERO;
  for (const [index, tier] of tiers.entries()) {
    const end = tier.upTo === null ? quantity : Decimal.min(tier.upTo, quantity);
    const inTier = end.minus(charged);
    if (inTier.isZero() && index > 0) break;

    if (!inTier.isZero()) rows.push(unitsOfTier(tier, index, inTier, charged, included));
    if (tier.flatFee !== undefined && !tier.flatFee.isZero()) rows.push(tierFee(tier.flatFee, index));
    charged = end;
  }
  invariant(charged.equals(quantity), 'every unit is charged in one tier');
  return rows;
}

function unitsOfTier(tier: Tier, index: number, quantity: Decimal, start: Decimal, included: Decimal): BreakdownRow {
  const from = included.plus(start);
  const upTo = tier.upTo === null ? null : included.plus(tier.upTo);
  return {
    kind: 'tier',
    description: `Tier ${index + 1}, ${band(from, upTo)}: at ${shown(tier.unitPrice)} each`,
    from,
    upTo,
    quantity,
    unitPrice: tier.unitPrice,
    amount: quantity.times(tier.unitPrice),
  };
}
