import { isDeepStrictEqual } from 'node:util';
import { type Plan, planInCurrency, type PriceOverride, withOverrides } from '../../catalog/domain';
import { addLocalDays, type Currency, invariant, type Period, type PeriodAnchor } from '../../kernel';
import { lengthOfWhole } from './anchor';

/** From when on a subscription has which plan version. */
export interface Phase<P extends Plan = Plan> {
  /** It holds from here to the next phase. The first begins with the subscription. */
  readonly fromAt: Date;
  readonly plan: P;
  /** The move that made it; null for the plan the subscription was made with. */
  readonly moveId: string | null;
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
}

/** A stretch of a billing period in which nothing changes. */
export interface Segment<P extends Plan = Plan> {
  /** In the subscription's currency, with its overrides. */
  readonly plan: P;
  readonly period: Period;
  /** Its length against a whole billing period's, in milliseconds; 1 of 1 for all of it. */
  readonly share: { readonly part: number; readonly whole: number };
  /** What of it is free, since it lies in the trial. */
  readonly trial: 'base_fee' | 'everything' | null;
}

/** What holds for a subscription at an instant. */
interface Terms<P extends Plan> {
  readonly plan: P;
  /** Those in force for prices of this plan. */
  readonly overrides: readonly Override[];
  readonly trial: Segment['trial'];
}

/**
 * Cuts a billing period at the instants at which something that is charged changes: another plan version, an override
 * that begins or ends, the end of the trial.
 *
 * ```
 * period      |------------------------------|
 * plan        |--- v1 ---|------- v2 --------|
 * override of a price         |-- 2.00 --|
 * segments    |----------|----|----------|---|     each rated on its own usage, shares add up to the whole
 * ```
 *
 * An instant at which nothing really changes (a move to the version that is there, an override of a price that the plan
 * doesn't have) is no cut: tiers begin anew in each segment, so a cut without a reason would change the price.
 *
 * The first period by the calendar is a part of a whole one, and so are its segments: of what is promised for a period
 * they have their share of the time, and what was over before the start is nobody's.
 *
 * @param period a billing period of the subscription, so not before its start
 * @returns      they follow each other without a gap, and the parts of their shares sum to the period's; none for a day
 *               that the zone left out
 */
export function segmentsOf<P extends Plan>(about: SubscriptionInTime<P>, period: Period): readonly Segment<P>[] {
  if (period.start.getTime() === period.end.getTime()) return [];
  const { phases, overrides } = about;
  const trial = trialOf(about);
  const changes = [
    ...phases.map(({ fromAt }) => fromAt),
    ...overrides.flatMap(({ fromAt, toAt }) => (toAt === null ? [fromAt] : [fromAt, toAt])),
    ...(trial === null ? [] : [trial.endAt]),
  ]
    .map((at) => at.getTime())
    .filter((at) => period.start.getTime() < at && at < period.end.getTime())
    .sort((one, other) => one - other);

  const stretches: { start: number; readonly terms: Terms<P> }[] = [];
  for (const start of [period.start.getTime(), ...changes]) {
    const terms = termsAt(about, trial, start);
    const before = stretches.at(-1);
    if (before === undefined || !sameTerms(before.terms, terms)) stretches.push({ start, terms });
  }

  const whole = lengthOfWhole(about, period);
  return stretches.map(({ start, terms }, index) => {
    const end = stretches[index + 1]?.start ?? period.end.getTime();
    return {
      plan: agreedPlan(about, terms),
      period: { start: new Date(start), end: new Date(end) },
      share: end - start === whole ? { part: 1, whole: 1 } : { part: end - start, whole },
      trial: terms.trial,
    };
  });
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
  return agreedPlan(about, termsAt(about, trialOf(about), at.getTime()));
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
): Terms<P> {
  const { plan } = phaseAt(about, new Date(at));
  const keys = new Set(plan.prices.map(({ key }) => key));
  return {
    plan,
    overrides: about.overrides.filter(({ priceKey, ...override }) => keys.has(priceKey) && isInForce(override, at)),
    trial: trial !== null && at < trial.endAt.getTime() ? trial.covers : null,
  };
}

function isInForce({ fromAt, toAt }: Pick<Override, 'fromAt' | 'toAt'>, at: number): boolean {
  return fromAt.getTime() <= at && (toAt === null || at < toAt.getTime());
}

function sameTerms(one: Terms<Plan>, other: Terms<Plan>): boolean {
  return (
    one.plan.id === other.plan.id &&
    one.trial === other.trial &&
    one.overrides.length === other.overrides.length &&
    one.overrides.every(({ priceKey, definition }) =>
      other.overrides.some((each) => each.priceKey === priceKey && isDeepStrictEqual(each.definition, definition)),
    )
  );
}

function agreedPlan<P extends Plan>(about: SubscriptionInTime<P>, { plan, overrides }: Terms<P>): P {
  return withOverrides(
    planInCurrency(plan, currencyOf(about)),
    Object.fromEntries(overrides.map(({ priceKey, definition }) => [priceKey, definition])),
  );
}
