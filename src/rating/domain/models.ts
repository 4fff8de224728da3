import { invariant } from '../../kernel';
import type { ChargeModel, ChargeOf } from '../../catalog/domain';
import { chargeEventAmount } from './charge-event-amount';
import { chargeFlat } from './charge-flat';
import { chargeGraduatedPercentage } from './charge-graduated-percentage';
import { chargeMargin } from './charge-margin';
import { chargeMatrix } from './charge-matrix';
import { chargeOutcome } from './charge-outcome';
import { chargePerGroup } from './charge-per-group';
import { chargePercentage } from './charge-percentage';
import { chargeQuantity } from './charge-quantity';
import { chargeRecurring } from './charge-recurring';
import { chargeScheduled } from './charge-scheduled';
import type { ModelRules } from './model';
import { prorateRows } from './prorate';
import { counted, shown } from './shown';

/** What `usageNeeds` says a charge needs, its usage has. */
function parts<U>(found: readonly U[] | undefined): readonly U[] {
  invariant(found !== undefined, 'usage is known for each group and window a charge asks for');
  return found;
}

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
  percentage: { basis: 'value', rate: (charge, { usage }) => chargePercentage(charge, usage) },
  graduated_percentage: {
    basis: 'value',
    rate: ({ tiers }, { quantity }) => chargeGraduatedPercentage(quantity, tiers),
  },
  matrix: { basis: 'quantity', rate: (charge, { usage }) => chargeMatrix(charge, parts(usage.groups)) },
  event_amount: { basis: 'value', rate: (_charge, { quantity }) => chargeEventAmount(quantity) },
  scheduled: { basis: 'quantity', rate: (charge, { usage }) => chargeScheduled(charge, parts(usage.windows)) },
  recurring: {
    basis: 'quantity',
    quantity: (charge, usage) => charge.quantity ?? usage.quantity,
    opening: ({ quantity }) => (quantity === undefined ? null : `Held in the period: ${shown(quantity)}.`),
    rate: (charge, { quantity, share }) => chargeRecurring(charge, charge.quantity ?? quantity, share),
  },
  consumption_margin: {
    basis: 'cost',
    rate: (charge, { usage }) => chargeMargin(charge, usage),
    pending: (usage) => usage.pendingEvents,
  },
  outcome: {
    basis: 'quantity',
    opening: (_charge, { events }) => `Attempts and reversals in the period: ${counted(events, 'event')}.`,
    rate: (charge, { usage, period, earlierStarts }) => chargeOutcome(charge, usage, period, earlierStarts),
    pending: ({ floorCost }) => floorCost?.pendingEvents ?? 0,
    mayBeNegative: true,
  },
  per_group: { basis: 'quantity', rate: (charge, { usage }) => chargePerGroup(charge, parts(usage.groups)) },
};

/** The rule of a charge. The one place where the compiler must be told that a charge and its model's rule belong together. */
export function modelOf<M extends ChargeModel>(charge: ChargeOf<M>): ModelRules<ChargeOf<M>> {
  return MODELS[charge.model];
}
