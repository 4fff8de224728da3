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

/** A posting that is to be stored, and the one that it takes back. */
export interface PostingToStore extends Posting {
  readonly reversesId: string | null;
}

/**
 * Stores postings and their entries in one statement, however many.
 *
 * @returns those of which one of the same source was there already, and nothing was stored
 */
export async function insertPostings(
  db: Queryable,
  organisationId: string,
  postings: readonly PostingToStore[],
): Promise<readonly PostingToStore[]> {
  if (postings.length === 0) return [];
  // In ascending order, so that what is booked together is listed in the order in which it was given.
  const ids = postings.map(() => newUuid()).sort();
  const identified = postings.map((posting, index) => ({ id: ids[index]!, posting }));
  const entries = identified.flatMap(({ id, posting }) =>
    posting.entries.map((entry, position) => ({ ...entry, posting: id, position, id: newUuid() })),
  );
  const rows = await db.query<{ posting_id: string }>(
    `WITH posting AS (
       INSERT INTO ledger_posting (organisation_id, id, source_kind, source_id, purpose, customer_id, currency, at,
         description, reverses_id, entries)
       SELECT $1, wanted.* FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::uuid[], $7::text[],
         $8::timestamptz[], $9::text[], $10::uuid[], $11::smallint[]) AS wanted
       ON CONFLICT (organisation_id, source_kind, source_id, purpose) DO NOTHING
       RETURNING id
     )
     INSERT INTO ledger_entry (organisation_id, id, posting_id, position, account, amount)
     SELECT $1, entry.id, posting.id, entry.position, entry.account, entry.amount
       FROM unnest($12::uuid[], $13::uuid[], $14::smallint[], $15::text[], $16::numeric[])
              AS entry (id, posting_id, position, account, amount)
       JOIN posting ON posting.id = entry.posting_id
     RETURNING posting_id`,
    [
      organisationId,
      ids,
      postings.map(({ source }) => source.kind),
      postings.map(({ source }) => source.id),
      postings.map(({ source }) => source.purpose),
      postings.map(({ customerId }) => customerId),
      postings.map(({ currency }) => currency),
      postings.map(({ at }) => at),
      postings.map(({ description }) => description),
      postings.map(({ reversesId }) => reversesId),
      postings.map((posting) => posting.entries.length),
      entries.map(({ id }) => id),
      entries.map(({ posting }) => posting),
      entries.map(({ position }) => position),
      entries.map(({ account }) => account),
      entries.map(({ amount }) => decimalText(amount)),
    ],
  );
  const stored = new Set(rows.map((row) => row.posting_id));
  return identified.filter(({ id }) => !stored.has(id)).map(({ posting }) => posting);
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

/** An account of some customers: the sum of what was booked, by customer and currency. */
export async function sumOfCustomers(
  db: Queryable,
  organisationId: string,
  account: Account,
  customerIds: readonly string[],
): Promise<{ customerId: string; currency: string; balance: Decimal }[]> {
  const rows = await db.query<{ customer_id: string; currency: string; balance: string }>(
    `SELECT posting.customer_id, posting.currency, sum(entry.amount) AS balance
       FROM ledger_posting AS posting
       JOIN ledger_entry AS entry ON (entry.organisation_id, entry.posting_id) = (posting.organisation_id, posting.id)
      WHERE posting.organisation_id = $1 AND posting.customer_id = ANY ($2::uuid[]) AND entry.account = $3
      GROUP BY posting.customer_id, posting.currency
      ORDER BY posting.customer_id, posting.currency`,
    [organisationId, [...customerIds], account],
  );
  return rows.map((row) => ({
    customerId: row.customer_id,
    currency: row.currency,
    balance: new Decimal(row.balance),
  }));
}

/** An entry with what its customer's account came to after it, in its currency. */
export interface RunningEntry extends LedgerEntry {
  readonly balance: Decimal;
}

/** Entries of a customer on an account, newest first, each with the balance after it. */
export async function findRunningEntries(
  db: Queryable,
  organisationId: string,
  query: EntryQuery & { readonly customerId: string; readonly account: Account },
): Promise<RunningEntry[]> {
  const [atMs, postingId, position] = query.before ?? [null, null, null];
  const rows = await db.query<EntryRow & { balance: string }>(
    `SELECT * FROM (
       SELECT ${ENTRY_COLUMNS},
              sum(entry.amount) OVER (PARTITION BY posting.currency ORDER BY posting.at, posting.id, entry.position) AS balance
         FROM ledger_posting AS posting
         JOIN ledger_entry AS entry ON (entry.organisation_id, entry.posting_id) = (posting.organisation_id, posting.id)
        WHERE posting.organisation_id = $1 AND posting.customer_id = $2 AND entry.account = $3
     ) AS running
      WHERE $4::bigint IS NULL
         OR (at, posting_id, position)
            < (timestamptz 'epoch' + $4::bigint * interval '1 millisecond', $5::uuid, $6::int)
      ORDER BY at DESC, posting_id DESC, position DESC LIMIT $7`,
    [organisationId, query.customerId, query.account, atMs, postingId, position, query.limit],
  );
  return rows.map((row) => ({ ...toEntry(row), balance: new Decimal(row.balance) }));
}

const ENTRY_COLUMNS = `entry.id, entry.position, entry.account, entry.amount, posting.id AS posting_id,
  posting.reverses_id, posting.source_kind, posting.source_id, posting.purpose, posting.customer_id, posting.currency,
  posting.at, posting.description, posting.created_at`;

/** Entries, newest first; those of one posting in their order. */
export async function findEntries(db: Queryable, organisationId: string, query: EntryQuery): Promise<LedgerEntry[]> {
  const [atMs, postingId, position] = query.before ?? [null, null, null];
  const rows = await db.query<EntryRow>(
    `SELECT ${ENTRY_COLUMNS}
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
