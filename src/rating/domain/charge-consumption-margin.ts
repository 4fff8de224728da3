import { HUNDRED, ONE, type Decimal } from '../../kernel';
import { refuseNegative } from './negative-quantity-error';
import type { BreakdownRow } from './rated-charge';
import { shown } from './shown';

/**
 * Charges what the usage cost us plus a share of it (cost × (1 + markup / 100)):  a cost of 12.34 at 30 % → 16.042.
 *
 * The markup is on the cost: 30 makes a margin of 30/130, about 23 %, of the charge. Only known cost is in it; events
 * whose cost is pending are counted beside the charge, and the invoice waits for them.
 *
 * @param cost          of the period's usage, exact, in the price's currency
 * @param markupPercent per cent on top, 0 or more
 * @returns             a row for the cost and one for the markup, unrounded; none when nothing was spent
 * @throws              NegativeQuantityError when cost is below zero
 * @see                 docs/pricing/consumption-margin.md
 */
export function chargeConsumptionMargin(cost: Decimal, markupPercent: Decimal): BreakdownRow[] {
  refuseNegative(cost, 'cost');
  if (cost.isZero()) return [];

  // Dividing by a hundred moves the point, so nothing is rounded here.
  const share = markupPercent.dividedBy(HUNDRED);
  const money = { from: null, upTo: null, quantity: cost };
  return [
    { ...money, kind: 'cost', description: 'Cost of the usage', unitPrice: ONE, amount: cost },
    {
      ...money,
      kind: 'markup',
      description: `Markup of ${shown(markupPercent)}% on the cost`,
      unitPrice: share,
      amount: cost.times(share),
    },
  ];
}
