import { type Currency, type Decimal, sum } from '../../kernel';
import type { PricingUnit } from '../../catalog/domain';
import type { BreakdownRow } from './rated-charge';
import { shown } from './shown';

/** A charge that was made in a pricing unit. */
export interface ChargeInCurrency {
  /** What was charged in the unit. */
  readonly units: { readonly key: string; readonly amount: Decimal };
  readonly rows: readonly BreakdownRow[];
}

/**
 * Turns a charge in a unit of our own, such as credits, into money:  30 credits at 0.01 USD → 0.30 USD. The rate is
 * multiplied into unit prices and amounts, so nothing is rounded, and each row still is its quantity × its unit price.
 *
 * @param rows as the charge model made them, in the unit
 * @see        docs/pricing/pricing-units.md
 */
export function inCurrency(rows: readonly BreakdownRow[], unit: PricingUnit, currency: Currency): ChargeInCurrency {
  return {
    units: { key: unit.key, amount: sum(rows.map(({ amount }) => amount)) },
    rows: rows.map((row) => {
      const inUnit = row.unitPrice ?? row.amount;
      if (inUnit.isZero()) return row;
      return {
        ...row,
        description: `${row.description} (${shown(inUnit)} ${unit.name} at ${shown(unit.rate)} ${currency})`,
        unitPrice: row.unitPrice === null ? null : row.unitPrice.times(unit.rate),
        amount: row.amount.times(unit.rate),
      };
    }),
  };
}
