import { type Currency, Decimal, HUNDRED, ONE, sum, ZERO } from '../../kernel';
import type { Discount } from '../../catalog/domain';
import { settled } from './prorate';
import type { BreakdownRow } from './rated-charge';
import type { RatedLine } from './rated-plan';
import { roundLine } from './round-line';
import { shown } from './shown';

/** A discount of a plan with what it takes off. */
export interface PlanDiscount {
  readonly discount: Discount;
  readonly row: BreakdownRow;
  /** As it goes on the invoice. */
  readonly rounded: Decimal;
}

/** What is left of a price's line while discounts are taken off. */
interface Left {
  readonly key: string;
  exact: Decimal;
  /** Of the amount on the invoice. */
  rounded: Decimal;
}

/**
 * Lowers the prices of a plan by its discounts, in the order they are listed, each on what the ones before left of the
 * prices it is for. 10 % of all and then 20.00 off `seats`, with seats at 50.00 and calls at 30.00 → −8.00, −20.00.
 *
 * A percentage lowers each price it is for; an amount is taken from them in the plan's order, as far as it goes, and
 * never below zero. It is given once in a period, in the period's first segment.
 *
 * A discount that leaves nothing takes what the lines say, to the cent: two lines of 0.334 are 0.66 on an invoice, and
 * all of it is 0.66 and not the 0.67 that 0.668 would round to.
 *
 * @param discounts of the period
 * @returns         only those that change something
 * @see             docs/pricing/discounts.md
 */
export function discountPlan(
  priced: readonly RatedLine[],
  discounts: readonly Discount[],
  firstSegment: boolean,
  currency: Currency,
): PlanDiscount[] {
  const all = priced.map(({ key, amount, rounded }): Left => ({ key, exact: amount, rounded }));
  return discounts.flatMap((discount) => {
    const scope = discount.prices === undefined ? all : all.filter(({ key }) => discount.prices?.includes(key));
    const row = taken(discount, scope, firstSegment);
    if (row === null || row.amount.isZero()) return [];
    const nothingLeft = settled(sum(scope.map(({ exact }) => exact))).isZero();
    const before = sum(scope.map(({ rounded }) => rounded)).minus(row.amount);
    return [{ discount, row, rounded: roundLine(nothingLeft ? before.negated() : row.amount, currency) }];
  });
}

function taken(discount: Discount, scope: readonly Left[], firstSegment: boolean): BreakdownRow | null {
  if ('percent' in discount) return takePercent(discount.name, discount.percent, scope);
  return 'amount' in discount && firstSegment ? takeAmount(discount.name, discount.amount, scope) : null;
}

function takePercent(name: string, percent: Decimal, scope: readonly Left[]): BreakdownRow {
  const base = settled(sum(scope.map(({ exact }) => exact)));
  // Dividing by a hundred moves the point, so nothing is rounded here.
  const share = percent.dividedBy(HUNDRED);
  for (const left of scope) take(left, left.exact.times(share));
  return row(`${name}: ${shown(percent)}% off`, base, share.negated());
}

function takeAmount(name: string, amount: Decimal, scope: readonly Left[]): BreakdownRow {
  const there = Decimal.max(settled(sum(scope.map(({ exact }) => exact))), ZERO);
  const all = Decimal.min(amount, there);
  let missing = all;
  for (const left of scope) {
    const here = Decimal.min(missing, Decimal.max(left.exact, ZERO));
    missing = missing.minus(here);
    take(left, here);
  }
  return row(`${name}: ${shown(amount)} off`, ONE, all.negated());
}

function take(left: Left, amount: Decimal): void {
  left.exact = left.exact.minus(amount);
  left.rounded = left.rounded.minus(amount);
}

function row(description: string, quantity: Decimal, unitPrice: Decimal): BreakdownRow {
  const amount = quantity.times(unitPrice);
  return { kind: 'discount', description, from: null, upTo: null, quantity, unitPrice, amount };
}
