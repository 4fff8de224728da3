import { ONE, type Decimal } from '../../kernel';
import type { BreakdownRow } from './rated-charge';

/**
 * Charges a fixed amount for the period, whatever is used:  20.00 a month → 20.00, also for a month without usage.
 * Shares of a period are not its business: it charges whole periods.
 *
 * @param amount for one period, in the price's currency
 * @returns      one row, unrounded
 * @see          docs/pricing/flat.md
 */
export function chargeFlat(amount: Decimal): BreakdownRow[] {
  return [
    {
      kind: 'flat',
      description: 'Fixed amount for the period',
      from: null,
      upTo: null,
      quantity: ONE,
      unitPrice: amount,
      amount,
    },
  ];
}
