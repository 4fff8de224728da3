import type { Decimal } from '../../kernel';
import type { Charge, PriceTerms } from '../../catalog/domain';
import type { PoolBalance } from './pool-balance';

export { NO_USAGE, type UsageToRate } from './usage';

/** A price as rating needs it. */
export interface PriceToRate {
  readonly key: string;
  readonly name: string;
  readonly charge: Charge;
  /** Units included in the plan each period; null when there are none. */
  readonly allowance: Decimal | null;
  /** What else is agreed around the charge; without it the charge stands as it is. */
  readonly terms?: PriceTerms | undefined;
}

/**
 * What a row is about. Of units: `allowance` to `free`, `pool`, `blocked` and `moved`. Of money: the others. `discount`,
 * `trial`, `maximum`, `credit` and `billed` lower the amount, everything else is zero or above.
 */
export type RowKind =
  | 'flat'
  | 'allowance'
  | 'tier'
  | 'unit'
  | 'markup'
  | 'cost'
  | 'package'
  | 'step'
  | 'percentage'
  | 'fixed_fee'
  | 'free'
  | 'cell'
  | 'amount'
  | 'seat'
  | 'fixed_per_unit'
  | 'floor'
  | 'ceiling'
  | 'outcome'
  | 'attempt'
  | 'failure'
  | 'credit'
  | 'pool'
  | 'blocked'
  | 'moved'
  | 'discount'
  | 'trial'
  | 'minimum'
  | 'maximum'
  | 'proration'
  | 'true_up'
  | 'billed';

/**
 * One step from usage to amount. In every row with a unit price, `amount` is `quantity × unitPrice`, exactly; a row
 * whose amount is a quotient that doesn't come out even has no unit price.
 *
 * Rows that say where usage went (`allowance`, `unit`, `tier`, …) tell which stretch of the metered quantity they are
 * about, counted from the period's first unit, and their quantities add up to it. Rows of money (`flat`, `cost`,
 * `markup`, …) have no such stretch.
 */
export interface BreakdownRow {
  readonly kind: RowKind;
  readonly description: string;
  /** The stretch begins after this many units. */
  readonly from: Decimal | null;
  /** The stretch may hold units up to this one, inclusive; null when it is open. */
  readonly upTo: Decimal | null;
  readonly quantity: Decimal;
  readonly unitPrice: Decimal | null;
  /** Unrounded. */
  readonly amount: Decimal;
  /** The values of the charge's dimensions the row is about. */
  readonly group?: readonly (string | null)[] | undefined;
  /** The time window the row is about. */
  readonly window?: string | undefined;
}

/** What one price charges for one customer and period. */
export interface RatedCharge {
  /** As shown on the invoice line: the metered quantity; for a consumption margin the cost; for a flat charge 1. */
  readonly quantity: Decimal;
  /** Exact, in the plan's currency. It is rounded once, by `roundLine`, when it becomes an invoice line. */
  readonly amount: Decimal;
  readonly breakdown: readonly BreakdownRow[];
  /** The way to the amount in sentences a customer can follow. */
  readonly steps: readonly string[];
  /** Events the amount depends on but can't hold yet, since their cost is unknown. Above 0, the invoice can't be finalized. */
  readonly pendingEvents: number;
  /** The charge in the price's own unit, before it became money; only where the price has one. */
  readonly units?: { readonly key: string; readonly amount: Decimal } | undefined;
  /** Units that another price of the plan charges. */
  readonly movedTo?: { readonly price: string; readonly quantity: Decimal } | undefined;
  /** The pool after this price has drawn on it; only where the price draws on one. */
  readonly pool?: PoolBalance | undefined;
}
