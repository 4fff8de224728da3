import type { Decimal, FieldProblem } from '../../../kernel';
import { dimensionProblems, matchProblems, MAX_MATCHES } from './match-problems';
import { notBelowZero } from './problem-kit';

/** A price for each combination of dimensions, such as one for each model and region. */
export interface MatrixCharge {
  readonly model: 'matrix';
  /** One to five fields that the meter groups by, such as `model` and `data.region`. */
  readonly dimensions: readonly string[];
  readonly cells: readonly MatrixCell[];
  /** For usage that is in no cell; null refuses it, so that nothing is given away by an omission. */
  readonly fallback: Decimal | null;
}

/** A price for the usage whose values are these. */
export interface MatrixCell {
  /** Value by dimension; a dimension that is left out may have any value. The cell that names most dimensions wins. */
  readonly match: Readonly<Record<string, string>>;
  readonly unitPrice: Decimal;
}

/** Dimensions, cells and prices are as they should be, and for every group it is clear which cell it has. */
export function matrixProblems({ dimensions, cells, fallback }: MatrixCharge, at: string): FieldProblem[] {
  return [
    ...dimensionProblems(`${at}.dimensions`, dimensions),
    ...(cells.length === 0 ? [{ field: `${at}.cells`, detail: 'must have at least one cell' }] : []),
    ...matchProblems(`${at}.cells`, dimensions, cells, 'the fallback'),
    ...cells
      .slice(0, MAX_MATCHES)
      .flatMap((cell, index) => notBelowZero(`${at}.cells[${index}].unitPrice`, cell.unitPrice)),
    ...(fallback === null ? [] : notBelowZero(`${at}.fallback`, fallback)),
  ];
}
