import { Decimal, sum, ZERO } from '../../kernel';
import type { AllowancesOnChange, Pool } from '../../catalog/domain';
import { refuseNegative } from './negative-quantity-error';
import { prorateUnits, UNIT_DECIMALS } from './prorate';
import type { Share } from './model';
import type { PoolBalance, PoolLot } from './pool-balance';
import type { BreakdownRow } from './rated-charge';
import { shown } from './shown';

/** What a price takes from a pool. */
export interface PoolDraw {
  /** Units of the price that the pool covers; they cost nothing. */
  readonly covered: Decimal;
  readonly balance: PoolBalance;
  /** A row for the units covered; none when there are none. */
  readonly rows: readonly BreakdownRow[];
}

/**
 * Takes a price's units from a pool that several prices share. One unit uses `weight` of the pool: with 1,000 credits
 * and a weight of 5, 150 units use 750 credits; 250 units use all 1,000, which covers 200 of them.
 *
 * ```
 * lots   | rolled in, gone after period 4 | rolled in, gone after period 5 | this period's own |
 *        used first ──────────────────────────────────────────────────────────────────► last
 * ```
 *
 * A unit that only partly fits is parted: what is left of the pool covers `left ÷ weight` units, at 12 decimals and
 * rounded down, and the pool is empty.
 *
 * @param quantity units of the price
 * @param weight   of one unit, above 0
 * @throws         NegativeQuantityError when quantity is below zero
 * @see            docs/pricing/pools.md
 */
export function drawPool(
  quantity: Decimal,
  weight: Decimal,
  pool: Pick<Pool, 'name' | 'unit'>,
  balance: PoolBalance,
): PoolDraw {
  refuseNegative(quantity);
  const left = sum(balance.lots.map(({ amount }) => amount));
  const wanted = quantity.times(weight);
  const fits = wanted.lessThanOrEqualTo(left);
  const covered = fits ? quantity : left.dividedBy(weight).toDecimalPlaces(UNIT_DECIMALS, Decimal.ROUND_DOWN);
  const taken = fits ? wanted : left;
  if (taken.isZero()) return { covered: ZERO, balance, rows: [] };

  const after = { ...balance, lots: takeFromLots(balance.lots, taken), used: balance.used.plus(taken) };
  const row: BreakdownRow = {
    kind: 'pool',
    description: `From the pool ${pool.name}, ${shown(weight)}${pool.unit === undefined ? '' : ` ${pool.unit}`} each`,
    from: ZERO,
    upTo: covered,
    quantity: covered,
    unitPrice: ZERO,
    amount: ZERO,
  };
  return { covered, balance: after, rows: covered.isZero() ? [] : [row] };
}

/** Uses lots up in their order. Those that are empty go. */
function takeFromLots(lots: readonly PoolLot[], taken: Decimal): PoolLot[] {
  let missing = taken;
  const left: PoolLot[] = [];
  for (const lot of lots) {
    const used = Decimal.min(lot.amount, missing);
    missing = missing.minus(used);
    if (used.lessThan(lot.amount)) left.push({ ...lot, amount: lot.amount.minus(used) });
  }
  return left;
}

/**
 * A pool as a segment of a period begins: what is there already and the segment's share of the grant, which is used
 * last, since it lives longest. Where terms that change in a period are to `reset` the pool, its own units are all there
 * again; where they are to `carry` it, what of them was used stays used:
 *
 * ```
 * 1,000, and 700 used before the change      prorate  300 + the share of 1,000      reset  1,000      carry  300
 * ```
 *
 * @param before null for a pool that nothing is left of
 */
export function grantPool(
  pool: Pool,
  before: PoolBalance | null,
  share: Share,
  onChange: AllowancesOnChange = 'prorate',
): PoolBalance {
  const balance = before ?? { pool: pool.key, lots: [], granted: ZERO, rolledIn: ZERO, used: ZERO };
  const left = sum(balance.lots.filter(isOwn).map(({ amount }) => amount));
  const grant = grantOf(prorateUnits(pool.amount, share), left, balance, onChange);
  const own = left.plus(grant);
  const rolledIn = balance.lots.filter((lot) => !isOwn(lot));
  return {
    ...balance,
    lots: own.isZero() ? rolledIn : [...rolledIn, { amount: own, expiresAfterPeriod: null }],
    granted: balance.granted.plus(grant),
  };
}

/** What is added to the period's own units; below zero where some are taken back. */
function grantOf(amount: Decimal, left: Decimal, { granted }: PoolBalance, onChange: AllowancesOnChange): Decimal {
  if (onChange === 'prorate') return amount;
  if (onChange === 'reset') return amount.minus(left);
  const used = granted.minus(left);
  return Decimal.max(amount.minus(used), ZERO).minus(left);
}

function isOwn(lot: PoolLot): boolean {
  return lot.expiresAfterPeriod === null;
}

/**
 * What is left of a pool when its period ends, as the next period finds it. This period's own units get their expiry,
 * those that were for this period at the latest are gone, and of what is above the limit the lots that expire first
 * are lost: a customer keeps what lasts longest.
 *
 * @param endedPeriod the number of the period that ends
 */
export function rollPool(pool: Pool, balance: PoolBalance, endedPeriod: number): PoolBalance {
  const lots = pool.rollover === undefined ? [] : survivors(balance.lots, pool.rollover, endedPeriod);
  return {
    pool: pool.key,
    lots,
    granted: ZERO,
    rolledIn: sum(lots.map(({ amount }) => amount)),
    used: ZERO,
  };
}

function survivors(
  lots: readonly PoolLot[],
  { limit, expiresAfterPeriods }: NonNullable<Pool['rollover']>,
  endedPeriod: number,
): PoolLot[] {
  const lasting = lots
    .map(({ amount, expiresAfterPeriod }) => ({
      amount,
      expiresAfterPeriod: expiresAfterPeriod ?? endedPeriod + expiresAfterPeriods,
    }))
    .filter(({ expiresAfterPeriod }) => expiresAfterPeriod > endedPeriod)
    .sort((one, other) => one.expiresAfterPeriod - other.expiresAfterPeriod);
  if (limit === undefined) return lasting;
  const tooMuch = Decimal.max(sum(lasting.map(({ amount }) => amount)).minus(limit), 0);
  return takeFromLots(lasting, tooMuch);
}
