import { cycleOfIndex, nextPeriod, periodOf, type PeriodsOf } from './cycles';

/** What a subscription's row says of what is to be billed next. Nobody but this file computes it. */
export interface Due {
  /** Index of the first billing period that has no invoice yet; behind the last one of a subscription that has ended. */
  readonly openPeriod: number;
  /** When that period ends. */
  readonly openPeriodEnd: Date;
  /** Fees in advance of the first period of a cycle are to be billed before. */
  readonly startDue: boolean;
  /** When something is due; null when the subscription has ended and all is billed. */
  readonly dueAt: Date | null;
}

/** What `Due` is computed from. */
type DueOf = PeriodsOf & { readonly subscription: { readonly openPeriod: number; readonly startDue: boolean } };

/** What is due next, after something about a subscription has changed. */
export function scheduleNext(about: DueOf): Due {
  const { openPeriod, startDue } = about.subscription;
  return dueFrom(about, openPeriod, startDue);
}

/** What is due next, once the open period is closed. */
export function afterClosing(about: DueOf): Due {
  const { openPeriod } = about.subscription;
  return dueFrom(about, nextPeriod(about, openPeriod)?.index ?? openPeriod + 1, false);
}

/** What is due next, once the fees are billed that a cycle begins with. */
export function afterStart(about: DueOf): Due {
  return dueFrom(about, about.subscription.openPeriod, false);
}

function dueFrom(about: PeriodsOf, openPeriod: number, startDue: boolean): Due {
  const { start, end } = periodOf(about, openPeriod);
  const ended = start.getTime() === end.getTime() && nextPeriod(about, openPeriod) === null;
  if (ended) return { openPeriod, openPeriodEnd: end, startDue: false, dueAt: null };
  return { openPeriod, openPeriodEnd: end, startDue, dueAt: startDue ? cycleOfIndex(about, openPeriod).fromAt : end };
}
