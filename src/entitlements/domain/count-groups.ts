import { type Currency, invariant, type Micros } from '../../kernel';
import { type Amounts, amountOf, NO_AMOUNTS, ONE_ACTION, plus } from './amounts';
import type { Cap } from './cap';
import { book, type CounterRef } from './counter';
import type { LockedState } from './decision';
import type { Hold } from './hold';
import type { PendingGroup, PendingRow } from './pending';
import { rebook, setFlag } from './rebook';
import type { WorkScope } from './scope';

/** A change of what is charged, as counters and holds see it. */
export interface SpentAmount {
  readonly scope: WorkScope;
  readonly minute: Micros | null;
  readonly holdId: string | null;
  readonly currency: Currency;
  /** Counts 10^-24. */
  readonly amount: bigint;
}

/** What waits to be counted. */
export interface Uncounted {
  readonly rows: readonly PendingRow[];
  readonly spend: readonly SpentAmount[];
}

/** What counting moves: rows that the transaction has locked, with the ancestors and open parts of holds. */
export type CountedState = Pick<LockedState, 'holds' | 'counters' | 'wallets'>;

/** What it is counted by. */
export interface CountedBy {
  readonly capsById: ReadonlyMap<string, Cap>;
  /** The counters that work counts in, by its scope and when it happened. */
  readonly refsOf: (scope: WorkScope, at: Micros) => readonly CounterRef[];
  /** What time it is for a customer, in milliseconds since 1970. */
  readonly nowOf: (customerId: string) => number;
  /** The real time. */
  readonly nowMs: number;
}

/** What was moved, for whoever tells of it. */
export interface Counted {
  /** What each counter that was moved had settled before, by its id. */
  readonly before: ReadonlyMap<string, bigint>;
  /** Holds that were booked, or booked anew. */
  readonly holds: readonly Hold[];
}

/**
 * Counts events and what is charged for them: an event that names a hold in the counters the hold was held in, through
 * what the hold comes to; every other, and where a hold has no counter of a cap, in the counters of its own scope and
 * time. The first event of a hold that is open settles it. In which order rows come, and how they are divided among
 * transactions, changes no sum.
 */
export function countGroups({ rows, spend }: Uncounted, state: CountedState, by: CountedBy): Counted {
  const capOf = (id: string): string | undefined => state.counters.get(id)?.capId;
  const before = new Map<string, bigint>();
  const usedByHold = new Map<Hold, Amounts>();
  const note = (hold: Hold | null, amounts: Amounts, pendingEvents = 0): void => {
    if (hold === null) return;
    usedByHold.set(hold, plus(usedByHold.get(hold) ?? NO_AMOUNTS, amounts));
    hold.pendingEvents += pendingEvents;
  };
  const count = ({ id, cap }: CounterRef, amounts: Amounts, at: Micros, customerId: string): void => {
    const amount = amountOf(amounts, cap);
    if (amount === 0n) return;
    const counter = state.counters.get(id);
    invariant(counter !== undefined, 'counters that are counted in are locked');
    if (!before.has(id)) before.set(id, counter.settled);
    book(counter, cap, amount, { seconds: at / 1_000_000, nowSeconds: by.nowOf(customerId) / 1_000 });
  };

  for (const { batch, groups } of rows) {
    for (const group of groups) {
      const { scope, minute } = group;
      const amounts = amountsOf(group);
      const hold = holdOf(group, state);
      note(hold, amounts, group.pendingEvents);
      for (const ref of refsBeside(hold, scope, minute, capOf, by)) {
        // What a cap found when it was made, it has counted by itself.
        if (batch >= ref.cap.fromBatch) count(ref, amounts, minute, scope.customer);
      }
    }
  }
  for (const spent of spend) {
    const { scope, currency, amount } = spent;
    const amounts = { ...NO_AMOUNTS, spend: new Map([[currency, amount]]) };
    const hold = holdOf(spent, state);
    note(hold, amounts);
    const at = spentAt(spent, by);
    for (const ref of refsBeside(hold, scope, at, capOf, by)) {
      if (isSpend(ref.cap, currency)) count(ref, amounts, at, scope.customer);
    }
  }
  for (const [hold, used] of usedByHold) {
    for (const id of hold.counters) {
      const counter = state.counters.get(id);
      if (counter !== undefined && !before.has(id)) before.set(id, counter.settled);
    }
    bookUsed(hold, used, state, by);
  }
  return { before, holds: [...usedByHold.keys()] };
}

/** The counters that `countGroups` needs beside those that the named holds are held in, which are locked with them. */
export function refsToCount(
  { rows, spend }: Uncounted,
  state: Pick<CountedState, 'holds'>,
  capOf: (counterId: string) => string | undefined,
  by: CountedBy,
): CounterRef[] {
  const refs = new Map<string, CounterRef>();
  for (const { batch, groups } of rows) {
    for (const group of groups) {
      for (const ref of refsBeside(holdOf(group, state), group.scope, group.minute, capOf, by)) {
        if (ref.cap.measure !== 'spend' && batch >= ref.cap.fromBatch) refs.set(ref.id, ref);
      }
    }
  }
  for (const spent of spend) {
    for (const ref of refsBeside(holdOf(spent, state), spent.scope, spentAt(spent, by), capOf, by)) {
      if (isSpend(ref.cap, spent.currency)) refs.set(ref.id, ref);
    }
  }
  return [...refs.values()];
}

/** The hold that work names, if it is there, was made, and is its own customer's. */
function holdOf(
  { holdId, scope }: Pick<PendingGroup, 'holdId' | 'scope'>,
  { holds }: Pick<CountedState, 'holds'>,
): Hold | null {
  const hold = holdId === null ? undefined : holds.get(holdId);
  return hold === undefined || hold.status === 'refused' || hold.customerId !== scope.customer ? null : hold;
}

/** The counters of work in caps of which its hold has none. */
function refsBeside(
  hold: Hold | null,
  scope: WorkScope,
  at: Micros,
  capOfCounter: (id: string) => string | undefined,
  { refsOf }: CountedBy,
): readonly CounterRef[] {
  const refs = refsOf(scope, at);
  if (hold === null || hold.counters.length === 0) return refs;
  const held = new Set(hold.counters.map(capOfCounter));
  return refs.filter(({ cap }) => !held.has(cap.id));
}

/** What no event caused counts when it is written down. */
function spentAt({ minute, scope }: SpentAmount, { nowOf }: CountedBy): Micros {
  return minute ?? nowOf(scope.customer) * 1_000;
}

function isSpend({ measure, currency }: Cap, spent: Currency): boolean {
  return measure === 'spend' && currency === spent;
}

function bookUsed(hold: Hold, used: Amounts, state: CountedState, by: CountedBy): void {
  hold.used = plus(hold.used ?? NO_AMOUNTS, used);
  if (hold.status === 'released' || hold.status === 'expired') setFlag(hold, 'late', true);
  rebook(hold, state, by, by.nowMs);
}

function amountsOf({ cost, actions, units }: PendingGroup): Amounts {
  return { cost, actions: BigInt(actions) * ONE_ACTION, spend: new Map(), units };
}
