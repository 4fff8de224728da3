import { invariant, ZERO, type Decimal } from '../../kernel';
import type { RecurringCharge } from '../../catalog/domain';
import { chargeGraduated } from './charge-graduated';
import { chargeVolume } from './charge-volume';
import type { Share } from './model';
import { refuseNegative } from './negative-quantity-error';
import { prorateRows } from './prorate';
import type { BreakdownRow } from './rated-charge';
import { shown } from './shown';

/**
 * Charges units that are held for the period, such as seats:  5 seats at 30.00 → 150.00, and for 10 days of 30 → 50.00.
 *
 * A part of a period pays its share of the time, unless `proration` is `none`: multiplied first and divided last, once
 * for each row, so a third of 30.00 is 10.00 and not 9.99. Tiers are read as `chargeGraduated` reads them, or with
 * `tierMode: 'volume'` as `chargeVolume`; their flat fees pay the share of the time too.
 *
 * @param charge   with a unit price or tiers, as `chargeProblems` demands
 * @param quantity units held: what the meter says, or the charge, or the subscription; fractions welcome
 * @param share    of the billing period that is charged
 * @returns        a row per price, unrounded; one whose share doesn't come out even has no unit price
 * @throws         NegativeQuantityError when quantity is below zero
 * @see            docs/pricing/recurring.md
 */
export function chargeRecurring(charge: RecurringCharge, quantity: Decimal, share: Share): BreakdownRow[] {
  refuseNegative(quantity);
  const rows = forWholePeriod(charge, quantity);
  return charge.proration === 'none' ? rows : prorateRows(rows, share);
}

function forWholePeriod({ unitPrice, tiers, tierMode }: RecurringCharge, quantity: Decimal): BreakdownRow[] {
  if (tiers !== undefined) {
    const rows = tierMode === 'volume' ? chargeVolume(quantity, tiers) : chargeGraduated(quantity, tiers);
    return rows.map((row) => (row.kind === 'tier' ? { ...row, kind: 'seat' } : row));
  }

  invariant(unitPrice !== undefined, 'a recurring charge has a unit price or tiers');
  if (quantity.isZero()) return [];
  return [
    {
      kind: 'seat',
      description: `Held for the period, at ${shown(unitPrice)} each`,
      from: ZERO,
      upTo: null,
      quantity,
      unitPrice,
      amount: quantity.times(unitPrice),
    },
  ];
}
