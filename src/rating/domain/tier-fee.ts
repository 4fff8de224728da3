import { type Decimal, ONE } from '../../kernel';
import type { BreakdownRow } from './rated-charge';

/** The row of a tier's fixed fee, charged once when the tier is reached. @param index of the tier, from 0 */
export function tierFee(fee: Decimal, index: number): BreakdownRow {
  return {
    kind: 'flat',
    description: `Tier ${index + 1}: fixed fee`,
    from: null,
    upTo: null,
    quantity: ONE,
    unitPrice: fee,
    amount: fee,
  };
}
