import type { FieldProblem } from '../../../kernel';
import type { Tier } from './tier';

/** All units at the price of the tier that the total falls in. The bill jumps where a tier begins. */
export interface VolumeCharge {
  readonly model: 'volume';
  /** As those of a graduated charge: ascending, without holes, the last one open. */
  readonly tiers: readonly Tier[];
}

/** What is wrong with the charge that `at` leads to, such as `charge`. */
export function volumeProblems(charge: VolumeCharge, at: string): FieldProblem[] {
  void [charge, at];
  return [];
}
