import type { Decimal, FieldProblem } from '../../../kernel';

/** Whole packages; one that is begun is charged in full. */
export interface PackageCharge {
  readonly model: 'package';
  /** Units in one package; above 0. */
  readonly packageSize: Decimal;
  readonly packagePrice: Decimal;
}

/** What is wrong with the charge that `at` leads to, such as `charge`. */
export function packageProblems(charge: PackageCharge, at: string): FieldProblem[] {
  void [charge, at];
  return [];
}
