import { type BillingInterval, Decimal } from '../kernel';
import type { BillingAnchor } from '../kernel';
import type { TopUp, TopUpRule } from './domain';

/** Terms of the grant that a top-up becomes, with its decimals as text. */
export interface StoredGrantTerms {
  readonly priority: number;
  /** Days of 24 hours after it is granted; null for never. */
  readonly expiresAfterDays: number | null;
  readonly features: readonly string[] | null;
  readonly rolloverLimit: string | null;
}

/** Automatic top-ups as they are stored and told, with decimals as text. */
export interface StoredTopUp {
  readonly on: 'threshold' | 'schedule';
  /** Of a threshold. */
  readonly below: string | null;
  /** Of a schedule. */
  readonly every: BillingInterval | null;
  readonly startsAt: string | null;
  /** What each buys, in the wallet's measure. */
  readonly amount: string;
  /** What it costs, without tax. */
  readonly price: string;
  readonly monthlyLimit: string | null;
  /** Whether it counts as paid at once, because the money is taken elsewhere; else it is invoiced and granted when paid. */
  readonly paid: boolean;
  readonly terms: StoredGrantTerms;
}

/** Automatic top-ups as they are asked for: without a price they cost their face. */
export type WantedTopUp = Omit<StoredTopUp, 'price'> & { readonly price: string | null };

export function toRule({ on, below, every, startsAt }: StoredTopUp, timeZone: string): TopUpRule {
  if (on === 'threshold') return { on, below: new Decimal(below!) };
  const anchor: BillingAnchor = { startAt: new Date(startsAt!), timeZone, interval: every! };
  return { on, every: anchor };
}

export function toTopUp({ amount, price, monthlyLimit }: StoredTopUp): TopUp {
  return {
    amount: new Decimal(amount),
    price: new Decimal(price),
    monthlyLimit: monthlyLimit === null ? null : new Decimal(monthlyLimit),
  };
}
