import type { Currency, Decimal, Period } from '../../kernel';
import type { Pool, PricingUnit } from '../../catalog/domain';
import { type Share, WHOLE } from './model';
import type { PoolBalance } from './pool-balance';
import type { UsedUnits } from './used-units';

/** A pool with what it holds when a price draws on it. */
export interface PoolToDraw {
  readonly pool: Pool;
  readonly balance: PoolBalance;
}

/** What rating a price depends on besides its usage: what its plan says, and which part of which period it is. */
export interface PriceContext {
  readonly period: Period;
  /** Of bounds. */
  readonly share: Share;
  /** Of base fees. */
  readonly feeShare: Share;
  /** Of an allowance and of free units. */
  readonly unitShare: Share;
  /** What earlier segments used up of units that the period has once; null where each segment has its own. */
  readonly carried: UsedUnits | null;
  readonly earlierStarts?: readonly Date[] | undefined;
  /** The billing period's number in the subscription, from 0. */
  readonly periodIndex: number;
  readonly firstSegment: boolean;
  readonly trial: 'base_fee' | 'everything' | null;
  readonly currency: Currency;
  /** The pool the price draws on; null for none. */
  readonly pool: PoolToDraw | null;
  /** The unit its charge is in; null for the currency itself. */
  readonly unit: PricingUnit | null;
  /** Units that earlier prices of the plan leave to this one; null for none. */
  readonly movedIn: Decimal | null;
  readonly explain: boolean;
}

/** A price by itself, for a whole period, the first one. */
export const BY_ITSELF: PriceContext = {
  period: { start: new Date(0), end: new Date(0) },
  share: WHOLE,
  feeShare: WHOLE,
  unitShare: WHOLE,
  carried: null,
  periodIndex: 0,
  firstSegment: true,
  trial: null,
  currency: 'XXX',
  pool: null,
  unit: null,
  movedIn: null,
  explain: true,
};
