import { type Currency, scaledText } from '../../kernel';
import { walletAvailable } from '../../wallet/domain';
import { amountOf, toAmountsJson } from './amounts';
import { type Cap, limitAt } from './cap';
import type { Counter } from './counter';
import {
  type DecisionKind,
  DECISIONS,
  type HoldCommand,
  type LockedState,
  type Reason,
  type WalletNeed,
} from './decision';
import type { Hold } from './hold';
import { ancestorsOf, type BookingRules } from './rebook';
import { sessionKey } from './session';
import { actionsBrought, answeredFor, exceeds, freeOf } from './tree';

/** What has to be known to decide. */
export interface DecidingRules extends BookingRules {
  /** Currency of costs. */
  readonly costCurrency: Currency;
}
/** A hold that is asked for. */
export type Ask = HoldCommand & { kind: 'hold' };

/** Something that speaks against some work. */
export interface Objection {
  readonly decision: Exclude<DecisionKind, 'allow'>;
  readonly reason: Reason;
  readonly detail: string;
  readonly model?: string;
  /** Where a cap objects. */
  readonly cap?: Cap;
}

/**
 * Everything that speaks against a hold, in the order of `REASONS`.
 *
 * @param command of a part, with the counters that its parent is held in
 */
export function* objectionsTo(
  command: Ask,
  parent: Hold | null,
  state: LockedState,
  rules: DecidingRules,
): Generator<Objection> {
  const { scope, amounts, countsAt, askedAt } = command;
  yield* objectionsOfSession(scope.customer, scope.session, state, askedAt);
  if (parent !== null) {
    const line = [parent, ...ancestorsOf(parent, state)];
    const caps = command.counters.map(({ cap }) => cap);
    const { exceeded, atRoot } = actionsBrought(amounts.actions, line);
    if (exceeds(answeredFor({ ...amounts, actions: 0n }, parent, caps), freeOf(parent)) || exceeded !== null) {
      const left = JSON.stringify(toAmountsJson(freeOf(exceeded ?? parent)));
      const detail = `The hold that it would be a part of has ${left} free.`;
      yield { decision: 'deny', reason: 'parent_exceeded', detail };
    }
    for (const { id, cap } of command.counters) {
      if (cap.measure !== 'actions') continue;
      const objection = objectionOfCap(cap, state.counters.get(id)!, atRoot, countsAt, scope.model, rules);
      if (objection !== null) yield objection;
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
export function objectionOfCap(
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
    if (wallet?.whenEmpty !== 'refuse' || amount <= 0n) continue;
    const available = walletAvailable(wallet, feature, new Date(at));
    if (!available.lessThan(scaledText(amount))) continue;
    const unit = wallet.currency ?? wallet.unit ?? '';
    const detail = `The credit has ${available.toFixed()} ${unit} left; ${scaledText(amount)} were asked for.`;
    yield { decision: 'deny', reason: 'credit_exhausted', detail };
  }
}

export function strictest(objections: Iterable<Objection>): Objection | null {
  let worst: Objection | null = null;
  for (const objection of objections) {
    const strictness = worst === null ? DECISIONS.length : DECISIONS.indexOf(worst.decision);
    if (DECISIONS.indexOf(objection.decision) < strictness) worst = objection;
  }
  return worst;
}
