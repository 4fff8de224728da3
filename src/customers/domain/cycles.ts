import type { Plan } from '../../catalog/domain';
import {
  type BillingAnchor,
  type BillingInterval,
  billingPeriod,
  billingPeriodAt,
  invariant,
  type Period,
  type PeriodAnchor,
  wholePeriod,
} from '../../kernel';
import type { Ending } from './ending';

/**
 * A stretch of a subscription in which billing periods are counted from one anchor. Half-open. Another begins when the
 * subscription gets a plan with periods of another length, or is taken up again after it ended:
 *
 * ```
 * by the month    |-- 0 --|-- 1 --|- 2 -|                          the last one is cut
 * by the year                           |------- 3 -------|-- 4 -|   ended, and
 * again                                                              . . |-- 5 --|-- 6 --…
 * ```
 */
export interface Cycle {
  readonly fromAt: Date;
  /** Index of its first period, counted over all cycles. */
  readonly firstIndex: number;
  readonly interval: BillingInterval;
  readonly intervalCount: number;
  readonly anchor: PeriodAnchor;
  /** Null: until further notice. */
  readonly endAt: Date | null;
  /** How the subscription ended with it; null where it goes on, or another cycle simply followed. */
  readonly ending?: Ending | null | undefined;
}

/** A cycle behind the first, as it is planned. */
export interface LaterCycle {
  readonly fromAt: Date;
  readonly interval: BillingInterval;
  readonly intervalCount: number;
  readonly anchor: PeriodAnchor;
  /** When the one before it ended: earlier where the subscription had ended in between. */
  readonly previousEndAt: Date;
  readonly previousEnding: Ending | null;
}

/** What of a subscription its billing periods depend on. */
export interface PeriodsOf {
  readonly subscription: { readonly startAt: Date; readonly anchor?: PeriodAnchor | undefined };
  readonly customer: { readonly timeZone: string };
  /** The first is the plan it was made with. */
  readonly phases: readonly { readonly plan: Pick<Plan, 'interval' | 'intervalCount'> }[];
  /** All of them, ascending; without it there is the first alone, as the plan it was made with says. */
  readonly cycles?: readonly Cycle[] | undefined;
  readonly ending?: Ending | null | undefined;
}

/** A billing period with its number. */
export interface NumberedPeriod {
  readonly index: number;
  readonly period: Period;
}

/** The cycles of a subscription, ascending; the last is cut where the subscription ends. Those without a length are left out. */
export function cyclesOf(about: PeriodsOf): readonly Cycle[] {
  const { ending } = about;
  const all = about.cycles ?? [firstCycle(about)];
  const kept = all.filter(({ fromAt, endAt }) => endAt === null || fromAt.getTime() < endAt.getTime());
  if (ending === null || ending === undefined) return kept;

  const end = ending.endAt.getTime();
  const before = kept.filter(({ fromAt }, position) => position === 0 || fromAt.getTime() < end);
  const last = before.at(-1)!;
  if (last.endAt !== null && last.endAt.getTime() <= end) return before;
  return [...before.slice(0, -1), { ...last, endAt: ending.endAt, ending }];
}

/** The cycle a subscription begins with, as its own columns say. */
export function firstCycle({ subscription, phases }: PeriodsOf): Cycle {
  const { interval, intervalCount = 1 } = phases[0]!.plan;
  const { startAt, anchor = 'anniversary' } = subscription;
  return { fromAt: startAt, firstIndex: 0, interval, intervalCount, anchor, endAt: null };
}

/** The first cycle with those behind it, each with its number and its end. */
export function linkCycles(first: Cycle, later: readonly LaterCycle[], timeZone: string): readonly Cycle[] {
  const linked: Cycle[] = [first];
  for (const next of later) {
    const before = { ...linked.at(-1)!, endAt: next.previousEndAt, ending: next.previousEnding };
    linked[linked.length - 1] = before;
    const { fromAt, interval, intervalCount, anchor } = next;
    const firstIndex = firstIndexBehind(before, next.previousEndAt, timeZone);
    linked.push({ fromAt, firstIndex, interval, intervalCount, anchor, endAt: null });
  }
  return linked;
}

function firstIndexBehind(cycle: Cycle, endAt: Date, timeZone: string): number {
  if (endAt.getTime() <= cycle.fromAt.getTime()) return cycle.firstIndex;
  const { index } = billingPeriodAt(billingAnchor(cycle, timeZone), new Date(endAt.getTime() - 1));
  return cycle.firstIndex + index + 1;
}

