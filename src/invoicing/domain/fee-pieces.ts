import { hash } from 'node:crypto';
import { isAdvance, type Plan, type Price, type Proration } from '../../catalog/domain';
import {
  billingAnchor,
  type Cycle,
  currencyOf,
  cyclesOf,
  feeStretches,
  shareInDays,
  type Stretch,
  type SubscriptionInTime,
} from '../../customers/domain';
import {
  type BillingAnchor,
  billingPeriod,
  billingPeriodAt,
  type Currency,
  Decimal,
  decimalText,
  type Period,
  wholePeriod,
} from '../../kernel';
import { rateFee, roundLine, type Share, WHOLE } from '../../rating/domain';
import type { FeePiece } from './fee';

/**
 * What should exist of a subscription's fees in advance: for each price and each fee period that begins by `asOf`, a
 * piece for each stretch of time in which what is agreed for the price is the same.
 *
 * ```
 * fee periods   |---------- April ----------|---------- May -----------|
 * base          |--- 30.00 ---|--- 60.00 ---|--------- 60.00 ----------|
 * pieces             15.00         30.00                60.00
 * ```
 *
 * What is planned ahead is known and counted: another plan, an agreement that begins or ends, a pause, the end. So a
 * piece is a pure function of what the subscription says, and it doesn't matter when somebody asks.
 *
 * - A plan by the month whose fee is billed `every` 12 months has fee periods of 12 billing periods, counted from the
 *   first one of the cycle. A fee that begins or ends within one has its share of it.
 * - How a fee period is shared (by the second, by days, not at all) is what the plan says that it begins with.
 * - In a pause that bills nothing there is no piece. In a trial there is one of nothing.
 * - The end of a cycle ends its fees: they are given back from there on. When the subscription ends, a fee period that
 *   had begun when that was asked is kept, unless it was asked to give it back: as it stood when the subscription ended.
 *   What comes behind the end says nothing about it, so taking the subscription up again changes no fee before.
 *
 * @param since fee periods that were over by then are left out: nothing can change in them any more
 * @returns in the order of time, and in one instant in that of the plan
 * @see     docs/decisions/fees-in-advance.md
 */
export function feePieces(about: SubscriptionInTime, asOf: Date, since: Date | null = null): readonly FeePiece[] {
  return cyclesOf(about).flatMap((cycle) => piecesOfCycle(about, cycle, asOf, since));
}

function piecesOfCycle(about: SubscriptionInTime, cycle: Cycle, asOf: Date, since: Date | null): FeePiece[] {
  const advance = about.phases.flatMap(({ plan }) => plan.prices.filter(isAdvance));
  const lengths = [...new Set(advance.map(everyOf))];
  return lengths
    .flatMap((every) => feePeriodsOf(about, cycle, every, asOf, since).flatMap((period) => piecesOf(about, period)))
    .sort(inOrder);
}

function inOrder(one: FeePiece, other: FeePiece): number {
  return one.stretch.start.getTime() - other.stretch.start.getTime() || placeOf(one) - placeOf(other);
}

function placeOf({ plan, key }: FeePiece): number {
  return plan.prices.findIndex((price) => price.key === key);
}

function everyOf({ terms }: Price): number {
  return terms?.billing?.every ?? 1;
}

interface FeePeriod extends Pick<FeePiece, 'feePeriod' | 'whole' | 'periodIndex' | 'every'> {
  /** Where its fees end, for what ends within it. */
  readonly endAt: Date;
  /** Up to where what is agreed is heard: what is kept behind the end of its cycle stays as it is there. */
  readonly settledAt: Date;
}

function feePeriodsOf(
  about: SubscriptionInTime,
  cycle: Cycle,
  every: number,
  asOf: Date,
  since: Date | null,
): FeePeriod[] {
  const anchor = billingAnchor(cycle, about.customer.timeZone);
  const isLater = since !== null && cycle.fromAt.getTime() < since.getTime();
  const first = isLater ? Math.floor(billingPeriodAt(anchor, since).index / every) * every : 0;
  const found: FeePeriod[] = [];
  for (let nth = first; ; nth += every) {
    const period = billingPeriod(anchor, nth);
    const { start } = period;
    const isOver = cycle.endAt !== null && cycle.endAt.getTime() <= start.getTime();
    if (isOver || asOf.getTime() < start.getTime()) return found;

    const whole = wholeOf(anchor, nth, every, period);
    // A day that the zone left out is a period without length, and costs nothing.
    if (whole.start.getTime() === whole.end.getTime()) continue;
    const feePeriod = { start, end: whole.end };
    const endAt = endOfFees(cycle, feePeriod);
    const settledAt = cycle.endAt !== null && cycle.endAt.getTime() < endAt.getTime() ? cycle.endAt : endAt;
    found.push({ feePeriod, whole, periodIndex: cycle.firstIndex + nth, every, endAt, settledAt });
  }
}

