import { Decimal, scaledFromDecimal, scaledText, toPublicId } from '../../kernel';
import { reserve, walletAvailable, type WalletState } from '../../wallet/domain';
import type { EntitlementRules } from '../rules';
import { amountOf, type Amounts, minus, NO_AMOUNTS, plus, toAmountsJson } from './amounts';
import { type Cap, limitAt } from './cap';
import { type Counter, dropOver } from './counter';
import {
  type CapLeft,
  type DecisionKind,
  DECISIONS,
  type HoldAnswer,
  type HoldCommand,
  type LockedState,
  type Reason,
  type WalletLeft,
  type WalletNeed,
} from './decision';
import { type Hold } from './hold';
import { ancestorsOf, countsNow, endHold, rebook, setFlag, touch } from './rebook';
import { sessionKey } from './session';
import { atLeastNothing, boundPart, exceeds, freeOf } from './tree';

/** Why there is no answer: what is asked can't be. Nothing was changed then. */
export type HoldProblem = 'hold_not_found' | 'hold_parent_not_found' | 'hold_conflict' | 'hold_ended';

/** What becomes of a command: the answer, as JSON, or why there is none. */
export type HoldOutcome = { readonly answer: string } | { readonly problem: HoldProblem; readonly detail: string };

type DecidingRules = Pick<EntitlementRules, 'capsById' | 'costCurrency'>;
type Ask = HoldCommand & { kind: 'hold' };
type Settle = HoldCommand & { kind: 'settle' };
type Extend = HoldCommand & { kind: 'extend' };
type Release = HoldCommand & { kind: 'release' };

/** Something that speaks against some work. */
interface Objection {
  readonly decision: Exclude<DecisionKind, 'allow'>;
  readonly reason: Reason;
  readonly detail: string;
  readonly model?: string;
  /** Where a cap objects. */
  readonly cap?: Cap;
}

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

  for (const { id, cap } of command.counters) dropOver(state.counters.get(id)!, cap, command.countsAt / 1_000);
  const objection = unchecked ? null : strictest(objectionsTo(command, parent, state, rules));
  const hold = toHold(command, parent, state, objection === null);
  if (objection === null) {
    take(command, parent, hold, state);
    state.holds.set(hold.id, hold);
  } else {
    refuse(command, objection, state);
  }

  const answer = JSON.stringify(answerTo(command, hold, objection, state, rules));
  hold.answer = answer;
  // A refusal is kept where a repeat can ask for it again.
  if (objection !== null && command.key !== null) state.holds.set(hold.id, hold);
  return { answer };
}

function* objectionsTo(
  command: Ask,
  parent: Hold | null,
  state: LockedState,
  rules: DecidingRules,
): Generator<Objection> {
  const { scope, amounts, countsAt, askedAt } = command;
  yield* objectionsOfSession(scope.customer, scope.session, state, askedAt);
  if (parent !== null) {
    const root = ancestorsOf(parent, state).at(-1) ?? parent;
    const capped = root.counters.flatMap((id) => rules.capsById.get(state.counters.get(id)?.capId ?? '') ?? []);
    if (exceeds(boundPart(amounts, parent, capped), freeOf(parent))) {
      const left = JSON.stringify(toAmountsJson(freeOf(parent)));
      yield {
        decision: 'deny',
        reason: 'parent_exceeded',
        detail: `The hold that it would be a part of has ${left} free.`,
      };
    }
  }
  if (command.refusal !== null) yield { decision: 'deny', ...command.refusal };
  if (parent !== null) return; // its root has been held in the caps and wallets

  const unknown = state.spendUnknown.get(scope.customer);
  for (const { cap } of command.counters) {
    if (unknown === undefined || cap.measure !== 'spend' || cap.kind !== 'hard' || !cap.active) continue;
    const detail = `The cap '${cap.key}' refuses while the customer's spend isn't known: ${unknown}`;
    yield { decision: 'deny', reason: 'spend_unknown', detail, cap };
  }
  for (const { id, cap } of command.counters) {
    const objection = objectionOfCap(
      cap,
      state.counters.get(id)!,
      amountOf(amounts, cap),
      countsAt,
      scope.model,
      rules,
    );
    if (objection !== null) yield objection;
  }
  yield* objectionsOfWallets(command.wallets, state, countsAt);
}

