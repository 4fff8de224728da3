import { ZERO, type Decimal } from '../../kernel';
import { refuseNegative } from './negative-quantity-error';
import type { BreakdownRow } from './rated-charge';
import { shown } from './shown';

/**
 * Charges every unit the same:  3.5 units at 0.002 → 0.007.
 *
 * @param quantity  billable units in the period, after allowance; fractions welcome
 * @param unitPrice for one unit, in the price's currency
 * @param included  units of the allowance that come before these, so that the row can say which units it is about
 * @returns         one row, unrounded; none when there is nothing to charge
 * @throws          NegativeQuantityError when quantity is below zero
 * @see             docs/pricing/unit.md
 */
export function chargeUnit(quantity: Decimal, unitPrice: Decimal, included: Decimal = ZERO): BreakdownRow[] {
  refuseNegative(quantity);
  if (quantity.isZero()) return [];

  const beyond = included.isZero() ? '' : ` beyond the ${shown(included)} included,`;
  return [
    {
      kind: 'unit',
      description: `Units${beyond} at ${shown(unitPrice)} each`,
      from: included,
      upTo: null,
      quantity,
      unitPrice,
      amount: quantity.times(unitPrice),
    },
  ];
}
