import { ZERO, type Decimal } from '../../kernel';
import type { MatrixCell, MatrixCharge } from '../../catalog/domain';
import { matcherOf } from './matcher';
import { refuseNegative } from './negative-quantity-error';
import type { BreakdownRow } from './rated-charge';
import { shown } from './shown';
import { shownGroup, shownMatch, valuesOfMatch } from './shown-group';
import { UnpricedUsageError } from './unpriced-usage-error';
import type { UsageGroup } from './usage';

/**
 * Charges each combination of dimensions at the price of its cell. With gpt-4o at 0.01, gpt-4o in eu at 0.012 and all
 * else at 0.002:  100 of gpt-4o in us → 1.00, 100 of it in eu → 1.20, 100 of another model → 0.20.
 *
 * A cell may leave a dimension out, and then has all of its values; the cell that names most of what a group has is the
 * one that counts, wherever it stands in the list. A group without a value for a dimension (an event that doesn't say
 * its region) is only in cells that leave that dimension out.
 *
 * @param charge its cells leave no doubt which one a group has, as `matrixProblems` demands
 * @param groups billable units of each combination, after allowance; fractions welcome, in any order
 * @returns      a row for each cell with usage, in the order of the cells, then one for the fallback; unrounded
 * @throws       UnpricedUsageError for usage in no cell when there is no fallback: nothing is free by omission
 * @throws       NegativeQuantityError when the quantity of a cell is below zero
 * @see          docs/pricing/matrix.md
 */
export function chargeMatrix(charge: MatrixCharge, groups: readonly UsageGroup[]): BreakdownRow[] {
  const { find, inOrder } = matcherOf(charge.dimensions, charge.cells);
  const ofCells = new Map<MatrixCell | null, Decimal>();
  for (const { values, quantity } of groups) {
    if (quantity.isZero()) continue;
    const cell = find(values);
    if (cell === null && charge.fallback === null) {
      throw new UnpricedUsageError(quantity, shownGroup(charge.dimensions, values));
    }
    ofCells.set(cell, (ofCells.get(cell) ?? ZERO).plus(quantity));
  }

  const used = [...ofCells].sort(([one], [other]) => inOrder(one, other));
  return used.flatMap(([cell, quantity]) => {
    refuseNegative(quantity);
    return quantity.isZero() ? [] : [rowOf(charge, cell, quantity)];
  });
}

function rowOf({ dimensions, fallback }: MatrixCharge, cell: MatrixCell | null, quantity: Decimal): BreakdownRow {
  const unitPrice = cell?.unitPrice ?? fallback!;
  const what = cell === null ? 'All other usage' : shownMatch(dimensions, cell.match);
  return {
    kind: 'cell',
    description: `${what}: at ${shown(unitPrice)} each`,
    from: null,
    upTo: null,
    quantity,
    unitPrice,
    amount: quantity.times(unitPrice),
    ...(cell === null ? {} : { group: valuesOfMatch(dimensions, cell.match) }),
  };
}
