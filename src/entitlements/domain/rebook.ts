import { Decimal, scaledText } from '../../kernel';
import { free } from '../../wallet/domain';
import { amountOf, type Amounts, minus, NO_AMOUNTS } from './amounts';
import type { Cap } from './cap';
import { book } from './counter';
import type { LockedState } from './decision';
import { bookedOf, isGuessed, type Hold, type HoldFlag, type HoldStatus } from './hold';
import { answeredFor, atLeastNothing, freeOf, isNothing, takeFromAncestors } from './tree';

/** What the end of a hold moves: rows that the transaction has locked. */
export type BookedState = Pick<LockedState, 'holds' | 'counters' | 'wallets'>;
/** The caps that are there: what counts in others counts no more. */
export interface BookingRules {
  readonly capsById: ReadonlyMap<string, Cap>;
}

/**
 * Books what a hold came to, by what was stated and what its events say. One that is open ends by it: what it held is
 * free again, and what it came to is spent, in one step. Called again it books the difference to the last time, which may
 * be below zero. What goes beyond the most it held is spent all the same, and counted as overrun.
 *
 * @param nowMs the real time
 */
export function rebook(hold: Hold, state: BookedState, rules: BookingRules, nowMs: number): void {
  const before = hold.booked ?? NO_AMOUNTS;
  if (hold.status === 'open') hold.lastHeld = freeOf(hold);
  const booked = bookedOf(hold);
  if (hold.status === 'open') endHold(hold, 'settled', booked, state, rules, nowMs);
  else hold.status = 'settled';
  hold.booked = booked;
  if (hold.used !== null) setFlag(hold, 'unknown_price', hold.pendingEvents > 0);
  if (hold.stated === null) setFlag(hold, 'estimated', isGuessed(hold));
  touch(hold);

  const overrun = minus(overrunOf(hold, booked, state, rules), overrunOf(hold, before, state, rules));
  const moved = minus(booked, before);
  const nowSeconds = countsNow(hold, nowMs) / 1_000;
  for (const id of hold.counters) {
    const counter = state.counters.get(id);
    const cap = counter === undefined ? undefined : rules.capsById.get(counter.capId);
    if (counter === undefined || cap === undefined) continue; // of a cap that is archived, which counts no more
    book(counter, cap, amountOf(moved, cap), { seconds: hold.countsAt / 1_000, nowSeconds });
    const beyond = amountOf(overrun, cap);
    if (beyond === 0n) continue;
    counter.overrun += beyond;
    counter.changed = true;
  }
  setFlag(hold, 'overrun', !isNothing(overrunOf(hold, booked, state, rules)));
}

/**
 * Ends an open hold: what it held is free again in its counters, its wallets, or the hold that it is a part of. Its own
 * parts end with it.
 *
 * @param booked what it came to, which a part takes of the holds above it; nothing where it is released or expires
 */
export function endHold(
  hold: Hold,
  status: Exclude<HoldStatus, 'open' | 'refused'>,
  booked: Amounts,
  state: BookedState,
  rules: BookingRules,
  nowMs: number,
): void {
  hold.lastHeld = freeOf(hold);
  for (const child of childrenOf(hold, state)) endHold(child, 'released', NO_AMOUNTS, state, rules, nowMs);

  const ancestors = ancestorsOf(hold, state);
  const root = ancestors.at(-1) ?? hold;
  const freed = ancestors.length === 0 ? hold.held : takeFromAncestors(hold.held, booked, ancestors);
  if (hold.parentId === null || ancestors.length > 0) freeInCounters(root, freed, state, rules);
  for (const [id, amount] of hold.wallets) {
    const wallet = state.wallets.get(id);
    if (wallet !== undefined) free(wallet, hold.scope.feature ?? null, new Decimal(scaledText(amount)));
  }
  hold.wallets = new Map();
  hold.held = NO_AMOUNTS;
  hold.split = NO_AMOUNTS;
  hold.status = status;
  hold.endedAt = nowMs;
  touch(hold);
}

/** The customer's clock, which went on as the real one did since the hold was asked for. */
export function countsNow({ askedAt, countsAt }: Pick<Hold, 'askedAt' | 'countsAt'>, nowMs: number): number {
  return countsAt + (nowMs - askedAt);
}

/** The open holds that a hold is a part of: its parent first, the root last; none where one of them has ended. */
export function ancestorsOf(hold: Hold, { holds }: Pick<LockedState, 'holds'>): Hold[] {
  const ancestors: Hold[] = [];
  for (let id = hold.parentId; id !== null;) {
    const parent = holds.get(id);
    if (parent?.status !== 'open') return [];
    ancestors.push(parent);
    id = parent.parentId;
  }
  return ancestors;
}

export function touch(hold: Hold): void {
  if (hold.changed === 'no') hold.changed = 'yes';
}

export function setFlag(hold: Hold, flag: HoldFlag, isSet: boolean): void {
  if (hold.flags.has(flag) === isSet) return;
  const flags = new Set(hold.flags);
  if (isSet) flags.add(flag);
  else flags.delete(flag);
  hold.flags = flags;
  touch(hold);
}

function childrenOf(hold: Hold, { holds }: Pick<LockedState, 'holds'>): Hold[] {
  if (isNothing(hold.split)) return [];
  return [...holds.values()].filter(({ parentId, status }) => parentId === hold.id && status === 'open');
}

/** What a hold came to beyond the most it held, of what it answers for. */
export function overrunOf(
  hold: Pick<Hold, 'firstHeld' | 'counters'>,
  booked: Amounts,
  { counters }: Pick<BookedState, 'counters'>,
  { capsById }: BookingRules,
): Amounts {
  const caps = hold.counters.flatMap((id) => capsById.get(counters.get(id)?.capId ?? '') ?? []);
  return answeredFor(atLeastNothing(minus(booked, hold.firstHeld)), hold, caps);
}

function freeInCounters(root: Hold, freed: Amounts, { counters }: BookedState, { capsById }: BookingRules): void {
  for (const id of root.counters) {
    const counter = counters.get(id);
    const cap = counter === undefined ? undefined : capsById.get(counter.capId);
    if (counter === undefined || cap === undefined) continue;
    const held = counter.held - amountOf(freed, cap);
    // Held is never below nothing; what a repair took off already isn't taken off again.
    counter.held = held < 0n ? 0n : held;
    counter.changed = true;
  }
}
