import { type Plain, toPlain } from '../../catalog';
import { Decimal } from '../../kernel';
import type { IncludedUse, SimulatedLine, Summary } from '../domain';

/** A summary as the table has it: decimals as text. */
export type StoredSummary = Plain<Summary>;

export const toStoredSummary = (summary: Summary): StoredSummary => toPlain(summary);

export function fromStoredSummary(stored: StoredSummary): Summary {
  return {
    ...stored,
    revenueThen: new Decimal(stored.revenueThen),
    costThen: new Decimal(stored.costThen),
    revenueNow: new Decimal(stored.revenueNow),
    costNow: new Decimal(stored.costNow),
    revenueThenCompared: new Decimal(stored.revenueThenCompared),
    included: stored.included.map(fromStoredUse),
  };
}

export type StoredUse = Plain<IncludedUse>;

export function fromStoredUse({ kind, key, granted, used }: StoredUse): IncludedUse {
  return { kind, key, granted: new Decimal(granted), used: new Decimal(used) };
}

export type StoredLine = Plain<SimulatedLine>;

export function fromStoredLine({ key, name, quantity, amount }: StoredLine): SimulatedLine {
  return { key, name, quantity: new Decimal(quantity), amount: new Decimal(amount) };
}
