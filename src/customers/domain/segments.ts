import { isDeepStrictEqual } from 'node:util';
import {
  isAdvance,
  type Plan,
  planInCurrency,
  type Price,
  type PriceOverride,
  type Proration,
  withOverrides,
} from '../../catalog/domain';
import { addLocalDays, type Currency, invariant, type Period, type PeriodAnchor } from '../../kernel';
import { type Cycle, cyclesOf, wholeAround } from './cycles';
import { ALL_OF_IT, NONE_OF_IT, type Share, shareInDays } from './day-shares';
import type { Ending } from './ending';
import { type Pause, pauseAt, type PauseBills, pausedPlan } from './pauses';

/** From when on a subscription has which plan version. */
export interface Phase<P extends Plan = Plan> {
  /** It holds from here to the next phase. The first begins with the subscription. */
  readonly fromAt: Date;
  readonly plan: P;
  /** The move that made it; null for the plan the subscription was made with, and for a change of this one alone. */
  readonly moveId: string | null;
  /** The change that made it. */
  readonly changeId?: string | null | undefined;
}

/** Other terms for one price of one subscription, for a stretch of time. */
export interface Override {
  readonly id: string;
  readonly priceKey: string;
  readonly definition: PriceOverride;
  readonly fromAt: Date;
  /** Null: until further notice. */
  readonly toAt: Date | null;
  readonly reason: string;
  readonly createdAt: Date;
  /** The change that made it; null: it was agreed on by itself. */
  readonly changeId?: string | null | undefined;
}

/** What segments are made from: a subscription with everything of it that changes in time. */
export interface SubscriptionInTime<P extends Plan = Plan> {
  readonly subscription: {
    readonly startAt: Date;
    readonly currency: Currency | null;
    /** `anniversary` without it. */
    readonly anchor?: PeriodAnchor | undefined;
  };
  readonly customer: { readonly timeZone: string };
  /** Ascending by `fromAt`. The first is the plan the subscription was made with, from its start on. */
  readonly phases: readonly Phase<P>[];
  /** For one price they never overlap. */
  readonly overrides: readonly Override[];
  /** All of them; without it the periods are counted as the plan it was made with says. */
  readonly cycles?: readonly Cycle[] | undefined;
  readonly pauses?: readonly Pause[] | undefined;
  readonly ending?: Ending | null | undefined;
}

/** A stretch of time in which nothing changes that is charged. */
export interface Stretch<P extends Plan = Plan> {
  /** In the subscription's currency, with its overrides. */
  readonly plan: P;
  readonly period: Period;
  /** What of it is free, since it lies in the trial. */
  readonly trial: 'base_fee' | 'everything' | null;
  /** What is charged of it all the same, since it lies in a pause; null outside of one. */
  readonly paused: PauseBills | null;
}

/** A stretch of a billing period in which nothing changes, with what of the plan is charged in it. */
export interface Segment<P extends Plan = Plan> {
  /** In the subscription's currency, with its overrides; in a pause only what that charges. */
  readonly plan: P;
  readonly period: Period;
  /** Its length against a whole billing period's, in milliseconds; 1 of 1 for all of it. */
  readonly share: Share;
  /** What base fees have of the period; `share` without it. Over a period they sum to what the period is of a whole. */
  readonly feeShare?: Share | undefined;
  /** What allowances and pools have of it; `share` without it. */
  readonly unitShare?: Share | undefined;
  readonly trial: Stretch['trial'];
  readonly paused?: PauseBills | null | undefined;
  /** The subscription ends in this period and nothing of it is billed. */
  readonly waived?: boolean | undefined;
}

/** What holds for a subscription at an instant. */
interface Terms<P extends Plan> {
  readonly plan: P;
  /** Those in force for prices of this plan. */
  readonly overrides: readonly Override[];
  /** Those among them that make it other terms than before: all, or all that are about what is billed behind its period. */
  readonly counted: readonly Override[];
  readonly trial: Stretch['trial'];
  readonly paused: PauseBills | null;
}

/** Whose stretches are asked for: of what is billed when a period is over, or of fees in advance too. */
type Seen = 'arrears' | 'fees';

