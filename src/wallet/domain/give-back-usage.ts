import { Decimal, ZERO } from '../../kernel';
import type { Burn, GrantPiece } from './prepaid';
import { chargedFor, withoutCovers } from './pay-invoice';
import { giveBackTo, type MoveReason, type WalletEntry, withoutEntries } from './wallet-moves';
import type { LockedWallet } from './wallet-state';

/** What was burned for one feature of something, less what was given back of it. */
export interface FeatureBurn {
  readonly feature: string | null;
  readonly burned: Burn;
  /** Larger for what was burned later. */
  readonly last: bigint;
}

/** What is left once something was given back. */
export interface GivenBackUsage {
  readonly entries: readonly WalletEntry[];
  readonly stacks: readonly FeatureBurn[];
  readonly covered: readonly GrantPiece[];
}

/**
 * Gives back what a charge went down by. A cheaper tier takes all of it off the feature whose event came last, though others
 * burned most; so what was burned for that feature goes back first, and what it lacks comes from the others: what wasn't
 * covered, then what was burned last.
 *
 * ```
 * burned      1.998 for chat, nothing for images      60 calls at 0.0333
 * −0.777      for images                              50 more: 110 at 0.0111
 * remains     1.221 for chat
 * ```
 *
 * What is beyond all of it was charged before there was the wallet, or an invoice has taken its place: nothing is done about it.
 *
 * @param stacks  what was burned for the same billing period, by feature
 * @param covered what grants have paid of the wallet's overdrafts
 * @param amount  zero or above
 * @param reason  each entry is of the feature that had burned
 */
export function giveBackUsage(
  wallet: LockedWallet,
  stacks: readonly FeatureBurn[],
  covered: readonly GrantPiece[],
  amount: Decimal,
  reason: MoveReason,
): GivenBackUsage {
  const shares = sharesOf(stacks, amount, reason.feature);
  const entries: WalletEntry[] = [];
  let covers = covered;
  const left = stacks.map((stack) => {
    const share = shares.get(stack)!;
    if (share.isZero()) return stack;
    const given = giveBackTo(wallet, stack.burned, covers, share, { ...reason, feature: stack.feature });
    covers = withoutCovers(covers, given);
    entries.push(...given);
    return { ...stack, burned: withoutEntries(stack.burned, given) };
  });
  return { entries, stacks: left, covered: covers };
}

/** How much each gives back: never more than it burned. */
function sharesOf(
  stacks: readonly FeatureBurn[],
  amount: Decimal,
  feature: string | null,
): ReadonlyMap<FeatureBurn, Decimal> {
  const shares = new Map(stacks.map((stack) => [stack, ZERO]));
  let open = amount;
  const take = (stack: FeatureBurn, most: Decimal): void => {
    const share = Decimal.min(open, most.minus(shares.get(stack)!));
    shares.set(stack, shares.get(stack)!.plus(share));
    open = open.minus(share);
  };
  const own = stacks.filter((stack) => stack.feature === feature);
  const others = stacks
    .filter((stack) => stack.feature !== feature)
    .sort((a, b) => (a.last === b.last ? 0 : a.last > b.last ? -1 : 1));
  for (const stack of own) take(stack, chargedFor(stack.burned));
  for (const stack of others) take(stack, stack.burned.uncovered);
  for (const stack of others) take(stack, chargedFor(stack.burned));
  return shares;
}
