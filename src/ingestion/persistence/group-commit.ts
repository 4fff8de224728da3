import type { Pool, PoolClient } from 'pg';
import { eventCopy, isDuplicateKey } from '../../events';
import {
  type CountingService,
  type EntitlementBooks,
  type EntitlementRules,
  pendingEntitlementCopy,
} from '../../entitlements';
import { DomainError } from '../../kernel';
import { pendingCopy, sampleCopies, type UsageFolder } from '../../metering';
import { asQueryable, copyAndCommit, INGEST_LOCK_CLASS } from '../../platform/database';
import type { Receipt } from '../domain';
import type { Books, OrganisationBooks } from '../organisation-books';
import { HeldConnection } from './held-connection';
import { PendingCommit, type PreparedEvent, type Submission } from './pending-commit';

/** More events wait than the database takes in; nothing of the request was stored. */
export class OverloadedError extends DomainError {
  readonly code = 'overloaded';
  readonly kind = 'unavailable';
}

/** A commit would refuse an event of a request that is stored as a whole or not at all, and others share the commit. */
class SharedRefusal extends Error {}

interface OrganisationRow {
  readonly id: string;
  readonly catalog_revision: string;
  readonly caps_revision: string;
  readonly currency: string;
  readonly batch: string;
}

/** What a transaction that has begun knows. */
interface Begun {
  readonly batch: number;
  readonly books: Map<string, Books>;
  /** Of organisations whose events are counted against anything. */
  readonly rules: Map<string, EntitlementRules>;
}

/** Two writers overlap encoding in this process with writing in PostgreSQL; more only get in each other's way. */
const WRITERS = 2;
/**
 * So many events have to wait before a second writer starts. Fewer are not worth a commit of their own: what a commit
 * costs by itself, here and in PostgreSQL, is about what forty events cost, and both share the machine's cores.
 */
const EVENTS_FOR_ANOTHER = 256;
/** Most events in one transaction, and most that may wait. */
const EVENTS_A_COMMIT = 20_000;
const EVENTS_WAITING = 200_000;
/** The same for the size of their data, in characters: a commit's rows are one message and stand in memory as a whole. */
const DATA_A_COMMIT = 64_000_000;
const DATA_WAITING = 512_000_000;
/** Events of another process may come between looking and writing; after so many tries something is wrong. */
const TRIES = 8;

/**
 * Stores events, many requests to one transaction. Requests that arrive while the writers are busy wait and are taken
 * together, so the group grows with the load and a lone request waits for nobody.
 *
 * In the transaction: dedupe by the table's own key, cost, count by meter, store the sums, all or nothing. A receipt is
 * given after the commit. When a commit's outcome is unknown the requests fail, and a retry finds the events there.
 */
export class GroupCommit {
  private queue: Submission[] = [];
  private waiting = 0;
  private dataWaiting = 0;
  private busy = 0;
  /** Set while repeats arrive: then looking first is cheaper than a COPY that fails. */
  private expectDuplicates = false;
  private idle: (() => void) | null = null;

  constructor(
    private readonly pool: Pool,
    private readonly books: OrganisationBooks,
    private readonly folder: UsageFolder,
    private readonly entitlements: EntitlementBooks,
    private readonly counting: Pick<CountingService, 'kick'>,
  ) {}

  /**
   * @param atomic store all of these events or, where one is refused, none of them
   * @throws OverloadedError when too much waits already, RefusedWholeError, and whatever PostgreSQL throws
   */
  submit(organisationId: string, events: readonly PreparedEvent[], atomic = false): Promise<Receipt[]> {
    if (events.length === 0) return Promise.resolve([]);
    const data = events.reduce((all, { event }) => all + (event.dataText?.length ?? 0), 0);
    if (this.waiting + events.length > EVENTS_WAITING || this.dataWaiting + data > DATA_WAITING) {
      return Promise.reject(
        new OverloadedError(
          'More events are waiting than can be stored right now. Nothing was stored; send them again.',
        ),
      );
    }
    return new Promise((resolve, reject) => {
      this.queue.push({ organisationId, events, atomic, data, resolve, reject });
      this.waiting += events.length;
      this.dataWaiting += data;
      if (this.busy === 0 || (this.busy < WRITERS && this.waiting >= EVENTS_FOR_ANOTHER)) void this.write();
    });
  }

  /** What would become of events if they were sent now, by the same code, without storing any. */
  async rehearse(organisationId: string, events: readonly PreparedEvent[]): Promise<Receipt[]> {
    if (events.length === 0) return [];
    return new Promise((resolve, reject) => {
      const commit = new PendingCommit([{ organisationId, events, atomic: false, data: 0, resolve, reject }]);
      this.tryOut(commit).then(() => commit.answer(), reject);
    });
  }

  private async tryOut(commit: PendingCommit): Promise<void> {
    const client = await this.pool.connect();
    let broken = true;
    try {
      await commit.setStoredAside(client);
      if (!commit.isEmpty) {
        const { batch, books, rules } = await this.begin(client, commit);
        commit.encode(batch, books, rules);
        await client.query('ROLLBACK');
      }
      broken = false;
    } finally {
      client.release(broken);
    }
  }

  /** Resolves when everything submitted so far has been answered. */
  async drain(): Promise<void> {
    if (this.busy === 0) return;
    await new Promise<void>((resolve) => (this.idle = resolve));
  }

