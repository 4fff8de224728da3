import { Decimal, sum, ZERO } from '../../../kernel';
import { NO_OVERDRAFT, type Overdraft } from './burn';
import { type Grant, isFor, isRunning } from './grant';

/** Credit that holds have set aside for a feature; null for no feature. */
export interface Reserved {
  readonly feature: string | null;
  /** Zero or above. */
  readonly amount: Decimal;
}

/**
 * What a hold may still set aside for a feature, so that every hold finds its credit when it is settled, in whatever order
 * they are. Where all grants are for everything, that is what they have left, less what is held:
 *
 * ```
 * left 20.00, held 6.50      available 13.50
 * ```
 *
 * Where grants are for some features only, the others may burn what this feature could use before it does. So a hold of
 * another feature counts with as much as it may take of the credit that both can use, and no hold passes that could leave
 * another one short:
 *
 * ```
 * 5.00 for everything, goes first       5.00 are held for `images`: available for `chat` are
 * 5.00 for `chat`                       5.00 (its own), and nothing is left for `images`
 * ```
 *
 * @param at the customer's now. What expires before a hold is settled is gone then, and the rest is not covered.
 * @returns  zero or above
 */
export function available(
  grants: readonly Grant[],
  held: readonly Reserved[],
  at: Date,
  feature: string | null,
  { overdrawn, limit }: Overdraft = NO_OVERDRAFT,
): Decimal {
  const running = grants.filter((grant) => isRunning(grant, at));
  const reach = Decimal.max(limit.minus(overdrawn), ZERO);
  const byFeature = sumsByFeature(held);
  const others = [...byFeature.keys()].filter((each) => each !== feature);
  const heldFor = (each: string | null): Decimal => byFeature.get(each) ?? ZERO;
  const shared = (a: string | null, b: string | null): Decimal => leftFor(running, a, b).plus(reach);
  const slack = (of: string | null, rest: readonly (string | null)[]): Decimal =>
    shared(of, of)
      .minus(heldFor(of))
      .minus(sum(rest.map((each) => Decimal.min(heldFor(each), shared(of, each)))));

  let most = slack(feature, others);
  for (const other of others) {
    const both = shared(other, feature);
    // What nothing is left for any more can't be left shorter by credit that it may not use.
    if (both.isZero()) continue;
    const room = slack(
      other,
      others.filter((each) => each !== other),
    );
    // All that both can use may go without leaving the other one short: then it doesn't bound.
    if (room.lessThan(both)) most = Decimal.min(most, room.minus(heldFor(feature)));
  }
  return Decimal.max(most, ZERO);
}

function sumsByFeature(held: readonly Reserved[]): Map<string | null, Decimal> {
  const sums = new Map<string | null, Decimal>();
  for (const { feature, amount } of held) {
    if (amount.greaterThan(0)) sums.set(feature, (sums.get(feature) ?? ZERO).plus(amount));
  }
  return sums;
}

/** What is left of the grants that both features can use. */
function leftFor(grants: readonly Grant[], a: string | null, b: string | null): Decimal {
  return sum(grants.filter((grant) => isFor(grant, a) && isFor(grant, b)).map(({ left }) => left));
}
