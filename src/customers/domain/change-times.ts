import { cyclesOf, periodAt, periodOf, type PeriodsOf } from './cycles';

type TimesOf = PeriodsOf & { readonly subscription: { readonly openPeriod: number } };

/** When the first period without an invoice begins; the end, once everything is billed. Nothing before it changes. */
export function openFrom(about: TimesOf): Date {
  return periodOf(about, about.subscription.openPeriod).start;
}

/**
 * The instant a change begins that is to be made now: never before the subscription begins, nor in a period that has its
 * invoice.
 */
export function instantOfNow(about: TimesOf, now: Date): Date {
  const open = openFrom(about);
  return now.getTime() < open.getTime() ? open : now;
}

/**
 * When the billing period ends that an instant is in. Before the start that is the end of the first; behind the end of
 * the subscription the end itself.
 */
export function periodEndAt(about: TimesOf, now: Date): Date {
  const found = periodAt(about, instantOfNow(about, now));
  return found?.period.end ?? cyclesOf(about).at(-1)!.endAt!;
}
