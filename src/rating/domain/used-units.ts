import { type Decimal, sum, ZERO } from '../../kernel';
import type { RatedCharge } from './rated-charge';

/** Units of one price that cost nothing, used in a billing period so far. */
export interface UsedUnits {
  readonly allowance: Decimal;
  /** Those that discounts give. */
  readonly free: Decimal;
}

/**
 * What is used of allowances and free units by the end of a segment, by the key of the price. Where a period has them
 * once, however often its terms change (`carry`), the next segment begins with the rest.
 *
 * @param before in earlier segments of the billing period
 * @param lines  of the segment
 */
export function usedUnits(
  before: ReadonlyMap<string, UsedUnits>,
  lines: readonly (Pick<RatedCharge, 'breakdown'> & { readonly key: string })[],
): ReadonlyMap<string, UsedUnits> {
  const used = new Map(before);
  for (const { key, breakdown } of lines) {
    const of = (kind: 'allowance' | 'free'): Decimal =>
      sum(breakdown.filter((row) => row.kind === kind).map(({ quantity }) => quantity));
    const { allowance, free } = used.get(key) ?? { allowance: ZERO, free: ZERO };
    used.set(key, { allowance: allowance.plus(of('allowance')), free: free.plus(of('free')) });
  }
  return used;
}
