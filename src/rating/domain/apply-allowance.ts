import { Decimal, ZERO } from '../../kernel';
import { refuseNegative } from './negative-quantity-error';
import type { BreakdownRow } from './rated-charge';
import { shown } from './shown';

/** What an allowance leaves to be charged. */
export interface AfterAllowance {
  /** Units the charge model charges. */
  readonly billable: Decimal;
  /** The whole allowance, used up or not: the charge model's units come behind it. */
  readonly included: Decimal;
  /** Units that cost nothing, as a row of their own; no row when there are none. */
  readonly rows: readonly BreakdownRow[];
}

/**
 * Takes the units that the plan includes off a period's usage: the first ones cost nothing, and what the allowance
 * doesn't cover is left to the charge model. 3,000 included:  3,500 units → 3,000 free, 500 billable; 10 → 10 free.
 * Each period has its whole allowance; what is left of it is not carried over.
 *
 * @param quantity  metered units in the period; fractions welcome
 * @param allowance units included, 0 or more; null for none
 * @param used      of it, in earlier segments of a period that has it once: 400 leave 2,600 of 3,000
 * @throws          NegativeQuantityError when quantity is below zero
 * @see             docs/pricing/allowance.md
 */
export function applyAllowance(quantity: Decimal, allowance: Decimal | null, used = ZERO): AfterAllowance {
  refuseNegative(quantity);
  const included = Decimal.max((allowance ?? ZERO).minus(used), ZERO);
  const free = Decimal.min(quantity, included);
  if (free.isZero()) return { billable: quantity, included, rows: [] };

  return {
    billable: quantity.minus(free),
    included,
    rows: [
      {
        kind: 'allowance',
        description: `Included in the plan: the first ${shown(included)} units`,
        from: ZERO,
        upTo: included,
        quantity: free,
        unitPrice: ZERO,
        amount: ZERO,
      },
    ],
  };
}
