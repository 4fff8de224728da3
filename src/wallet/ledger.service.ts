import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../access';
import { type Currency, type Decimal, invariant } from '../kernel';
import { Database, type Queryable } from '../platform/database';
import {
  type Account,
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
  findRunningEntries,
  insertPostings,
  type LedgerEntry,
  type PostingToStore,
  type RunningEntry,
  sumAccounts,
  sumOfCustomers,
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
    await this.postMany(db, tenant, [posting]);
  }

  /** The same for many, in one statement. @throws InvariantError as `post` does, and then none is booked */
  async postMany(db: Queryable, tenant: Tenant, postings: readonly Posting[]): Promise<void> {
    await this.book(
      db,
      tenant,
      postings.map((posting) => ({ ...posting, reversesId: null })),
    );
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
    await this.book(db, tenant, [{ ...wanted, entries: reversed(found.entries), reversesId: found.id }]);
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

  /**
   * What was booked on an account for customers, by customer and currency; none where nothing was. Whoever decides by it
   * holds the customers' rows.
   */
  async balancesOf(
    db: Queryable,
    tenant: Tenant,
    account: Account,
    customerIds: readonly string[],
  ): Promise<{ customerId: string; currency: Currency; balance: Decimal }[]> {
    return sumOfCustomers(db, tenant.organisationId, account, customerIds);
  }

  /** Entries of a customer on an account, newest first, each with the balance after it. */
  async runningEntries(
    tenant: Tenant,
    query: EntryQuery & { readonly customerId: string; readonly account: Account },
  ): Promise<RunningEntry[]> {
    return this.database.tenant(tenant.organisationId, (db) => findRunningEntries(db, tenant.organisationId, query));
  }

  private async book(db: Queryable, tenant: Tenant, postings: readonly PostingToStore[]): Promise<void> {
    const booked = postings
      .map((posting) => ({ ...posting, entries: balanced(posting.entries, posting.currency) }))
      .filter(({ entries }) => entries.length > 0);
    for (const { source, currency, entries } of await insertPostings(db, tenant.organisationId, booked)) {
      const stored = await findPosting(db, tenant.organisationId, source);
      invariant(
        stored !== null && stored.currency === currency && sameEntries(stored.entries, entries),
        'a repeated posting says the same',
      );
    }
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
