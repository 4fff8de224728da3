import type { Currency, Decimal, Period } from '../../kernel';
import type { Pool, PricingUnit } from '../../catalog/domain';
import { type Share, WHOLE } from './model';
import type { PoolBalance } from './pool-balance';

/** A pool with what it holds when a price draws on it. */
export interface PoolToDraw {
  readonly pool: Pool;
  readonly balance: PoolBalance;
}

/** What rating a price depends on besides its usage: what its plan says, and which part of which period it is. */
export interface PriceContext {
  readonly period: Period;
  readonly share: Share;
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
  periodIndex: 0,
  firstSegment: true,
  trial: null,
  currency: 'XXX',
  pool: null,
  unit: null,
  movedIn: null,
  explain: true,
};
