import type { Plan, Price } from '../../catalog/domain';
import type { SubscriptionInTime } from '../../customers/domain';
import type { Currency, Decimal, Period } from '../../kernel';
import type { BreakdownRow } from '../../rating/domain';
import type { DraftLine } from './draft-invoice';

/** A fee in advance that should exist: of a price, for a stretch of its fee period in which nothing changes. */
export interface FeePiece {
  /** Price, what was agreed for it, and where the stretch begins: what ties a credit to its charge. */
  readonly feeId: string;
  readonly key: string;
  readonly plan: Plan;
  readonly price: Price;
  readonly feePeriod: Period;
  readonly stretch: Period;
  readonly exactAmount: Decimal;
  readonly amount: Decimal;
  readonly quantity: Decimal;
  readonly breakdown: readonly BreakdownRow[];
  readonly steps: readonly string[];
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
  /** waived: its invoice is void, and wasn't issued again. */
  readonly state: 'live' | 'waived';
  /** Its invoice's number; null for a draft. */
  readonly invoice: string | null;
}

export function feePieces(_about: SubscriptionInTime, _asOf: Date): readonly FeePiece[] {
  return [];
}

export function reconcileFees(
  _pieces: readonly FeePiece[],
  _billed: readonly BilledFee[],
  _currency: Currency,
): readonly DraftLine[] {
  return [];
}
