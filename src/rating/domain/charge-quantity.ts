import { invariant, ZERO, type Decimal } from '../../kernel';
import type { QuantityCharge } from '../../catalog/domain';
import { chargeGraduated } from './charge-graduated';
import { chargeUnit } from './charge-unit';
import type { BreakdownRow } from './rated-charge';

type QuantityModel = QuantityCharge['model'];
type Rule<M extends QuantityModel> = (
  charge: Extract<QuantityCharge, { model: M }>,
  quantity: Decimal,
  included: Decimal,
) => BreakdownRow[];

const notYet = (): never => invariant(false, 'this charge model can be rated') as never;

const RULES: { readonly [M in QuantityModel]: Rule<M> } = {
  unit: ({ unitPrice }, quantity, included) => chargeUnit(quantity, unitPrice, included),
  graduated: ({ tiers }, quantity, included) => chargeGraduated(quantity, tiers, included),
  volume: notYet,
  package: notYet,
  stair_step: notYet,
};

/**
 * Charges a quantity by one of the models that need nothing else. They are what a time window or a group of a charge
 * may hold.
 *
 * @param quantity billable units, after allowance
 * @param included units of the allowance that come before these
 * @throws         NegativeQuantityError when quantity is below zero
 */
export function chargeQuantity(charge: QuantityCharge, quantity: Decimal, included: Decimal = ZERO): BreakdownRow[] {
  const rule = RULES[charge.model] as (charge: QuantityCharge, quantity: Decimal, included: Decimal) => BreakdownRow[];
  return rule(charge, quantity, included);
}
