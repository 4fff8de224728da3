import { Decimal, invariant, sum, ZERO } from '../../../kernel';
import type { Burn } from './burn';
import type { GrantPiece } from './grant';

/** What goes back of a burn: `uncovered + overdraft + sum(pieces)` is what was given back. */
export interface GivenBack extends Burn {
  /** What is beyond what was ever burned: there is nothing to give it back to. */
  readonly beyond: Decimal;
}

/**
 * Gives back some of what was burned, what was burned last first: what wasn't covered, then the overdraft, then the
 * pieces from the last to the first. So a burn that was too large by something is, after that, the burn without it.
 *
 * ```
 * burned     5.00 of a, 7.50 of b, 1.00 uncovered         13.50
 * 3.00 back             2.00 of b, 1.00 uncovered
 * remains    5.00 of a, 5.50 of b                          10.50
 * ```
 *
 * A grant may be in several pieces, from several burns, and never gets back more than was burned of it.
 *
 * @param burned all that was burned for the same thing, in its order, less what was given back of it
 * @param amount zero or above
 */
export function giveBack(burned: Burn, amount: Decimal): GivenBack {
  invariant(!amount.lessThan(0), 'what is given back is not below zero');
  const uncovered = Decimal.min(amount, burned.uncovered);
  const overdraft = Decimal.min(amount.minus(uncovered), burned.overdraft);

  const pieces: GrantPiece[] = [];
  let open = amount.minus(uncovered).minus(overdraft);
  for (const piece of [...burned.pieces].reverse()) {
    if (open.isZero()) break;
    const back = Decimal.min(piece.amount, open);
    pieces.push({ grant: piece.grant, amount: back });
    open = open.minus(back);
  }
  return { pieces, overdraft, uncovered, beyond: open };
}

/** What a burn comes to once some of it was given back. */
export function withoutBack(burned: Burn, back: Burn): Burn {
  let open = sum(back.pieces.map(({ amount }) => amount));
  const pieces: GrantPiece[] = [];
  for (const piece of [...burned.pieces].reverse()) {
    const gone = Decimal.min(piece.amount, open);
    open = open.minus(gone);
    const amount = piece.amount.minus(gone);
    if (amount.greaterThan(0)) pieces.unshift({ grant: piece.grant, amount });
  }
  invariant(open.isZero(), 'no more is given back than was burned');
  return {
    pieces,
    overdraft: burned.overdraft.minus(back.overdraft),
    uncovered: burned.uncovered.minus(back.uncovered),
  };
}

export const NOTHING_BURNED: Burn = { pieces: [], overdraft: ZERO, uncovered: ZERO };
