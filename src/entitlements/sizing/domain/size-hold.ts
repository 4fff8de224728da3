import { Decimal, invariant, ONE, ZERO } from '../../../kernel';
import type { Outlook } from './outlook';

/** What bounds a hold whose amount nobody named. Amounts in the outlook's measure, none below zero. */
export interface SizingBounds {
  /** What the work can come to at most, such as `max_tokens` at their price; null: nobody said. */
  readonly upperBound: Decimal | null;
  /** What the organisation holds where history can't promise the risk; null: nothing is configured. */
  readonly configured: Decimal | null;
}

/**
 * Why it is this amount.
 * - `history`: what was seen promises the risk that was asked for.
 * - `upper_bound`: the work can't come to more, so the hold is no larger.
 * - `configured`: too little was seen; the organisation's own amount, or the largest seen where that is more.
 * - `thin_history`: too little was seen and nothing else is known; the largest seen, with the risk that it really has.
 */
export type SizingBasis = 'history' | 'upper_bound' | 'configured' | 'thin_history';

export interface SizedHold {
  readonly amount: Decimal;
  readonly basis: SizingBasis;
  /** The chance that the work comes to more, at most; null where nothing was seen that would tell. */
  readonly risk: Decimal | null;
}

/** Digits of a risk that is not the one asked for. It is rounded up, so that nothing is promised that doesn't hold. */
const RISK_DIGITS = 4;

/**
 * Sizes a hold without an amount. It is never above the upper bound.
 * @returns null where nothing was seen, nothing bounds the work and nothing is configured: there is no honest amount
 */
export function sizeHold(outlook: Outlook, { upperBound, configured }: SizingBounds): SizedHold | null {
  for (const bound of [upperBound, configured]) invariant(bound?.lessThan(0) !== true, 'no bound is below zero');

  if (outlook.amount !== null) {
    const reached = upperBound !== null && !upperBound.greaterThan(outlook.amount);
    return reached ? atBound(upperBound) : { amount: outlook.amount, basis: 'history', risk: outlook.risk };
  }
  if (upperBound !== null) return atBound(upperBound);
  const largest = outlook.largest ?? ZERO;
  if (configured !== null)
    return { amount: Decimal.max(configured, largest), basis: 'configured', risk: risked(outlook) };
  return outlook.largest === null ? null : { amount: largest, basis: 'thin_history', risk: risked(outlook) };
}

function atBound(upperBound: Decimal): SizedHold {
  return { amount: upperBound, basis: 'upper_bound', risk: ZERO };
}

function risked({ largest, beyondLargest }: Outlook): Decimal | null {
  return largest === null ? null : Decimal.min(beyondLargest.toDecimalPlaces(RISK_DIGITS, Decimal.ROUND_UP), ONE);
}
