import type { Decimal, FieldProblem } from '../../../kernel';
import { packageProblems, type PackageCharge } from './package';
import { notBelowZero, tierProblems, type ProblemsOf } from './problem-kit';
import { stairStepProblems, type StairStepCharge } from './stair-step';
import type { Tier } from './tier';
import { volumeProblems, type VolumeCharge } from './volume';

export type { Tier } from './tier';

/** The same amount every period, whatever is used. */
export interface FlatCharge {
  readonly model: 'flat';
  readonly amount: Decimal;
}

/** One price for every unit. */
export interface UnitCharge {
  readonly model: 'unit';
  readonly unitPrice: Decimal;
}

/** Each unit at the price of the tier it falls in. */
export interface GraduatedCharge {
  readonly model: 'graduated';
  /** Ascending and without holes: a tier begins where the one before it ends, the last one is open. */
  readonly tiers: readonly Tier[];
}

/** Charges that need nothing but a quantity. Models that part the usage of a period have one of these for each part. */
export type QuantityCharge = UnitCharge | GraduatedCharge | VolumeCharge | PackageCharge | StairStepCharge;

export function flatProblems({ amount }: FlatCharge, at: string): FieldProblem[] {
  return notBelowZero(`${at}.amount`, amount);
}

export function unitProblems({ unitPrice }: UnitCharge, at: string): FieldProblem[] {
  return notBelowZero(`${at}.unitPrice`, unitPrice);
}

export function graduatedProblems({ tiers }: GraduatedCharge, at: string): FieldProblem[] {
  return tierProblems(`${at}.tiers`, tiers);
}

/** Those of a charge that stands inside another, such as `charge.windows[0].charge`. */
export function quantityChargeProblems(charge: QuantityCharge, at: string): FieldProblem[] {
  // The registry has the rule of each model; the compiler can't see that this one is the charge's own.
  const problems = QUANTITY_PROBLEMS[charge.model] as ProblemsOf<QuantityCharge>;
  return problems(charge, at);
}

const QUANTITY_PROBLEMS: {
  readonly [M in QuantityCharge['model']]: ProblemsOf<Extract<QuantityCharge, { model: M }>>;
} = {
  unit: unitProblems,
  graduated: graduatedProblems,
  volume: volumeProblems,
  package: packageProblems,
  stair_step: stairStepProblems,
};
