import { invariant } from '../../kernel';
import { OTHERWISE, type ScheduledCharge } from '../../catalog/domain';
import { chargeQuantity } from './charge-quantity';
import { refuseNegative } from './negative-quantity-error';
import type { BreakdownRow } from './rated-charge';
import type { UsageTotals } from './usage';

/**
 * Charges usage by the time of day, week and year it happened at: each window on its own, by its own charge. With 0.010
 * a unit by day and 0.004 at night, 22:00 to 06:00:  300 units by day and 500 at night → 3.00 + 2.00.
 *
 * Which window an event is in is said by `scheduleSwitches`, by what the clock showed. Tiers of a window run over all of
 * its usage in the period: 31 nights are one quantity. A window without units charges nothing, not even a fee for none.
 *
 * @param windows billable units in each window of the charge, after allowance, and last those at all other times
 * @returns       the rows of the windows' charges, in the order of the windows, unrounded
 * @throws        NegativeQuantityError when the quantity of a window is below zero
 * @see           docs/pricing/scheduled.md
 */
export function chargeScheduled(charge: ScheduledCharge, windows: readonly UsageTotals[]): BreakdownRow[] {
  invariant(windows.length === charge.windows.length + 1, 'usage is known for each window and for all other times');
  const rows: BreakdownRow[] = [];
  for (const [index, { quantity }] of windows.entries()) {
    refuseNegative(quantity);
    if (quantity.isZero()) continue;
    const { name, charge: ofWindow } = charge.windows[index] ?? { name: OTHERWISE, charge: charge.otherwise };
    const what = index < charge.windows.length ? name : 'Other times';
    for (const row of chargeQuantity(ofWindow, quantity)) {
      rows.push({ ...row, description: `${what}: ${row.description}`, window: name });
    }
  }
  return rows;
}
