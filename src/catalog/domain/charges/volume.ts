import type { FieldProblem } from '../../../kernel';
import { tierProblems } from './problem-kit';
import type { Tier } from './tier';

/** All units at the price of the tier that the total falls in. The bill jumps where a tier begins. */
export interface VolumeCharge {
  readonly model: 'volume';
  /** As those of a graduated charge: ascending, without holes, the last one open. */
  readonly tiers: readonly Tier[];
}

/** Tiers as those of a graduated charge. Prices may rise from tier to tier: the bill then jumps up, not down. */
export function volumeProblems({ tiers }: VolumeCharge, at: string): FieldProblem[] {
  return tierProblems(`${at}.tiers`, tiers);
}
