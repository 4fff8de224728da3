import type { Currency, Decimal } from '../../../kernel';

/** Why there is a grant: it was paid for, it is a gift, or it makes good for something. */
export const GRANT_KINDS = ['bought', 'promotional', 'refund'] as const;
export type GrantKind = (typeof GRANT_KINDS)[number];

/** What of a grant decides when it is burned, and for what. */
export interface GrantTerms {
  readonly kind: GrantKind;
  /** Smaller goes first. */
  readonly priority: number;
  /** Nothing is burned of it before. */
  readonly startsAt: Date;
  /** From this instant on nothing is burned of it; null for never. */
  readonly expiresAt: Date | null;
  /** Features by key that it may be burned for; null for everything. */
  readonly features: readonly string[] | null;
  /** At its expiry, up to this much of what is left is granted once more; null for nothing. */
  readonly rolloverLimit: Decimal | null;
}

/** Credit that was given to a wallet, in the wallet's own measure: an amount of a currency, or units. */
export interface Grant extends GrantTerms {
  readonly id: string;
  /** What was granted, above zero. */
  readonly amount: Decimal;
  /** What has been neither burned nor expired, from zero to `amount`. */
  readonly left: Decimal;
  readonly grantedAt: Date;
  readonly cost: CostBasis | null;
}

/** What was paid for the whole of a grant. 10,000 units for 8.00 USD cost 8.00; a gift has none. */
export interface CostBasis {
  /** Zero or above. */
  readonly amount: Decimal;
  readonly currency: Currency;
}

/** Some of a grant. */
export interface GrantPiece {
  /** Its id. */
  readonly grant: string;
  /** Above zero. */
  readonly amount: Decimal;
}

/** Says whether a grant has begun and not expired at an instant. */
export function isRunning(grant: Pick<Grant, 'startsAt' | 'expiresAt'>, at: Date): boolean {
  return grant.startsAt.getTime() <= at.getTime() && !hasExpired(grant, at);
}

export function hasExpired({ expiresAt }: Pick<Grant, 'expiresAt'>, at: Date): boolean {
  return expiresAt !== null && expiresAt.getTime() <= at.getTime();
}

/**
 * Says whether something may be burned of a grant for a feature.
 *
 * @param feature by key; null for what is of no feature, which only a grant without scope pays
 */
export function isFor({ features }: Pick<Grant, 'features'>, feature: string | null): boolean {
  return features === null || (feature !== null && features.includes(feature));
}
