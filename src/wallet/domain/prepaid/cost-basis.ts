import { Decimal, invariant, SCALE, ZERO } from '../../../kernel';
import type { Grant } from './grant';

/**
 * What a stretch of a grant is worth: its share of what was paid for the grant, and so what its burning earns or its
 * expiry leaves as breakage. Stretches end to end are worth exactly what was paid, however they are cut, since each is
 * the difference of two totals.
 *
 * ```
 * 3 units for 1.00      |------ 1 ------|------ 2 ------|------ 3 ------|
 * worth so far          0            0.333…          0.666…           1.00
 * ```
 *
 * @param from how much of the grant was gone before, from zero
 * @param to   how much is gone after, up to the grant's amount
 * @returns    in the currency of the cost, below zero when `to` is before `from` (what was given back); zero for a grant
 *             that cost nothing
 */
export function worthOf(grant: Pick<Grant, 'amount' | 'cost'>, from: Decimal, to: Decimal): Decimal {
  invariant(
    [from, to].every((place) => !place.lessThan(0) && !place.greaterThan(grant.amount)),
    'a stretch of a grant lies within it',
  );
  if (grant.cost === null) return ZERO;
  return worthUntil(grant.cost.amount, grant.amount, to).minus(worthUntil(grant.cost.amount, grant.amount, from));
}

function worthUntil(cost: Decimal, amount: Decimal, gone: Decimal): Decimal {
  if (gone.equals(amount)) return cost;
  return cost.times(gone).dividedBy(amount).toDecimalPlaces(SCALE, Decimal.ROUND_HALF_UP);
}
