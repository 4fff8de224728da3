import { ONE, type Decimal } from '../../kernel';
import { refuseNegative } from './negative-quantity-error';
import type { BreakdownRow } from './rated-charge';

/**
 * Charges what the events themselves say, added up:  events of 1.20 and 0.05 → 1.25.
 *
 * @param amount sum of the events' amounts in the period, in the price's currency; the meter's quantity
 * @returns      one row, unrounded; none when there is nothing to charge
 * @throws       NegativeQuantityError when the sum is below zero: what lowers a bill is a discount or a credit
 * @see          docs/pricing/event-amount.md
 */
export function chargeEventAmount(amount: Decimal): BreakdownRow[] {
  refuseNegative(amount);
  if (amount.isZero()) return [];
  return [
    {
      kind: 'amount',
      description: 'Amounts of the events, added up',
      from: null,
      upTo: null,
      quantity: amount,
      unitPrice: ONE,
      amount,
    },
  ];
}
