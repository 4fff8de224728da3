import { Decimal, invariant, sum, ZERO } from '../../../kernel';
import { inBurnOrder } from './burn-order';
import type { Grant, GrantPiece } from './grant';

/** What is known of a wallet below zero. */
export interface Overdraft {
  /** How far it is below zero now: zero or above. */
  readonly overdrawn: Decimal;
  /** How far it may go: zero where it may not. */
  readonly limit: Decimal;
}
export const NO_OVERDRAFT: Overdraft = { overdrawn: ZERO, limit: ZERO };

/** How something was paid by a wallet: `sum(pieces) + overdraft + uncovered` is what was wanted. */
export interface Burn {
  /** In the order in which they were burned. */
  readonly pieces: readonly GrantPiece[];
  /** What took the wallet below zero. */
  readonly overdraft: Decimal;
  /** What the wallet doesn't pay. */
  readonly uncovered: Decimal;
}

/**
 * Burns credit. Three grants, of which the first expires soonest, and 12.50 are wanted:
 *
 * ```
 * left      5.00   10.00    3.00       pieces     5.00 of the first, 7.50 of the second
 * after     0.00    2.50    3.00       uncovered  0.00
 * ```
 *
 * Nothing is rounded. Two burns of parts are the same as one of the whole.
 *
 * @param grants  of one wallet, in any order
 * @param wanted  zero or above, in the wallet's measure
 * @param at      the customer's now
 * @param feature what it is for, by key; null for no feature
 * @throws        InvariantError when less than nothing is wanted: that is `giveBack`
 */
export function burn(
  grants: readonly Grant[],
  wanted: Decimal,
  at: Date,
  feature: string | null,
  { overdrawn, limit }: Overdraft = NO_OVERDRAFT,
): Burn {
  invariant(!wanted.lessThan(0), 'what is burned is not below zero');

  const pieces: GrantPiece[] = [];
  let open = wanted;
  for (const grant of inBurnOrder(grants, at, feature)) {
    if (open.isZero()) break;
    const amount = Decimal.min(grant.left, open);
    pieces.push({ grant: grant.id, amount });
    open = open.minus(amount);
  }
  // A limit may have been lowered below what is overdrawn already.
  const overdraft = Decimal.min(open, Decimal.max(limit.minus(overdrawn), ZERO));
  const uncovered = open.minus(overdraft);
  invariant(
    sum(pieces.map(({ amount }) => amount))
      .plus(overdraft)
      .plus(uncovered)
      .equals(wanted),
    'all that is wanted is burned, overdrawn or uncovered',
  );
  return { pieces, overdraft, uncovered };
}

/** Grants after pieces of them were burned. @throws InvariantError when more is burned of one than is left of it */
export function afterBurn<G extends Grant>(grants: readonly G[], pieces: readonly GrantPiece[]): G[] {
  return moved(grants, pieces, (left, amount) => left.minus(amount));
}

/** Grants after pieces of them were given back. @throws InvariantError when a grant would have more than was granted */
export function afterGivingBack<G extends Grant>(grants: readonly G[], pieces: readonly GrantPiece[]): G[] {
  return moved(grants, pieces, (left, amount) => left.plus(amount));
}

function moved<G extends Grant>(
  grants: readonly G[],
  pieces: readonly GrantPiece[],
  move: (left: Decimal, amount: Decimal) => Decimal,
): G[] {
  const amounts = new Map<string, Decimal>();
  for (const { grant, amount } of pieces) amounts.set(grant, (amounts.get(grant) ?? ZERO).plus(amount));
  invariant(
    [...amounts.keys()].every((id) => grants.some((grant) => grant.id === id)),
    'pieces are of grants of the wallet',
  );
  return grants.map((grant) => {
    const amount = amounts.get(grant.id);
    if (amount === undefined) return grant;
    const left = move(grant.left, amount);
    invariant(!left.lessThan(0) && !left.greaterThan(grant.amount), 'a grant has from nothing to all of itself left');
    return { ...grant, left };
  });
}
