import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { actorOf, recordAudit, type Tenant } from '../../access';
import { costEvent } from '../../costing';
import {
  differingField,
  type EndKind,
  type EventEnd,
  eventKey,
  type EventKey,
  findEffective,
  findEnds,
  findByKeys,
  insertEnd,
  insertRevision,
  isEventProblem,
  parseEvent,
  revisedEventKey,
  type StoredEvent,
  type UsageEvent,
} from '../../events';
import {
  Clock,
  ConflictError,
  decimalText,
  formatMicros,
  invariant,
  InvalidRequestError,
  newUuid,
  NotFoundError,
  toPublicId,
} from '../../kernel';
import { changeUsage, meteringProblem } from '../../metering';
import { Database, pauseIngest, type Queryable } from '../../platform/database';
import { IngestionService } from '../ingestion.service';
import type { PreparedEvent } from '../persistence/pending-commit';
import { type CorrectionAnswer, toTouchedInvoice } from './change-responses';
import { CurrentBooks } from './current-books';
import { EntitlementChanges } from './entitlement-changes';
import { TouchedInvoices } from './touched-invoices';
import { UsageEffects } from './usage-effects';
import { nextBatch } from './write-costs';

/** Which event, by the names its sender gave it. */
export interface EventIdentity {
  readonly source: string;
  readonly id: string;
}

export interface Amendment extends EventIdentity {
  readonly reason: string;
  /** The revision the caller has seen and means to replace; null for whichever it is. */
  readonly revision: number | null;
  /** The event as it should have been, in the form of a new one, without id and source. */
  readonly event: Readonly<Record<string, unknown>>;
  /** Another time may be of any age. */
  readonly backfill: boolean;
}

/** An event's revisions as they stand: the one that counts, unless it was voided, and what ended those before. */
interface Standing {
  readonly identityKey: EventKey;
  readonly ends: readonly EventEnd[];
  /** Null when it was voided. */
  readonly current: StoredEvent | null;
}

/**
 * Voids and amends events. The stored event stays as it is; a record beside it ends it, and an amendment is a further
 * revision that counts in its place. Usage, cost and drafts follow in the same transaction, while ingest is paused.
 */