  /**
   * One writer: takes what waits, stores it, and goes on until nothing waits. It keeps its connection, and answers the
   * requests of a commit after it has opened the next transaction: PostgreSQL begins while this process answers.
   */
  private async write(): Promise<void> {
    this.busy += 1;
    const connection = new HeldConnection(this.pool);
    let stored: PendingCommit | null = null;
    while (this.queue.length > 0) {
      const group = this.take();
      const storing = this.store(group, connection);
      stored?.answer();
      try {
        stored = await storing;
      } catch (error) {
        stored = null;
        await this.storeApart(group, error, connection);
      }
    }
    connection.release();
    stored?.answer();
    this.busy -= 1;
    if (this.busy === 0) this.idle?.();
  }

  /** At least one request, and as many more as a commit may hold. */
  private take(): Submission[] {
    let events = 0;
    let data = 0;
    let count = 0;
    for (const submission of this.queue) {
      const fits = events + submission.events.length <= EVENTS_A_COMMIT && data + submission.data <= DATA_A_COMMIT;
      if (count > 0 && !fits) break;
      events += submission.events.length;
      data += submission.data;
      count += 1;
    }
    this.waiting -= events;
    this.dataWaiting -= data;
    return this.queue.splice(0, count);
  }

  /** A failure that one request causes must not take the others with it: each is tried once more by itself. */
  private async storeApart(group: readonly Submission[], error: unknown, connection: HeldConnection): Promise<void> {
    if (group.length === 1) {
      group[0]!.reject(error);
      return;
    }
    for (const submission of group) {
      try {
        (await this.store([submission], connection)).answer();
      } catch (ownError) {
        submission.reject(ownError);
      }
    }
  }

  /** @returns what was committed and is to be answered */
  private async store(group: readonly Submission[], connection: HeldConnection): Promise<PendingCommit> {
    const commit = new PendingCommit(group);
    // Not awaited where there is one already, so that the transaction begins before anything else is done here.
    const client = connection.held ?? (await connection.open());
    try {
      if (this.expectDuplicates) await commit.setStoredAside(client);
      for (let tries = 1; ; tries += 1) {
        if (await this.tryTransaction(client, commit)) break;
        this.expectDuplicates = true;
        if (tries === TRIES)
          throw new OverloadedError('The same events arrive in too many places at once; send them again.');
        await commit.setStoredAside(client);
      }
      this.expectDuplicates = commit.foundStored;
      return commit;
    } catch (error) {
      if (!(error instanceof SharedRefusal)) connection.drop();
      throw error;
    }
  }

  /** @returns false when another event with one of the keys is stored; nothing was written then */
  private async tryTransaction(client: PoolClient, commit: PendingCommit): Promise<boolean> {
    if (commit.isEmpty) return true;
    const { batch, books, rules } = await this.begin(client, commit);
    const { rows, sums, entitlements, refused } = commit.encode(batch, books, rules);
    // A meter made since may refuse an event that is stored: sent again it is a repeat all the same.
    if (refused.length > 0) await commit.setStoredAside(client, refused);
    if (rows === null) {
      await client.query('COMMIT'); // every event was refused by a meter
      return true;
    }
    if (commit.refusesAWhole) {
      // What others sent may repeat an event that now isn't stored, so each request is tried by itself.
      await client.query('ROLLBACK');
      if (commit.isShared) throw new SharedRefusal();
      return true;
    }
    try {
      const copies = [eventCopy(rows), pendingCopy(batch, sums), ...sampleCopies(sums)];
      const toCount = pendingEntitlementCopy(batch, entitlements);
      await copyAndCommit(client, toCount === null ? copies : [...copies, toCount]);
      this.folder.committed(batch, sums);
      if (toCount !== null) for (const organisationId of entitlements.keys()) this.counting.kick(organisationId);
      return true;
    } catch (error) {
      // After any other failure the connection is closed, which rolls back as well; it may be gone already.
      if (!isDuplicateKey(error)) throw error;
      await client.query('ROLLBACK');
      return false;
    }
  }

  /**
   * Opens the transaction and takes the organisations' ingest locks before anything is read: the batch number and the
   * books are then those of this side of whatever pauses ingest. Locks are taken in one order, so that writers can't
   * wait for each other in a circle. An organisation that never had a cap, a wallet or the like has revision 0 of them,
   * and only its events that name a hold are looked at.
   */
  private async begin(client: PoolClient, commit: PendingCommit): Promise<Begun> {
    const { organisationIds } = commit;
    // The ids are uuids of our own, so they can stand in the statement; one round trip instead of three.
    const ids = organisationIds.map((id) => `'${id}'`).join(', ');
    const locks =
      organisationIds.length === 1
        ? `SELECT pg_advisory_xact_lock_shared(${INGEST_LOCK_CLASS}, hashtext(${ids}))`
        : `SELECT pg_advisory_xact_lock_shared(${INGEST_LOCK_CLASS}, lock)
             FROM (SELECT DISTINCT hashtext(id) AS lock FROM unnest(ARRAY[${ids}]) AS id ORDER BY lock) AS locks`;
    const results = (await client.query(
      `BEGIN; ${locks};
       SELECT id, catalog_revision, caps_revision, currency, nextval('event_batch') AS batch
         FROM organisation WHERE id IN (${ids})`,
    )) as unknown as { rows: OrganisationRow[] }[];

    const found = results[2]!.rows;
    const books = new Map<string, Books>();
    const rules = new Map<string, EntitlementRules>();
    const withHolds = commit.organisationsWithHolds();
    for (const row of found) {
      books.set(row.id, await this.books.at(client, row.id, row.catalog_revision, row.currency));
      if (row.caps_revision === '0' && !withHolds.has(row.id)) continue;
      rules.set(row.id, await this.entitlements.at(asQueryable(client), row.id, row.caps_revision));
    }
    return { batch: Math.max(...found.map((row) => Number(row.batch))), books, rules };
  }
}
