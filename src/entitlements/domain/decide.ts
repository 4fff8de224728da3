import { Decimal, scaledFromDecimal, scaledText } from '../../kernel';
import { reserve, walletAvailable } from '../../wallet/domain';
import { amountOf, type Amounts, NO_AMOUNTS, plus } from './amounts';
import { answerTo } from './answers';
import type { Cap } from './cap';
import { type CounterRef, dropOver } from './counter';
import type { HoldCommand, LockedState, WalletNeed } from './decision';
import { release, settle } from './end-commands';
import type { Hold } from './hold';
import { holdOf, type HoldOutcome, notFound, problem } from './hold-outcome';
import { type Ask, type DecidingRules, type Objection, objectionsTo, strictest } from './objections';
import { ancestorsOf, countsNow, endHold, touch } from './rebook';
import { sessionKey } from './session';
import { actionsBrought, exceeds, setAside } from './tree';

type Extend = HoldCommand & { kind: 'extend' };

/**
 * Decides one command by what its transaction has locked, and changes that in place. Commands of one transaction are decided
 * one after the other, so each finds what those before it left.
 *
 * Whatever may object is asked, in the order of `REASONS`: the session, the hold that it is a part of, an unknown price,
 * spend that isn't known, each cap, each wallet. The strictest objection is the decision, and of equally strict ones the
 * first. Only where nothing objects something is held, in all counters and wallets at once.
 */
export function decide(command: HoldCommand, state: LockedState, rules: DecidingRules): HoldOutcome {
  switch (command.kind) {
    case 'hold':
      return decideHold(command, state, rules);
    case 'settle':
      return settle(command, state, rules);
    case 'extend':
      return extend(command, state, rules);
    case 'release':
      return release(command, state, rules);
    case 'expire': {
      const hold = state.holds.get(command.id);
      if (hold?.status === 'open' && hold.expiresAt <= command.now)
        endHold(hold, 'expired', NO_AMOUNTS, state, rules, command.now);
      return { answer: '{}' };
    }
  }
}

function decideHold(command: Ask, state: LockedState, rules: DecidingRules): HoldOutcome {
  const unchecked = command.flags.includes('unchecked');
  const known = state.holds.get(command.id);
  if (known !== undefined && !(unchecked && known.status === 'refused')) {
    if (known.organisationId === command.organisationId && known.requestHash === command.requestHash)
      return { answer: known.answer };
    return problem(
      'hold_conflict',
      'There is a hold with this key that asked for something else; the first one stands.',
    );
  }

  let parent: Hold | null = null;
  if (command.parentId !== null) {
    parent = state.holds.get(command.parentId) ?? null;
    if (parent?.organisationId !== command.organisationId || parent.customerId !== command.scope.customer)
      return problem('hold_parent_not_found', 'There is no such hold of this customer to be a part of.');
    if (parent.status !== 'open' || parent.expiresAt <= command.askedAt || isCutOff(parent, state))
      return problem('hold_ended', 'The hold that this would be a part of has ended.');
  }

  const asked: Ask = parent === null ? command : { ...command, counters: countersOf(parent, state, rules) };
  for (const { id, cap } of asked.counters) dropOver(state.counters.get(id)!, cap, command.countsAt / 1_000);
  const objection = unchecked ? null : strictest(objectionsTo(asked, parent, state, rules));
  const hold = toHold(command, parent, state, objection === null);
  if (objection === null) {
    take(asked, parent, hold, state);
    state.holds.set(hold.id, hold);
  } else {
    refuse(asked, objection, state);
  }

  const answer = JSON.stringify(answerTo(command, hold, objection, state, rules));
  hold.answer = answer;
  // A refusal is kept where a repeat can ask for it again.
  if (objection !== null && command.key !== null) state.holds.set(hold.id, hold);
  return { answer };
}

/** Holds in everything at once: nothing objects. */
function take(command: Ask, parent: Hold | null, hold: Hold, state: LockedState): void {
  if (parent !== null) {
    takeFromParent(command, parent, state);
    return;
  }
  addHeld(hold.counters, command.amounts, state, command.counters);
  hold.wallets = reserveIn(command.wallets, new Map(), state, command.countsAt);
}

/** Of a parent, and of caps on actions what a part brings of them itself. */
function takeFromParent({ amounts, counters }: Ask, parent: Hold, state: LockedState): void {
  const line = [parent, ...ancestorsOf(parent, state)];
  const { atRoot } = actionsBrought(amounts.actions, line);
  setAside(amounts, line);
  addHeld(counters.map(({ id }) => id), { ...NO_AMOUNTS, actions: atRoot }, state, counters); // prettier-ignore
}

/** What a hold is held in, or the root of what it is a part of, as far as those caps are there. */
function countersOf({ counters }: Hold, state: LockedState, { capsById }: DecidingRules): CounterRef[] {
  return counters.flatMap((id) => {
    const counter = state.counters.get(id);
    const cap = capsById.get(counter?.capId ?? '');
    if (counter === undefined || cap === undefined) return [];
    return [{ id, cap, eachValues: counter.eachValues, period: counter.period }];
  });
}

function addHeld(
  ids: readonly string[],
  amounts: Amounts,
  { counters }: LockedState,
  refs: readonly { readonly id: string; readonly cap: Cap }[],
): void {
  for (const [index, id] of ids.entries()) {
    const counter = counters.get(id)!;
    const amount = amountOf(amounts, refs[index]!.cap);
    if (amount === 0n) continue;
    counter.held += amount;
    counter.changed = true;
  }
}

