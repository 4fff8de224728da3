import { Decimal, sum } from '../../kernel';
import type { QuantityRounding } from '../../catalog/domain';
import type { UsageToRate, UsageTotals } from './usage';

const MODES = {
  up: Decimal.ROUND_UP,
  down: Decimal.ROUND_DOWN,
  nearest: Decimal.ROUND_HALF_UP,
} as const;

/**
 * Rounds what a meter has aggregated, before anything is done with it:  10.2 hours, up to whole ones → 11;
 * 1,499 tokens, to the nearest thousand (−3 decimals) → 1,000. Half is rounded away from zero. Single events are never
 * rounded, and what is whole already stays as it is.
 *
 * Where a charge is made by group or time window, each of them is rounded as if it were alone, and the total is their
 * sum: it is them that are charged, and what is charged must add up.
 *
 * @param rounding null rounds nothing
 * @see            docs/pricing/README.md
 */
export function roundQuantity(usage: UsageToRate, rounding: QuantityRounding | null): UsageToRate {
  if (rounding === null) return usage;

  const rounded = <U extends UsageTotals>(of: U): U => ({ ...of, quantity: roundOne(of.quantity, rounding) });
  const groups = usage.groups?.map(rounded);
  const windows = usage.windows?.map(rounded);
  const parts = groups ?? windows;
  return {
    ...usage,
    groups,
    windows,
    quantity: parts === undefined ? roundOne(usage.quantity, rounding) : sum(parts.map(({ quantity }) => quantity)),
  };
}

function roundOne(quantity: Decimal, { mode, decimals }: QuantityRounding): Decimal {
  return quantity.toNearest(new Decimal(10).pow(-decimals), MODES[mode]);
}