function* objectionsOfSession(
  customerId: string,
  session: string | undefined,
  { sessions }: LockedState,
  now: number,
): Generator<Objection> {
  const control = session === undefined ? undefined : sessions.get(sessionKey(customerId, session));
  if (control === undefined || control.state === 'running') return;
  const why = control.reason === null ? '' : `: ${control.reason}`;
  if (control.state === 'stopped')
    yield { decision: 'deny', reason: 'session_stopped', detail: `The session was stopped${why}` };
  if (control.state === 'paused')
    yield { decision: 'pause', reason: 'session_paused', detail: `The session is paused${why}` };
  if (control.state === 'throttled' && control.nextAt !== null && control.nextAt > now) {
    const detail = `The session is throttled until ${new Date(control.nextAt).toISOString()}${why}`;
    yield { decision: 'deny', reason: 'session_throttled', detail };
  }
}

/**
 * A cap lets pass what fits under its limit, and what is nothing by its measure. One that offers cheaper models lets those
 * pass in any case; one that is still being filled, or only tells, lets everything pass.
 */
function objectionOfCap(
  cap: Cap,
  counter: Counter,
  amount: bigint,
  countsAt: number,
  model: string | undefined,
  rules: DecidingRules,
): Objection | null {
  if (cap.kind === 'soft' || !cap.active || amount <= 0n) return null;
  const limit = limitAt(cap, countsAt);
  const left = limit - counter.settled - counter.held;
  if (amount <= left) return null;
  if (cap.kind === 'downgrade' && model !== undefined && cap.models.includes(model)) return null;
  const unit = unitOf(cap, rules);
  const detail = `The cap '${cap.key}' has ${scaledText(left > 0n ? left : 0n)}${unit} left of ${scaledText(limit)}; ${scaledText(amount)} were asked for.`;
  if (cap.kind === 'downgrade') {
    return { decision: 'downgrade', reason: 'cap_exceeded', detail, cap, ...(cap.models[0] === undefined ? {} : { model: cap.models[0] }) }; // prettier-ignore
  }
  return { decision: cap.kind === 'pause' ? 'pause' : 'deny', reason: 'cap_exceeded', detail, cap };
}

function unitOf(cap: Cap, { costCurrency }: DecidingRules): string {
  if (cap.measure === 'cost') return ` ${costCurrency}`;
  if (cap.measure === 'spend') return ` ${cap.currency}`;
  return cap.measure === 'actions' ? ' actions' : ' units';
}

function* objectionsOfWallets(
  needs: readonly WalletNeed[],
  { wallets }: LockedState,
  at: number,
): Generator<Objection> {
  for (const { walletId, feature, amount } of needs) {
    const wallet = wallets.get(walletId);
    if (wallet === undefined || wallet.whenEmpty !== 'refuse' || amount <= 0n) continue;
    const available = walletAvailable(wallet, feature, new Date(at));
    if (!available.lessThan(scaledText(amount))) continue;
    const unit = wallet.currency ?? wallet.unit ?? '';
    const detail = `The credit has ${available.toFixed()} ${unit} left; ${scaledText(amount)} were asked for.`;
    yield { decision: 'deny', reason: 'credit_exhausted', detail };
  }
}

function strictest(objections: Iterable<Objection>): Objection | null {
  let worst: Objection | null = null;
  for (const objection of objections) {
    if (worst === null || DECISIONS.indexOf(objection.decision) < DECISIONS.indexOf(worst.decision)) worst = objection;
  }
  return worst;
}

