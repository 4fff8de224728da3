import type { Plan, Price } from '../../catalog/domain';
import { shareInDays } from '../../customers/domain';
import { type Currency, type Decimal, formatAmount, type Period, sum, ZERO } from '../../kernel';
import {
  type BreakdownRow,
  type RatedCharge,
  rateFee,
  roundingStep,
  settled,
  type Share,
  shareText,
  WHOLE,
} from '../../rating/domain';
import type { DraftLine } from './draft-invoice';
import type { BilledFee, FeePiece } from './fee';
import { stretchText } from './stretch-text';

/** Everything that was asked and given back for one fee. */
interface Billed {
  readonly lines: readonly BilledFee[];
  readonly live: Decimal;
  readonly all: Decimal;
  /** What credit notes took back of what is live. */
  readonly noted: Decimal;
  readonly exact: Decimal;
  /** How much time is charged, less what was given back. */
  readonly coveredMs: number;
}

/**
 * The lines that bring fees in advance from what was billed to what should exist: nothing is changed that was written,
 * the difference is.
 *
 * ```
 * 30.00 for April, ended on the 16th        should be 15.00   billed 30.00   →  credit −15.00   16 to 30 April
 * 10.00 for three days, one is used         should be  3.33   billed 10.00   →  credit  −6.67   2 days
 * ended on the 16th, and taken back         should be 30.00   billed 15.00   →  charge  15.00   16 to 30 April
 * ```
 *
 * What is used and what is credited are so the amount that was asked, to the cent, however often something changes.
 *
 * What a credit note took back counts as billed: it is a present, or settles something else. But what it gave back isn't
 * given back again: of 1,200.00 for a year, 1,000.00 of which were taken back, an end in July credits 200.00 at most.
 *
 * Of an invoice that is void, and wasn't issued again, all stays taken back: what it asked counts as billed here and is
 * not asked again; and no credit is given for what nobody is asked for.
 *
 * @param pieces   all of the fee periods that are looked at
 * @param billed   all there is of fees, drafts included
 * @param timeZone the customer's
 * @returns        credits, then charges; in each the order of time, and in one instant that of the plan
 */
export function reconcileFees(
  pieces: readonly FeePiece[],
  billed: readonly BilledFee[],
  currency: Currency,
  timeZone: string,
): readonly DraftLine[] {
  const before = new Map<string, BilledFee[]>();
  for (const line of billed) before.set(line.feeId, [...(before.get(line.feeId) ?? []), line]);

  const lines: DraftLine[] = [];
  const where = { currency, timeZone };
  for (const piece of pieces) {
    const line = difference(piece, totalOf(before.get(piece.feeId) ?? []), where);
    if (line !== null) lines.push(line);
    before.delete(piece.feeId);
  }
  for (const gone of before.values()) {
    const line = nothingOf(totalOf(gone), where);
    if (line !== null) lines.push(line);
  }
  return lines.sort(inOrder);
}

function inOrder(one: DraftLine, other: DraftLine): number {
  return (
    Number(one.kind !== 'credit') - Number(other.kind !== 'credit') ||
    one.servicePeriod.start.getTime() - other.servicePeriod.start.getTime() ||
    placeOf(one) - placeOf(other)
  );
}

function placeOf({ plan, key }: DraftLine): number {
  return plan?.prices.findIndex((price) => price.key === key) ?? 0;
}

function totalOf(lines: readonly BilledFee[]): Billed {
  const covered = lines.map(({ kind, stretch }) => (kind === 'price' ? 1 : -1) * lengthOf(stretch));
  return {
    lines,
    live: sum(lines.filter(({ state }) => state === 'live').map(({ amount }) => amount)),
    all: sum(lines.map(({ amount }) => amount)),
    noted: sum(lines.filter(({ state }) => state === 'live').map(({ noted }) => noted)),
    exact: sum(lines.map(({ exactAmount }) => exactAmount)),
    coveredMs: covered.reduce((all, each) => all + each, 0),
  };
}

