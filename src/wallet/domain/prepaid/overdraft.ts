import { type Decimal, sum, ZERO } from '../../../kernel';
import { burn } from './burn';
import { giveBack, type GivenBack } from './give-back';
import type { Grant, GrantPiece } from './grant';

/**
 * What new credit pays of a wallet that is below zero. What took it there may have been for any feature, so grants for
 * some features only don't pay it.
 *
 * @param overdrawn how far the wallet is below zero: zero or above
 * @returns         pieces of at most `overdrawn` together
 */
export function coverOverdraft(grants: readonly Grant[], overdrawn: Decimal, at: Date): readonly GrantPiece[] {
  return burn(grants, overdrawn, at, null).pieces;
}

/**
 * Where something goes that is given back of an overdraft: first the wallet is less below zero, then it goes to the grants
 * that have covered overdrafts since, the last first.
 *
 * @param covered the pieces of `coverOverdraft`, all of them in their order, less what was given back
 */
export function giveBackOverdraft(overdrawn: Decimal, covered: readonly GrantPiece[], amount: Decimal): GivenBack {
  return giveBack({ pieces: covered, overdraft: overdrawn, uncovered: ZERO }, amount);
}

/** What pieces come to. */
export function sumOfPieces(pieces: readonly GrantPiece[]): Decimal {
  return sum(pieces.map(({ amount }) => amount));
}
