import { Decimal, decimalText } from '../../kernel';
import type { Queryable } from '../../platform/database';
import type { StoredGrantTerms } from '../top-up-storage';

export const TOP_UP_TRIGGERS = ['hand', 'threshold', 'schedule'] as const;
export type TopUpTrigger = (typeof TOP_UP_TRIGGERS)[number];
/** invoiced: granted when it is paid. refused: the month's limit left too little. */
export const TOP_UP_STATUSES = ['granted', 'invoiced', 'refused', 'void'] as const;
export type TopUpStatus = (typeof TOP_UP_STATUSES)[number];

/** Credit that is bought, or was. */
export interface TopUpRecord {
  readonly id: string;
  readonly walletId: string;
  readonly trigger: TopUpTrigger;
  readonly amount: Decimal;
  /** Without tax, in minor units. */
  readonly price: Decimal;
  readonly currency: string;
  readonly terms: StoredGrantTerms;
  readonly status: TopUpStatus;
  readonly invoiceId: string | null;
  readonly reference: string | null;
  readonly reason: string | null;
  /** By the customer's clock. */
  readonly at: Date;
}

interface TopUpRow {
  readonly id: string;
  readonly wallet_id: string;
  readonly trigger: TopUpTrigger;
  readonly amount: string;
  readonly price: string;
  readonly price_currency: string;
  readonly terms: StoredGrantTerms;
  readonly status: TopUpStatus;
  readonly invoice_id: string | null;
  readonly reference: string | null;
  readonly reason: string | null;
  readonly at: Date;
}

function toRecord(row: TopUpRow): TopUpRecord {
  return {
    id: row.id,
    walletId: row.wallet_id,
    trigger: row.trigger,
    amount: new Decimal(row.amount),
    price: new Decimal(row.price),
    currency: row.price_currency,
    terms: row.terms,
    status: row.status,
    invoiceId: row.invoice_id,
    reference: row.reference,
    reason: row.reason,
    at: row.at,
  };
}

export async function insertTopUp(db: Queryable, organisationId: string, topUp: TopUpRecord): Promise<void> {
  const { id, walletId, trigger, amount, price, currency, terms, status, invoiceId, reference, reason, at } = topUp;
  await db.query(
    `INSERT INTO wallet_top_up (organisation_id, id, wallet_id, trigger, amount, price, price_currency, terms, status,
       invoice_id, reference, reason, at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10, $11, $12, $13)`,
    [
      ...[organisationId, id, walletId, trigger, decimalText(amount), decimalText(price), currency],
      ...[JSON.stringify(terms), status, invoiceId, reference, reason, at],
    ],
  );
}

/** Those that wait for these invoices to be paid. */
export async function topUpsOfInvoices(
  db: Queryable,
  organisationId: string,
  invoiceIds: readonly string[],
): Promise<TopUpRecord[]> {
  if (invoiceIds.length === 0) return [];
  const rows = await db.query<TopUpRow>(
    `SELECT * FROM wallet_top_up WHERE organisation_id = $1 AND invoice_id = ANY ($2::uuid[]) AND status = 'invoiced'
      ORDER BY wallet_id, id FOR NO KEY UPDATE`,
    [organisationId, [...invoiceIds]],
  );
  return rows.map(toRecord);
}

export async function setTopUpStatus(
  db: Queryable,
  organisationId: string,
  id: string,
  status: TopUpStatus,
): Promise<void> {
  await db.query('UPDATE wallet_top_up SET status = $3 WHERE organisation_id = $1 AND id = $2', [
    ...[organisationId, id, status],
  ]);
}

/** Top-ups of a wallet, the newest first. */
export async function listTopUps(
  db: Queryable,
  organisationId: string,
  walletId: string,
  { reference, before, limit }: { readonly reference?: string; readonly before: string | null; readonly limit: number },
): Promise<TopUpRecord[]> {
  const rows = await db.query<TopUpRow>(
    `SELECT * FROM wallet_top_up
      WHERE organisation_id = $1 AND wallet_id = $2 AND ($3::text IS NULL OR reference = $3) AND ($4::uuid IS NULL OR id < $4)
      ORDER BY id DESC LIMIT $5`,
    [organisationId, walletId, reference ?? null, before, limit],
  );
  return rows.map(toRecord);
}

/** Automatic top-ups of a wallet since an instant, and those that aren't paid yet. */
export async function automaticTopUps(
  db: Queryable,
  organisationId: string,
  walletId: string,
  since: Date,
): Promise<TopUpRecord[]> {
  const rows = await db.query<TopUpRow>(
    `SELECT * FROM wallet_top_up
      WHERE organisation_id = $1 AND wallet_id = $2 AND trigger <> 'hand' AND (at >= $3 OR status = 'invoiced') ORDER BY at, id`,
    [organisationId, walletId, since],
  );
  return rows.map(toRecord);
}