/**
 * Cuts a billing period where something that is charged changes: another plan version, an override that begins or ends,
 * the end of the trial, a pause.
 *
 * ```
 * period      |------------------------------|
 * plan        |--- v1 ---|------- v2 --------|
 * override of a price         |-- 2.00 --|
 * segments    |----------|----|----------|---|     each rated on its own usage, shares add up to the whole
 * ```
 *
 * An instant at which nothing really changes (a move to the version that is there, an override that says what the plan
 * says, or of a price that the plan doesn't have or bills in advance) is no cut: tiers begin anew in each segment, so a cut without a
 * reason would change the price.
 *
 * A period that begins with the calendar, or is the last of its cycle, is a part of a whole one, and so are its segments:
 * of what is promised for a period they have their share of the time, and what is outside is nobody's.
 *
 * How base fees and units are shared is what the terms say that the period begins with, so that the shares of one period
 * are all counted alike and sum to it: of April, changed on the 16th at noon from 30.00 to 60.00,
 * `second` asks for 15.50 and 29.00, `day` for 15.00 and 30.00, `none` for 30.00 and nothing.
 *
 * @param period a billing period of the subscription, so not before its start
 * @returns      they follow each other without a gap, and the parts of their shares sum to the period's; none for a day
 *               that the zone left out
 */
export function segmentsOf<P extends Plan>(about: SubscriptionInTime<P>, period: Period): readonly Segment<P>[] {
  if (period.start.getTime() === period.end.getTime()) return [];
  const stretches = stretchesOf(about, period.start, period.end, 'arrears');
  const whole = wholeAround(about, period);
  const { proration } = stretches[0]!.plan.terms ?? {};
  const waived = isWaived(about, period);
  return stretches.map((stretch, position) => {
    const { plan, period: own, trial, paused } = stretch;
    const { allowancesOnChange = 'prorate' } = plan.terms ?? {};
    const feeShare = feeShareOf(proration, own, whole, position, about.customer.timeZone);
    return {
      plan: paused === null ? plan : pausedPlan(plan, paused),
      period: own,
      share: shareInTime(own, whole),
      ...(feeShare === null ? {} : { feeShare }),
      ...(allowancesOnChange === 'prorate' ? {} : { unitShare: ALL_OF_IT }),
      trial,
      paused,
      ...(waived ? { waived } : {}),
    };
  });
}

/**
 * Cuts any stretch of time where something changes that fees depend on: as `segmentsOf`, but the plan is whole in a pause,
 * too, and the end of the subscription is no cut, since it is for fees in advance to say what it means to them.
 */
export function feeStretches<P extends Plan>(
  about: SubscriptionInTime<P>,
  from: Date,
  to: Date,
): readonly Stretch<P>[] {
  return stretchesOf(about, from, to, 'fees');
}

function stretchesOf<P extends Plan>(
  about: SubscriptionInTime<P>,
  from: Date,
  to: Date,
  seen: Seen,
): readonly Stretch<P>[] {
  if (to.getTime() <= from.getTime()) return [];
  const { phases, overrides, pauses = [] } = about;
  const trial = trialOf(about);
  const changes = [
    ...phases.map(({ fromAt }) => fromAt),
    ...[...overrides, ...pauses].flatMap(({ fromAt, toAt }) => (toAt === null ? [fromAt] : [fromAt, toAt])),
    ...(trial === null ? [] : [trial.endAt]),
  ]
    .map((at) => at.getTime())
    .filter((at) => from.getTime() < at && at < to.getTime())
    .sort((one, other) => one - other);

  const stretches: { start: number; readonly terms: Terms<P> }[] = [];
  for (const start of [from.getTime(), ...changes]) {
    const terms = termsAt(about, trial, start, seen);
    const before = stretches.at(-1);
    if (before === undefined || !sameTerms(about, before.terms, terms)) stretches.push({ start, terms });
  }
  return stretches.map(({ start, terms }, index) => ({
    plan: agreedPlan(about, terms),
    period: { start: new Date(start), end: new Date(stretches[index + 1]?.start ?? to.getTime()) },
    trial: terms.trial,
    paused: terms.paused,
  }));
}

/** Whether a subscription ends in a billing period, or with it, and asked that nothing of it is billed. */
function isWaived(about: SubscriptionInTime, { start, end }: Period): boolean {
  return cyclesOf(about).some(
    ({ fromAt, ending }) =>
      ending?.settle === 'nothing' &&
      fromAt.getTime() <= start.getTime() &&
      start.getTime() < ending.endAt.getTime() &&
      ending.endAt.getTime() <= end.getTime(),
  );
}

function shareInTime(part: Period, whole: Period): Share {
  const [partMs, wholeMs] = [lengthOf(part), lengthOf(whole)];
  return partMs === wholeMs ? ALL_OF_IT : { part: partMs, whole: wholeMs };
}

function lengthOf({ start, end }: Period): number {
  return end.getTime() - start.getTime();
}

