import type { Decimal, FieldProblem } from '../../../kernel';
import { bandCountProblems, boundProblems, notBelowZero } from './problem-kit';

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

/** Tiers ascend without holes, only the last one is open, and no percentage and no fee is below zero. */
export function graduatedPercentageProblems({ tiers }: GraduatedPercentageCharge, at: string): FieldProblem[] {
  const path = `${at}.tiers`;
  const count = bandCountProblems(path, tiers.length);
  if (count.length > 0) return count;
  const bounds = tiers.map(({ upTo }) => upTo);
  return tiers.flatMap(({ percent, flatFee }, index) => [
    ...boundProblems(`${path}[${index}].upTo`, bounds, index),
    ...notBelowZero(`${path}[${index}].percent`, percent),
    ...(flatFee === undefined ? [] : notBelowZero(`${path}[${index}].flatFee`, flatFee)),
  ]);
}
