import { invariant } from '../../kernel';
import type { ChargeModel, ChargeOf } from '../../catalog/domain';
import { chargeConsumptionMargin } from './charge-consumption-margin';
import { chargeFlat } from './charge-flat';
import { chargeGraduated } from './charge-graduated';
import { chargeUnit } from './charge-unit';
import type { ModelRules } from './model';

const notYet = {
  basis: 'quantity' as const,
  rate: (): never => invariant(false, 'this charge model can be rated') as never,
};

/** Every charge model's rule. A model without one does not compile. */
export const MODELS: { readonly [M in ChargeModel]: ModelRules<ChargeOf<M>> } = {
  flat: { basis: 'none', rate: ({ amount }) => chargeFlat(amount) },
  unit: {
    basis: 'quantity',
    rate: ({ unitPrice }, { quantity, included }) => chargeUnit(quantity, unitPrice, included),
  },
  graduated: {
    basis: 'quantity',
    rate: ({ tiers }, { quantity, included }) => chargeGraduated(quantity, tiers, included),
  },
  volume: notYet,
  package: notYet,
  stair_step: notYet,
  percentage: notYet,
  graduated_percentage: notYet,
  matrix: notYet,
  event_amount: notYet,
  scheduled: notYet,
  recurring: notYet,
  consumption_margin: {
    basis: 'cost',
    rate: ({ markupPercent }, { usage }) => chargeConsumptionMargin(usage.cost, markupPercent!),
    pending: (usage) => usage.pendingEvents,
  },
  outcome: notYet,
  per_group: notYet,
};

/** The rule of a charge. The one place where the compiler must be told that a charge and its model's rule belong together. */
export function modelOf<M extends ChargeModel>(charge: ChargeOf<M>): ModelRules<ChargeOf<M>> {
  return MODELS[charge.model as M] as ModelRules<ChargeOf<M>>;
}
