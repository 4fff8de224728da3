import { currencyOf, type SubscriptionInTime } from '../../customers/domain';
import type { DraftLine } from './draft-invoice';
import type { BilledFee, FeePiece } from './fee';
import { feePieces } from './fee-pieces';
import { reconcileFees } from './reconcile-fees';

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
