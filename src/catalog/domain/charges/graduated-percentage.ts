import type { Decimal, FieldProblem } from '../../../kernel';

/** Each part of a value at the percentage of the tier it falls in. The meter's quantity is the value. */
export interface GraduatedPercentageCharge {
  readonly model: 'graduated_percentage';
  /** Ascending and without holes; the last one is open. */
  readonly tiers: readonly PercentageTier[];
}

export interface PercentageTier {
  /** The last part of the value that is in the tier, inclusive; null for the last tier, which is open. */
  readonly upTo: Decimal | null;
  /** 1.2 is 1.2 %. */
  readonly percent: Decimal;
  /** Charged once when the tier is reached. The first tier is reached by any value, none included. */
  readonly flatFee?: Decimal | undefined;
}

/** What is wrong with the charge that `at` leads to, such as `charge`. */
export function graduatedPercentageProblems(charge: GraduatedPercentageCharge, at: string): FieldProblem[] {
  void [charge, at];
  return [];
}