/** Holds in everything at once: nothing objects. */
function take(command: Ask, parent: Hold | null, hold: Hold, state: LockedState): void {
  if (parent !== null) {
    parent.split = plus(parent.split, command.amounts);
    touch(parent);
    return;
  }
  addHeld(hold.counters, command.amounts, state, command.counters);
  hold.wallets = reserveIn(command.wallets, new Map(), state, command.countsAt);
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
    booked: null,
    split: NO_AMOUNTS,
    firstHeld: held,
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

function settle(command: Settle, state: LockedState, rules: DecidingRules): HoldOutcome {
  const hold = holdOf(command, state);
  if (hold === null) return notFound();
  if (hold.endHash === command.requestHash && hold.endAnswer !== null) return { answer: hold.endAnswer };
  if (hold.status === 'refused') return problem('hold_ended', 'Nothing was held: it was refused.');
  const said = hold.status === 'settled' && hold.stated !== null;
  const isCertain = !hold.flags.has('estimated') && !hold.flags.has('partial');
  if (said && isCertain) return problem('hold_ended', 'It was settled already, with something else; that stands.');
  if (hold.status === 'released' && hold.endHash !== null)
    return problem('hold_ended', 'It was released; record the work as events, or make a new hold.');

  const isOpen = hold.status === 'open';
  const isLate = isOpen ? hold.expiresAt <= command.now : hold.status !== 'settled';
  const held = hold.firstHeld;
  if (command.stated !== null) {
    hold.stated = command.stated;
    setFlag(hold, 'estimated', false);
    setFlag(hold, 'partial', command.partial);
  } else if (hold.used === null) {
    // Never nothing by default: what was held is the best that is known.
    hold.stated = held;
    setFlag(hold, 'estimated', true);
  }
  if (isLate) setFlag(hold, 'late', true);
  rebook(hold, state, rules, command.now);

  const answer = {
    hold: toPublicId('hold', hold.id),
    status: hold.status,
    held: amountsJson(held),
    booked: amountsJson(hold.booked ?? NO_AMOUNTS),
    released: amountsJson(atLeastNothing(minus(held, hold.booked ?? NO_AMOUNTS))),
    overrun: amountsJson(atLeastNothing(minus(hold.booked ?? NO_AMOUNTS, held))),
    flags: [...hold.flags],
    caps: capsOf(hold, state, rules, command.now),
  };
  return ended(hold, command.requestHash, JSON.stringify(answer));
}

function release(command: Release, state: LockedState, rules: DecidingRules): HoldOutcome {
  const hold = holdOf(command, state);
  if (hold === null) return notFound();
  if (hold.endHash === command.requestHash && hold.endAnswer !== null) return { answer: hold.endAnswer };
  if (hold.status === 'settled') return problem('hold_ended', 'It was settled; what was spent stays spent.');
  if (hold.status === 'refused') return problem('hold_ended', 'Nothing was held: it was refused.');

  // One that has expired, or ended with the hold it was a part of, holds nothing: that is what was wanted.
  const held = hold.held;
  const { status } = hold;
  if (status === 'open') endHold(hold, 'released', NO_AMOUNTS, state, rules, command.now);
  const answer = JSON.stringify({
    hold: toPublicId('hold', hold.id),
    status: hold.status,
    released: amountsJson(held),
    flags: [...hold.flags],
    caps: capsOf(hold, state, rules, command.now),
  });
  // What has expired may still be settled, so its end is left open.
  if (status !== 'open') return { answer };
  return ended(hold, command.requestHash, answer);
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
  const counters = hold.counters.flatMap((id) => {
    const counter = state.counters.get(id);
    const cap = rules.capsById.get(counter?.capId ?? '');
    return counter === undefined || cap === undefined ? [] : [{ id, cap, counter }];
  });
  for (const { counter, cap } of counters) dropOver(counter, cap, countsAt / 1_000);
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
    counters: counters.map(({ id, cap, counter }) => ({
      id,
      cap,
      eachValues: counter.eachValues,
      period: counter.period,
    })),
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
      parent.split = plus(parent.split, command.more);
      touch(parent);
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

function ended(hold: Hold, requestHash: string, answer: string): HoldOutcome {
  hold.endHash = requestHash;
  hold.endAnswer = answer;
  touch(hold);
  return { answer };
}

function answerTo(
  command: Ask,
  hold: Hold,
  objection: Objection | null,
  state: LockedState,
  rules: DecidingRules,
): HoldAnswer {
  const isHeld = hold.status === 'open';
  const caps = command.counters.map(({ id, cap }) => {
    const counter = state.counters.get(id)!;
    const refused = objection !== null && objectionOfCap(cap, counter, amountOf(command.amounts, cap), command.countsAt, command.scope.model, rules) !== null; // prettier-ignore
    return capLeft(cap, counter, command.countsAt, refused);
  });
  return {
    decision: objection?.decision ?? 'allow',
    hold: isHeld ? toPublicId('hold', hold.id) : null,
    held: amountsJson(hold.held),
    caps,
    wallets: command.wallets.flatMap(({ walletId, feature }) => {
      const wallet = state.wallets.get(walletId);
      return wallet === undefined ? [] : [walletLeft(wallet, feature, command.countsAt)];
    }),
    expires: isHeld ? new Date(hold.expiresAt).toISOString() : null,
    reason: objection?.reason ?? null,
    detail: objection?.detail ?? null,
    model: objection?.model ?? null,
    flags: [...hold.flags],
    sizing: command.sizing,
  };
}

function capsOf(hold: Hold, state: LockedState, { capsById }: DecidingRules, now: number): CapLeft[] {
  const countsAt = countsNow(hold, now);
  return hold.counters.flatMap((id) => {
    const counter = state.counters.get(id);
    const cap = capsById.get(counter?.capId ?? '');
    return counter === undefined || cap === undefined ? [] : [capLeft(cap, counter, countsAt, false)];
  });
}

/** Ids as they are shown, of the few caps that come in every answer. */
const shownIds = new Map<string, string>();
const MOST_SHOWN = 10_000;

function capLeft(cap: Cap, counter: Counter, countsAt: number, exceeded: boolean): CapLeft {
  let id = shownIds.get(cap.id);
  if (id === undefined) {
    if (shownIds.size >= MOST_SHOWN) shownIds.clear();
    shownIds.set(cap.id, (id = toPublicId('cap', cap.id)));
  }
  const limit = limitAt(cap, countsAt);
  const left = limit - counter.settled - counter.held;
  const { end } = counter.period;
  return {
    id,
    key: cap.key,
    kind: cap.kind,
    measure: cap.measure,
    limit: scaledText(limit),
    settled: scaledText(counter.settled),
    held: scaledText(counter.held),
    available: scaledText(left > 0n ? left : 0n),
    resets: end === null ? null : new Date(end / 1_000).toISOString(),
    exceeded,
  };
}

function walletLeft(wallet: WalletState, feature: string | null, at: number): WalletLeft {
  return {
    id: toPublicId('wallet', wallet.id),
    currency: wallet.currency,
    unit: wallet.unit,
    settled: wallet.settled.toFixed(),
    held: wallet.held.toFixed(),
    available: walletAvailable(wallet, feature, new Date(at)).toFixed(),
  };
}

/** Amounts as they are shown: meters by their ids of the API. */
function amountsJson(amounts: Amounts): Readonly<Record<string, unknown>> {
  const { units, ...others } = toAmountsJson(amounts);
  if (units === undefined) return others;
  return {
    ...others,
    units: Object.fromEntries(Object.entries(units).map(([meterId, amount]) => [toPublicId('meter', meterId), amount])),
  };
}

function holdOf({ id, organisationId }: HoldCommand, { holds }: LockedState): Hold | null {
  const hold = holds.get(id);
  return hold?.organisationId === organisationId ? hold : null;
}

/** Whether a hold above it has ended, which ends it too. */
function isCutOff(hold: Hold, state: LockedState): boolean {
  return hold.parentId !== null && ancestorsOf(hold, state).length === 0;
}

function notFound(): HoldOutcome {
  return problem('hold_not_found', 'There is no such hold here.');
}

function problem(code: HoldProblem, detail: string): HoldOutcome {
  return { problem: code, detail };
}
