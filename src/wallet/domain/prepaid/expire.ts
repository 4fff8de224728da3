import { Decimal, ZERO } from '../../../kernel';
import { worthOf } from './cost-basis';
import { byBurnOrder } from './burn-order';
import { type Grant, hasExpired } from './grant';

/** What becomes of a grant at its expiry: `breakage + rolledOver.amount` is what was left of it. */
export interface Expiry {
  readonly grant: string;
  /** When it counts: the grant's expiry, however late it is noticed. */
  readonly at: Date;
  /** What is lost to the customer. */
  readonly breakage: Decimal;
  /** What is granted once more; null where nothing is. */
  readonly rolledOver: RolledOver | null;
}

/** A grant that is to be made of what another one had left. */
export type RolledOver = Omit<Grant, 'id' | 'left'>;

/**
 * What has expired at an instant, the earliest first. Up to the rollover limit is granted once more, for as long as the
 * first time, and with its share of the cost; that grant rolls nothing over.
 *
 * ```
 * limit 20, 30 left     |------ 100 granted, 70 burned ------| 10 are breakage
 *                     1 Jan                               31 Jan
 *                                                            |------ 20 granted ------------|
 *                                                          31 Jan                         2 Mar
 * ```
 *
 * A grant that rolled over may itself have expired by then: whoever asks late asks again until there is nothing.
 */
export function expiriesAt(grants: readonly Grant[], at: Date): Expiry[] {
  return grants
    .filter((grant) => grant.left.greaterThan(0) && hasExpired(grant, at))
    .sort((a, b) => a.expiresAt!.getTime() - b.expiresAt!.getTime() || byBurnOrder(a, b))
    .map(expiryOf);
}

function expiryOf(grant: Grant): Expiry {
  const rolled = Decimal.min(grant.left, grant.rolloverLimit ?? ZERO);
  const at = grant.expiresAt!;
  return {
    grant: grant.id,
    at,
    breakage: grant.left.minus(rolled),
    rolledOver: rolled.isZero() ? null : roll(grant, rolled, at),
  };
}

function roll(grant: Grant, amount: Decimal, at: Date): RolledOver {
  const { kind, priority, features, cost, startsAt } = grant;
  const worth = worthOf(grant, grant.amount.minus(amount), grant.amount);
  return {
    kind,
    priority,
    features,
    amount,
    startsAt: at,
    expiresAt: new Date(at.getTime() + (at.getTime() - startsAt.getTime())),
    rolloverLimit: null,
    grantedAt: at,
    cost: cost === null ? null : { ...cost, amount: worth },
  };
}
