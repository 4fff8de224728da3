import { ZERO, type Decimal } from '../../kernel';
import { refuseNegative } from './negative-quantity-error';
import type { BreakdownRow } from './rated-charge';
import { shown } from './shown';

/**
 * Charges whole packages; one that is begun is charged in full.
 * Packages of 100 at 5.00:  100 units → 5.00;  100.5 → 10.00;  no usage → nothing.
 *
 * @param quantity     billable units in the period, after allowance; fractions welcome
 * @param packageSize  units in a package, above 0; a fraction is as good
 * @param packagePrice for a package, in the price's currency
 * @param included     units of the allowance that come before these; packages are counted behind them
 * @returns            one row with the number of packages, unrounded; none when there is nothing to charge
 * @throws             NegativeQuantityError when quantity is below zero
 * @see                docs/pricing/package.md, which follows Stripe's `transform_quantity` that rounds up
 */
export function chargePackage(
  quantity: Decimal,
  packageSize: Decimal,
  packagePrice: Decimal,
  included: Decimal = ZERO,
): BreakdownRow[] {
  refuseNegative(quantity);
  if (quantity.isZero()) return [];

  // Counted with a remainder: a quotient of 120 digits could round a begun package away.
  const full = quantity.dividedToIntegerBy(packageSize);
  const packages = quantity.mod(packageSize).isZero() ? full : full.plus(1);
  const beyond = included.isZero() ? '' : ` beyond the ${shown(included)} included,`;
  return [
    {
      kind: 'package',
      description: `Packages of ${shown(packageSize)},${beyond} at ${shown(packagePrice)} each`,
      from: included,
      upTo: included.plus(packages.times(packageSize)),
      quantity: packages,
      unitPrice: packagePrice,
      amount: packages.times(packagePrice),
    },
  ];
}
