import type { Decimal, FieldProblem } from '../../../kernel';

/**
 * A share of a value that passes through, such as payments. The meter's quantity is the value, in the price's currency,
 * and an event is a transaction.
 */
export interface PercentageCharge {
  readonly model: 'percentage';
  /** 1.2 is 1.2 %. */
  readonly percent: Decimal;
  /** Added for each transaction that isn't free. */
  readonly fixedPerEvent?: Decimal | undefined;
  /** So many transactions of a period are free, at most. */
  readonly freeEvents?: number | undefined;
  /** So much of a period's value is free, at most. */
  readonly freeAmount?: Decimal | undefined;
  /** The least and the most a transaction pays that isn't free: percentage and fixed part together. */
  readonly minPerEvent?: Decimal | undefined;
  readonly maxPerEvent?: Decimal | undefined;
  /**
   * Which transactions use the free part up. `largest` (when it is left out) gives the same charge in whichever order
   * events came in; `earliest` goes by event time.
   */
  readonly freeFirst?: 'largest' | 'earliest' | undefined;
}

/** What is wrong with the charge that `at` leads to, such as `charge`. */
export function percentageProblems(charge: PercentageCharge, at: string): FieldProblem[] {
  void [charge, at];
  return [];
}
