import { billingPeriodAt, type BillingAnchor, type Decimal } from '../../../kernel';

/** When credit is bought without anybody asking. */
export type TopUpRule =
  | {
      readonly on: 'threshold';
      /** Bought when less than this is available. */
      readonly below: Decimal;
    }
  | {
      readonly on: 'schedule';
      /** Bought at the start of each period. */
      readonly every: BillingAnchor;
    };

/** What each top-up buys, and how much of it a month may have. */
export interface TopUp {
  /** In the wallet's measure, above zero. */
  readonly amount: Decimal;
  /** What it costs, in money. */
  readonly price: Decimal;
  /** The most that top-ups of one calendar month of the customer's zone may cost; null for no limit. */
  readonly monthlyLimit: Decimal | null;
}

/** What is known when a top-up is decided. */
export interface TopUpState {
  /** settled − held, in the wallet's measure. */
  readonly available: Decimal;
  /** Whether a top-up of the rule has been asked for and is not paid yet. */
  readonly isPending: boolean;
  /** What top-ups of this month have cost, those that are not paid yet included. */
  readonly spentThisMonth: Decimal;
  /** The number of the schedule's last period that was decided; null when none was. */
  readonly lastPeriod: number | null;
}

/** limited: it was time, and the month's limit leaves too little. */
export type TopUpDecision = 'none' | 'buy' | 'limited';

/**
 * Decides whether a rule buys now. It buys all of its amount or nothing, since that is what was agreed. By threshold, one at
 * a time: while one isn't paid no other is asked for, so that credit that isn't paid never adds up to a debt.
 *
 * ```
 * below 10.00, amount 25.00, monthly limit 60.00
 * available  12.00  →  none        9.99  →  buy (25.00)      3.00  →  buy (50.00)      1.00  →  limited
 * ```
 *
 * @param at the customer's now
 */
export function decideTopUp(
  rule: TopUpRule,
  { price, monthlyLimit }: TopUp,
  state: TopUpState,
  at: Date,
): TopUpDecision {
  if (!isTime(rule, state, at)) return 'none';
  const isWithin = monthlyLimit === null || !state.spentThisMonth.plus(price).greaterThan(monthlyLimit);
  return isWithin ? 'buy' : 'limited';
}

function isTime(rule: TopUpRule, state: TopUpState, at: Date): boolean {
  if (rule.on === 'threshold') return !state.isPending && state.available.lessThan(rule.below);
  const period = schedulePeriod(rule.every, at);
  return period !== null && (state.lastPeriod === null || period > state.lastPeriod);
}

/**
 * The number of a schedule's period that an instant is in, the first is 0; null before it begins. A top-up that no process
 * was there to make is made once, for the period of now: nobody is billed for months at once.
 */
export function schedulePeriod(every: BillingAnchor, at: Date): number | null {
  return at.getTime() < every.startAt.getTime() ? null : billingPeriodAt(every, at).index;
}
