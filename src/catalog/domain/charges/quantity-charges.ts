import type { Decimal, FieldProblem } from '../../../kernel';
import type { PackageCharge } from './package';
import type { StairStepCharge } from './stair-step';
import type { Tier } from './tier';
import type { VolumeCharge } from './volume';

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

/** What is wrong with the charge that `at` leads to, such as `charge`. */
export function flatProblems(charge: FlatCharge, at: string): FieldProblem[] {
  void [charge, at];
  return [];
}

/** What is wrong with the charge that `at` leads to, such as `charge`. */
export function unitProblems(charge: UnitCharge, at: string): FieldProblem[] {
  void [charge, at];
  return [];
}

/** What is wrong with the charge that `at` leads to, such as `charge`. */
export function graduatedProblems(charge: GraduatedCharge, at: string): FieldProblem[] {
  void [charge, at];
  return [];
}

/** What is wrong with the charge that `at` leads to, such as `charge`. */
export function quantityProblems(charge: QuantityCharge, at: string): FieldProblem[] {
  void [charge, at];
  return [];
}
