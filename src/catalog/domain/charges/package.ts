import type { Decimal, FieldProblem } from '../../../kernel';
import { aboveZero, notBelowZero } from './problem-kit';

/** Whole packages; one that is begun is charged in full. */
export interface PackageCharge {
  readonly model: 'package';
  /** Units in one package; above 0. */
  readonly packageSize: Decimal;
  readonly packagePrice: Decimal;
}

export function packageProblems({ packageSize, packagePrice }: PackageCharge, at: string): FieldProblem[] {
  return [...aboveZero(`${at}.packageSize`, packageSize), ...notBelowZero(`${at}.packagePrice`, packagePrice)];
}
