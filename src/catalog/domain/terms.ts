import type { Decimal } from '../../kernel';
import type { Charge } from './charge';

/** What can be said around the charge of a price. All of it can be left out; then the price is its charge alone. */
export interface PriceTerms {
  /** Key of the feature that is charged, for people and entitlements; it changes no amount. */
  readonly feature?: string | undefined;
  /** How the aggregated quantity is rounded before anything else; null decimals don't exist, −3 rounds to thousands. */
  readonly rounding?: QuantityRounding | undefined;
  /** Units are drawn from a pool of the plan: one unit of the price uses `weight` of it. */
  readonly pool?: { readonly key: string; readonly weight: Decimal } | undefined;
  /** What happens to units behind the allowance or the pool; charged (`overage`) when left out. */
  readonly beyond?: Beyond | undefined;
  /** Key of the pricing unit the charge's money is in. */
  readonly pricingUnit?: string | undefined;
  /** Bounds of what the price charges in a period, in the plan's currency, behind its discounts. */
  readonly minimum?: Decimal | undefined;
  readonly maximum?: Decimal | undefined;
  readonly discounts?: readonly Discount[] | undefined;
  /** When a base fee is billed; behind its period, as usage is, without it. */
  readonly billing?: InAdvance | undefined;
  /** What taxes ask of a price; they are none of ours. */
  readonly tax?: PriceTax | undefined;
}

/**
 * A base fee that is billed when its fee period begins. A fee period is so many billing periods long: 12 of a plan by
 * the month is a yearly fee beside monthly usage.
 */
export interface InAdvance {
  readonly in: 'advance';
  /** 1 without it, at most 120. */
  readonly every?: number | undefined;
}

/** Which product a price is to the tax office, and whether its amounts hold the tax already. */
export interface PriceTax {
  readonly code?: string | undefined;
  readonly behaviour?: 'exclusive' | 'inclusive' | undefined;
}

/**
 * What a change within a period does to base fees. `second`: each side pays for its time, to the millisecond. `day`: for
 * its local days; the day of the change belongs to the new terms. `none`: the terms a period begins with pay for all of it.
 */
export const PRORATIONS = ['second', 'day', 'none'] as const;
export type Proration = (typeof PRORATIONS)[number];

/**
 * What a change within a period does to allowances and grants of pools. `prorate`: each side has its share of the time.
 * `reset`: each side has all of it. `carry`: the period has it once, and what is left goes on behind the change.
 */
export const ALLOWANCES_ON_CHANGE = ['prorate', 'reset', 'carry'] as const;
export type AllowancesOnChange = (typeof ALLOWANCES_ON_CHANGE)[number];

export interface QuantityRounding {
  readonly mode: 'up' | 'down' | 'nearest';
  /** Digits behind the point, −6 to 12. */
  readonly decimals: number;
}

/** Charged by the price itself, not charged and told, or charged by a later price of the plan. */
export type Beyond = 'overage' | 'block' | { readonly price: string };

/** What lowers an amount, as a row or line of its own: a share of it, an amount, or units that cost nothing. */
export type Discount = DiscountScope & DiscountValue;

export interface DiscountScope {
  readonly key: string;
  readonly name: string;
  /** Of a plan: the prices it is for, by key; all when left out. */
  readonly prices?: readonly string[] | undefined;
  /** Of the subscription's periods, counted from 0: the first it is given in. From the first when left out. */
  readonly fromPeriod?: number | undefined;
  /** For how many periods; for ever when left out. */
  readonly periods?: number | undefined;
}

/** Exactly one of them. Units are free in a price only. */
export type DiscountValue =
  { readonly percent: Decimal } | { readonly amount: Decimal } | { readonly freeUnits: Decimal };

/** Units or credits granted anew each period, which several prices draw on in the plan's order. */
export interface Pool {
  readonly key: string;
  readonly name: string;
  readonly amount: Decimal;
  /** What it counts, for people, such as "credits". */
  readonly unit?: string | undefined;
  readonly rollover?: Rollover | undefined;
}

/** What is left goes on into later periods: at most `limit` at once, each lot for so many periods. */
export interface Rollover {
  readonly limit?: Decimal | undefined;
  readonly expiresAfterPeriods: number;
}

/** A unit of our own that prices are in, such as a credit: one of it is `rate` of the plan's currency. */
export interface PricingUnit {
  readonly key: string;
  readonly name: string;
  readonly rate: Decimal;
}

/** A promise to pay `amount` over so many periods; what is missing is charged in the last of them. */
export interface Commitment {
  readonly amount: Decimal;
  readonly periods: number;
}

/** Days from the start of a subscription in which its base fees, or everything, cost nothing. */
export interface Trial {
  readonly days: number;
  readonly covers: 'base_fee' | 'everything';
}

export interface PlanFeature {
  readonly feature: string;
  readonly value: boolean | number | string;
}

/** What can be said around the prices of a plan. All of it can be left out; then the plan is its prices alone. */
export interface PlanTerms {
  readonly pools?: readonly Pool[] | undefined;
  readonly pricingUnits?: readonly PricingUnit[] | undefined;
  readonly minimum?: Decimal | undefined;
  readonly maximum?: Decimal | undefined;
  readonly commitment?: Commitment | undefined;
  readonly discounts?: readonly Discount[] | undefined;
  readonly trial?: Trial | undefined;
  readonly features?: readonly PlanFeature[] | undefined;
  /** `second` without it. */
  readonly proration?: Proration | undefined;
  /** `prorate` without it. */
  readonly allowancesOnChange?: AllowancesOnChange | undefined;
}

/** What a price says in another currency of its plan; what is left out has no bound and no discount there. */
export interface PriceInCurrency {
  readonly charge: Charge;
  readonly minimum?: Decimal | undefined;
  readonly maximum?: Decimal | undefined;
  readonly discounts?: readonly Discount[] | undefined;
}

/** The same plan in another currency: whole charges by price key, and the plan's money. */
export interface CurrencyVariant {
  readonly prices: Readonly<Record<string, PriceInCurrency>>;
  readonly terms?: MoneyTerms | undefined;
}

/** Terms of a plan that are amounts of its currency. */
export type MoneyTerms = Pick<PlanTerms, 'pricingUnits' | 'minimum' | 'maximum' | 'commitment' | 'discounts'>;