interface Where {
  readonly currency: Currency;
  readonly timeZone: string;
}

/** What is due for a piece that should exist. */
function difference(piece: FeePiece, billed: Billed, where: Where): DraftLine | null {
  if (billed.lines.length === 0) return chargeOf(piece, explained(piece, where), where);
  const wanted = piece.amount.minus(billed.all);
  const due = boundedDue(wanted, billed);
  if (due.isZero()) return null;

  const stretch = stretchOfDifference(piece, billed, due);
  const exactAmount = due.equals(wanted) ? settled(piece.exactAmount.minus(billed.exact)) : due;
  const rated = explained(piece, where);
  const line = {
    ...chargeOf(piece, rated, where),
    exactAmount,
    amount: due,
    servicePeriod: stretch,
    breakdown: [...rated.breakdown, ...billed.lines.map(billedRow)],
  };
  const told = `${billedText(billed, where)} The fee for ${textOf(piece.stretch, piece, where)} is ${money(piece.amount, where)}, so this line is ${money(due, where)}.`; // prettier-ignore
  if (!due.lessThan(0)) return { ...line, steps: [...rated.steps, told] };
  return {
    ...line,
    kind: 'credit',
    description: creditText(piece.price.name),
    quantity: piece.quantity.negated(),
    steps: [unusedText(piece, stretch, where), told],
  };
}

/** Sentences are made for what is written, and for no other piece. */
function explained(piece: FeePiece, { currency, timeZone }: Where): Pick<RatedCharge, 'breakdown' | 'steps'> {
  const { price, feePeriod, every, stretch, share, periodIndex, trial, proration } = piece;
  const firstSegment = stretch.start.getTime() === feePeriod.start.getTime();
  const { breakdown, steps } = rateFee(price, { share, periodIndex, firstSegment, trial, currency, explain: true });
  const length = every === 1 ? '' : `, of ${every} billing periods from ${stretchText(feePeriod, timeZone)}`;
  const what = `Billed in advance for ${stretchText(stretch, timeZone, proration === 'day')}${length}.`;
  return { breakdown, steps: [what, ...steps] };
}

function chargeOf(
  piece: FeePiece,
  { breakdown, steps }: Pick<RatedCharge, 'breakdown' | 'steps'>,
  { currency }: Where,
): DraftLine {
  const { feeId, key, plan, price, quantity, exactAmount, amount, stretch } = piece;
  return {
    ...lineOf(feeId, key, plan, price),
    kind: 'price',
    description: price.name,
    quantity,
    exactAmount,
    amount,
    servicePeriod: stretch,
    breakdown,
    steps: [...steps, roundingStep(exactAmount, currency, amount)],
  };
}

/**
 * What is due for a piece that should not exist any more: another took its place, or it never came to be. Usually a
 * credit; where its charge is gone with an invoice that was issued again, and a credit of it is not, that is taken back.
 */
function nothingOf(billed: Billed, where: Where): DraftLine | null {
  const wanted = billed.all.negated();
  const due = boundedDue(wanted, billed);
  if (due.isZero()) return null;
  const { feeId, key, plan, price, quantity, stretch, description } = billed.lines[0]!;
  const name = description.replace(UNUSED, '');
  const isCredit = due.lessThan(0);
  const covered = isCredit ? billed.coveredMs : -billed.coveredMs;
  const servicePeriod = stretchBetween(stretch.start, 0, covered) ?? stretch;
  return {
    ...lineOf(feeId, key, plan, price),
    kind: isCredit ? 'credit' : 'price',
    description: isCredit ? creditText(name) : name,
    quantity: isCredit ? quantity.abs().negated() : quantity.abs(),
    exactAmount: due.equals(wanted) ? settled(billed.exact.negated()) : due,
    amount: due,
    servicePeriod,
    breakdown: billed.lines.map(billedRow),
    steps: [
      isCredit
        ? `Not used at all: nothing is owed for ${stretchText(servicePeriod, where.timeZone)} by these terms any more.`
        : 'What this fee was credited for is not asked any more, so that credit is taken back.',
      `${billedText(billed, where)} So this line is ${money(due, where)}.`,
    ],
  };
}

