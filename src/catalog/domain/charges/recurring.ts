import type { Decimal, FieldProblem } from '../../../kernel';
import type { Tier } from './tier';

/** Seats and other units that are held for a period, not used up. Has a unit price or tiers, not both. */
export interface RecurringCharge {
  readonly model: 'recurring';
  readonly unitPrice?: Decimal | undefined;
  readonly tiers?: readonly Tier[] | undefined;
  /** How tiers are read; `graduated` when it is left out. */
  readonly tierMode?: 'graduated' | 'volume' | undefined;
  /** How many, where no meter says it. A subscription may have its own number. */
  readonly quantity?: Decimal | undefined;
  /**
   * Whether a part of a period pays its share of the time; `time` when it is left out. A meter that weighs by time
   * has done so already, so there it is `none`.
   */
  readonly proration?: 'none' | 'time' | undefined;
}

/** What is wrong with the charge that `at` leads to, such as `charge`. */
export function recurringProblems(charge: RecurringCharge, at: string): FieldProblem[] {
  void [charge, at];
  return [];
}
