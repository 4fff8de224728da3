import { Decimal, HUNDRED, ONE, ZERO } from '../../kernel';
import type { Discount } from '../../catalog/domain';
import type { Share } from './model';
import { prorateUnits } from './prorate';
import type { BreakdownRow } from './rated-charge';
import { shown } from './shown';

/** The discounts that are given in a period, in their order. Periods are the subscription's, counted from 0. */
export function discountsOf(discounts: readonly Discount[] | undefined, periodIndex: number): readonly Discount[] {
  if (discounts === undefined) return [];
  return discounts.filter(({ fromPeriod = 0, periods }) => {
    const nth = periodIndex - fromPeriod;
    return nth >= 0 && (periods === undefined || nth < periods);
  });
}

/**
 * Lowers a charge by its discounts of money, in the order they are listed, each on what the one before left: 10 % and
 * then 5.00 off 100.00 → 90.00 → 85.00; the other way round → 95.00 → 85.50.
 *
 * An amount takes no more than there is, so it never pays the customer; what is left of it is lost. It is given once in
 * a period, in the period's first segment. A percentage is of every segment, and of credits as well: what was billed at
 * half its price is given back at half its price.
 *
 * @param amount    of the charge, exact
 * @param discounts of the period, as `discountsOf` gives them; free units are none of its business
 * @returns         a row for each discount that changes something, below zero (above, for a percentage of a credit)
 * @see             docs/pricing/discounts.md
 */
export function applyDiscounts(amount: Decimal, discounts: readonly Discount[], firstSegment: boolean): BreakdownRow[] {
  const rows: BreakdownRow[] = [];
  let left = amount;
  for (const discount of discounts) {
    const row = rowOf(discount, left, firstSegment);
    if (row === null || row.amount.isZero()) continue;
    rows.push(row);
    left = left.plus(row.amount);
  }
  return rows;
}

function rowOf(discount: Discount, left: Decimal, firstSegment: boolean): BreakdownRow | null {
  if ('percent' in discount) {
    // Dividing by a hundred moves the point, so nothing is rounded here.
    const share = discount.percent.dividedBy(HUNDRED).negated();
    return discountRow(`${discount.name}: ${shown(discount.percent)}% off`, left, share);
  }
  if (!('amount' in discount) || !firstSegment) return null;
  const taken = Decimal.min(discount.amount, Decimal.max(left, ZERO));
  return discountRow(`${discount.name}: ${shown(discount.amount)} off`, ONE, taken.negated());
}

function discountRow(description: string, quantity: Decimal, unitPrice: Decimal): BreakdownRow {
  return {
    kind: 'discount',
    description,
    from: null,
    upTo: null,
    quantity,
    unitPrice,
    amount: quantity.times(unitPrice),
  };
}

/** Units that discounts give away. */
export interface FreeUnits {
  /** All that discounts promise, used or not. */
  readonly promised: Decimal;
  readonly used: Decimal;
  /** A row for each discount that gave something. */
  readonly rows: readonly BreakdownRow[];
}

/**
 * Gives away the units of discounts, behind the allowance or pool and in the order of the list:  500 units and 200 free
 * → 300 are charged. Like an allowance they are promised for a whole period, so a part of one has its share of them.
 *
 * @param quantity units that neither allowance nor pool covers
 * @param before   units in front of these, where the rows begin
 * @param given    units of them that earlier segments of a period used which has them once
 */
export function applyFreeUnits(
  quantity: Decimal,
  before: Decimal,
  discounts: readonly Discount[],
  share: Share,
  given = ZERO,
): FreeUnits {
  const rows: BreakdownRow[] = [];
  let gone = given;
  let promised = ZERO;
  let used = ZERO;
  for (const discount of discounts) {
    if (!('freeUnits' in discount)) continue;
    const all = prorateUnits(discount.freeUnits, share);
    const usedUp = Decimal.min(gone, all);
    gone = gone.minus(usedUp);
    const units = all.minus(usedUp);
    const taken = Decimal.min(units, quantity.minus(used));
    if (!taken.isZero()) {
      const from = before.plus(promised);
      rows.push({
        kind: 'free',
        description: `${discount.name}: ${shown(units)} units free`,
        from,
        upTo: from.plus(units),
        quantity: taken,
        unitPrice: ZERO,
        amount: ZERO,
      });
    }
    promised = promised.plus(units);
    used = used.plus(taken);
  }
  return { promised, used, rows };
}
