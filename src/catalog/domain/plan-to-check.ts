import type { BillingInterval, Currency, Decimal } from '../../kernel';
import type { Charge } from './charge';
import type { MeterDefinition } from './meter';
import type { CurrencyVariant, PlanTerms, PriceTerms } from './terms';

/** A price as it is asked for: the meter by its key or our id. */
export interface PriceToCheck {
  readonly key: string;
  readonly meter: string | null;
  readonly allowance: Decimal | null;
  readonly charge: Charge;
  readonly terms?: PriceTerms | undefined;
}

export interface PlanToCheck {
  readonly currency: Currency;
  /** A month without it. */
  readonly interval?: BillingInterval | undefined;
  readonly intervalCount?: number | undefined;
  readonly prices: readonly PriceToCheck[];
  readonly terms?: PlanTerms | undefined;
  readonly currencies?: Readonly<Record<Currency, CurrencyVariant>> | undefined;
}

/** What a plan may refer to. */
export interface PlanWorld {
  /** What the meters say that the prices name, by the name they use. */
  readonly meters: ReadonlyMap<string, MeterDefinition>;
  /** What some of them will say once it is counted: a price has to fit that, too. */
  readonly changing?: ReadonlyMap<string, MeterDefinition> | undefined;
  /** Keys of the organisation's features. */
  readonly features: ReadonlySet<string>;
  /** The currency that costs are kept in. */
  readonly costCurrency: Currency;
}
