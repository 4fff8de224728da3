import { Decimal, invariant, ZERO } from '../../kernel';
import { available, type Reserved } from './prepaid';
import type { WalletState } from './wallet-state';

/** What may still be set aside for a feature; null for no feature. @param at the customer's now */
export function walletAvailable(wallet: WalletState, feature: string | null, at: Date): Decimal {
  return available(wallet.grants, wallet.heldBy, at, feature, wallet.overdraft);
}

/** Sets credit aside for a hold. Whether there is any was asked before. @param amount zero or above */
export function reserve(wallet: WalletState, feature: string | null, amount: Decimal): void {
  invariant(!amount.lessThan(0), 'what is set aside is not below zero');
  if (amount.isZero()) return;
  wallet.held = wallet.held.plus(amount);
  wallet.heldBy = movedBy(wallet.heldBy, feature, amount);
  wallet.changed = true;
}

/** Ends what a hold set aside: it is settled, released or expired. @throws InvariantError when more ends than is held */
export function free(wallet: WalletState, feature: string | null, amount: Decimal): void {
  if (amount.isZero()) return;
  const held = wallet.heldBy.find((each) => each.feature === feature)?.amount ?? ZERO;
  invariant(!amount.lessThan(0) && !amount.greaterThan(held), 'what ends is held');
  wallet.held = wallet.held.minus(amount);
  wallet.heldBy = movedBy(wallet.heldBy, feature, amount.negated());
  wallet.changed = true;
}

function movedBy(held: readonly Reserved[], feature: string | null, by: Decimal): Reserved[] {
  const before = held.find((each) => each.feature === feature)?.amount ?? ZERO;
  const amount = before.plus(by);
  const others = held.filter((each) => each.feature !== feature);
  return amount.isZero() ? others : [...others, { feature, amount }];
}
