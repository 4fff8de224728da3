import type { ChargeForGroup, PerGroupCharge } from '../../catalog/domain';
import { chargeQuantity } from './charge-quantity';
import { matcherOf } from './matcher';
import { refuseNegative } from './negative-quantity-error';
import type { BreakdownRow } from './rated-charge';
import { shownGroup } from './shown-group';
import type { UsageGroup } from './usage';

/**
 * Charges each group on its own, as if it were a customer: tiers start again in every group. Per project, tiers up to
 * 100 at 1.00, then 0.50:  project a with 150 → 100.00 + 25.00, project b with 60 → 60.00. Together they are 185.00,
 * where 210 units in one go would be 155.00.
 *
 * A group may have a charge of its own; which one it has is found as in a matrix. A group without units charges nothing,
 * not even a fee for none.
 *
 * @param groups billable units of each combination, after allowance
 * @returns      the rows of the groups' charges, in the order of the groups, unrounded
 * @throws       NegativeQuantityError when the quantity of a group is below zero
 * @see          docs/pricing/per-group.md
 */
export function chargePerGroup(charge: PerGroupCharge, groups: readonly UsageGroup[]): BreakdownRow[] {
  const { find } = matcherOf(charge.dimensions, charge.byValue ?? NO_OTHERS);
  const rows: BreakdownRow[] = [];
  for (const { values, quantity } of groups) {
    refuseNegative(quantity);
    if (quantity.isZero()) continue;
    const what = shownGroup(charge.dimensions, values);
    for (const row of chargeQuantity(find(values)?.charge ?? charge.charge, quantity)) {
      rows.push({ ...row, description: `${what}: ${row.description}`, group: values });
    }
  }
  return rows;
}

const NO_OTHERS: readonly ChargeForGroup[] = [];
