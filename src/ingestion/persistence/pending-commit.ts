import type { PoolClient } from 'pg';
import { costEvent, type EventUsage } from '../../costing';
import {
  differingField,
  type EventContent,
  type EventKey,
  EventRows,
  type EventToStore,
  findByKeys,
  inKeyOrder,
} from '../../events';
import { type EntitlementRules, PendingSums } from '../../entitlements';
import { meteringProblem, UsageSums } from '../../metering';
import { asQueryable } from '../../platform/database';
import { type Receipt, RefusedWholeError } from '../domain';
import type { Books } from '../organisation-books';

/** An event that is well formed and whose customer is known, waiting to be stored. */
export interface PreparedEvent extends EventToStore {
  readonly usage: EventUsage;
  /** Its time may be that of sending, filled in by the sender's client, so a repeat with another time is a repeat. */
  readonly anyTime?: boolean;
}

/** One request's events and where their receipts go. */
export interface Submission {
  readonly organisationId: string;
  readonly events: readonly PreparedEvent[];
  /** Stored as a whole or not at all. */
  readonly atomic: boolean;
  /** Characters of their data. */
  readonly data: number;
  readonly resolve: (receipts: Receipt[]) => void;
  readonly reject: (error: unknown) => void;
}

/** What becomes of a transaction's events. */
export interface EncodedCommit {
  /** Null where none is to be stored. */
  readonly rows: EventRows | null;
  readonly sums: Map<string, UsageSums>;
  /** What waits to be counted against caps, holds and credit, by organisation; none where nobody has any. */
  readonly entitlements: Map<string, PendingSums>;
  /** Keys of which a meter refuses every event. */
  readonly refused: EventKey[];
}

/** The events of one transaction, and what becomes of each. */
export class PendingCommit {
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

  /** Organisations with an event that names a hold. */
  organisationsWithHolds(): Set<string> {
    const organisations = new Set<string>();
    for (const { organisationId, events } of this.group) {
      if (events.some(({ event }) => event.hold !== null)) organisations.add(organisationId);
    }
    return organisations;
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
   * @param rules of organisations that count events against anything
   */
  encode(
    batch: number,
    books: ReadonlyMap<string, Books>,
    rules: ReadonlyMap<string, EntitlementRules>,
  ): EncodedCommit {
    const refused: EventKey[] = [];
    const rows = new EventRows();
    const sums = new Map<string, UsageSums>();
    const entitlements = new Map([...rules].map(([organisationId, its]) => [organisationId, new PendingSums(its)]));
    let any = false;
    for (const key of inKeyOrder([...this.firsts.keys()])) {
      const prepared = this.chooseStored(key, books);
      if (prepared === null) {
        refused.push(key);
        continue;
      }
      const { event, organisationId, customerId, time, usage } = prepared;
      const { meters, currentMeters, prices, currency } = books.get(organisationId)!;

      const cost = costEvent(event, usage, time, prices, currency);
      let ofOrganisation = sums.get(organisationId);
      if (ofOrganisation === undefined) sums.set(organisationId, (ofOrganisation = new UsageSums()));
      const counted = { amount: cost.amount, pending: cost.status === 'pending' };
      ofOrganisation.add(customerId, time, key, event, meters, counted);
      entitlements.get(organisationId)?.add(prepared, counted, currentMeters);
      rows.add(prepared, cost, batch);
      any = true;
    }
    return { rows: any ? rows : null, sums, entitlements, refused };
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
