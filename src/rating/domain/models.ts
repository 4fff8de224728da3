import { invariant } from '../../kernel';
import type { ChargeModel, ChargeOf } from '../../catalog/domain';
import { chargeConsumptionMargin } from './charge-consumption-margin';
import { chargeEventAmount } from './charge-event-amount';
import { chargeFlat } from './charge-flat';
import { chargeGraduatedPercentage } from './charge-graduated-percentage';
import { chargeQuantity } from './charge-quantity';
import { chargeRecurring } from './charge-recurring';
import type { ModelRules } from './model';
import { prorateRows } from './prorate';
import { shown } from './shown';

const notYet = {
  basis: 'quantity' as const,
  rate: (): never => invariant(false, 'this charge model can be rated') as never,
};

/** Models that need nothing but a quantity. */
const byQuantity = {
  basis: 'quantity',
  rate: (charge, { quantity, included }) => chargeQuantity(charge, quantity, included),
} satisfies ModelRules<Parameters<typeof chargeQuantity>[0]>;

/** Every charge model's rule. A model without one does not compile. */
export const MODELS: { readonly [M in ChargeModel]: ModelRules<ChargeOf<M>> } = {
  flat: { basis: 'none', rate: ({ amount }, { share }) => prorateRows(chargeFlat(amount), share) },
  unit: byQuantity,
  graduated: byQuantity,
  volume: byQuantity,
  package: byQuantity,
  stair_step: byQuantity,
  percentage: notYet,
  graduated_percentage: { basis: 'value', rate: ({ tiers }, { quantity }) => chargeGraduatedPercentage(quantity, tiers) },
  matrix: notYet,
  event_amount: { basis: 'value', rate: (_charge, { quantity }) => chargeEventAmount(quantity) },
  scheduled: notYet,
  recurring: {
    basis: 'quantity',
    quantity: (charge, usage) => charge.quantity ?? usage.quantity,
    opening: ({ quantity }) => (quantity === undefined ? null : `Held in the period: ${shown(quantity)}.`),
    rate: (charge, { quantity, share }) => chargeRecurring(charge, charge.quantity ?? quantity, share),
  },
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
