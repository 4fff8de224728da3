import type { Segment } from '../customers';
import type { PoolBalance } from '../rating/domain';
import type { DraftInvoice } from './domain';

/** What a period's invoice should say, and what the period leaves of its pools. */
export interface RatedPeriod {
  readonly periodIndex: number;
  readonly segments: readonly Segment[];
  readonly draft: DraftInvoice;
  readonly pools: readonly PoolBalance[];
  /** All events of the customer that count in the period, metered or not. */
  readonly events: number;
}
