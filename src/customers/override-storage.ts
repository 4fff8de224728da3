import type { Override } from './domain';
import { PriceOverrideSchema } from './price-override.schema';
import type { SubscriptionOverrideEntity } from './persistence/subscription-override.entity';

/** @throws ZodError when what is stored is not an override, which is a fault of ours */
export function fromStoredOverride(stored: SubscriptionOverrideEntity): Override {
  const { id, priceKey, fromAt, toAt, reason, createdAt, changeId } = stored;
  return {
    id,
    priceKey,
    definition: PriceOverrideSchema.parse(stored.definition),
    fromAt,
    toAt,
    reason,
    createdAt,
    changeId,
  };
}
