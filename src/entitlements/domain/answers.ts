import { scaledText, toPublicId } from '../../kernel';
import { walletAvailable, type WalletState } from '../../wallet/domain';
import { amountOf, type Amounts, toAmountsJson } from './amounts';
import { type Cap, limitAt } from './cap';
import type { Counter } from './counter';
import type { CapLeft, HoldAnswer, LockedState, WalletLeft } from './decision';
import type { Hold } from './hold';
import { type Ask, type DecidingRules, type Objection, objectionOfCap } from './objections';
import { countsNow } from './rebook';

/** The answer to a hold, by what is left once it is decided. */
export function answerTo(
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

export function capsOf(hold: Hold, state: LockedState, { capsById }: DecidingRules, now: number): CapLeft[] {
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
export function amountsJson(amounts: Amounts): Readonly<Record<string, unknown>> {
  const { units, ...others } = toAmountsJson(amounts);
  if (units === undefined) return others;
  return {
    ...others,
    units: Object.fromEntries(Object.entries(units).map(([meterId, amount]) => [toPublicId('meter', meterId), amount])),
  };
}
