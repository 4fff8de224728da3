import { invariant, ONE, sum, type Decimal } from '../../kernel';
import { applyAllowance } from './apply-allowance';
import { explainCharge } from './explain-charge';
import { type ModelRules, type Share, WHOLE } from './model';
import { modelOf } from './models';
import type { PriceToRate, RatedCharge } from './rated-charge';
import type { UsageToRate } from './usage';
import type { Charge } from '../../catalog/domain';
import type { Period } from '../../kernel';

const NO_PERIOD: Period = { start: new Date(0), end: new Date(0) };

/**
 * Turns one customer's usage in one period into what a price charges for it, exact and explained.
 *
 * Pure and repeatable: the same price and usage give the same charge, whichever events it was summed from.
 *
 * @param price one that `chargeProblems` finds nothing wrong with
 * @param usage of the price's meter in the period; `NO_USAGE` when the price has none
 * @throws      NegativeQuantityError when the usage the price charges is below zero
 */
export function rateCharge(price: PriceToRate, usage: UsageToRate, share: Share = WHOLE): RatedCharge {
  const rules = modelOf(price.charge) as ModelRules<Charge>;
  const { billable, included, rows } =
    rules.basis === 'quantity'
      ? applyAllowance(usage.quantity, price.allowance)
      : { billable: usage.quantity, included: usage.quantity.minus(usage.quantity), rows: [] };
  const breakdown = [
    ...rows,
    ...rules.rate(price.charge, { quantity: billable, included, usage, share, period: NO_PERIOD }),
  ];
  const pendingEvents = rules.pending?.(usage, price.charge) ?? 0;
  const quantity = quantityOf(rules, usage);
  const amount = sum(breakdown.map((row) => row.amount));
  invariant(amount.isFinite() && !amount.lessThan(0), 'a charge is a real amount, zero or above');
  return { quantity, amount, breakdown, steps: explainCharge(price, usage, breakdown, pendingEvents), pendingEvents };
}

function quantityOf(rules: ModelRules<Charge>, usage: UsageToRate): Decimal {
  if (rules.basis === 'none') return ONE;
  return rules.basis === 'cost' ? usage.cost : usage.quantity;
}
