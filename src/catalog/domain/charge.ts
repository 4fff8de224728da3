import type { Decimal } from '../../kernel';

/** The same amount every period, whatever is used. */
export interface FlatCharge {
  readonly model: 'flat';
  readonly amount: Decimal;
}

/** One price for every unit. */
export interface UnitCharge {
  readonly model: 'unit';
  readonly unitPrice: Decimal;
}

/** Each unit at the price of the tier it falls in. */
export interface GraduatedCharge {
  readonly model: 'graduated';
  /** Ascending and without holes: a tier begins where the one before it ends, the last one is open. */
  readonly tiers: readonly Tier[];
}

/** What the usage cost us, plus a share of it. */
export interface ConsumptionMarginCharge {
  readonly model: 'consumption_margin';
  /** Per cent on top of the cost: 30 charges 1.30 for a cost of 1.00. */
  readonly markupPercent: Decimal;
}

/** A band of quantity with its own unit price. */
export interface Tier {
  /** The last unit of the tier, inclusive; null for the last tier, which is open. */
  readonly upTo: Decimal | null;
  readonly unitPrice: Decimal;
  /** Charged once when the tier is reached. The first tier is reached by any usage, none included. */
  readonly flatFee?: Decimal | undefined;
}

/** How a price turns usage into an amount, in the price's currency. */
export type Charge = FlatCharge | UnitCharge | GraduatedCharge | ConsumptionMarginCharge;
export type ChargeModel = Charge['model'];