function lineOf(
  feeId: string,
  key: string,
  plan: Plan,
  price: Price,
): Pick<DraftLine, 'feeId' | 'key' | 'plan' | 'price' | 'events' | 'pendingEvents'> {
  return { feeId, key, plan, price, events: 0, pendingEvents: 0 };
}

/** No credit for more than is asked: not for what a void or a credit note gave back already. */
function boundedDue(due: Decimal, { live, noted }: Billed): Decimal {
  const asked = live.minus(noted);
  const most = asked.lessThan(0) ? ZERO : asked.negated();
  return due.lessThan(most) ? most : due;
}

/**
 * What was added to the time that is charged, or fell away from it. Where only credit stands, since its charge is gone
 * with an invoice that was issued again, the line is for both: from the first to the last of them, no day twice.
 */
function stretchOfDifference({ stretch }: FeePiece, { coveredMs, lines }: Billed, due: Decimal): Period {
  const length = lengthOf(stretch);
  if (due.lessThan(0)) return stretchBetween(stretch.start, length, coveredMs) ?? stretch;
  if (coveredMs >= 0) return stretchBetween(stretch.start, coveredMs, length) ?? stretch;
  const end = Math.max(stretch.end.getTime(), ...lines.map((line) => line.stretch.end.getTime()));
  return { start: stretch.start, end: new Date(end) };
}

function stretchBetween(start: Date, fromMs: number, toMs: number): Period | null {
  if (toMs <= fromMs) return null;
  return { start: new Date(start.getTime() + fromMs), end: new Date(start.getTime() + toMs) };
}

function billedRow({ kind, quantity, exactAmount, invoice, state }: BilledFee): BreakdownRow {
  const what = kind === 'credit' ? 'Credited' : 'Billed';
  const where = invoice === null ? 'on a draft' : `on ${invoice}`;
  return {
    kind: 'billed',
    description: `${what} ${where}${state === 'waived' ? ', which is void' : ''}`,
    from: null,
    upTo: null,
    quantity,
    unitPrice: null,
    amount: exactAmount.negated(),
  };
}

/** `Unused from 16 April to 30 April: 15 of 30 days of 30.00.` */
function unusedText(piece: FeePiece, stretch: Period, where: Where): string {
  const { price, periodIndex, trial } = piece;
  const terms = { periodIndex, trial, firstSegment: true, currency: where.currency, explain: false };
  const whole = rateFee(price, { ...terms, share: WHOLE }).amount;
  const unused = shareText(shareOf(stretch, piece, where.timeZone));
  return `Unused from ${textOf(stretch, piece, where)}: ${unused} of ${formatAmount(whole, where.currency)}.`;
}

function shareOf(stretch: Period, { whole, proration }: FeePiece, timeZone: string): Share {
  if (proration === 'day') return shareInDays(stretch, whole, timeZone);
  return { part: lengthOf(stretch), whole: lengthOf(whole) };
}

function textOf(stretch: Period, { proration }: FeePiece, { timeZone }: Where): string {
  return stretchText(stretch, timeZone, proration === 'day');
}

function billedText({ lines, all, noted }: Billed, where: Where): string {
  const invoices = [...new Set(lines.map(({ invoice }) => invoice ?? 'a draft'))].join(', ');
  const back = noted.isZero()
    ? ''
    : ` Credit notes gave back ${money(noted, where)}; no more than the rest is credited.`;
  return `Billed on ${invoices} so far: ${money(all, where)}.${back}`;
}

function creditText(name: string): string {
  return `${name}: unused time`;
}

const UNUSED = /: unused time$/;

function money(value: Decimal, { currency }: Where): string {
  return `${formatAmount(value, currency)} ${currency}`;
}

function lengthOf({ start, end }: Period): number {
  return end.getTime() - start.getTime();
}
