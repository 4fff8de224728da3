import { type CalendarUnit, calendarPeriodAt, type Micros } from '../../kernel';
import type { Cap } from './cap';
import { counterId, type CounterPeriod, type CounterRef } from './counter';
import { type ScopeField, SCOPE_FIELDS, type WorkScope } from './scope';

/** A subscription, as far as caps look at it. */
export interface SubscriptionFacts {
  readonly id: string;
  readonly startMs: number;
  /** Null: it goes on. */
  readonly endMs: number | null;
  /** Its billing period at an instant; null before its start, behind its end, and where it stood still. */
  periodAt(at: Micros): CounterPeriod | null;
}

/** What has to be known of a customer to tell which counters his work counts in. */
export interface ScopeFacts {
  /** The customer's. */
  readonly timeZone: string;
  /** The customer's, where a cap names a subscription or has each of them; else none. */
  readonly subscriptions: readonly SubscriptionFacts[];
}

/** What caps are looked at by. */
export interface CapRules {
  readonly caps: readonly Cap[];
  /** Calendar periods of caps that are not one customer's are of this zone. */
  readonly settings: { readonly timeZone: string };
}

/** Without a beginning that is known beforehand, and without an end. */
const ALWAYS: CounterPeriod = { start: 0, end: null };

/**
 * The counters that work counts in, in the order in which caps are looked at. A cap that names a field which the work
 * doesn't have doesn't apply to it. Work that names no subscription counts for each of its customer's that is alive.
 *
 * @param at of the event; for a hold, its customer's time
 */
export function counterRefs(rules: CapRules, scope: WorkScope, at: Micros, facts: ScopeFacts): CounterRef[] {
  const refs: CounterRef[] = [];
  for (const cap of rules.caps) {
    if (!isWithinBut(scope, cap, 'subscription')) continue;
    const timeZone = isOneCustomers(cap) ? facts.timeZone : rules.settings.timeZone;
    if (!namesSubscription(cap)) {
      addRef(refs, cap, scope, capPeriod(cap, at, timeZone));
      continue;
    }
    for (const subscription of facts.subscriptions) {
      if (!isFor(cap, scope, subscription, at)) continue;
      const period = cap.period === 'billing_period' ? subscription.periodAt(at) : capPeriod(cap, at, timeZone);
      if (period !== null) addRef(refs, cap, { ...scope, subscription: subscription.id }, period);
    }
  }
  return refs;
}

/**
 * The period that a cap counts an instant in. Sessions, tasks, lifetimes and rolling windows have one without an end;
 * billing periods are told by their subscription, not here.
 *
 * @param timeZone the customer's, or the organisation's where the cap is not one customer's
 */
export function capPeriod({ period }: Pick<Cap, 'period'>, at: Micros, timeZone: string): CounterPeriod {
  switch (period) {
    case 'hour':
    case 'day':
    case 'week':
    case 'month':
      return calendarPeriod(at, period, timeZone);
    case 'session':
    case 'task':
    case 'lifetime':
    case 'rolling':
    case 'billing_period':
      return ALWAYS;
  }
}

/** Whether each of a cap's counters is of one customer, so that his zone and his clock count. */
export function isOneCustomers({ scope, each }: Pick<Cap, 'scope' | 'each'>): boolean {
  return scope.customer !== undefined || each.includes('customer');
}

/** Whether subscriptions have to be known to say which counters of a cap some work counts in. */
export function namesSubscription({ scope, each }: Pick<Cap, 'scope' | 'each'>): boolean {
  return scope.subscription !== undefined || each.includes('subscription');
}

function isFor(cap: Cap, scope: WorkScope, { id, startMs, endMs }: SubscriptionFacts, at: Micros): boolean {
  if (cap.scope.subscription !== undefined && cap.scope.subscription !== id) return false;
  if (scope.subscription !== undefined && scope.subscription !== id) return false;
  return startMs * 1_000 <= at && (endMs === null || at < endMs * 1_000);
}

function isWithinBut(work: WorkScope, { scope }: Cap, ignored: ScopeField): boolean {
  for (const field of SCOPE_FIELDS) {
    const wanted = scope[field];
    if (wanted !== undefined && field !== ignored && work[field] !== wanted) return false;
  }
  return true;
}

function addRef(refs: CounterRef[], cap: Cap, scope: WorkScope, period: CounterPeriod): void {
  const eachValues: string[] = [];
  for (const field of cap.each) {
    const value = scope[field];
    if (value === undefined) return;
    eachValues.push(value);
  }
  refs.push({ id: counterId(cap.id, eachValues, period.start), cap, eachValues, period });
}

/** The last period seen of each unit and zone: what is counted and decided is mostly in it. */
const lastPeriods = new Map<string, { readonly start: Micros; readonly end: Micros }>();
const MOST_PERIODS = 2_000;

function calendarPeriod(at: Micros, unit: CalendarUnit, timeZone: string): CounterPeriod {
  const key = `${unit} ${timeZone}`;
  const last = lastPeriods.get(key);
  if (last !== undefined && last.start <= at && at < last.end) return last;
  const { start, end } = calendarPeriodAt(new Date(Math.floor(at / 1_000)), unit, timeZone);
  const period = { start: start.getTime() * 1_000, end: end.getTime() * 1_000 };
  if (lastPeriods.size >= MOST_PERIODS) lastPeriods.clear();
  lastPeriods.set(key, period);
  return period;
}