@Injectable()
export class CorrectionsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(IngestionService) private readonly ingestion: IngestionService,
    @Inject(CurrentBooks) private readonly books: CurrentBooks,
    @Inject(UsageEffects) private readonly effects: UsageEffects,
    @Inject(TouchedInvoices) private readonly invoices: TouchedInvoices,
    @Inject(EntitlementChanges) private readonly entitlements: EntitlementChanges,
  ) {}

  /**
   * Ends an event for good: it counts no more. The same request again gets the same answer.
   *
   * @throws NotFoundError, ConflictError `event_voided` when it was voided for another reason
   */
  async void(tenant: Tenant, identity: EventIdentity, reason: string): Promise<CorrectionAnswer> {
    return this.counted(tenant, async (db) => {
      await pauseIngest(db, tenant.organisationId);
      const standing = await this.standing(db, tenant.organisationId, identity);
      const last = standing.ends.at(-1);
      if (standing.current === null) {
        invariant(last !== undefined, 'an event that does not count was ended');
        if (last.reason === reason) return JSON.parse(last.answer) as CorrectionAnswer;
        throw voided(identity, last);
      }
      return this.replace(db, tenant, standing, standing.current, null, reason);
    });
  }

  /**
   * Puts another revision in the place of the one that counts. It is checked as a new event is, except that a time it
   * keeps may be of any age, and costed by the price book as it is now. The same request again gets the same answer.
   *
   * @throws NotFoundError, InvalidRequestError with an event's own codes, ConflictError `event_voided`, `event_changed`
   *         when another revision than the caller's counts by now, `event_unchanged` when nothing would change
   */
  async amend(tenant: Tenant, amendment: Amendment): Promise<CorrectionAnswer> {
    const wanted = parseAmended(amendment);
    return this.counted(tenant, async (db) => {
      await pauseIngest(db, tenant.organisationId);
      const standing = await this.standing(db, tenant.organisationId, amendment);
      const { current } = standing;
      const base = amendment.revision ?? current?.revision ?? standing.ends.length - 1;
      const repeated = await this.repeatOf(db, tenant, standing, amendment, wanted, base);
      if (repeated !== null) return JSON.parse(repeated.answer) as CorrectionAnswer;
      if (current === null) throw voided(amendment, standing.ends.at(-1)!);
      if (current.revision !== base) throw changed(amendment, current.revision);

      const prepared = await this.prepare(tenant, wanted, current, amendment.backfill);
      if (differingField(current, { ...prepared.event, customerId: prepared.customerId }) === null) {
        throw new ConflictError(
          'event_unchanged',
          `The event '${shown(amendment.id)}' says this already. Nothing was changed.`,
        );
      }
      return this.replace(db, tenant, standing, current, prepared, amendment.reason);
    });
  }

  /** One correction in its transaction, and what it left to be counted soon after. */
  private async counted<T>({ organisationId }: Tenant, work: (db: EntityManager) => Promise<T>): Promise<T> {
    const answer = await this.database.tenantInTurn(organisationId, work);
    this.entitlements.committed(organisationId);
    return answer;
  }

  /** @throws NotFoundError */
  private async standing(db: Queryable, organisationId: string, { source, id }: EventIdentity): Promise<Standing> {
    const identityKey = eventKey(organisationId, source, id);
    const ends = await findEnds(db, organisationId, identityKey);
    const key = revisedEventKey(organisationId, source, id, ends.filter(({ kind }) => kind === 'amendment').length);
    const current = (await findEffective(db, organisationId, [key])).get(key) ?? null;
    if (current === null && ends.length === 0) throw new NotFoundError('event', id);
    return { identityKey, ends, current };
  }

  /**
   * The amendment that this one repeats: the one that replaced the same revision by the same content for the same
   * reason, or without a revision the last one.
   */
  private async repeatOf(
    db: Queryable,
    tenant: Tenant,
    { ends }: Standing,
    amendment: Amendment,
    wanted: UsageEvent,
    base: number,
  ): Promise<EventEnd | null> {
    const amendments = ends.filter(({ kind }) => kind === 'amendment');
    const replaced = amendment.revision === null ? amendments.length - 1 : base;
    const end = amendments[replaced];
    if (end?.reason !== amendment.reason) return null;
    const { organisationId } = tenant;
    const key = revisedEventKey(organisationId, amendment.source, amendment.id, replaced + 1);
    const [was, is] = await this.revisions(db, [end.key, key]);
    // Whether its time was within the limits was settled then.
    const prepared = await this.prepare(tenant, wanted, was, true);
    return differingField(is, { ...prepared.event, customerId: prepared.customerId }) === null ? end : null;
  }

  private async revisions(db: Queryable, keys: readonly [EventKey, EventKey]): Promise<[StoredEvent, StoredEvent]> {
    const found = await findByKeys(db, keys);
    return [found.get(keys[0])!, found.get(keys[1])!];
  }

  /** The new revision as ingest would take it in. A time that is left out is the one it has. */
  private async prepare(
    tenant: Tenant,
    wanted: UsageEvent,
    current: StoredEvent,
    backfill: boolean,
  ): Promise<PreparedEvent> {
    const event = wanted.time === null ? { ...wanted, time: current.time } : wanted;
    const prepared = await this.ingestion.prepareOne(tenant, event, { backfill, keptTime: current.happenedAt });
    if ('code' in prepared) throw refused(prepared);
    return prepared;
  }

  /** Ends the revision that counts, puts another in its place where there is one, and says what that changed. */
  private async replace(
    db: Queryable,
    tenant: Tenant,
    standing: Standing,
    current: StoredEvent,
    prepared: PreparedEvent | null,
    reason: string,
  ): Promise<CorrectionAnswer> {
    const { organisationId } = tenant;
    const batch = await nextBatch(db);
    const places =
      prepared === null ? [current] : [current, { ...prepared, type: prepared.event.type, happenedAt: prepared.time }];
    const before = await this.effects.read(tenant, places);

    const next = prepared === null ? null : await this.storeRevision(db, tenant, prepared, current.revision + 1, batch);
    const kind: EndKind = next === null ? 'void' : 'amendment';
    const change = { changeId: newUuid(), reason, madeAt: this.clock.now(), actor: await actorOf(db, tenant) };
    const changed = { removed: [current], added: next === null ? [] : [next] };
    await changeUsage(db, organisationId, batch, changed);
    await this.entitlements.append(db, organisationId, batch, changed);

    const after = await this.effects.read(tenant, places);
    const moments = places.map(({ customerId, happenedAt }) => ({ customerId, time: happenedAt }));
    const answer: CorrectionAnswer = {
      id: toPublicId('change', change.changeId),
      kind,
      event: { id: current.id, source: current.source },
      state: next === null ? 'voided' : 'amended',
      reason,
      madeAt: change.madeAt.toISOString(),
      madeBy: change.actor.name,
      before: summaryOf(current),
      after: next === null ? null : summaryOf(next),
      usage: await this.effects.between(tenant, before, after),
      invoices: (await this.invoices.by(db, organisationId, moments)).map(toTouchedInvoice),
    };
    await insertEnd(db, organisationId, {
      key: current.key,
      identityKey: standing.identityKey,
      batch,
      kind,
      changeId: change.changeId,
      reason,
      apiKeyId: change.actor.apiKeyId,
      madeBy: change.actor.name,
      madeAt: change.madeAt,
      answer: JSON.stringify(answer),
    });
    await recordAudit(db, tenant, {
      action: next === null ? 'event.voided' : 'event.amended',
      subject: { kind: 'event', id: `${current.source}/${current.id}` },
      reason,
      before: answer.before,
      after: answer.after ?? undefined,
    });
    return answer;
  }

  private async storeRevision(
    db: Queryable,
    tenant: Tenant,
    prepared: PreparedEvent,
    revision: number,
    batch: number,
  ): Promise<StoredEvent> {
    const { organisationId } = tenant;
    const { meters, prices, currency } = await this.books.of(db, organisationId);
    const problem = meteringProblem(prepared.event, meters);
    if (problem !== null) throw refused(problem);
    const key = revisedEventKey(organisationId, prepared.event.source, prepared.event.id, revision);
    const cost = costEvent(prepared.event, prepared.usage, prepared.time, prices, currency);

    await insertRevision(db, { ...prepared, key }, cost, batch, revision);
    return (await findByKeys(db, [key])).get(key)!;
  }
}

