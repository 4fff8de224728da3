import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../access';
import { invariant } from '../kernel';
import { Database, type Queryable } from '../platform/database';
import {
  balanced,
  type Entry,
  type Posting,
  type PostingSource,
  reversed,
  type TrialBalance,
  trialBalances,
} from './domain';
import {
  type EntryQuery,
  findEntries,
  findPosting,
  insertPosting,
  type LedgerEntry,
  sumAccounts,
} from './persistence/ledger-store';

/** Books what happened, and reads what was booked. */
@Injectable()
export class LedgerService {
  constructor(@Inject(Database) private readonly database: Database) {}

  /**
   * Books a posting. A repeat (the same source and purpose) books nothing, and so does a posting whose entries are all
   * zero.
   *
   * @param db the transaction in which the thing happens: both are there, or neither
   * @throws InvariantError when the entries don't sum to zero, or a repeat says something else
   */
  async post(db: Queryable, tenant: Tenant, posting: Posting): Promise<void> {
    await this.book(db, tenant, posting, null);
  }

  /**
   * Takes a posting back: books its own entries on the other side. A repeat books nothing; where nothing was booked for
   * the source, there is nothing to take back.
   *
   * @param wanted what the reversal is, with its own source
   * @throws InvariantError when the posting is another customer's or in another currency
   */
  async reverse(
    db: Queryable,
    tenant: Tenant,
    original: PostingSource,
    wanted: Omit<Posting, 'entries'>,
  ): Promise<void> {
    const found = await findPosting(db, tenant.organisationId, original);
    if (found === null) return;
    invariant(
      found.customerId === wanted.customerId && found.currency === wanted.currency,
      'a reversal is of the same customer and currency as what it takes back',
    );
    await this.book(db, tenant, { ...wanted, entries: reversed(found.entries) }, found.id);
  }

  /** @param before postings before this instant; null for all */
  async trialBalances(tenant: Tenant, before: Date | null, currency: string | null): Promise<TrialBalance[]> {
    return this.database.tenant(tenant.organisationId, async (db) =>
      trialBalances(await sumAccounts(db, tenant.organisationId, before, currency)),
    );
  }

  /** Entries, newest first. */
  async entries(tenant: Tenant, query: EntryQuery): Promise<LedgerEntry[]> {
    return this.database.tenant(tenant.organisationId, (db) => findEntries(db, tenant.organisationId, query));
  }

  private async book(db: Queryable, tenant: Tenant, posting: Posting, reversesId: string | null): Promise<void> {
    const entries = balanced(posting.entries, posting.currency);
    if (entries.length === 0) return;
    const booked = await insertPosting(db, tenant.organisationId, { ...posting, entries }, reversesId);
    if (booked !== null) return;
    const stored = await findPosting(db, tenant.organisationId, posting.source);
    invariant(
      stored !== null && stored.currency === posting.currency && sameEntries(stored.entries, entries),
      'a repeated posting says the same',
    );
  }
}

function sameEntries(stored: readonly Entry[], wanted: readonly Entry[]): boolean {
  return (
    stored.length === wanted.length &&
    stored.every(({ account, amount }, index) => {
      const other = wanted[index]!;
      return account === other.account && amount.equals(other.amount);
    })
  );
}