/** What the fees of a stretch are of a period's; null: its share of the time. */
function feeShareOf(
  proration: Proration | undefined,
  part: Period,
  whole: Period,
  position: number,
  timeZone: string,
): Share | null {
  if (proration === 'none') return position === 0 ? ALL_OF_IT : NONE_OF_IT;
  return proration === 'day' ? shareInDays(part, whole, timeZone) : null;
}

/** The phase a subscription is in at an instant; before its start, the one it starts with. */
export function phaseAt<P extends Plan>({ subscription, phases }: SubscriptionInTime<P>, at: Date): Phase<P> {
  const instant = Math.max(at.getTime(), subscription.startAt.getTime());
  const phase = phases.findLast(({ fromAt }) => fromAt.getTime() <= instant);
  invariant(phase !== undefined, 'a subscription has a plan from its start on');
  return phase;
}

/** The plan a subscription has at an instant, in its currency and with its overrides: what its customer pays by. */
export function planAt<P extends Plan>(about: SubscriptionInTime<P>, at: Date): P {
  return agreedPlan(about, termsAt(about, trialOf(about), at.getTime(), 'fees'));
}

/** The currency a subscription is charged in, which never changes: its own, else that of the plan it was made with. */
export function currencyOf({ subscription, phases }: SubscriptionInTime): Currency {
  return subscription.currency ?? phases[0]!.plan.currency;
}

/**
 * A subscription's trial, or null. It belongs to the plan that the subscription begins with and is counted in local
 * days from its start: 14 days from 1 March, 14:30, end on 15 March, 14:30. Another version of that plan leaves it as
 * it is; a move to another plan ends it, and begins none there.
 */
export function trialOf(
  about: SubscriptionInTime,
): { readonly endAt: Date; readonly covers: 'base_fee' | 'everything' } | null {
  const { startAt } = about.subscription;
  const first = phaseAt(about, startAt).plan;
  const trial = first.terms?.trial;
  if (trial === undefined) return null;

  const endAt = addLocalDays(startAt, trial.days, about.customer.timeZone);
  const left = about.phases.find(({ fromAt, plan }) => fromAt.getTime() > startAt.getTime() && plan.key !== first.key);
  const early = left !== undefined && left.fromAt.getTime() < endAt.getTime();
  return { endAt: early ? left.fromAt : endAt, covers: trial.covers };
}

function termsAt<P extends Plan>(
  about: SubscriptionInTime<P>,
  trial: ReturnType<typeof trialOf>,
  at: number,
  seen: Seen,
): Terms<P> {
  const { plan } = phaseAt(about, new Date(at));
  const keys = new Set(plan.prices.map(({ key }) => key));
  const ahead = new Set(plan.prices.filter((price) => seen === 'arrears' && isAdvance(price)).map(({ key }) => key));
  const overrides = about.overrides.filter(
    ({ priceKey, ...override }) => keys.has(priceKey) && isInForce(override, at),
  );
  return {
    plan,
    overrides,
    counted: overrides.filter(({ priceKey }) => !ahead.has(priceKey)),
    trial: trial !== null && at < trial.endAt.getTime() ? trial.covers : null,
    paused: pauseAt(about.pauses ?? [], new Date(at))?.bills ?? null,
  };
}

function isInForce({ fromAt, toAt }: Pick<Override, 'fromAt' | 'toAt'>, at: number): boolean {
  return fromAt.getTime() <= at && (toAt === null || at < toAt.getTime());
}

/** Whether nothing is charged otherwise. What is agreed on may say what the plan says, or another agreement said. */
function sameTerms(about: SubscriptionInTime, one: Terms<Plan>, other: Terms<Plan>): boolean {
  if (one.plan.id !== other.plan.id || one.trial !== other.trial || one.paused !== other.paused) return false;
  const keys = new Set([...one.counted, ...other.counted].map(({ priceKey }) => priceKey));
  if (keys.size === 0) return true;
  const agreed = ({ plan, counted }: Terms<Plan>): readonly Price[] =>
    agreedPlan(about, { plan, overrides: counted })
      .prices.filter(({ key }) => keys.has(key))
      .map((price) => ({ ...price, terms: price.terms ?? {} }));
  return isDeepStrictEqual(agreed(one), agreed(other));
}

function agreedPlan<P extends Plan>(
  about: SubscriptionInTime<P>,
  { plan, overrides }: Pick<Terms<P>, 'plan' | 'overrides'>,
): P {
  return withOverrides(
    planInCurrency(plan, currencyOf(about)),
    Object.fromEntries(overrides.map(({ priceKey, definition }) => [priceKey, definition])),
  );
}
