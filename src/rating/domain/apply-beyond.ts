import { type Decimal, ZERO } from '../../kernel';
import type { Beyond } from '../../catalog/domain';
import type { BreakdownRow } from './rated-charge';

/** What happens to the units behind an allowance or a pool. */
export interface AfterBeyond {
  /** Units that the price itself charges. */
  readonly billable: Decimal;
  readonly rows: readonly BreakdownRow[];
  /** Units that another price charges. */
  readonly movedTo: { readonly price: string; readonly quantity: Decimal } | null;
}

/**
 * Decides about units that no allowance or pool covers any more:
 *
 * ```
 * used  |── covered ──|── beyond ──|     overage: the price charges them
 *                                        block: nobody does; the row says how many there were
 *                                        { price }: the other price does, as its own usage
 * ```
 *
 * Blocked units were used before somebody could stop them; they cost nothing, and they are told.
 *
 * @param quantity units beyond
 * @param before   units in front of these, where the row begins
 */
export function applyBeyond(quantity: Decimal, before: Decimal, beyond: Beyond): AfterBeyond {
  if (beyond === 'overage' || quantity.isZero()) return { billable: quantity, rows: [], movedTo: null };
  const row = { from: before, upTo: null, quantity, unitPrice: ZERO, amount: ZERO };
  if (beyond === 'block') {
    const description = 'Beyond what the plan includes, blocked and not charged';
    return { billable: ZERO, rows: [{ ...row, kind: 'blocked', description }], movedTo: null };
  }
  return {
    billable: ZERO,
    rows: [{ ...row, kind: 'moved', description: `Beyond what the plan includes, charged by '${beyond.price}'` }],
    movedTo: { price: beyond.price, quantity },
  };
}
