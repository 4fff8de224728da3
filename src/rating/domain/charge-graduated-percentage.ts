import { Decimal, HUNDRED, invariant, ZERO } from '../../kernel';
import type { PercentageTier } from '../../catalog/domain';
import { refuseNegative } from './negative-quantity-error';
import type { BreakdownRow } from './rated-charge';
import { shown } from './shown';
import { tierFee } from './tier-fee';

/**
 * Charges each part of a value at the percentage of the tier it falls in, and each tier's flat fee once when the tier
 * is reached. Tiers up to 10,000 at 2 %, then 1 %:  12,000 → 200.00 + 20.00.
 *
 * `upTo` is inclusive: 10,000 is wholly in the first tier. The first tier is reached by any value, none included, so
 * its flat fee is charged for a period without usage too.
 *
 * @param value of the period, in the price's currency; the meter's quantity
 * @param tiers ascending, the last one open, as `chargeProblems` demands
 * @returns     a row per tier touched and one per flat fee, unrounded
 * @throws      NegativeQuantityError when the value is below zero
 * @see         docs/pricing/graduated-percentage.md, which follows Lago's graduated percentage
 */
export function chargeGraduatedPercentage(value: Decimal, tiers: readonly PercentageTier[]): BreakdownRow[] {
  refuseNegative(value);

  const rows: BreakdownRow[] = [];
  let charged = ZERO;
  for (const [index, tier] of tiers.entries()) {
    const end = tier.upTo === null ? value : Decimal.min(tier.upTo, value);
    const inTier = end.minus(charged);
    if (inTier.isZero() && index > 0) break;

    if (!inTier.isZero()) rows.push(shareOfTier(tier, index, inTier, charged));
    if (tier.flatFee !== undefined && !tier.flatFee.isZero()) rows.push(tierFee(tier.flatFee, index));
    charged = end;
  }
  invariant(charged.equals(value), 'every part of the value is charged in one tier');
  return rows;
}

function shareOfTier(tier: PercentageTier, index: number, value: Decimal, from: Decimal): BreakdownRow {
  // Dividing by a hundred moves the point, so nothing is rounded here.
  const share = tier.percent.dividedBy(HUNDRED);
  return {
    kind: 'percentage',
    description: `Tier ${index + 1}, ${bandOfValue(from, tier.upTo)}: ${shown(tier.percent)}%`,
    from,
    upTo: tier.upTo,
    quantity: value,
    unitPrice: share,
    amount: value.times(share),
  };
}

function bandOfValue(from: Decimal, upTo: Decimal | null): string {
  if (upTo === null) return from.isZero() ? 'the whole value' : `value above ${shown(from)}`;
  return from.isZero() ? `value up to ${shown(upTo)}` : `value above ${shown(from)} up to ${shown(upTo)}`;
}
