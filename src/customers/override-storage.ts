import type { Override } from './domain';
import { PriceOverrideSchema } from './price-override.schema';
import type { OverrideRow } from './change-rows';

/** @throws ZodError when what is stored is not an override, which is a fault of ours */
export function fromStoredOverride(stored: OverrideRow): Override {
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
