import type { Pool, PoolClient } from 'pg';
import { costEvent, type EventUsage } from '../../costing';
import {
  differingField,
  eventCopy,
  type EventContent,
  type EventKey,
  EventRows,
  type EventToStore,
  findByKeys,
  inKeyOrder,
  isDuplicateKey,
} from '../../events';
import { DomainError } from '../../kernel';
import { meteringProblem, pendingCopy, sampleCopies, type UsageFolder, UsageSums } from '../../metering';
import { asQueryable, copyAndCommit, INGEST_LOCK_CLASS } from '../../platform/database';
import { type Receipt, RefusedWholeError } from '../domain';
import type { Books, OrganisationBooks } from '../organisation-books';

/** An event that is well formed and whose customer is known, waiting to be stored. */
export interface PreparedEvent extends EventToStore {
  readonly usage: EventUsage;
  /** Its time may be that of sending, filled in by the sender's client, so a repeat with another time is a repeat. */
  readonly anyTime?: boolean;
}

/** More events wait than the database takes in; nothing of the request was stored. */
export class OverloadedError extends DomainError {
  readonly code = 'overloaded';
  readonly kind = 'unavailable';
}

/** A commit would refuse an event of a request that is stored as a whole or not at all, and others share the commit. */
class SharedRefusal extends Error {}

/** One request's events and where their receipts go. */
interface Submission {
  readonly organisationId: string;
  readonly events: readonly PreparedEvent[];
  /** Stored as a whole or not at all. */
  readonly atomic: boolean;
  /** Characters of their data. */
  readonly data: number;
  readonly resolve: (receipts: Receipt[]) => void;
  readonly reject: (error: unknown) => void;
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
        const { batch, books } = await this.begin(client, commit.organisationIds);
        commit.encode(batch, books);
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
    const { batch, books } = await this.begin(client, commit.organisationIds);
    const { rows, sums, refused } = commit.encode(batch, books);
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
      await copyAndCommit(client, [eventCopy(rows), pendingCopy(batch, sums), ...sampleCopies(sums)]);
      this.folder.committed(batch, sums);
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
   * wait for each other in a circle.
   */
  private async begin(
    client: PoolClient,
    organisationIds: readonly string[],
  ): Promise<{ batch: number; books: Map<string, Books> }> {
    // The ids are uuids of our own, so they can stand in the statement; one round trip instead of three.
    const ids = organisationIds.map((id) => `'${id}'`).join(', ');
    const locks =
      organisationIds.length === 1
        ? `SELECT pg_advisory_xact_lock_shared(${INGEST_LOCK_CLASS}, hashtext(${ids}))`
        : `SELECT pg_advisory_xact_lock_shared(${INGEST_LOCK_CLASS}, lock)
             FROM (SELECT DISTINCT hashtext(id) AS lock FROM unnest(ARRAY[${ids}]) AS id ORDER BY lock) AS locks`;
    const results = (await client.query(
      `BEGIN; ${locks};
       SELECT id, catalog_revision, currency, nextval('event_batch') AS batch FROM organisation WHERE id IN (${ids})`,
    )) as unknown as { rows: { id: string; catalog_revision: string; currency: string; batch: string }[] }[];

    const found = results[2]!.rows;
    const books = new Map<string, Books>();
    for (const row of found) books.set(row.id, await this.books.at(client, row.id, row.catalog_revision, row.currency));
    return { batch: Math.max(...found.map((row) => Number(row.batch))), books };
  }
}

/** A connection that a writer keeps from one transaction to the next. */
class HeldConnection {
  held: PoolClient | null = null;

  constructor(private readonly pool: Pool) {}

  async open(): Promise<PoolClient> {
    return (this.held = await this.pool.connect());
  }

  /** Closes it, which rolls back whatever is open. */
  drop(): void {
    this.held?.release(true);
    this.held = null;
  }

  /** Gives it back; it is between transactions. */
  release(): void {
    this.held?.release();
    this.held = null;
  }
}

/** The events of one transaction, and what becomes of each. */
class PendingCommit {
  /** The first event of each identity that isn't known to be stored already. */
  private readonly firsts = new Map<EventKey, PreparedEvent>();
  /** Further events of an identity in this transaction, in the order in which they came. */
  private readonly repeats = new Map<EventKey, PreparedEvent[]>();
  /** What becomes of events that this transaction doesn't store: repeats, conflicts, refused by a meter. */
  private readonly verdicts = new Map<PreparedEvent, Receipt>();
  foundStored = false;

  constructor(private readonly group: readonly Submission[]) {
    for (const submission of group) {
      for (const event of submission.events) {
        if (!this.firsts.has(event.key)) this.firsts.set(event.key, event);
        else if (!this.repeats.get(event.key)?.push(event)) this.repeats.set(event.key, [event]);
      }
    }
  }

