import { ZERO, type Decimal } from '../../kernel';
import type { Charge, MeterDefinition } from '../../catalog/domain';

/** A price as rating needs it. */
export interface PriceToRate {
  readonly key: string;
  readonly name: string;
  readonly charge: Charge;
  /** Units included in the plan each period; null when there are none. */
  readonly allowance: Decimal | null;
}

/** What the price's meter holds for one customer and one period. */
export interface UsageToRate {
  /** In the meter's unit. */
  readonly quantity: Decimal;
  /** What these events cost us, in the price's currency, as far as it is known. */
  readonly cost: Decimal;
  readonly events: number;
  /** Events among them whose cost is not known yet. Their cost is not in `cost`: unknown is never zero. */
  readonly pendingEvents: number;
  /** How the quantity comes about; without it, events were counted or their values added up. */
  readonly measured?: Pick<MeterDefinition, 'aggregation' | 'timeUnit'>;
}

/** For a price without a meter. */
export const NO_USAGE: UsageToRate = { quantity: ZERO, cost: ZERO, events: 0, pendingEvents: 0 };

/**
 * One step from usage to amount. In every row `amount` is `quantity × unitPrice`, exactly.
 *
 * Rows that say where usage went (`allowance`, `unit`, `tier`) tell which stretch of the metered quantity they are
 * about, counted from the period's first unit, and their quantities add up to it. Rows of money (`flat`, `cost`,
 * `markup`) have no such stretch.
 */
export interface BreakdownRow {
  readonly kind: 'flat' | 'allowance' | 'tier' | 'unit' | 'markup' | 'cost';
  readonly description: string;
  /** The stretch begins after this many units. */
  readonly from: Decimal | null;
  /** The stretch may hold units up to this one, inclusive; null when it is open. */
  readonly upTo: Decimal | null;
  readonly quantity: Decimal;
  readonly unitPrice: Decimal | null;
  /** Unrounded. */
  readonly amount: Decimal;
}

/** What one price charges for one customer and period. */
export interface RatedCharge {
  /** As shown on the invoice line: the metered quantity; for a consumption margin the cost; for a flat charge 1. */
  readonly quantity: Decimal;
  /** Exact, in the price's currency. It is rounded once, by `roundLine`, when it becomes an invoice line. */
  readonly amount: Decimal;
  readonly breakdown: readonly BreakdownRow[];
  /** The way to the amount in sentences a customer can follow. */
  readonly steps: readonly string[];
  /** Events the amount depends on but can't hold yet, since their cost is unknown. Above 0, the invoice can't be finalized. */
  readonly pendingEvents: number;
}
