import { ZERO, type Decimal } from '../../kernel';
import type { QuantityCharge } from '../../catalog/domain';
import { chargeGraduated } from './charge-graduated';
import { chargePackage } from './charge-package';
import { chargeStairStep } from './charge-stair-step';
import { chargeUnit } from './charge-unit';
import { chargeVolume } from './charge-volume';
import type { BreakdownRow } from './rated-charge';

type QuantityModel = QuantityCharge['model'];
type Rule<M extends QuantityModel> = (
  charge: Extract<QuantityCharge, { model: M }>,
  quantity: Decimal,
  included: Decimal,
) => BreakdownRow[];

const RULES: { readonly [M in QuantityModel]: Rule<M> } = {
  unit: ({ unitPrice }, quantity, included) => chargeUnit(quantity, unitPrice, included),
  graduated: ({ tiers }, quantity, included) => chargeGraduated(quantity, tiers, included),
  volume: ({ tiers }, quantity, included) => chargeVolume(quantity, tiers, included),
  package: ({ packageSize, packagePrice }, quantity, included) =>
    chargePackage(quantity, packageSize, packagePrice, included),
  stair_step: (charge, quantity, included) => chargeStairStep(quantity, charge, included),
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
