import type { Currency, Decimal } from '../../kernel';
import type { Charge } from './charge';

/** How a meter's usage (or the period itself) is charged, in the plan's currency. */
export interface Price {
  readonly id: string;
  readonly key: string;
  /** As the customer sees it on the invoice. */
  readonly name: string;
  /** Whose usage is charged; null for a price that needs none. */
  readonly meterId: string | null;
  /** Units of the period that cost nothing. */
  readonly allowance: Decimal | null;
  readonly charge: Charge;
}

/** A versioned set of prices. A published version never changes; a change is the next version. */
export interface Plan {
  readonly id: string;
  readonly key: string;
  readonly version: number;
  readonly name: string;
  readonly currency: Currency;
  readonly interval: 'month';
  readonly prices: readonly Price[];
}