/** The cycle an instant is in, or the last before it; before the start, the one the subscription begins with. */
export function cycleAt(about: PeriodsOf, at: Date): Cycle {
  const cycles = cyclesOf(about);
  return cycles.findLast(({ fromAt }) => fromAt.getTime() <= at.getTime()) ?? cycles[0]!;
}

/** Whether a plan has billing periods as long as a cycle's. */
export function fitsCycle(plan: Pick<Plan, 'interval' | 'intervalCount'>, cycle: Cycle): boolean {
  return plan.interval === cycle.interval && (plan.intervalCount ?? 1) === cycle.intervalCount;
}

export function cycleOfIndex(about: PeriodsOf, index: number): Cycle {
  const cycle = cyclesOf(about).findLast(({ firstIndex }) => firstIndex <= index);
  invariant(cycle !== undefined, 'a billing period is in a cycle');
  return cycle;
}

/**
 * A subscription's billing period of this index; 0 is the first. Cut at the end of its cycle: what is behind the end of
 * the subscription has no length.
 */
export function periodOf(about: PeriodsOf, index: number): Period {
  const cycle = cycleOfIndex(about, index);
  const period = billingPeriod(billingAnchor(cycle, about.customer.timeZone), index - cycle.firstIndex);
  return cut(period, cycle.endAt);
}

/** The whole that a billing period is a part of, when its cycle ends in it, or begins in it by the calendar. */
export function wholePeriodOf(about: PeriodsOf, index: number): Period {
  const cycle = cycleOfIndex(about, index);
  return wholePeriod(billingAnchor(cycle, about.customer.timeZone), index - cycle.firstIndex);
}

/** The period an instant lies in; null before the start, behind the end, and between an end and going on after it. */
export function periodAt(about: PeriodsOf, at: Date): NumberedPeriod | null {
  const cycle = cyclesOf(about).findLast(({ fromAt }) => fromAt.getTime() <= at.getTime());
  if (cycle === undefined || (cycle.endAt !== null && cycle.endAt.getTime() <= at.getTime())) return null;
  const { index, period } = billingPeriodAt(billingAnchor(cycle, about.customer.timeZone), at);
  return { index: cycle.firstIndex + index, period: cut(period, cycle.endAt) };
}

/**
 * The period behind one, with its index; null behind the end. A day that the zone left out is passed over: there is
 * nothing to bill.
 */
export function nextPeriod(about: PeriodsOf, index: number): NumberedPeriod | null {
  const last = cyclesOf(about).at(-1)!;
  for (let next = index + 1; ; next += 1) {
    const period = periodOf(about, next);
    if (period.start.getTime() < period.end.getTime()) return { index: next, period };
    if (last.endAt !== null && last.endAt.getTime() <= period.start.getTime()) return null;
  }
}

/** How much of a whole period a billing period is, in milliseconds; 1 of 1 unless it is cut. */
export function shareOf(about: PeriodsOf, period: Period): { part: number; whole: number } {
  const part = lengthOf(period);
  const whole = lengthOf(wholeAround(about, period));
  return part === whole ? { part: 1, whole: 1 } : { part, whole };
}

/** What promises for a period are a share of. It costs something only where a period may be cut. */
export function wholeAround(about: PeriodsOf, period: Period): Period {
  const start = period.start.getTime();
  const cycle = cyclesOf(about).findLast(({ fromAt }) => fromAt.getTime() <= start);
  if (cycle === undefined) return period;
  const isFirst = cycle.fromAt.getTime() === start && cycle.anchor === 'calendar';
  const isLast = cycle.endAt !== null && cycle.endAt.getTime() === period.end.getTime();
  if (!isFirst && !isLast) return period;
  const anchor = billingAnchor(cycle, about.customer.timeZone);
  return wholePeriod(anchor, billingPeriodAt(anchor, period.start).index);
}

/** What the periods of a cycle are counted from. */
export function billingAnchor(cycle: Cycle, timeZone: string): BillingAnchor {
  const { fromAt, interval, intervalCount, anchor } = cycle;
  return { startAt: fromAt, timeZone, interval, count: intervalCount, anchor };
}

function cut({ start, end }: Period, at: Date | null): Period {
  if (at === null || end.getTime() <= at.getTime()) return { start, end };
  return { start: start.getTime() < at.getTime() ? start : at, end: at };
}

function lengthOf({ start, end }: Period): number {
  return end.getTime() - start.getTime();
}