/** Where a wallet lets more pass than it has, what it has is set aside; the rest will be billed. */
function reserveIn(
  needs: readonly WalletNeed[],
  already: ReadonlyMap<string, bigint>,
  { wallets }: LockedState,
  at: number,
): ReadonlyMap<string, bigint> {
  if (needs.length === 0) return already;
  const reserved = new Map(already);
  for (const { walletId, feature, amount } of needs) {
    const wallet = wallets.get(walletId);
    if (wallet === undefined || amount <= 0n) continue;
    const taken = Decimal.min(walletAvailable(wallet, feature, new Date(at)), scaledText(amount));
    if (taken.isZero()) continue;
    reserve(wallet, feature, taken);
    reserved.set(walletId, (reserved.get(walletId) ?? 0n) + scaledFromDecimal(taken));
  }
  return reserved;
}

function toHold(command: Ask, parent: Hold | null, state: LockedState, isHeld: boolean): Hold {
  const held = isHeld ? command.amounts : NO_AMOUNTS;
  return {
    id: command.id,
    organisationId: command.organisationId,
    customerId: command.scope.customer,
    key: command.key,
    requestHash: command.requestHash,
    status: isHeld ? 'open' : 'refused',
    parentId: command.parentId,
    scope: command.scope,
    taskClass: command.taskClass,
    sizedRisk: command.sizing?.risk ?? null,
    held,
    stated: null,
    used: null,
    pendingEvents: 0,
    booked: null,
    split: NO_AMOUNTS,
    firstHeld: held,
    lastHeld: null,
    counters: isHeld ? (parent?.counters ?? command.counters.map(({ id }) => id)) : [],
    wallets: new Map(),
    answer: '',
    endHash: null,
    endAnswer: null,
    flags: new Set(command.flags),
    askedAt: command.askedAt,
    countsAt: command.countsAt,
    expiresAt: parent === null ? command.expiresAt : Math.min(parent.expiresAt, command.expiresAt),
    endedAt: null,
    changed: state.holds.has(command.id) ? 'yes' : 'new',
  };
}

/**
 * Tells that a cap refused. One that pauses stops the session that asked, until somebody raises it or lets the session go
 * on.
 */
function refuse({ scope, counters, countsAt }: Ask, objection: Objection, { sessions, alerts }: LockedState): void {
  const { cap, detail, decision, reason } = objection;
  if (cap === undefined) return;
  alerts.push({
    kind: 'refused',
    subject: counters.find((ref) => ref.cap === cap)!.id,
    customerId: scope.customer,
    capId: cap.id,
    session: scope.session ?? null,
    detail: { cap: cap.key, decision, reason, detail },
    at: new Date(countsAt),
  });
  if (decision !== 'pause' || scope.session === undefined) return;
  sessions.set(sessionKey(scope.customer, scope.session), {
    customerId: scope.customer,
    session: scope.session,
    state: 'paused',
    reason: detail,
    capId: cap.id,
    findingId: null,
    nextAt: null,
    changedBy: `cap ${cap.key}`,
    changed: true,
  });
}

function extend(command: Extend, state: LockedState, rules: DecidingRules): HoldOutcome {
  const hold = holdOf(command, state);
  if (hold === null) return notFound();
  if (hold.status !== 'open' || hold.expiresAt <= command.now)
    return problem('hold_ended', `It is ${hold.status === 'open' ? 'expired' : hold.status}; make a new hold.`);
  const parent = hold.parentId === null ? null : (state.holds.get(hold.parentId) ?? null);
  if (hold.parentId !== null && ancestorsOf(hold, state).length === 0)
    return problem('hold_ended', 'The hold that it is a part of has ended.');

  const countsAt = countsNow(hold, command.now);
  const counters = countersOf(hold, state, rules);
  for (const { id, cap } of counters) dropOver(state.counters.get(id)!, cap, countsAt / 1_000);
  const asked: Ask = {
    kind: 'hold',
    organisationId: hold.organisationId,
    id: hold.id,
    key: hold.key,
    requestHash: command.requestHash,
    parentId: hold.parentId,
    scope: hold.scope,
    taskClass: hold.taskClass,
    amounts: command.more,
    counters,
    wallets: command.wallets,
    refusal: null,
    flags: [...hold.flags],
    askedAt: command.now,
    countsAt,
    expiresAt: command.expiresAt ?? hold.expiresAt,
    sizing: null,
  };
  const objection = strictest(objectionsTo(asked, parent, state, rules));
  if (objection === null) {
    hold.held = plus(hold.held, command.more);
    if (exceeds(hold.held, hold.firstHeld)) hold.firstHeld = hold.held;
    if (parent !== null) {
      takeFromParent(asked, parent, state);
    } else {
      addHeld(asked.counters.map(({ id }) => id), command.more, state, asked.counters); // prettier-ignore
      hold.wallets = reserveIn(command.wallets, hold.wallets, state, countsAt);
    }
    if (command.expiresAt !== null) {
      const latest = parent === null ? command.expiresAt : Math.min(parent.expiresAt, command.expiresAt);
      hold.expiresAt = Math.max(hold.expiresAt, latest);
    }
    touch(hold);
  } else {
    refuse(asked, objection, state);
  }
  return { answer: JSON.stringify(answerTo(asked, hold, objection, state, rules)) };
}

/** Whether a hold above it has ended, which ends it too. */
function isCutOff(hold: Hold, state: LockedState): boolean {
  return hold.parentId !== null && ancestorsOf(hold, state).length === 0;
}