  get isEmpty(): boolean {
    return this.firsts.size === 0;
  }

  /** More requests than one wait for it. */
  get isShared(): boolean {
    return this.group.length > 1;
  }

  /** Whether it refuses an event of a request that wants all of its events stored, or none. */
  get refusesAWhole(): boolean {
    return this.group.some(
      ({ atomic, events }) => atomic && events.some((event) => this.verdicts.get(event)?.status === 'rejected'),
    );
  }

  get organisationIds(): string[] {
    return [...new Set(this.group.map((submission) => submission.organisationId))];
  }

  /** Finds which of the events (of all, or of these keys) are stored already, and sets them aside as repeats or conflicts. */
  async setStoredAside(client: PoolClient, keys: readonly EventKey[] = [...this.firsts.keys()]): Promise<void> {
    const stored = await findByKeys(asQueryable(client), keys);
    this.foundStored ||= stored.size > 0;
    for (const [key, first] of stored) {
      for (const event of this.candidates(key)) this.verdicts.set(event, verdictOnRepeat(first, event));
      this.firsts.delete(key);
    }
  }

  /**
   * Costs and counts the events that are to be stored, in the order of their keys, which suits the table's index.
   *
   * @returns their rows and sums, and the keys of which a meter refuses every event
   */
  encode(
    batch: number,
    books: ReadonlyMap<string, Books>,
  ): { rows: EventRows | null; sums: Map<string, UsageSums>; refused: EventKey[] } {
    const refused: EventKey[] = [];
    const rows = new EventRows();
    const sums = new Map<string, UsageSums>();
    let any = false;
    for (const key of inKeyOrder([...this.firsts.keys()])) {
      const prepared = this.chooseStored(key, books);
      if (prepared === null) {
        refused.push(key);
        continue;
      }
      const { event, organisationId, customerId, time, usage } = prepared;
      const { meters, prices, currency } = books.get(organisationId)!;

      const cost = costEvent(event, usage, time, prices, currency);
      let ofOrganisation = sums.get(organisationId);
      if (ofOrganisation === undefined) sums.set(organisationId, (ofOrganisation = new UsageSums()));
      ofOrganisation.add(customerId, time, key, event, meters, {
        amount: cost.amount,
        pending: cost.status === 'pending',
      });
      rows.add(prepared, cost, batch);
      any = true;
    }
    return { rows: any ? rows : null, sums, refused };
  }

  /** Gives each request its receipts. Called after the commit. */
  answer(): void {
    for (const { events, atomic, resolve, reject } of this.group) {
      const none = this.verdicts.size === 0; // nearly always; looking an object up is not free
      const receipts = events.map(
        (event): Receipt => (none ? undefined : this.verdicts.get(event)) ?? { status: 'accepted', id: event.event.id },
      );
      const refusal = atomic ? RefusedWholeError.among(receipts.entries()) : null;
      if (refusal === null) resolve(receipts);
      else reject(refusal);
    }
  }

  /** The first event of an identity that no meter refuses; those behind it repeat or contradict it. Null: all are refused. */
  private chooseStored(key: EventKey, books: ReadonlyMap<string, Books>): PreparedEvent | null {
    let chosen: PreparedEvent | null = null;
    for (const candidate of this.candidates(key)) {
      const { event, organisationId } = candidate;
      if (chosen !== null) {
        this.verdicts.set(candidate, verdictOnRepeat({ ...chosen.event, customerId: chosen.customerId }, candidate));
        continue;
      }
      const problem = meteringProblem(event, books.get(organisationId)!.meters);
      if (problem === null) {
        chosen = candidate;
        // A try before this one, by other meters, may have refused it.
        if (this.verdicts.size > 0) this.verdicts.delete(candidate);
      } else {
        this.verdicts.set(candidate, { status: 'rejected', id: event.id, problem });
      }
    }
    return chosen;
  }

  private candidates(key: EventKey): PreparedEvent[] {
    const first = this.firsts.get(key)!;
    const repeats = this.repeats.get(key);
    return repeats === undefined ? [first] : [first, ...repeats];
  }
}

/** A further event of an identity: the same again, or something else under the same id, which is refused. */
export function verdictOnRepeat(first: EventContent, second: PreparedEvent): Receipt {
  const { event, customerId } = second;
  const time = second.anyTime === true ? first.time : event.time;
  const field = differingField(first, { ...event, time, customerId });
  if (field === null) return { status: 'duplicate', id: event.id };
  const detail =
    'differs from the event that is stored under this source and id; the first one stands. Send a new event with a new id';
  return { status: 'rejected', id: event.id, problem: { code: 'event_conflict', field, detail } };
}
