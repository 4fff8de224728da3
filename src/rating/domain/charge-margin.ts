import { Decimal, HUNDRED, invariant, ONE, sum, ZERO } from '../../kernel';
import {
  marginRuleOf,
  type ConsumptionMarginCharge,
  type MarginForGroup,
  type MarginRule,
  type MarginTiers,
} from '../../catalog/domain';
import { chargeConsumptionMargin } from './charge-consumption-margin';
import { matcherOf } from './matcher';
import { refuseNegative } from './negative-quantity-error';
import type { BreakdownRow } from './rated-charge';
import { shown } from './shown';
import { shownMatch, valuesOfMatch } from './shown-group';
import type { UsageToRate } from './usage';

/**
 * Charges what the usage cost us plus a share of it, within bounds. A cost of 7.00 at a gross margin of 30 % → 10.00,
 * at a markup of 30 % → 9.10.
 *
 * ```
 * cost ─► margin: one for all, or by group, or by band of cost ─► + fixed part × units ─► floor, ceiling × units
 * ```
 *
 * - A **markup** is on the cost: cost × (1 + m). A **gross margin** is of the charge: cost ÷ (1 − m), so that
 *   (charge − cost) ÷ charge is m. A markup of 0 passes the cost through.
 * - **By group**: the cost of each group by the rule that names most of what it has, as in a matrix; the rest by the
 *   default. Two groups with one rule are one cost.
 * - **By band** of the period's cost, `upToCost` inclusive: `graduated` charges each part by its own band, `whole` all of
 *   it by the band the total falls in.
 * - The **fixed part** comes on top, and the **bounds** hold for the whole: the charge is at least floor × units and at
 *   most ceiling × units. Without units there is nothing to hold them against.
 *
 * Only known cost is in it; events whose cost is pending are counted beside the charge, and the invoice waits for them.
 *
 * @param usage cost in the price's currency, quantity in the meter's unit; groups where the charge asks for them
 * @returns     a row of the cost and one of the margin for each rule or band used, then what comes on top; unrounded
 * @throws      NegativeQuantityError when a cost, or a quantity that is charged, is below zero
 * @see         docs/pricing/consumption-margin.md
 */
export function chargeMargin(charge: ConsumptionMarginCharge, usage: UsageToRate): BreakdownRow[] {
  const rows = onCost(charge, usage);
  const { fixedPerUnit, floorPerUnit, ceilingPerUnit } = charge;
  if (fixedPerUnit === undefined && floorPerUnit === undefined && ceilingPerUnit === undefined) return rows;

  refuseNegative(usage.quantity);
  if (usage.quantity.isZero()) return rows;
  if (fixedPerUnit !== undefined) rows.push(fixedPart(usage.quantity, fixedPerUnit));
  rows.push(...bound(usage.quantity, sum(rows.map(({ amount }) => amount)), floorPerUnit, ceilingPerUnit));
  return rows;
}

function onCost(charge: ConsumptionMarginCharge, usage: UsageToRate): BreakdownRow[] {
  if (charge.tiers !== undefined) return byBand(charge.tiers, usage.cost);
  if (charge.byDimension !== undefined) return byGroup(charge, usage);
  return withMargin(usage.cost, marginRuleOf(charge));
}

/** Digits of a share that is taken for a quotient that came out even. */
const LONGEST_SHARE = 40;

/** A cost and its margin. A gross margin is a quotient: it is taken once, of the whole cost. */
function withMargin(cost: Decimal, rule: MarginRule): BreakdownRow[] {
  if ('markupPercent' in rule) return chargeConsumptionMargin(cost, rule.markupPercent);
  refuseNegative(cost, 'cost');
  if (cost.isZero()) return [];

  const percent = rule.grossMarginPercent;
  const left = HUNDRED.minus(percent);
  const share = percent.dividedBy(left);
  // A quotient that doesn't come out even fills all of its 120 digits; one that does is short, and multiplies exactly.
  const isExact = share.precision() <= LONGEST_SHARE;
  const money = { from: null, upTo: null, quantity: cost };
  return [
    { ...money, kind: 'cost', description: 'Cost of the usage', unitPrice: ONE, amount: cost },
    {
      ...money,
      kind: 'markup',
      description: `Margin of ${shown(percent)}% of the charge, on the cost ÷ ${shown(left.dividedBy(HUNDRED))}`,
      unitPrice: isExact ? share : null,
      amount: isExact ? cost.times(share) : cost.times(percent).dividedBy(left),
    },
  ];
}

