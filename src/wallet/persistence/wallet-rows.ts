import { Decimal } from '../../kernel';
import type { Grant, GrantKind, LockedWallet, Reserved, WalletState } from '../domain';

/** What of a wallet decides; the row alone, so that it can be read and locked in one statement. */
export const WALLET_COLUMNS = `wallet.id, wallet.key, wallet.customer_id, wallet.currency, wallet.unit, wallet.burns,
  wallet.when_empty, wallet.overdraft_limit, wallet.settled, wallet.held, wallet.held_by, wallet.overdrawn,
  wallet.books_currency, wallet.paid, wallet.given, wallet.applied, wallet.earned, wallet.earned_booked, wallet.breakage`;
export const GRANT_COLUMNS = `grant_.id, grant_.wallet_id, grant_.kind, grant_.priority, grant_.starts_at, grant_.expires_at,
  grant_.features, grant_.rollover_limit, grant_.amount, grant_."left", grant_.cost, grant_.cost_currency, grant_.granted_at`;

export interface WalletRow {
  readonly id: string;
  readonly key: string;
  readonly customer_id: string;
  readonly currency: string | null;
  readonly unit: string | null;
  readonly burns: Readonly<Record<string, string>> | null;
  readonly when_empty: 'refuse' | 'arrears';
  readonly overdraft_limit: string;
  readonly settled: string;
  readonly held: string;
  /** By feature; an empty text is none. */
  readonly held_by: Readonly<Record<string, string>>;
  readonly overdrawn: string;
  readonly books_currency: string;
  readonly paid: string;
  readonly given: string;
  readonly applied: string;
  readonly earned: string;
  readonly earned_booked: string;
  readonly breakage: string;
}

export interface GrantRow {
  readonly id: string;
  readonly wallet_id: string;
  readonly kind: GrantKind;
  readonly priority: number;
  readonly starts_at: Date;
  readonly expires_at: Date | null;
  readonly features: readonly string[] | null;
  readonly rollover_limit: string | null;
  readonly amount: string;
  readonly left: string;
  readonly cost: string | null;
  readonly cost_currency: string | null;
  readonly granted_at: Date;
}

/** A wallet of its row and the rows of its grants that have something left. */
export function toWalletState(row: WalletRow, grants: readonly GrantRow[]): WalletState {
  return {
    id: row.id,
    customerId: row.customer_id,
    currency: row.currency,
    unit: row.unit,
    burns: new Map(Object.entries(row.burns ?? {}).map(([meter, units]) => [meter, new Decimal(units)])),
    whenEmpty: row.when_empty,
    grants: grants.map(toGrant),
    overdraft: { overdrawn: new Decimal(row.overdrawn), limit: new Decimal(row.overdraft_limit) },
    settled: new Decimal(row.settled),
    held: new Decimal(row.held),
    heldBy: toReserved(row.held_by),
    changed: false,
  };
}

/** The same with what the ledger is booked by. @param testNow the customer's now where they live by a test clock */
export function toLockedWallet(row: WalletRow, grants: readonly GrantRow[], testNow: Date | null): LockedWallet {
  return {
    ...toWalletState(row, grants),
    key: row.key,
    measure: row.currency === null ? 'units' : 'money',
    booksCurrency: row.books_currency,
    testNow,
    totals: {
      paid: new Decimal(row.paid),
      given: new Decimal(row.given),
      applied: new Decimal(row.applied),
      earned: new Decimal(row.earned),
      breakage: new Decimal(row.breakage),
    },
    earnedBooked: new Decimal(row.earned_booked),
  };
}

export function toGrant(row: GrantRow): Grant {
  return {
    id: row.id,
    kind: row.kind,
    priority: row.priority,
    startsAt: row.starts_at,
    expiresAt: row.expires_at,
    features: row.features,
    rolloverLimit: row.rollover_limit === null ? null : new Decimal(row.rollover_limit),
    amount: new Decimal(row.amount),
    left: new Decimal(row.left),
    grantedAt: row.granted_at,
    cost: row.cost === null ? null : { amount: new Decimal(row.cost), currency: row.cost_currency! },
  };
}

export function toReserved(heldBy: Readonly<Record<string, string>>): Reserved[] {
  return Object.entries(heldBy).map(([feature, amount]) => ({
    feature: feature === '' ? null : feature,
    amount: new Decimal(amount),
  }));
}

/** As `held_by` is stored. */
export function heldByJson(held: readonly Reserved[]): string {
  return JSON.stringify(Object.fromEntries(held.map(({ feature, amount }) => [feature ?? '', amount.toFixed()])));
}