/** Only the first period of a calendar is a part of a whole one. */
function wholeOf(anchor: BillingAnchor, nth: number, every: number, first: Period): Period {
  return {
    start: nth === 0 ? wholePeriod(anchor, 0).start : first.start,
    end: every === 1 ? first.end : billingPeriod(anchor, nth + every - 1).end,
  };
}

function endOfFees({ endAt, ending }: Cycle, { start, end }: Period): Date {
  if (endAt === null || end.getTime() <= endAt.getTime()) return end;
  if (ending === null || ending === undefined || ending.settle === 'invoice_and_credit') return endAt;
  return ending.cancelledAt.getTime() <= start.getTime() ? endAt : end;
}

/** A price for as long as nothing about it changes. */
interface Held {
  readonly price: Price;
  readonly plan: Plan;
  readonly fingerprint: string;
  readonly trial: Stretch['trial'];
  readonly start: Date;
  end: Date;
}

function piecesOf(about: SubscriptionInTime, period: FeePeriod): FeePiece[] {
  const currency = currencyOf(about);
  const stretches = stretchesIn(about, period);
  const proration = stretches[0]?.plan.terms?.proration ?? 'second';
  return heldIn(stretches, period.every, currency).flatMap((held) => {
    const share = shareOf(held, period, proration, about.customer.timeZone);
    return share.part === 0 ? [] : [pieceOf(held, share, { ...period, proration }, currency)];
  });
}

/** What holds when its cycle ends holds for all that is kept behind it. */
function stretchesIn(about: SubscriptionInTime, { feePeriod, settledAt, endAt }: FeePeriod): readonly Stretch[] {
  const stretches = feeStretches(about, feePeriod.start, settledAt);
  return stretches.map((stretch, place) =>
    place === stretches.length - 1 ? { ...stretch, period: { start: stretch.period.start, end: endAt } } : stretch,
  );
}

/** Every price that is billed so many periods ahead, each for the longest stretches in which it stays as it is. */
function heldIn(stretches: readonly Stretch[], every: number, currency: Currency): Held[] {
  const held: Held[] = [];
  const open = new Map<string, Held>();
  for (const { plan, period, trial, paused } of stretches) {
    const prices = paused === 'nothing' ? [] : plan.prices.filter((price) => isAdvance(price) && everyOf(price) === every); // prettier-ignore
    for (const price of prices) {
      const fingerprint = fingerprintOf(price, currency, trial);
      const before = open.get(price.key);
      if (before?.fingerprint === fingerprint && before.end.getTime() === period.start.getTime()) {
        before.end = period.end;
        continue;
      }
      const next = { price, plan, fingerprint, trial, start: period.start, end: period.end };
      open.set(price.key, next);
      held.push(next);
    }
  }
  return held;
}

function shareOf({ start, end }: Held, { feePeriod, whole }: FeePeriod, proration: Proration, timeZone: string): Share {
  if (proration === 'none') return start.getTime() === feePeriod.start.getTime() ? WHOLE : { part: 0, whole: 1 };
  if (proration === 'day') return shareInDays({ start, end }, whole, timeZone);
  const [part, all] = [lengthOf({ start, end }), lengthOf(whole)];
  return part === all ? WHOLE : { part, whole: all };
}

function pieceOf(
  { price, plan, fingerprint, trial, start, end }: Held,
  share: Share,
  {
    feePeriod,
    whole,
    periodIndex,
    every,
    proration,
  }: Omit<FeePeriod, 'endAt' | 'settledAt'> & { readonly proration: Proration },
  currency: Currency,
): FeePiece {
  const firstSegment = start.getTime() === feePeriod.start.getTime();
  const stretch = proration === 'none' ? feePeriod : { start, end };
  const rated = rateFee(price, { share, periodIndex, firstSegment, trial, currency, explain: false });
  return {
    feeId: `${price.key}:${fingerprint}:${start.getTime()}`,
    key: price.key,
    plan,
    price,
    feePeriod,
    whole,
    periodIndex,
    every,
    proration,
    stretch,
    share,
    trial,
    exactAmount: rated.amount,
    amount: roundLine(rated.amount, currency),
    quantity: rated.quantity,
  };
}

/** What makes a fee another one: all that is agreed for it but its names. */
function fingerprintOf({ charge, terms = {} }: Price, currency: Currency, trial: Stretch['trial']): string {
  const { feature: _, ...agreed } = terms;
  return hash('sha256', canonical({ charge, terms: agreed, currency, trial })).slice(0, FINGERPRINT_DIGITS);
}

const FINGERPRINT_DIGITS = 16;

/** The same text for the same agreement, in whichever order and however its numbers are written. */
function canonical(value: unknown): string {
  if (value instanceof Decimal) return JSON.stringify(decimalText(value));
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([name, field]) => field !== undefined && name !== 'name');
  const parts = fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`);
  return `{${parts.sort().join(',')}}`;
}

function lengthOf({ start, end }: Period): number {
  return end.getTime() - start.getTime();
}
