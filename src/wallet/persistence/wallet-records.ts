import { Decimal, decimalText } from '../../kernel';
import type { Queryable } from '../../platform/database';
import type { Grant, WalletEntry } from '../domain';
import { GRANT_COLUMNS, type GrantRow, toGrant, WALLET_COLUMNS, type WalletRow } from './wallet-rows';

/** A wallet's row with what is told of it and decides nothing. */
export interface WalletRecord {
  readonly row: WalletRow;
  readonly name: string;
  readonly topUp: Readonly<Record<string, unknown>> | null;
  readonly createdAt: Date;
  readonly archivedAt: Date | null;
}

interface RecordRow extends WalletRow {
  readonly name: string;
  readonly top_up: Readonly<Record<string, unknown>> | null;
  readonly created_at: Date;
  readonly archived_at: Date | null;
}

const RECORD_COLUMNS = `${WALLET_COLUMNS}, wallet.name, wallet.top_up, wallet.created_at, wallet.archived_at`;

function toRecord(row: RecordRow): WalletRecord {
  const { name, top_up: topUp, created_at: createdAt, archived_at: archivedAt } = row;
  return { row, name, topUp, createdAt, archivedAt };
}

/** One wallet, also an archived one. @param named by our uuid, or by the caller's key */
export async function findWallet(
  db: Queryable,
  organisationId: string,
  named: { readonly id: string } | { readonly key: string },
): Promise<WalletRecord | null> {
  const rows = await db.query<RecordRow>(
    `SELECT ${RECORD_COLUMNS} FROM wallet WHERE organisation_id = $1 AND ($2::uuid IS NULL OR id = $2)
        AND ($3::text IS NULL OR key = $3)`,
    [organisationId, 'id' in named ? named.id : null, 'key' in named ? named.key : null],
  );
  return rows[0] === undefined ? null : toRecord(rows[0]);
}

/** Wallets, the newest first. @param customerId null for everyone's @param before the id that the page before ended with */
export async function listWallets(
  db: Queryable,
  organisationId: string,
  customerId: string | null,
  before: string | null,
  limit: number,
): Promise<WalletRecord[]> {
  const rows = await db.query<RecordRow>(
    `SELECT ${RECORD_COLUMNS} FROM wallet
      WHERE organisation_id = $1 AND ($2::uuid IS NULL OR customer_id = $2) AND ($3::uuid IS NULL OR id < $3)
      ORDER BY id DESC LIMIT $4`,
    [organisationId, customerId, before, limit],
  );
  return rows.map(toRecord);
}

/** Grants of wallets that have something left, by wallet. */
export async function grantsLeft(
  db: Queryable,
  organisationId: string,
  walletIds: readonly string[],
): Promise<Map<string, GrantRow[]>> {
  const rows = await db.query<GrantRow>(
    `SELECT ${GRANT_COLUMNS} FROM wallet_grant AS grant_
      WHERE organisation_id = $1 AND wallet_id = ANY ($2::uuid[]) AND "left" > 0 ORDER BY id`,
    [organisationId, [...walletIds]],
  );
  return new Map(walletIds.map((id) => [id, rows.filter((row) => row.wallet_id === id)]));
}

/** A wallet that is to be stored. */
export interface WalletToStore {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly customerId: string;
  readonly currency: string | null;
  readonly unit: string | null;
  readonly burns: ReadonlyMap<string, Decimal>;
  readonly whenEmpty: 'refuse' | 'arrears';
  readonly overdraftLimit: Decimal;
  readonly booksCurrency: string;
  readonly topUp: object | null;
  readonly createdAt: Date;
}

/** @returns false where the key is taken, or the customer has such a wallet */
export async function insertWallet(db: Queryable, organisationId: string, wallet: WalletToStore): Promise<boolean> {
  const { id, key, name, customerId, currency, unit, whenEmpty, booksCurrency, createdAt } = wallet;
  const rows = await db.query<{ id: string }>(
    `INSERT INTO wallet (organisation_id, id, key, name, customer_id, currency, unit, burns, when_empty, overdraft_limit,
       books_currency, top_up, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10, $11, $12::jsonb, $13)
     ON CONFLICT DO NOTHING RETURNING id`,
    [
      ...[organisationId, id, key, name, customerId, currency, unit],
      unit === null ? null : burnsJson(wallet.burns),
      ...[whenEmpty, decimalText(wallet.overdraftLimit), booksCurrency],
      ...[wallet.topUp === null ? null : JSON.stringify(wallet.topUp), createdAt],
    ],
  );
  return rows.length === 1;
}

