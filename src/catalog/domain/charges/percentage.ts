import type { Decimal, FieldProblem } from '../../../kernel';
import { aboveZero, notBelowZero, wholeAtLeast } from './problem-kit';

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

/**
 * Whether the amount depends on single transactions: on what is fixed, bounded or counted for each. Without these, the
 * percentage of a sum is the sum of the percentages, and the meter's quantity will do.
 */
export function looksAtTransactions({
  fixedPerEvent,
  freeEvents,
  minPerEvent,
  maxPerEvent,
}: PercentageCharge): boolean {
  return [fixedPerEvent, freeEvents, minPerEvent, maxPerEvent].some((part) => part !== undefined);
}

/** No part is below zero, what is free is something, and a transaction's least is not above its most. */
export function percentageProblems(charge: PercentageCharge, at: string): FieldProblem[] {
  const { percent, fixedPerEvent, freeEvents, freeAmount, minPerEvent, maxPerEvent } = charge;
  const crossed = minPerEvent !== undefined && maxPerEvent !== undefined && minPerEvent.greaterThan(maxPerEvent);
  return [
    ...notBelowZero(`${at}.percent`, percent),
    ...(fixedPerEvent === undefined ? [] : notBelowZero(`${at}.fixedPerEvent`, fixedPerEvent)),
    ...(freeEvents === undefined ? [] : wholeAtLeast(`${at}.freeEvents`, freeEvents, 1)),
    ...(freeAmount === undefined ? [] : aboveZero(`${at}.freeAmount`, freeAmount)),
    ...(minPerEvent === undefined ? [] : notBelowZero(`${at}.minPerEvent`, minPerEvent)),
    ...(maxPerEvent === undefined ? [] : notBelowZero(`${at}.maxPerEvent`, maxPerEvent)),
    ...(crossed ? [{ field: `${at}.minPerEvent`, detail: 'must not be above maxPerEvent' }] : []),
  ];
}
