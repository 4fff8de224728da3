import { type BillingPeriod, dayAt, daysBetween, periodOf, type Stretch } from './calendar';
import type { RefCycle, RefPlan, RefSubscription } from './definitions';
import * as r from '../rating-reference/rational';
import type { Rational } from '../rating-reference/rational';

/** When a cycle is over, by whatever; null while it isn't known. */
export const endOf = ({ cutAt, ending }: RefCycle): number | null => cutAt ?? ending?.endAt ?? null;

export const cycleOfIndex = (subscription: RefSubscription, index: number): RefCycle =>
  subscription.cycles.findLast(({ firstIndex }) => firstIndex <= index)!;

/** A period of a subscription, cut where its cycle ends; null behind that. */
export function periodAt(subscription: RefSubscription, index: number): BillingPeriod | null {
  const cycle = cycleOfIndex(subscription, index);
  const period = periodOf(cycle.anchor, index - cycle.firstIndex);
  const end = endOf(cycle);
  if (end !== null && period.from >= end) return null;
  return { ...period, index, to: end === null ? period.to : Math.min(period.to, end) };
}

/** What holds at an instant. */
export interface Terms {
  readonly plan: RefPlan;
  readonly seats: string;
  readonly paused: 'nothing' | 'base_fee' | null;
}

export function termsAt({ phases, seats, pauses }: RefSubscription, at: number): Terms {
  const { plan } = phases.findLast(({ from }) => from <= at) ?? phases[0]!;
  const agreed = seats.findLast(({ from }) => from <= at);
  const pause = pauses.find(({ from, to }) => from <= at && (to === null || at < to));
  return { plan, seats: agreed?.quantity ?? plan.seats, paused: pause?.bills ?? null };
}

/** Cuts a stretch wherever what `told` says of the terms changes. */
export function stretchesOf(
  subscription: RefSubscription,
  { from, to }: Stretch,
  told: (terms: Terms) => string,
): (Stretch & { readonly terms: Terms })[] {
  const { phases, seats, pauses } = subscription;
  const cuts = [...phases, ...seats, ...pauses].map((change) => change.from);
  cuts.push(...pauses.flatMap((pause) => (pause.to === null ? [] : [pause.to])));
  const starts = [from, ...cuts.filter((at) => from < at && at < to)].sort((one, other) => one - other);
  const found: { from: number; to: number; terms: Terms }[] = [];
  for (const start of starts) {
    const terms = termsAt(subscription, start);
    const before = found.at(-1);
    if (before !== undefined && told(before.terms) === told(terms)) continue;
    if (before !== undefined) before.to = start;
    found.push({ from: start, to, terms });
  }
  return found;
}

export const shareInTime = (part: Stretch, whole: Stretch): Rational =>
  r.fraction(BigInt(part.to - part.from), BigInt(whole.to - whole.from));

/** What a stretch has of the fees of a whole one. `from` is the whole one’s own first instant that is billed. */
export function shareOfFees(
  proration: RefPlan['proration'],
  part: Stretch,
  whole: Stretch,
  billedFrom: number,
  timeZone: string,
): Rational {
  if (proration === 'none') return part.from === billedFrom ? r.WHOLE : r.NOTHING;
  if (proration === 'second') return shareInTime(part, whole);
  const days = (stretch: Stretch): bigint =>
    BigInt(daysBetween(dayAt(stretch.from, timeZone), dayAt(stretch.to, timeZone)));
  return r.fraction(days(part), days(whole));
}
