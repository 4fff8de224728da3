import type { Convert } from './exchange-rates';
import type { PriceBook } from './price-book';
import type { ResourceBook } from './resource';

/** All that an organisation's events are costed by. */
export interface CostBook {
  /** What models cost: own prices and contracts over the catalogue. */
  readonly prices: PriceBook;
  /** What else of our own costs something. */
  readonly resources: ResourceBook;
  /** Without a rate there is no amount: the cost is pending, never taken one to one. */
  readonly convert: Convert;
}
