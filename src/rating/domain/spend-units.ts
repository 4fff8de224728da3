import { Decimal, ZERO } from '../../kernel';
import { compileMatch, type Charge, type Discount } from '../../catalog/domain';
import { byValues } from '../../metering/domain';
import { applyAllowance } from './apply-allowance';
import { applyBeyond } from './apply-beyond';
import { applyFreeUnits } from './apply-discounts';
import { drawPool } from './draw-pool';
import type { PriceContext } from './price-context';
import { prorateUnits } from './prorate';
import type { BreakdownRow, PriceToRate, RatedCharge } from './rated-charge';
import type { UsageGroup, UsageToRate, UsageTotals } from './usage';

/** What is left of a price's usage when everything that is promised in units is taken off. */
export interface SpentUnits {
  /** Units the charge model charges, with groups and windows to match. */
  readonly usage: UsageToRate;
  /** Units in front of them. */
  readonly included: Decimal;
  readonly rows: readonly BreakdownRow[];
  readonly pool: RatedCharge['pool'];
  readonly movedTo: RatedCharge['movedTo'];
}

/**
 * Takes off a price's usage what costs nothing and what others charge, from the first unit on:
 *
 * ```
 * |── allowance or pool ──|── free units ──|── beyond: charged, blocked or moved ──|
 * ```
 *
 * Where a charge is made by group or time window, they are used up one after the other: groups by their values, cells
 * of a matrix as they are listed, windows as they are listed, and what matches none of them last.
 *
 * @param discounts of the period
 * @throws          NegativeQuantityError when the quantity is below zero
 */
export function spendUnits(
  price: PriceToRate,
  usage: UsageToRate,
  context: ContextOfUnits,
  discounts: readonly Discount[],
): SpentUnits {
  const covered = cover(price, usage.quantity, context);
  const free = applyFreeUnits(covered.left, covered.included, discounts, context.unitShare, context.carried?.free);
  const left = covered.left.minus(free.used);
  const included = covered.included.plus(free.promised);
  const promised = price.allowance !== null || context.pool !== null;
  const beyond = applyBeyond(left, included, promised ? (price.terms?.beyond ?? 'overage') : 'overage');
  const taken = usage.quantity.minus(beyond.billable);
  return {
    usage: taken.isZero() ? usage : withoutFirst(price.charge, usage, taken),
    included: usage.groups === undefined && usage.windows === undefined ? included : ZERO,
    rows: [...covered.rows, ...free.rows, ...beyond.rows],
    pool: covered.pool,
    movedTo: beyond.movedTo ?? undefined,
  };
}

type ContextOfUnits = Pick<PriceContext, 'pool' | 'unitShare' | 'carried'>;

interface Covered {
  readonly left: Decimal;
  readonly included: Decimal;
  readonly rows: readonly BreakdownRow[];
  readonly pool: RatedCharge['pool'];
}

/** A price has an allowance of its own, or draws on a pool, or neither. */
function cover(
  { allowance, terms }: PriceToRate,
  quantity: Decimal,
  { pool, unitShare, carried }: ContextOfUnits,
): Covered {
  if (pool === null || terms?.pool === undefined) {
    const { billable, included, rows } = applyAllowance(
      quantity,
      allowance && prorateUnits(allowance, unitShare),
      carried?.allowance,
    );
    return { left: billable, included, rows, pool: undefined };
  }
  const { covered, balance, rows } = drawPool(quantity, terms.pool.weight, pool.pool, pool.balance);
  return { left: quantity.minus(covered), included: covered, rows, pool: balance };
}

/** Usage without its first units, in groups and windows too. */
function withoutFirst(charge: Charge, usage: UsageToRate, units: Decimal): UsageToRate {
  return {
    ...usage,
    quantity: usage.quantity.minus(units),
    groups: usage.groups && reduced(inOrder(charge, usage.groups), units),
    windows: usage.windows && reduced(usage.windows, units),
  };
}

function reduced<U extends UsageTotals>(parts: readonly U[], units: Decimal): U[] {
  let missing = units;
  return parts.map((part) => {
    const taken = Decimal.min(part.quantity, missing);
    missing = missing.minus(taken);
    return taken.isZero() ? part : { ...part, quantity: part.quantity.minus(taken) };
  });
}

/** Groups as their units are used up: by their values, in a matrix by its cells, in whichever order they were given. */
function inOrder(charge: Charge, groups: readonly UsageGroup[]): readonly UsageGroup[] {
  if (charge.model !== 'matrix') return [...groups].sort(byValues);
  const cellOf = compileMatch(charge.dimensions, charge.cells);
  const places = new Map(charge.cells.map((cell, index) => [cell, index]));
  const place = (group: UsageGroup): number => {
    const cell = cellOf(group.values);
    return cell === null ? places.size : places.get(cell)!;
  };
  return groups
    .map((group) => ({ group, at: place(group) }))
    .sort((one, other) => one.at - other.at)
    .map(({ group }) => group);
}
