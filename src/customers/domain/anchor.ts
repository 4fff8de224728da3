import type { Plan } from '../../catalog/domain';
import { type BillingAnchor, type Period, type PeriodAnchor, wholePeriod } from '../../kernel';

/** What of a subscription its billing periods depend on. None of it ever changes. */
interface PeriodsOf {
  readonly subscription: { readonly startAt: Date; readonly anchor?: PeriodAnchor | undefined };
  readonly customer: { readonly timeZone: string };
  /** The first is the plan it was made with. */
  readonly phases: readonly { readonly plan: Pick<Plan, 'interval' | 'intervalCount'> }[];
}

/**
 * What a subscription's billing periods are counted from. They are as long as the plan it was made with says: a move to
 * a plan of another interval is refused, so that all later plans say the same.
 */
export function anchorOf({ subscription, customer, phases }: PeriodsOf): BillingAnchor {
  const { interval, intervalCount } = phases[0]!.plan;
  const { startAt, anchor } = subscription;
  return { startAt, timeZone: customer.timeZone, interval, count: intervalCount, anchor };
}

/** How much of a whole period a billing period is, in milliseconds; 1 of 1 unless it is a short first one. */
export function shareOf(about: PeriodsOf, period: Period): { part: number; whole: number } {
  const part = lengthOf(period);
  const whole = lengthOfWhole(about, period);
  return part === whole ? { part: 1, whole: 1 } : { part, whole };
}

/** What promises for a period are a share of. */
export function lengthOfWhole(about: PeriodsOf, period: Period): number {
  const isFirst = period.start.getTime() === about.subscription.startAt.getTime();
  return lengthOf(isFirst ? wholePeriod(anchorOf(about), 0) : period);
}

function lengthOf({ start, end }: Period): number {
  return end.getTime() - start.getTime();
}
