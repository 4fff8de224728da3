import { type Decimal, ONE } from '../../kernel';
import { isWhole, type Share } from './model';
import { prorateAmount, settled, shareText } from './prorate';
import type { BreakdownRow } from './rated-charge';
import { shown } from './shown';

/** The least and the most that is asked in a billing period. */
export interface AmountBounds {
  readonly minimum?: Decimal | undefined;
  readonly maximum?: Decimal | undefined;
}

/**
 * Lifts an amount to its minimum or lowers it to its maximum:  7.50 with a minimum of 10.00 → a row of 2.50; 120.00
 * with a maximum of 100.00 → a row of −20.00. Both are for a whole billing period, so a part of one has its share.
 *
 * @param amount behind discounts: the bounds hold for what is really asked
 * @returns      one row, or none when the amount lies within; on a bound is within
 * @see          docs/pricing/minimums-and-commitments.md
 */
export function boundAmount(amount: Decimal, { minimum, maximum }: AmountBounds, share: Share): BreakdownRow[] {
  if (minimum !== undefined) {
    const missing = prorateAmount(minimum, share).minus(amount);
    if (settled(missing).greaterThan(0)) {
      return [boundRow('minimum', `Up to the minimum of ${boundText(minimum, share)}`, missing)];
    }
  }
  if (maximum !== undefined) {
    const left = prorateAmount(maximum, share).minus(amount);
    if (settled(left).lessThan(0)) {
      return [boundRow('maximum', `Down to the maximum of ${boundText(maximum, share)}`, left)];
    }
  }
  return [];
}

function boundText(bound: Decimal, share: Share): string {
  return isWhole(share) ? shown(bound) : `${shown(bound)} for a whole period, of which this is ${shareText(share)}`;
}

/** A difference: it has an amount, but no price by the unit. */
function boundRow(kind: 'minimum' | 'maximum', description: string, amount: Decimal): BreakdownRow {
  return { kind, description, from: null, upTo: null, quantity: ONE, unitPrice: null, amount };
}
