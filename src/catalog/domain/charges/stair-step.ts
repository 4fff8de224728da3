import type { Decimal, FieldProblem } from '../../../kernel';
import { bandCountProblems, boundProblems, notBelowZero } from './problem-kit';

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

/** Steps ascend without holes, only the last one is open, and none costs less than nothing. They may cost less than the one before. */
export function stairStepProblems({ steps }: StairStepCharge, at: string): FieldProblem[] {
  const path = `${at}.steps`;
  const count = bandCountProblems(path, steps.length, 'step');
  if (count.length > 0) return count;
  const bounds = steps.map(({ upTo }) => upTo);
  return steps.flatMap(({ amount }, index) => [
    ...boundProblems(`${path}[${index}].upTo`, bounds, index, 'step'),
    ...notBelowZero(`${path}[${index}].amount`, amount),
  ]);
}
