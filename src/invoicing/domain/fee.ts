import type { Plan, Price, Proration } from '../../catalog/domain';
import type { Stretch } from '../../customers/domain';
import type { Decimal, Period } from '../../kernel';
import type { Share } from '../../rating/domain';

/** A fee in advance that should exist: of a price, for a stretch of its fee period in which nothing changes. */
export interface FeePiece {
  /** Price, what was agreed for it, and where the stretch begins: what ties a credit to its charge. */
  readonly feeId: string;
  readonly key: string;
  readonly plan: Plan;
  readonly price: Price;
  /** As long as it is when nothing cuts it; the first one of a calendar begins with the subscription. */
  readonly feePeriod: Period;
  /** What its share is a share of. */
  readonly whole: Period;
  /** Index of the billing period that the fee period begins with. */
  readonly periodIndex: number;
  /** Billing periods to the fee period. */
  readonly every: number;
  readonly proration: Proration;
  readonly stretch: Period;
  readonly share: Share;
  readonly trial: Stretch['trial'];
  readonly exactAmount: Decimal;
  readonly amount: Decimal;
  readonly quantity: Decimal;
}

/** A line of a fee in advance that exists. */
export interface BilledFee {
  readonly feeId: string;
  readonly key: string;
  readonly plan: Plan;
  readonly price: Price;
  readonly description: string;
  readonly stretch: Period;
  readonly kind: 'price' | 'credit';
  readonly quantity: Decimal;
  readonly exactAmount: Decimal;
  readonly amount: Decimal;
  /** What credit notes took back of it. */
  readonly noted: Decimal;
  /** waived: its invoice is void, and wasn't issued again. */
  readonly state: 'live' | 'waived';
  /** Its invoice's number; null for a draft. */
  readonly invoice: string | null;
}
