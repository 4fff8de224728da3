import { invariant, ONE, sum, type Decimal } from '../../kernel';
import { applyAllowance } from './apply-allowance';
import { chargeConsumptionMargin } from './charge-consumption-margin';
import { chargeFlat } from './charge-flat';
import { chargeGraduated } from './charge-graduated';
import { chargeUnit } from './charge-unit';
import { explainCharge } from './explain-charge';
import type { BreakdownRow, PriceToRate, RatedCharge, UsageToRate } from './rated-charge';

/**
 * Turns one customer's usage in one period into what a price charges for it, exact and explained.
 *
 * ```
 * usage ─► allowance ─► charge model ─► (discount ─► minimum, to come) ─► roundLine, on the invoice
 *  units     units        money                                             money, rounded
 * ```
 *
 * The order is written here and nowhere else. The allowance comes first, because it is promised in units: what it
 * leaves is charged from the first tier on, as if it were all the usage there was. Discounts and minimums are promised
 * in money, so they come behind the charge model; the minimum is last of them, as it holds for what is really asked.
 * Rounding comes at the very end, on the invoice line, and only once: whatever happens before it happens to exact
 * amounts.
 *
 * Pure and repeatable: the same price and usage give the same charge, whichever events it was summed from.
 *
 * @param price one that `chargeProblems` finds nothing wrong with
 * @param usage of the price's meter in the period; `NO_USAGE` when the price has none
 * @throws      NegativeQuantityError when the usage the price charges is below zero
 */
export function rateCharge(price: PriceToRate, usage: UsageToRate): RatedCharge {
  const { quantity, breakdown, pendingEvents } = chargeByModel(price, usage);
  const amount = sum(breakdown.map((row) => row.amount));
  invariant(amount.isFinite() && !amount.lessThan(0), 'a charge is a real amount, zero or above');
  return { quantity, amount, breakdown, steps: explainCharge(price, usage, breakdown, pendingEvents), pendingEvents };
}

interface ChargedUsage {
  readonly quantity: Decimal;
  readonly breakdown: readonly BreakdownRow[];
  readonly pendingEvents: number;
}

function chargeByModel({ charge, allowance }: PriceToRate, usage: UsageToRate): ChargedUsage {
  switch (charge.model) {
    case 'flat':
      return { quantity: ONE, breakdown: chargeFlat(charge.amount), pendingEvents: 0 };
    case 'unit':
      return chargeMetered(usage, allowance, (billable, included) => chargeUnit(billable, charge.unitPrice, included));
    case 'graduated':
      return chargeMetered(usage, allowance, (billable, included) => chargeGraduated(billable, charge.tiers, included));
    case 'consumption_margin':
      return {
        quantity: usage.cost,
        breakdown: chargeConsumptionMargin(usage.cost, charge.markupPercent),
        pendingEvents: usage.pendingEvents,
      };
  }
}

/** Charges by quantity. Events without a known cost count like any other here: the charge doesn't depend on cost. */
function chargeMetered(
  { quantity }: UsageToRate,
  allowance: Decimal | null,
  model: (billable: Decimal, included: Decimal) => BreakdownRow[],
): ChargedUsage {
  const { billable, included, rows } = applyAllowance(quantity, allowance);
  return { quantity, breakdown: [...rows, ...model(billable, included)], pendingEvents: 0 };
}