/** What of a wallet may be changed. */
export interface WalletTerms {
  readonly name: string;
  readonly burns: ReadonlyMap<string, Decimal>;
  readonly whenEmpty: 'refuse' | 'arrears';
  readonly overdraftLimit: Decimal;
  readonly topUp: object | null;
}

export async function updateWallet(
  db: Queryable,
  organisationId: string,
  id: string,
  { name, burns, whenEmpty, overdraftLimit, topUp }: WalletTerms,
): Promise<void> {
  await db.query(
    `UPDATE wallet SET name = $3, burns = CASE WHEN unit IS NULL THEN NULL ELSE $4::jsonb END, when_empty = $5,
            overdraft_limit = $6, top_up = $7::jsonb
      WHERE organisation_id = $1 AND id = $2`,
    [
      ...[organisationId, id, name, burnsJson(burns), whenEmpty, decimalText(overdraftLimit)],
      topUp === null ? null : JSON.stringify(topUp),
    ],
  );
}

export async function archiveWallet(db: Queryable, organisationId: string, id: string, at: Date): Promise<void> {
  await db.query('UPDATE wallet SET archived_at = $3 WHERE organisation_id = $1 AND id = $2', [organisationId, id, at]);
}

function burnsJson(burns: ReadonlyMap<string, Decimal>): string {
  return JSON.stringify(Object.fromEntries([...burns].map(([meter, units]) => [meter, decimalText(units)])));
}

/** A grant with what is told of it. */
export interface GrantRecord {
  readonly grant: Grant;
  readonly rolledFrom: string | null;
  readonly reference: string | null;
  readonly reason: string | null;
}

interface GrantRecordRow extends GrantRow {
  readonly rolled_from: string | null;
  readonly reference: string | null;
  readonly reason: string | null;
}

/** Grants of a wallet, the newest first. */
export async function listGrants(
  db: Queryable,
  organisationId: string,
  walletId: string,
  { reference, before, limit }: { readonly reference?: string; readonly before: string | null; readonly limit: number },
): Promise<GrantRecord[]> {
  const rows = await db.query<GrantRecordRow>(
    `SELECT ${GRANT_COLUMNS}, grant_.rolled_from, grant_.reference, grant_.reason FROM wallet_grant AS grant_
      WHERE organisation_id = $1 AND wallet_id = $2 AND ($3::text IS NULL OR reference = $3) AND ($4::uuid IS NULL OR id < $4)
      ORDER BY id DESC LIMIT $5`,
    [organisationId, walletId, reference ?? null, before, limit],
  );
  return rows.map((row) => ({
    grant: toGrant(row),
    rolledFrom: row.rolled_from,
    reference: row.reference,
    reason: row.reason,
  }));
}

/** A movement as it is told, with the balance after it. */
export interface JournalEntry {
  readonly id: string;
  readonly seq: string;
  readonly grantId: string | null;
  readonly kind: WalletEntry['kind'];
  readonly amount: Decimal;
  readonly balance: Decimal;
  readonly worth: Decimal | null;
  readonly feature: string | null;
  readonly subscriptionId: string | null;
  readonly periodIndex: number | null;
  readonly source: WalletEntry['source'];
  readonly at: Date;
}

/** Movements of a wallet, the newest first. @param before the number that the page before ended with */
export async function listEntries(
  db: Queryable,
  organisationId: string,
  walletId: string,
  before: string | null,
  limit: number,
): Promise<JournalEntry[]> {
  const rows = await db.query<{
    id: string;
    seq: string;
    grant_id: string | null;
    kind: WalletEntry['kind'];
    amount: string;
    balance: string;
    worth: string | null;
    feature: string | null;
    subscription_id: string | null;
    period_index: number | null;
    source_kind: WalletEntry['source']['kind'];
    source_id: string;
    at: Date;
  }>(
    `SELECT * FROM (
       SELECT entry.*, sum(CASE WHEN kind = 'uncovered' THEN 0 ELSE amount END) OVER (ORDER BY seq) AS balance
         FROM wallet_entry AS entry WHERE organisation_id = $1 AND wallet_id = $2
     ) AS running
      WHERE $3::bigint IS NULL OR seq < $3 ORDER BY seq DESC LIMIT $4`,
    [organisationId, walletId, before, limit],
  );
  return rows.map((row) => ({
    id: row.id,
    seq: row.seq,
    grantId: row.grant_id,
    kind: row.kind,
    amount: new Decimal(row.amount),
    balance: new Decimal(row.balance),
    worth: row.worth === null ? null : new Decimal(row.worth),
    feature: row.feature,
    subscriptionId: row.subscription_id,
    periodIndex: row.period_index,
    source: { kind: row.source_kind, id: row.source_id },
    at: row.at,
  }));
}
