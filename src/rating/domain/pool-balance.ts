import type { Decimal } from '../../kernel';

/** Some of a pool's units, which expire together. */
export interface PoolLot {
  readonly amount: Decimal;
  /** The number of the last period in which they can be used; null for units of the present period's own grant. */
  readonly expiresAfterPeriod: number | null;
}

/** A pool in one billing period. What is left in the lots, and what was used, is what was granted and rolled in. */
export interface PoolBalance {
  readonly pool: string;
  /** What is left, in the order it is used up: what expires first, first. */
  readonly lots: readonly PoolLot[];
  readonly granted: Decimal;
  readonly rolledIn: Decimal;
  readonly used: Decimal;
}
