import { type BillingInterval, type Currency, type Decimal, invariant } from '../../kernel';
import type { Charge } from './charge';
import type { CurrencyVariant, Discount, PlanTerms, PriceTerms } from './terms';

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
  readonly terms?: PriceTerms | undefined;
}

/** A draft may change and go; what is published stays as it is; what is archived takes no new subscriptions. */
export const PLAN_STATUSES = ['draft', 'published', 'archived'] as const;
export type PlanStatus = (typeof PLAN_STATUSES)[number];

/** A versioned set of prices. A published version never changes; a change is the next version. */
export interface Plan {
  readonly id: string;
  readonly key: string;
  readonly version: number;
  readonly name: string;
  readonly currency: Currency;
  readonly interval: BillingInterval;
  /** Intervals to a billing period; 1 without it. */
  readonly intervalCount?: number | undefined;
  readonly prices: readonly Price[];
  readonly terms?: PlanTerms | undefined;
  /** What the plan says in other currencies, by currency. */
  readonly currencies?: Readonly<Record<Currency, CurrencyVariant>> | undefined;
  readonly status: PlanStatus;
}

/** Whether two plans have billing periods of the same length, so that a subscription can go from one to the other. */
export function sameInterval(one: Plan, other: Plan): boolean {
  return one.interval === other.interval && (one.intervalCount ?? 1) === (other.intervalCount ?? 1);
}

/** A plan's billing period in words, such as `month`, `half-year` or `2 weeks`. */
export function intervalInWords({ interval, intervalCount = 1 }: Pick<Plan, 'interval' | 'intervalCount'>): string {
  const word = interval.replace('_', '-');
  return intervalCount === 1 ? word : `${intervalCount} ${word}s`;
}

/** What one subscription has agreed on for a price; what is left out is the plan's. */
export interface PriceOverride {
  readonly name?: string | undefined;
  readonly charge?: Charge | undefined;
  /** Null takes the plan's allowance away. */
  readonly allowance?: Decimal | null | undefined;
  /** How many of a recurring price are held. */
  readonly quantity?: Decimal | undefined;
  readonly minimum?: Decimal | undefined;
  readonly maximum?: Decimal | undefined;
  readonly discounts?: readonly Discount[] | undefined;
}

/**
 * A plan as it is in one of its currencies. What is money there is the variant's alone: a minimum that the variant
 * doesn't name doesn't hold, since 10 USD is not 10 EUR. Prices that the variant leaves out hold no money.
 */
export function planInCurrency<P extends Plan>(plan: P, currency: Currency): P {
  if (currency === plan.currency) return plan;
  const variants = plan.currencies ?? {};
  invariant(Object.hasOwn(variants, currency), `the plan has a variant in ${currency}`);
  const variant = variants[currency]!;

  const { pricingUnits: _1, minimum: _2, maximum: _3, commitment: _4, discounts, ...kept } = plan.terms ?? {};
  return {
    ...plan,
    currency,
    prices: plan.prices.map((price) => {
      const { minimum: _5, maximum: _6, discounts: own, ...terms } = price.terms ?? {};
      const other = Object.hasOwn(variant.prices, price.key) ? variant.prices[price.key]! : { charge: price.charge };
      const { charge, minimum, maximum, discounts: others } = other;
      const money = given({ minimum, maximum, discounts: others ?? withoutMoney(own) });
      return { ...price, charge, terms: { ...terms, ...money } };
    }),
    terms: { ...kept, ...given({ discounts: withoutMoney(discounts), ...variant.terms }) },
  };
}

/**
 * A plan with what a subscription has agreed on for single prices, by price key. Keys that the plan doesn't have say
 * nothing: the version they were made for had such a price, this one has not. Ids stay the plan's.
 */
export function withOverrides<P extends Plan>(plan: P, overrides: Readonly<Record<string, PriceOverride>>): P {
  if (!plan.prices.some(({ key }) => Object.hasOwn(overrides, key))) return plan;
  return {
    ...plan,
    prices: plan.prices.map((price) =>
      Object.hasOwn(overrides, price.key) ? overridden(price, overrides[price.key]!) : price,
    ),
  };
}

function overridden(price: Price, override: PriceOverride): Price {
  const { name, allowance, quantity, minimum, maximum, discounts } = override;
  const charge = override.charge ?? price.charge;
  const held = quantity !== undefined && charge.model === 'recurring' ? { ...charge, quantity } : charge;
  return {
    ...price,
    name: name ?? price.name,
    allowance: allowance === undefined ? price.allowance : allowance,
    charge: held,
    terms: { ...price.terms, ...given({ minimum, maximum, discounts }) },
  };
}

/** Discounts that mean the same in any currency: shares and units. */
function withoutMoney(discounts: readonly Discount[] | undefined): readonly Discount[] | undefined {
  const kept = discounts?.filter((discount) => !('amount' in discount));
  return kept === undefined || kept.length === 0 ? undefined : kept;
}

/** Only what is said: a key whose value is undefined would be another plan to whoever compares. */
function given<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}
