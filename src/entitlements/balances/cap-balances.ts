import type { Queryable } from '../../platform/database';
import {
  type Cap,
  type Counter,
  type CounterRef,
  counterRefs,
  dropOver,
  limitAt,
  newCounter,
  type ScopeFacts,
} from '../domain';
import { COUNTER_COLUMNS, type CounterRow, toCounter } from '../persistence/counter-store';
import type { EntitlementRules } from '../rules';

/** Counters that are told of a cap which has one for each value, such as for each session: the fullest. */
const MOST_COUNTERS = 20;

/** What a customer has left of a cap, in one of its counters. Amounts count 10^-24. */
export interface CapBalance {
  readonly cap: Cap;
  readonly counter: Counter;
  readonly limit: bigint;
  /** Not below zero. */
  readonly available: bigint;
}

/** Caps that are one customer's: of the customer alone, or with a counter for each customer. */
export function capsOfCustomer(rules: EntitlementRules, customerId: string): Cap[] {
  return rules.caps.filter(({ scope, each }) => scope.customer === customerId || each.includes('customer'));
}

/**
 * What is left of them. A counter that nothing was counted in yet is there as well, with nothing in it; where each session,
 * task or the like has its own, those that there are, the fullest first.
 *
 * @param at by the customer's clock
 */
export async function capBalances(
  db: Queryable,
  rules: EntitlementRules,
  customerId: string,
  at: Date,
  facts: ScopeFacts,
): Promise<CapBalance[]> {
  const caps = capsOfCustomer(rules, customerId);
  const refs = new Map<string, CounterRef[]>();
  for (const cap of caps) {
    const scope = { ...cap.scope, customer: customerId };
    refs.set(cap.id, isOfEach(cap) ? [] : counterRefs({ ...rules, caps: [cap] }, scope, at.getTime() * 1_000, facts));
  }
  const ids = [...refs.values()].flatMap((ofCap) => ofCap.map(({ id }) => id));
  const stored = await countersById(db, rules.organisationId, ids);
  const ofEach = await fullestOfEach(db, rules.organisationId, caps.filter(isOfEach), customerId, at);

  return caps.flatMap((cap) => {
    const counters = isOfEach(cap)
      ? ofEach.filter(({ capId }) => capId === cap.id)
      : refs.get(cap.id)!.map((ref) => stored.get(ref.id) ?? newCounter(ref));
    return counters.map((counter) => balanceOf(cap, counter, at));
  });
}

function balanceOf(cap: Cap, counter: Counter, at: Date): CapBalance {
  dropOver(counter, cap, at.getTime() / 1_000);
  const limit = limitAt(cap, at.getTime());
  const left = limit - counter.settled - counter.held;
  return { cap, counter, limit, available: left > 0n ? left : 0n };
}

/** Whether which counters it has is only known from what was counted. */
function isOfEach({ each, scope, period }: Cap): boolean {
  const named = (field: Cap['each'][number]): boolean => scope[field] !== undefined;
  const values = each.filter((field) => field !== 'customer' && field !== 'subscription');
  const ofPeriod = period === 'session' || period === 'task' ? [period] : [];
  return [...values, ...ofPeriod].some((field) => !named(field));
}

async function countersById(
  db: Queryable,
  organisationId: string,
  ids: readonly string[],
): Promise<Map<string, Counter>> {
  if (ids.length === 0) return new Map();
  const rows = await db.query<CounterRow>(
    `SELECT ${COUNTER_COLUMNS} FROM cap_counter WHERE organisation_id = $1 AND id = ANY ($2::uuid[])`,
    [organisationId, ids],
  );
  return new Map(rows.map((row) => [row.id, toCounter(row)]));
}

async function fullestOfEach(
  db: Queryable,
  organisationId: string,
  caps: readonly Cap[],
  customerId: string,
  at: Date,
): Promise<Counter[]> {
  const counters: Counter[] = [];
  for (const cap of caps) {
    const rows = await db.query<CounterRow>(
      `SELECT ${COUNTER_COLUMNS} FROM cap_counter
        WHERE organisation_id = $1 AND cap_id = $2 AND (period_end IS NULL OR period_end > $3)
          AND ($4::int IS NULL OR each_values[$4] = $5)
        ORDER BY settled + held DESC, id LIMIT $6`,
      [organisationId, cap.id, at, placeOfCustomer(cap), customerId, MOST_COUNTERS],
    );
    counters.push(...rows.map(toCounter));
  }
  return counters;
}

/** Which of the values is the customer, from 1 as PostgreSQL counts; null where the cap is the customer's alone. */
function placeOfCustomer({ each }: Cap): number | null {
  const place = each.indexOf('customer');
  return place < 0 ? null : place + 1;
}
