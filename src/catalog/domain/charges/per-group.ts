import type { FieldProblem } from '../../../kernel';
import { dimensionProblems, matchProblems, MAX_MATCHES } from './match-problems';
import { quantityChargeProblems, type QuantityCharge } from './quantity-charges';

/** A charge for each group on its own, such as for each project: tiers start again in every group. */
export interface PerGroupCharge {
  readonly model: 'per_group';
  /** One to five fields that the meter groups by. */
  readonly dimensions: readonly string[];
  /** For every group that has no charge of its own. */
  readonly charge: QuantityCharge;
  readonly byValue?: readonly ChargeForGroup[] | undefined;
}

/** A charge for the groups whose values are these; matched as the cells of a matrix are. */
export interface ChargeForGroup {
  readonly match: Readonly<Record<string, string>>;
  readonly charge: QuantityCharge;
}

/** Dimensions and charges are as they should be, and for every group it is clear which charge it has. */
export function perGroupProblems({ dimensions, charge, byValue = [] }: PerGroupCharge, at: string): FieldProblem[] {
  return [
    ...dimensionProblems(`${at}.dimensions`, dimensions),
    ...quantityChargeProblems(charge, `${at}.charge`),
    ...matchProblems(`${at}.byValue`, dimensions, byValue, 'the charge above'),
    ...byValue
      .slice(0, MAX_MATCHES)
      .flatMap((entry, index) => quantityChargeProblems(entry.charge, `${at}.byValue[${index}].charge`)),
  ];
}