function byGroup(charge: ConsumptionMarginCharge, { groups }: UsageToRate): BreakdownRow[] {
  invariant(groups !== undefined, 'the cost of each group is known where margins differ by group');
  const { dimensions, rules } = charge.byDimension!;
  const { find, inOrder } = matcherOf(dimensions, rules);
  const costs = new Map<MarginForGroup | null, Decimal>();
  for (const { values, cost } of groups) {
    const rule = find(values);
    costs.set(rule, (costs.get(rule) ?? ZERO).plus(cost));
  }

  const used = [...costs].sort(([one], [other]) => inOrder(one, other));
  return used.flatMap(([rule, cost]) => {
    const what = rule === null ? 'All other usage' : shownMatch(dimensions, rule.match);
    const group = rule === null ? {} : { group: valuesOfMatch(dimensions, rule.match) };
    return withMargin(cost, marginRuleOf(rule ?? charge)).map((row) => labelled(row, what, group));
  });
}

function byBand({ mode, bands }: MarginTiers, cost: Decimal): BreakdownRow[] {
  refuseNegative(cost, 'cost');
  const rows: BreakdownRow[] = [];
  let below = ZERO;
  for (const [index, band] of bands.entries()) {
    const isLast = band.upToCost === null || cost.lessThanOrEqualTo(band.upToCost);
    const end = isLast ? cost : band.upToCost;
    const inBand = mode === 'graduated' ? end.minus(below) : isLast ? cost : ZERO;
    const what = `Band ${index + 1}, ${shownBand(below, band.upToCost)}`;
    rows.push(...withMargin(inBand, marginRuleOf(band)).map((row) => labelled(row, what)));
    if (isLast) return rows;
    below = end;
  }
  invariant(false, 'the last band is open');
}

function labelled(row: BreakdownRow, what: string, more: Pick<BreakdownRow, 'group'> = {}): BreakdownRow {
  return { ...row, description: `${what}: ${row.description}`, ...more };
}

function shownBand(above: Decimal, upTo: Decimal | null): string {
  if (upTo === null) return above.isZero() ? 'any cost' : `cost above ${shown(above)}`;
  return above.isZero() ? `cost up to ${shown(upTo)}` : `cost above ${shown(above)} up to ${shown(upTo)}`;
}

function fixedPart(quantity: Decimal, fixedPerUnit: Decimal): BreakdownRow {
  return {
    kind: 'fixed_per_unit',
    description: 'Fixed part for each unit',
    from: null,
    upTo: null,
    quantity,
    unitPrice: fixedPerUnit,
    amount: quantity.times(fixedPerUnit),
  };
}

/** What lifts the amount to the floor or cuts it to the ceiling, as a row; none when it lies between them. */
function bound(
  quantity: Decimal,
  amount: Decimal,
  floorPerUnit: Decimal | undefined,
  ceilingPerUnit: Decimal | undefined,
): BreakdownRow[] {
  const floor = floorPerUnit?.times(quantity);
  const ceiling = ceilingPerUnit?.times(quantity);
  if (floor?.greaterThan(amount)) {
    const description = `Raised to ${shown(floor)}, at least ${shown(floorPerUnit!)} for each of ${shown(quantity)} units`;
    return [difference('floor', description, floor.minus(amount))];
  }
  if (ceiling?.lessThan(amount)) {
    const description = `Cut to ${shown(ceiling)}, at most ${shown(ceilingPerUnit!)} for each of ${shown(quantity)} units`;
    return [difference('ceiling', description, ceiling.minus(amount))];
  }
  return [];
}

function difference(kind: 'floor' | 'ceiling', description: string, amount: Decimal): BreakdownRow {
  return { kind, description, from: null, upTo: null, quantity: ONE, unitPrice: amount, amount };
}
