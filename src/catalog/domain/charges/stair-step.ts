import type { Decimal, FieldProblem } from '../../../kernel';

/** One amount for the step that the total falls in, however many units of the step are used. */
export interface StairStepCharge {
  readonly model: 'stair_step';
  /** Ascending and without holes; the last one is open. */
  readonly steps: readonly Step[];
  /** Whether a period without usage pays the first step's amount. It doesn't unless this is true. */
  readonly chargeZero?: boolean | undefined;
}

export interface Step {
  /** The last unit of the step, inclusive; null for the last step, which is open. */
  readonly upTo: Decimal | null;
  /** For all units up to there together. */
  readonly amount: Decimal;
}

/** What is wrong with the charge that `at` leads to, such as `charge`. */
export function stairStepProblems(charge: StairStepCharge, at: string): FieldProblem[] {
  void [charge, at];
  return [];
}
