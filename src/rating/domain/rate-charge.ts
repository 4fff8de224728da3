import { invariant, ONE, sum, ZERO, type Decimal } from '../../kernel';
import type { Charge } from '../../catalog/domain';
import { applyDiscounts, discountsOf } from './apply-discounts';
import { boundAmount } from './bound-amount';
import { explainCharge } from './explain-charge';
import { inCurrency } from './in-currency';
import type { ModelRules } from './model';
import { modelOf } from './models';
import { BY_ITSELF, type PriceContext } from './price-context';
import { settled } from './prorate';
import type { BreakdownRow, PriceToRate, RatedCharge } from './rated-charge';
import { roundQuantity } from './round-quantity';
import { spendUnits } from './spend-units';
import type { MeteredUsage, UsageToRate } from './usage';

/**
 * Turns one customer's usage into what one price of a plan charges for it, exact and explained. In which order, and why
 * in that order, is told where a plan is put together: `ratePlan`.
 *
 * Pure and repeatable: the same price, usage and context give the same charge, whichever events it was summed from.
 *
 * @param price   one that `chargeProblems` finds nothing wrong with
 * @param usage   of the price's meter in the period; `NO_USAGE` when the price has none
 * @param context the price alone and a whole period, when it is left out
 * @throws        NegativeQuantityError when the usage the price charges is below zero
 */
export function rateCharge(price: PriceToRate, usage: UsageToRate, context: PriceContext = BY_ITSELF): RatedCharge {
  // The registry has a rule for each model, and this one is the charge's own.
  const rules = modelOf(price.charge) as ModelRules<Charge>;
  const { terms } = price;
  const discounts = discountsOf(terms?.discounts, context.periodIndex);

  const metered = meteredUsage(rules, price, usage, context);
  const units = rules.basis === 'quantity' ? spendUnits(price, metered, context, discounts) : null;
  const charged = rules.rate(price.charge, {
    quantity: units?.usage.quantity ?? metered.quantity,
    included: units?.included ?? ZERO,
    usage: units?.usage ?? metered,
    share: context.feeShare,
    period: context.period,
    earlierStarts: context.earlierStarts,
  });
  const money = context.unit === null ? null : inCurrency(charged, context.unit, context.currency);

  const rows = [...(units?.rows ?? []), ...(money?.rows ?? charged)];
  const given = coveredByTrial(price.charge, context.trial);
  if (given) rows.push(...trialRow(rows));
  else {
    rows.push(...applyDiscounts(amountOf(rows), discounts, context.firstSegment));
    if (terms !== undefined) rows.push(...boundAmount(amountOf(rows), terms, context.share));
  }

  const amount = amountOf(rows);
  invariant(
    amount.isFinite() && (!settled(amount).lessThan(0) || rules.mayBeNegative === true),
    'a charge is a real amount, zero or above',
  );
  const pendingEvents = given ? 0 : (rules.pending?.(usage, price.charge) ?? 0);
  return {
    quantity: quantityShown(rules, price.charge, metered),
    amount,
    breakdown: rows,
    steps: context.explain ? explainCharge(price, usage, metered, rows, pendingEvents, context) : [],
    pendingEvents,
    units: money?.units,
    movedTo: units?.movedTo,
    pool: units?.pool,
  };
}

/** What is charged by quantity is rounded as agreed, and holds what earlier prices leave to it. */
function meteredUsage(
  rules: ModelRules<Charge>,
  { terms }: PriceToRate,
  usage: UsageToRate,
  { movedIn }: PriceContext,
): MeteredUsage {
  if (rules.basis !== 'quantity') return usage;
  const all = movedIn === null ? usage : { ...usage, movedIn, quantity: usage.quantity.plus(movedIn) };
  return roundQuantity(all, terms?.rounding ?? null);
}

function quantityShown(rules: ModelRules<Charge>, charge: Charge, usage: UsageToRate): Decimal {
  if (rules.quantity !== undefined) return rules.quantity(charge, usage);
  if (rules.basis === 'none') return ONE;
  return rules.basis === 'cost' ? usage.cost : usage.quantity;
}

/** Base fees are what is asked whether or not something is used. */
function coveredByTrial({ model }: Charge, trial: PriceContext['trial']): boolean {
  return trial === 'everything' || (trial === 'base_fee' && (model === 'flat' || model === 'recurring'));
}

/** What a trial gives away, as a row of its own, so that the customer sees what it is worth. */
function trialRow(rows: readonly BreakdownRow[]): BreakdownRow[] {
  const amount = amountOf(rows).negated();
  if (amount.isZero()) return [];
  return [
    { kind: 'trial', description: 'Free in the trial', from: null, upTo: null, quantity: ONE, unitPrice: null, amount },
  ];
}

function amountOf(rows: readonly BreakdownRow[]): Decimal {
  return sum(rows.map(({ amount }) => amount));
}
