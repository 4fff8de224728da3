import { type Currency, scaledText } from '../../../kernel';
import { amountOf, type Amounts, type HoldCommand, limitAt } from '../../domain';

/** What one process may let pass for an organisation while the database is away. */
export interface AwayLimits {
  /** In the currency of costs; counts 10^-24. */
  readonly amount: bigint;
  readonly holds: number;
}

/** What it has let pass and not written down in the database yet. */
export interface LetPass {
  readonly amount: bigint;
  readonly holds: number;
}

export const NOTHING_PASSED: LetPass = { amount: 0n, holds: 0 };

export type AwayVerdict =
  | { readonly pass: true; readonly after: LetPass }
  | { readonly pass: false; readonly reason: 'price_unknown' | 'cap_exceeded'; readonly detail: string }
  /** Nobody can tell, so the answer is what it is without the setting: the database is away. */
  | { readonly pass: 'unknown' };

/**
 * Decides a hold by what one process knows by itself. What can't be right whatever the database says is refused: an unknown
 * price, and more than a hard cap allows in all. A part of another hold can't be judged, nor can an amount that is only
 * said in another currency; and when the limit is reached, nothing more passes.
 */
export function judgeAway(
  command: Extract<HoldCommand, { kind: 'hold' }>,
  limits: AwayLimits,
  before: LetPass,
  costCurrency: Currency,
): AwayVerdict {
  if (command.parentId !== null) return { pass: 'unknown' };
  if (command.refusal !== null && command.refusal.reason === 'price_unknown')
    return { pass: false, reason: 'price_unknown', detail: command.refusal.detail };
  if (command.refusal !== null) return { pass: 'unknown' };
  for (const { cap } of command.counters) {
    const limit = limitAt(cap, command.countsAt);
    if (cap.kind !== 'hard' || !cap.active || amountOf(command.amounts, cap) <= limit) continue;
    const detail = `The cap '${cap.key}' allows ${scaledText(limit)} in all; ${scaledText(amountOf(command.amounts, cap))} were asked for.`;
    return { pass: false, reason: 'cap_exceeded', detail };
  }

  const worth = worthOf(command.amounts, costCurrency);
  if (worth === null) return { pass: 'unknown' };
  const after = { amount: before.amount + worth, holds: before.holds + 1 };
  return after.amount > limits.amount || after.holds > limits.holds ? { pass: 'unknown' } : { pass: true, after };
}

/** What a hold takes of the limit: the larger of cost and spend; null where it says neither in this currency. */
export function worthOf({ cost, spend }: Amounts, costCurrency: Currency): bigint | null {
  const others = [...spend].filter(([currency, amount]) => currency !== costCurrency && amount > 0n);
  if (others.length > 0 && cost === 0n) return null;
  const charged = spend.get(costCurrency) ?? 0n;
  return charged > cost ? charged : cost;
}
