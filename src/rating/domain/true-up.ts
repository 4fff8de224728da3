import { Decimal, ONE, sum } from '../../kernel';
import type { Commitment } from '../../catalog/domain';
import { settled } from './prorate';
import type { BreakdownRow } from './rated-charge';
import type { RatingContext } from './rated-plan';
import { shown } from './shown';

type CommitmentContext = Pick<
  RatingContext,
  'share' | 'trial' | 'chargedInTerm' | 'promisedPeriods' | 'lastOfTerm' | 'firstSegment' | 'lastSegment'
>;

/**
 * Charges what is missing from a commitment when its term ends: 1,200.00 promised for 12 periods and 1,050.00 charged
 * in them → 150.00 in the last one. It comes up once, in the term's last period, behind everything else: what is owed
 * must be known before it can be compared.
 *
 * ```
 * term    |── 1 ──|── 2 ──|── … ──|── 12 ──|
 * charged     90  +  110  +   …   +   80    = 1,050.00
 * true-up                             150.00
 * ```
 *
 * The promise is for whole periods: a last period that is cut short owes its share, and a segment in a trial owes
 * nothing. `promisedPeriods` tells how many periods were promised before this segment; without it, all of the term's.
 *
 * @param charged exact, of this segment: all of its lines
 * @returns       one row, or none
 * @see           docs/pricing/minimums-and-commitments.md
 */
export function trueUp(commitment: Commitment, charged: Decimal, context: CommitmentContext): BreakdownRow[] {
  if (!context.lastOfTerm || !context.lastSegment) return [];
  const due = amountDue(commitment, context);
  const soFar = sum([context.chargedInTerm, charged]);
  const missing = settled(due.minus(soFar));
  if (!missing.greaterThan(0)) return [];
  const term = commitment.periods === 1 ? 'a period' : `${commitment.periods} periods`;
  return [
    {
      kind: 'true_up',
      description: `Up to the commitment of ${shown(commitment.amount)} for ${term}, of which ${shown(soFar)} is charged`,
      from: null,
      upTo: null,
      quantity: ONE,
      unitPrice: null,
      amount: missing,
    },
  ];
}

/** The commitment's part for the periods that were promised, counted in parts of a period: the one division comes last. */
function amountDue({ amount, periods }: Commitment, context: CommitmentContext): Decimal {
  const { share, trial, promisedPeriods, firstSegment } = context;
  const whole = new Decimal(share.whole);
  const assumed = whole.times(periods - 1).plus(firstSegment ? 0 : share.whole - share.part);
  const before = promisedPeriods?.times(whole) ?? assumed;
  const promised = before.plus(trial === null ? share.part : 0);
  return amount.times(promised).dividedBy(whole.times(periods));
}
