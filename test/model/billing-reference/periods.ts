import * as r from '../rating-reference/rational';
import type { BillingPeriod } from './calendar';
import type { RefEvent, RefInvoice, RefLine, RefPart, RefSubscription } from './definitions';
import { cents } from './money';
import { cycleOfIndex, periodAt, shareInTime, shareOfFees, stretchesOf, type Terms } from './time';

/** How many periods back an invoice adjusts. */
export const REACH = 12;

/** Fees in advance cut nothing of what is billed in arrears. */
const asArrears = ({ plan, seats, paused }: Terms): string =>
  JSON.stringify([plan.key, plan.ahead > 0 ? null : seats, paused]);

/** What a period charges for usage and for fees in arrears, by what is known now. */
export function ratedLines(
  subscription: RefSubscription,
  index: number,
  events: readonly RefEvent[],
  decimals: number,
): RefLine[] {
  const period = periodAt(subscription, index);
  if (period === null || period.from === period.to) return [];
  return stretchesOf(subscription, period, asArrears).flatMap((stretch) => {
    const { terms, ...time } = stretch;
    const { plan, seats, paused } = terms;
    if (paused === 'nothing') return [];
    const share = shareInTime(time, period.whole);
    const feeShare = feeShareOf(subscription, time, period);
    const line = (key: string, amount: r.Rational): RefLine => ({
      memory: 'computed',
      subscription: subscription.key,
      kind: 'price',
      key,
      ...time,
      amount: cents(amount, decimals),
      noted: 0n,
    });
    const fees =
      plan.ahead > 0
        ? []
        : [
            line('base', r.times(r.of(plan.base), feeShare)),
            line('seats', r.times(r.times(r.of(plan.seatPrice), r.of(seats)), feeShare)),
          ];
    if (paused !== null) return fees;
    const used = events.filter(({ at, isVoid }) => !isVoid && time.from <= at && at < time.to);
    const calls = r.total(used.map((event) => r.of(event.calls)));
    const beyond = r.most(r.NOTHING, r.minus(calls, r.times(r.of(plan.allowance), share)));
    return [...fees, line('calls', r.times(beyond, r.of(plan.callPrice)))];
  });
}

function feeShareOf(
  subscription: RefSubscription,
  part: { from: number; to: number },
  period: BillingPeriod,
): r.Rational {
  const { anchor } = cycleOfIndex(subscription, period.index);
  const proration = subscription.phases[0]!.plan.proration;
  return shareOfFees(proration, part, period.whole, period.from, anchor.timeZone);
}

/**
 * What is different of earlier periods since they were billed: of each line what it is now, less everything that was
 * asked for it. Periods behind an earlier draft are that draft's to adjust.
 */
export function adjustments(
  subscription: RefSubscription,
  part: RefPart,
  invoices: readonly RefInvoice[],
  events: readonly RefEvent[],
  decimals: number,
): RefLine[] {
  const drafts = partsOf(subscription, invoices, ({ status }) => status === 'draft').map(({ index }) => index);
  const behind = Math.max(-1, ...drafts.filter((index) => index < part.index));
  // What a void invoice said of its own period is taken back for good; what it adjusted of others is to be billed again.
  const issued = invoices.filter(({ status }) => status !== 'draft' && status !== 'void');
  const periods = [...new Set(partsOf(subscription, issued, () => true).map(({ index }) => index))]
    .filter((index) => behind < index && index < part.index && index >= part.index - REACH)
    .sort((one, other) => one - other);
  return periods.flatMap((index) => {
    const period = periodAt(subscription, index)!;
    const now = ratedLines(subscription, index, events, decimals);
    const billed = issued
      .flatMap(({ lines }) => lines)
      .filter((line) => line.memory === 'computed' && line.subscription === subscription.key)
      .filter(({ from }) => period.from <= from && from < period.to);
    const places = new Map([...now, ...billed].map((line) => [`${line.key} ${line.from}`, line]));
    return [...places].flatMap(([place, line]): RefLine[] => {
      const sum = (lines: readonly RefLine[]): bigint =>
        lines.filter(({ key, from }) => `${key} ${from}` === place).reduce((total, { amount }) => total + amount, 0n);
      const amount = sum(now) - sum(billed);
      return amount === 0n ? [] : [{ ...line, kind: 'adjustment', amount, noted: 0n }];
    });
  });
}

function partsOf(
  subscription: RefSubscription,
  invoices: readonly RefInvoice[],
  which: (invoice: RefInvoice) => boolean,
): RefPart[] {
  return invoices
    .filter(which)
    .flatMap(({ parts }) => parts)
    .filter((part) => part.subscription === subscription && part.kind === 'period');
}
