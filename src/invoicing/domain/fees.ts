import type { Plan, Price, Proration } from '../../catalog/domain';
import { currencyOf, type Stretch, type SubscriptionInTime } from '../../customers/domain';
import type { Decimal, Period } from '../../kernel';
import type { Share } from '../../rating/domain';
import type { DraftLine } from './draft-invoice';
import { feePieces } from './fee-pieces';
import { reconcileFees } from './reconcile-fees';

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
  /** waived: its invoice is void, and wasn't issued again. */
  readonly state: 'live' | 'waived';
  /** Its invoice's number; null for a draft. */
  readonly invoice: string | null;
}

/**
 * The lines by which a subscription's fees in advance come to what they should be: fee periods that begin by `asOf` are
 * asked for, and whatever was asked already is compared with what is agreed now. Running it twice writes nothing more.
 *
 * What was asked for fee periods that begin later (it is an earlier invoice that is made again) is compared as well; new
 * ones of them are left to the invoice they belong to.
 *
 * @param billed every line of the subscription that has a fee, but for those that were issued again
 * @param since  fee periods that were over by then are left alone; null for none
 */
export function feeLines(
  about: SubscriptionInTime,
  asOf: Date,
  billed: readonly BilledFee[],
  since: Date | null = null,
): readonly DraftLine[] {
  const reach = Math.max(asOf.getTime(), ...billed.map(({ stretch }) => stretch.start.getTime()));
  const known = new Set(billed.map(({ feeId }) => feeId));
  const pieces = feePieces(about, new Date(reach), since);
  const begun = new Set(pieces.filter(({ feeId }) => known.has(feeId)).map(feePeriodOf));
  const due = pieces.filter(
    (piece) => piece.feePeriod.start.getTime() <= asOf.getTime() || begun.has(feePeriodOf(piece)),
  );
  return reconcileFees(due, inReach(billed, pieces, since), currencyOf(about), about.customer.timeZone);
}

/** A fee without a piece is over, or it isn't owed any more: what it was asked for says which. */
function inReach(billed: readonly BilledFee[], pieces: readonly FeePiece[], since: Date | null): readonly BilledFee[] {
  if (since === null) return billed;
  const reached = new Set(pieces.map(({ feeId }) => feeId));
  for (const { feeId, stretch } of billed) if (since.getTime() < stretch.end.getTime()) reached.add(feeId);
  return billed.filter(({ feeId }) => reached.has(feeId));
}

function feePeriodOf({ feePeriod, every }: FeePiece): string {
  return `${every} ${feePeriod.start.getTime()}`;
}
