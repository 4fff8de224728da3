import type { Currency, Decimal } from '../kernel';
import type { Cap } from './domain';

/** A wallet, as far as it decides what has to be counted. */
export interface WalletRule {
  readonly id: string;
  readonly customerId: string;
  readonly currency: Currency | null;
  /** Units of the wallet for one of a meter, by the meter's uuid; empty for money. */
  readonly burns: ReadonlyMap<string, Decimal>;
}

/** Everything of an organisation that events are counted against and holds decided by, at one revision. */
export interface EntitlementRules {
  readonly organisationId: string;
  /** `organisation.caps_revision`; "0" where there never was anything. */
  readonly revision: string;
  /** In the order in which they are looked at: the vendor's before the customer's, the organisation's before narrower ones, then by age. */
  readonly caps: readonly Cap[];
  readonly capsById: ReadonlyMap<string, Cap>;
  readonly wallets: readonly WalletRule[];
  /** Meters whose quantities are counted, by uuid: of caps in units and of wallets in units. */
  readonly meters: ReadonlySet<string>;
  /** Whether rules for loops look at what agents do. */
  readonly loops: boolean;
  /** Customers whose spend has to be known, or `'all'`: they have a cap of spend or a wallet in money. */
  readonly spendOf: ReadonlySet<string> | 'all';
  readonly settings: EntitlementSettings;
  /** Currency of costs. */
  readonly costCurrency: Currency;
}

export interface EntitlementSettings {
  readonly timeZone: string;
  /** Held for work whose price isn't known; counts 10^-24; null: it is refused. */
  readonly unknownPriceAmount: bigint | null;
  readonly defaultTtlSeconds: number;
  readonly longestTtlSeconds: number;
  readonly sizingRisk: Decimal;
  /** What one process may let pass while the database is away; null: nothing. */
  readonly away: { readonly amount: bigint; readonly holds: number } | null;
}
