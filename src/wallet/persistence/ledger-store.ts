import { Decimal, decimalText, newUuid } from '../../kernel';
import type { Queryable } from '../../platform/database';
import type { Account, AccountSums, Entry, Posting, PostingSource } from '../domain';

/** A posting that is stored, with its entries in their order. */
export interface StoredPosting {
  readonly id: string;
  readonly customerId: string;
  readonly currency: string;
  readonly entries: readonly Entry[];
}

/** An entry with what is to be known of its posting. */
export interface LedgerEntry {
  readonly id: string;
  readonly position: number;
  readonly account: Account;
  readonly amount: Decimal;
  readonly postingId: string;
  readonly reversesId: string | null;
  readonly source: PostingSource;
  readonly customerId: string;
  readonly currency: string;
  readonly at: Date;
  readonly description: string;
  readonly createdAt: Date;
}

/** Filters of a list of entries; null for everything. */
export interface EntryQuery {
  readonly customerId: string | null;
  readonly account: Account | null;
  /** The entry the page before ended with: its instant in milliseconds, posting and position. */
  readonly before: readonly [string, string, string] | null;
  readonly limit: number;
}

/**
 * Stores a posting and its entries in one statement.
 *
 * @returns the posting's id; null when one of the same source is there already
 */
export async function insertPosting(
  db: Queryable,
  organisationId: string,
  posting: Posting,
  reversesId: string | null,
): Promise<string | null> {
  const { source, entries } = posting;
  const rows = await db.query<{ posting_id: string }>(
    `WITH posting AS (
       INSERT INTO ledger_posting (organisation_id, id, source_kind, source_id, purpose, customer_id, currency, at,
         description, reverses_id, entries)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
       ON CONFLICT (organisation_id, source_kind, source_id, purpose) DO NOTHING
       RETURNING id
     )
     INSERT INTO ledger_entry (organisation_id, id, posting_id, position, account, amount)
     SELECT $1, entry.id, posting.id, entry.position - 1, entry.account, entry.amount
       FROM posting, unnest($12::uuid[], $13::text[], $14::numeric[]) WITH ORDINALITY AS entry (id, account, amount, position)
     RETURNING posting_id`,
    [
      organisationId,
      newUuid(),
      source.kind,
      source.id,
      source.purpose,
      posting.customerId,
      posting.currency,
      posting.at,
      posting.description,
      reversesId,
      entries.length,
      entries.map(() => newUuid()),
      entries.map(({ account }) => account),
      entries.map(({ amount }) => decimalText(amount)),
    ],
  );
  return rows[0]?.posting_id ?? null;
}

/** What was booked for a source; null when nothing was. */
export async function findPosting(
  db: Queryable,
  organisationId: string,
  { kind, id, purpose }: PostingSource,
): Promise<StoredPosting | null> {
  const rows = await db.query<{
    id: string;
    customer_id: string;
    currency: string;
    account: Account;
    amount: string;
  }>(
    `SELECT posting.id, posting.customer_id, posting.currency, entry.account, entry.amount
       FROM ledger_posting AS posting
       JOIN ledger_entry AS entry ON (entry.organisation_id, entry.posting_id) = (posting.organisation_id, posting.id)
      WHERE posting.organisation_id = $1 AND source_kind = $2 AND source_id = $3 AND purpose = $4
      ORDER BY entry.position`,
    [organisationId, kind, id, purpose],
  );
  const [first] = rows;
  if (first === undefined) return null;
  return {
    id: first.id,
    customerId: first.customer_id,
    currency: first.currency,
    entries: rows.map(({ account, amount }) => ({ account, amount: new Decimal(amount) })),
  };
}

/** What was booked on each account before an instant (or ever), in one currency or in all. */
export async function sumAccounts(
  db: Queryable,
  organisationId: string,
  before: Date | null,
  currency: string | null,
): Promise<(AccountSums & { currency: string })[]> {
  const rows = await db.query<{ currency: string; account: Account; debits: string; credits: string }>(
    `SELECT posting.currency, entry.account,
            COALESCE(sum(entry.amount) FILTER (WHERE entry.amount > 0), 0) AS debits,
            COALESCE(-sum(entry.amount) FILTER (WHERE entry.amount < 0), 0) AS credits
       FROM ledger_posting AS posting
       JOIN ledger_entry AS entry ON (entry.organisation_id, entry.posting_id) = (posting.organisation_id, posting.id)
      WHERE posting.organisation_id = $1 AND ($2::timestamptz IS NULL OR posting.at < $2)
        AND ($3::text IS NULL OR posting.currency = $3)
      GROUP BY posting.currency, entry.account`,
    [organisationId, before, currency],
  );
  return rows.map((row) => ({ ...row, debits: new Decimal(row.debits), credits: new Decimal(row.credits) }));
}

/** Entries, newest first; those of one posting in their order. */
export async function findEntries(db: Queryable, organisationId: string, query: EntryQuery): Promise<LedgerEntry[]> {
  const [atMs, postingId, position] = query.before ?? [null, null, null];
  const rows = await db.query<EntryRow>(
    `SELECT entry.id, entry.position, entry.account, entry.amount, posting.id AS posting_id, posting.reverses_id,
            posting.source_kind, posting.source_id, posting.purpose, posting.customer_id, posting.currency, posting.at,
            posting.description, posting.created_at
       FROM ledger_posting AS posting
       JOIN ledger_entry AS entry ON (entry.organisation_id, entry.posting_id) = (posting.organisation_id, posting.id)
      WHERE posting.organisation_id = $1 AND ($2::uuid IS NULL OR posting.customer_id = $2)
        AND ($3::text IS NULL OR entry.account = $3)
        AND ($4::bigint IS NULL
          OR (posting.at, posting.id) < (timestamptz 'epoch' + $4::bigint * interval '1 millisecond', $5::uuid)
          OR (posting.id = $5::uuid AND entry.position > $6::int))
      ORDER BY posting.at DESC, posting.id DESC, entry.position LIMIT $7`,
    [organisationId, query.customerId, query.account, atMs, postingId, position, query.limit],
  );
  return rows.map(toEntry);
}

interface EntryRow {
  readonly id: string;
  readonly position: number;
  readonly account: Account;
  readonly amount: string;
  readonly posting_id: string;
  readonly reverses_id: string | null;
  readonly source_kind: string;
  readonly source_id: string;
  readonly purpose: string;
  readonly customer_id: string;
  readonly currency: string;
  readonly at: Date;
  readonly description: string;
  readonly created_at: Date;
}

function toEntry(row: EntryRow): LedgerEntry {
  return {
    id: row.id,
    position: row.position,
    account: row.account,
    amount: new Decimal(row.amount),
    postingId: row.posting_id,
    reversesId: row.reverses_id,
    source: { kind: row.source_kind, id: row.source_id, purpose: row.purpose },
    customerId: row.customer_id,
    currency: row.currency,
    at: row.at,
    description: row.description,
    createdAt: row.created_at,
  };
}
