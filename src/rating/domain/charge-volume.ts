import { ONE, ZERO, type Decimal } from '../../kernel';
import type { Tier } from '../../catalog/domain';
import { band } from './band';
import { bandOf } from './band-of';
import { refuseNegative } from './negative-quantity-error';
import type { BreakdownRow } from './rated-charge';
import { shown } from './shown';

/**
 * Charges all units at the price of the one tier that the total falls in, and that tier's flat fee (volume pricing).
 * Tiers up to 10 at 2.00, then 1.50:  10 units → 20.00, and 10.5 → 15.75.
 *
 * So the bill falls where a cheaper tier begins: 11 units cost less than 9. That is what volume pricing is; whoever
 * doesn't want it takes `graduated`. `upTo` is inclusive: unit 10 is still in the first tier, any part of a unit above
 * it is not. No usage is in the first tier, so its flat fee is charged for a period without usage too.
 *
 * @param quantity billable units in the period, after allowance; fractions welcome
 * @param tiers    ascending, the last one open, as `chargeProblems` demands
 * @param included units of the allowance that come before these; tiers are counted behind them
 * @returns        a row of units, if there are any, and one for the flat fee, unrounded
 * @throws         NegativeQuantityError when quantity is below zero
 * @see            docs/pricing/volume.md, which follows Stripe's `tiers_mode: volume`
 */
export function chargeVolume(quantity: Decimal, tiers: readonly Tier[], included: Decimal = ZERO): BreakdownRow[] {
  refuseNegative(quantity);

  const index = bandOf(quantity, tiers);
  const { upTo, unitPrice, flatFee } = tiers[index]!;
  const name = `Tier ${index + 1}`;
  const rows: BreakdownRow[] = [];
  if (!quantity.isZero()) {
    const start = included.plus(tiers[index - 1]?.upTo ?? ZERO);
    const end = upTo === null ? null : included.plus(upTo);
    rows.push({
      kind: 'tier',
      description: `${name}, ${band(start, end)}: every unit at ${shown(unitPrice)}`,
      from: included,
      upTo: end,
      quantity,
      unitPrice,
      amount: quantity.times(unitPrice),
    });
  }
  if (flatFee !== undefined && !flatFee.isZero()) {
    rows.push({
      kind: 'flat',
      description: `${name}: fixed fee`,
      from: null,
      upTo: null,
      quantity: ONE,
      unitPrice: flatFee,
      amount: flatFee,
    });
  }
  return rows;
}