/** @throws InvalidRequestError with the code an event would be refused with */
function parseAmended({ event, id, source }: Amendment): UsageEvent {
  for (const field of ['id', 'source']) {
    if (Object.hasOwn(event, field)) {
      const detail = 'is the event’s identity and cannot be amended; void the event and send another';
      throw new InvalidRequestError('invalid_event', `event.${field}: ${detail}`, [
        { field: `event.${field}`, detail },
      ]);
    }
  }
  const parsed = parseEvent({ ...event, id, source });
  if (isEventProblem(parsed)) throw refused(parsed);
  return parsed;
}

function refused({ code, field, detail }: { code: string; field: string; detail: string }): InvalidRequestError {
  return new InvalidRequestError(code, `event.${field}: ${detail}`, [{ field: `event.${field}`, detail }]);
}

function voided({ id }: EventIdentity, end: EventEnd): ConflictError {
  return new ConflictError(
    'event_voided',
    `The event '${shown(id)}' was voided at ${end.madeAt.toISOString()} (${shown(end.reason)}). That is for good; send a new event with a new id.`,
  );
}

function changed({ id }: EventIdentity, revision: number): ConflictError {
  return new ConflictError(
    'event_changed',
    `The event '${shown(id)}' has revision ${revision} by now. Look at it again, and amend that one.`,
    [{ field: 'revision', detail: `is ${revision} by now` }],
  );
}

function shown(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function summaryOf(event: StoredEvent): CorrectionAnswer['before'] {
  return {
    revision: event.revision,
    type: event.type,
    customer: toPublicId('customer', event.customerId),
    time: formatMicros(event.happenedAt),
    cost: { status: event.costStatus, amount: event.amount === null ? null : decimalText(event.amount) },
  };
}
