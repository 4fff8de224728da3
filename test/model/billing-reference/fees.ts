import * as r from '../rating-reference/rational';
import { periodOf, type Stretch } from './calendar';
import type { RefCycle, RefInvoice, RefLine, RefSubscription } from './definitions';
import { cents } from './money';
import { endOf, shareOfFees, stretchesOf, type Terms } from './time';

/** A fee that is billed ahead, for as long as its price holds within its fee period. */
interface Piece extends Stretch {
  readonly id: string;
  readonly key: 'base' | 'seats';
  readonly amount: bigint;
}

const charges = {
  base: ({ plan }: Terms) => r.of(plan.base),
  seats: ({ plan, seats }: Terms) => r.times(r.of(plan.seatPrice), r.of(seats)),
} as const;
const prices = {
  base: ({ plan }: Terms) => `${plan.base}/${plan.ahead}`,
  seats: ({ plan, seats }: Terms) => `${plan.seatPrice} × ${seats}/${plan.ahead}`,
} as const;

/** Until when fees of a cycle are charged that began at an instant. */
function feesEnd({ cutAt, ending }: RefCycle, feePeriodFrom: number): number | null {
  const cuts = cutAt === null ? [] : [cutAt];
  const isCut = ending !== null && (ending.settle === 'invoice_and_credit' || feePeriodFrom >= ending.cancelledAt);
  if (isCut) cuts.push(ending.endAt);
  return cuts.length === 0 ? null : Math.min(...cuts);
}

/** Every fee that begins up to an instant and should exist. */
export function piecesOf(subscription: RefSubscription, upTo: number, decimals: number): Piece[] {
  const pieces: Piece[] = [];
  const lengths = new Set(subscription.phases.map(({ plan }) => plan.ahead).filter((ahead) => ahead > 0));
  for (const cycle of subscription.cycles) {
    for (const every of lengths) {
      for (let first = 0; ; first += every) {
        const begins = periodOf(cycle.anchor, first);
        if (begins.from > upTo || (cycle.ending !== null && begins.from >= cycle.ending.endAt)) break;
        if (cycle.cutAt !== null && begins.from >= cycle.cutAt) break;
        const ends = periodOf(cycle.anchor, first + every - 1);
        const whole = { from: begins.whole.from, to: ends.to };
        const end = feesEnd(cycle, begins.from);
        const billed = { from: begins.from, to: end === null ? ends.to : Math.min(end, ends.to) };
        // What is kept behind the end is kept as it was there: nobody hears of what is agreed later.
        const settled = Math.min(billed.to, endOf(cycle) ?? billed.to);
        for (const key of ['base', 'seats'] as const) {
          const told = (terms: Terms): string =>
            terms.plan.ahead !== every || terms.paused === 'nothing' ? 'no fee' : prices[key](terms);
          for (const { from, to: until, terms } of stretchesOf(subscription, { ...billed, to: settled }, told)) {
            if (told(terms) === 'no fee') continue;
            const to = until === settled ? billed.to : until;
            const { proration } = terms.plan;
            const share = shareOfFees(proration, { from, to }, whole, begins.from, cycle.anchor.timeZone);
            if (r.isNothing(share)) continue;
            const amount = cents(r.times(charges[key](terms), share), decimals);
            // A fee that isn't shared is for all of its time, whatever becomes of the subscription in it.
            const end = proration === 'none' ? ends.to : to;
            pieces.push({ id: `${key}: ${prices[key](terms)} from ${from}`, key, from, to: end, amount });
          }
        }
      }
    }
  }
  return pieces;
}

/** The lines that are missing so that what is billed is what should exist. */
export function missingFees(
  subscription: RefSubscription,
  invoices: readonly RefInvoice[],
  upTo: number,
  decimals: number,
): RefLine[] {
  subscription.feesUpTo = Math.max(subscription.feesUpTo, upTo);
  const pieces = piecesOf(subscription, subscription.feesUpTo, decimals);
  const billed = invoices
    .filter(({ status, reissued }) => status !== 'void' || !reissued)
    .flatMap(({ lines, status }) => lines.map((line) => ({ line, isWaived: status === 'void' })))
    .filter(({ line }) => line.memory === 'fee' && line.subscription === subscription.key);
  const ids = new Set([...pieces.map(({ id }) => id), ...billed.map(({ line }) => line.feeId!)]);

  const lines: RefLine[] = [];
  for (const id of ids) {
    const piece = pieces.find((each) => each.id === id);
    const its = billed.filter(({ line }) => line.feeId === id);
    const sumOf = (some: typeof its): bigint => some.reduce((sum, { line }) => sum + line.amount, 0n);
    const live = sumOf(its.filter(({ isWaived }) => !isWaived));
    const waived = sumOf(its.filter(({ isWaived }) => isWaived));
    let due = (piece?.amount ?? 0n) - live - waived;
    // What a credit note gave back isn't given back again.
    const noted = its.filter(({ isWaived }) => !isWaived).reduce((sum, { line }) => sum + line.noted, 0n);
    const most = noted === 0n ? -live : live > noted ? noted - live : 0n;
    if (due < most) due = most;
    if (its.length > 0 && due === 0n) continue;
    const { key, from } = piece ?? its[0]!.line;
    // Where the lines so far have led: a charge up to its end, a credit back to its beginning.
    const last = its.at(-1)?.line;
    const covered = last === undefined ? from : last.kind === 'credit' ? last.from : last.to;
    const end = piece?.to ?? from;
    // Its charge is gone with an invoice that was issued again, and a credit of it isn't: the line is for both.
    const isWhole = due > 0n && its.length > 0 && its.every(({ line }) => line.kind === 'credit');
    const to = isWhole ? Math.max(...its.map(({ line }) => line.to)) : Math.max(end, covered);
    const stretch =
      end === covered && !isWhole ? { from, to: end } : { from: isWhole ? from : Math.min(end, covered), to };
    const kind = due < 0n ? 'credit' : 'price';
    lines.push({
      memory: 'fee',
      subscription: subscription.key,
      kind,
      key,
      ...stretch,
      amount: due,
      feeId: id,
      noted: 0n,
    });
  }
  return lines;
}
