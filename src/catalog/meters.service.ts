import { Inject, Injectable } from '@nestjs/common';
import { type EntityManager, In, IsNull, LessThanOrEqual, MoreThan, Not } from 'typeorm';
import { recordAudit, type Tenant } from '../access';
import { Clock, ConflictError, fromPublicId, invariant, newUuid, NotFoundError, toPublicId } from '../kernel';
import { Database, pauseIngest } from '../platform/database';
import { DomainEvents } from '../platform';
import { definitionOf, type Meter, type MeterDefinition, sameDefinition } from './domain';
import { refuseArchived, refuseCharged, refuseOther, refuseProblems, refuseUnfit } from './meter-refusals';
import { MeterRevisionEntity } from './persistence/meter-revision.entity';
import { pricesOn } from './persistence/meter-uses';
import { nextBatch, putInForce, retire, setReady, storable } from './persistence/meter-states';
import { MeterEntity } from './persistence/meter.entity';

/** Told after a revision was made that has events of before to count. Found by looking, too: the fill job does. */
export interface MeterFilling {
  readonly name: 'meter.filling';
  readonly organisationId: string;
  readonly meterId: string;
  readonly revision: number;
}

export type NewMeter = Omit<Meter, 'id'>;

/** A meter with everything it says or said, oldest first. */
export interface MeterWithRevisions {
  readonly meter: MeterEntity;
  readonly revisions: readonly MeterRevisionEntity[];
}

/** Most meters of one organisation: each event is held against all of its type. */
const MOST_METERS = 500;

/**
 * Makes, changes, archives and finds meters. Each definition is a revision with usage of its own; whatever changes which
 * revisions count does so while ingest waits, for a moment, so that every event is counted by either side exactly once.
 */
@Injectable()
export class MetersService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(DomainEvents) private readonly news: DomainEvents,
  ) {}

  /**
   * Makes a meter. A repeat with the same definition answers the stored one; the same key with another definition is
   * refused. Events accepted before count too: few are counted before this answers, many in the background.
   */
  async create(tenant: Tenant, wanted: NewMeter): Promise<MeterWithRevisions> {
    const { meterId, filling } = await this.store(tenant, wanted);
    await this.announce(filling);

    return (await this.withRevisions(tenant, [meterId]))[0]!;
  }

  /** Tells that stored events are to be counted: after the transaction that made the meter, which may be another's. */
  async announce(filling: MeterFilling | null): Promise<void> {
    if (filling !== null) await this.news.publish(filling);
  }

  /** Makes a meter, inside another transaction as a part of it. Whoever asks announces what there is to count. */
  async store(
    tenant: Tenant,
    wanted: NewMeter,
  ): Promise<{ readonly meterId: string; readonly filling: MeterFilling | null }> {
    refuseProblems(wanted);
    const { organisationId } = tenant;

    return this.database.tenant(organisationId, async (db) => {
      await pauseIngest(db, organisationId);
      const existing = await db.findOneBy(MeterEntity, { key: wanted.key });
      if (existing !== null) {
        refuseArchived(existing);
        refuseOther(existing, wanted);
        // Whoever repeats it waits for the events of before, too.
        const filling = existing.status === 'filling' ? fillingOf(existing, existing.revision) : null;
        return { meterId: existing.id, filling };
      }
      if ((await db.countBy(MeterEntity, { archivedAt: IsNull() })) >= MOST_METERS) {
        throw new ConflictError('too_many_meters', `An organisation has at most ${MOST_METERS} meters.`);
      }

      const id = newUuid();
      const revision = await this.newRevision(db, organisationId, { id, usageId: id, number: 1 }, wanted);
      const meter = Object.assign(new MeterEntity(), {
        ...storable(wanted),
        organisationId,
        id,
        key: wanted.key,
        name: wanted.name,
        createdAt: revision.createdAt,
        revision: 1,
        usageId: id,
        status: 'filling' as const,
        archivedAt: null,
      });
      await db.insert(MeterEntity, meter);
      await db.insert(
        MeterRevisionEntity,
        Object.assign(revision, { currentFromBatch: String(revision.countsFromBatch) }),
      );
      await raiseCatalogRevision(db, organisationId);
      const after = { key: meter.key, ...revision.definition };
      await recordAudit(db, tenant, { action: 'meter.made', subject: subjectOf(id), after });
      return { meterId: id, filling: await this.beginFill(db, meter, revision) };
    });
  }

  /**
   * Gives a meter another definition, as its next revision. Readers see the revision before until the new one has counted
   * all stored events. A repeat answers the stored one; asking for the definition that still is in force takes a change
   * back that is being filled; a further change while one is being filled takes its place.
   *
   * @param reference our id or the caller's key
   * @throws          NotFoundError, ConflictError `meter_archived`, `meter_in_use` when a price needs what it would drop
   */
  async change(tenant: Tenant, reference: string, wanted: Omit<NewMeter, 'key'>): Promise<MeterWithRevisions> {
    refuseProblems({ ...wanted, key: reference });
    const { organisationId } = tenant;

    const { meterId, filling } = await this.database.tenant(organisationId, async (db) => {
      await pauseIngest(db, organisationId);
      const meter = await this.lock(db, reference);
      refuseArchived(meter);
      if (meter.name !== wanted.name) {
        await db.update(MeterEntity, { organisationId, id: meter.id }, { name: wanted.name });
        // Refusals name the meter's key, not its name, so ingest need not look again.
        meter.name = wanted.name;
      }
      const revisions = await db.find(MeterRevisionEntity, {
        where: { meterId: meter.id },
        order: { revision: 'ASC' },
      });
      const current = revisions.find(({ revision }) => revision === meter.revision)!;
      const next = revisions.find(({ status, revision }) => status === 'filling' && revision !== meter.revision);
      if (sameDefinition((next ?? current).definition, wanted)) return { meterId: meter.id, filling: null };
      refuseUnfit(meter, wanted, await pricesOn(db, meter));

      const batch = await nextBatch(db);
      if (next !== undefined) await retire(db, next, batch);
      let filling: MeterFilling | null = null;
      if (!sameDefinition(current.definition, wanted)) {
        const numbered = { id: meter.id, usageId: newUuid(), number: revisions.at(-1)!.revision + 1 };
        const revision = await this.newRevision(db, organisationId, numbered, wanted, batch);
        // What isn't full yet has nothing to offer over what is wanted now.
        const replaces = current.status === 'filling';
        if (replaces) await retire(db, current, batch);
        await db.insert(MeterRevisionEntity, revision);
        if (replaces) await putInForce(db, meter, revision, batch);
        filling = await this.beginFill(db, meter, revision);
      }
      await raiseCatalogRevision(db, organisationId);
      await recordAudit(db, tenant, {
        action: 'meter.changed',
        subject: subjectOf(meter.id),
        before: { ...(next ?? current).definition },
        after: { ...definitionOf(wanted) },
      });
      return { meterId: meter.id, filling };
    });
    await this.announce(filling);

    return (await this.withRevisions(tenant, [meterId]))[0]!;
  }

  /**
   * Ends a meter: it counts no further event, and what it has counted stays to be read. A repeat changes nothing.
   *
   * @param reference our id or the caller's key
   * @throws          NotFoundError, ConflictError `meter_in_use` while a price charges its usage
   */
  async archive(tenant: Tenant, reference: string): Promise<MeterWithRevisions> {
    const { organisationId } = tenant;
    const meterId = await this.database.tenant(organisationId, async (db) => {
      await pauseIngest(db, organisationId);
      const meter = await this.lock(db, reference);
      if (meter.archivedAt !== null) return meter.id;
      refuseCharged(await pricesOn(db, meter));

      const batch = await nextBatch(db);
      const counting = await db.findBy(MeterRevisionEntity, { meterId: meter.id, status: Not('retired') });
      for (const revision of counting) await retire(db, revision, batch);
      await db.update(MeterEntity, { organisationId, id: meter.id }, { archivedAt: this.clock.now() });
      await raiseCatalogRevision(db, organisationId);
      await recordAudit(db, tenant, { action: 'meter.archived', subject: subjectOf(meter.id) });
      return meter.id;
    });

    return (await this.withRevisions(tenant, [meterId]))[0]!;
  }

  /**
   * Puts a revision in force whose fill has looked at everything, and retires the one before. Nothing when somebody did
   * so already, or took the revision back.
   */
  async finishFill(organisationId: string, meterId: string, number: number): Promise<void> {
    await this.database.tenant(organisationId, async (db) => {
      await pauseIngest(db, organisationId);
      const full = { meterId, revision: number, status: 'filling' as const, filledAt: Not(IsNull()) };
      const revision = await db.findOneBy(MeterRevisionEntity, full);
      if (revision === null) return;
      const meter = await this.lock(db, null, meterId);
      const batch = await nextBatch(db);

      if (meter.revision !== number) await putInForce(db, meter, revision, batch);
      await setReady(db, meter, revision);
      await raiseCatalogRevision(db, organisationId);
    });
  }

  /** Meters that are not archived, in the order they were made. */
  async list(tenant: Tenant, after: string | null, limit: number, archived = false): Promise<MeterEntity[]> {
    return this.database.tenant(tenant.organisationId, (db) =>
      db.find(MeterEntity, {
        where: {
          archivedAt: archived ? Not(IsNull()) : IsNull(),
          ...(after === null ? {} : { id: MoreThan(after) }),
        },
        order: { id: 'ASC' },
        take: limit,
      }),
    );
  }

  /** @param reference our id or the caller's key @throws NotFoundError */
  async find(tenant: Tenant, reference: string): Promise<MeterEntity> {
    const found = await this.database.tenant(tenant.organisationId, (db) =>
      db.findOneBy(MeterEntity, named(reference)),
    );
    if (found === null) throw new NotFoundError('meter', reference);
    return found;
  }

  /** Those of the ids that are meters of this organisation. */
  async byIds(tenant: Tenant, ids: readonly string[]): Promise<Map<string, MeterEntity>> {
    const found = await this.database.tenant(tenant.organisationId, (db) =>
      db.findBy(MeterEntity, { id: In([...ids]) }),
    );
    return new Map(found.map((meter) => [meter.id, meter]));
  }

  /** Meters with their revisions, in the order they were made. One statement: what is in force and what it says agree. */
  async withRevisions(tenant: Tenant, ids: readonly string[]): Promise<MeterWithRevisions[]> {
    if (ids.length === 0) return [];
    const found = await this.database.tenant(tenant.organisationId, (db) =>
      db
        .createQueryBuilder(MeterEntity, 'meter')
        .innerJoinAndMapMany(
          'meter.revisions',
          MeterRevisionEntity,
          'revision',
          'revision.organisation_id = meter.organisation_id AND revision.meter_id = meter.id',
        )
        .where('meter.id IN (:...ids)', { ids })
        .orderBy({ 'meter.id': 'ASC', 'revision.revision': 'ASC' })
        .getMany(),
    );
    return found.map((meter) => ({ meter, revisions: (meter as MeterEntity & MeterWithRevisions).revisions }));
  }

  /**
   * A meter as it was at a batch: by this definition an invoice that was fixed there counted. Its id is the meter's.
   *
   * @param throughBatch null for the meter as it is now
   */
  async asOf(tenant: Tenant, meterId: string, throughBatch: number | null): Promise<Meter> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const meter = await db.findOneBy(MeterEntity, { id: meterId });
      invariant(meter !== null, 'the meter of a price or an invoice line exists');
      if (throughBatch === null) return meter;
      const then = await db.findOne(MeterRevisionEntity, {
        where: { meterId, currentFromBatch: LessThanOrEqual(String(throughBatch)) },
        order: { revision: 'DESC' },
      });
      // A meter is made before the price that charges it, and so before the invoice.
      invariant(then !== null, 'a meter had a revision when an invoice with it was fixed');
      return { ...then.definition, id: meter.id, key: meter.key, name: meter.name };
    });
  }

  /** A meter that nobody else changes, or puts into a plan, until the transaction ends. */
  private async lock(db: EntityManager, reference: string | null, id?: string): Promise<MeterEntity> {
    const where = reference === null ? { id: id! } : named(reference);
    const found = await db.findOne(MeterEntity, { where, lock: { mode: 'pessimistic_write' } });
    if (found === null) throw new NotFoundError('meter', reference ?? id!);
    return found;
  }

  /** A revision as it begins, not stored yet. Every event up to now has an earlier batch, every later one a later batch. */
  private async newRevision(
    db: EntityManager,
    organisationId: string,
    { id, usageId, number }: { id: string; usageId: string; number: number },
    definition: MeterDefinition,
    batch?: number,
  ): Promise<MeterRevisionEntity> {
    return Object.assign(new MeterRevisionEntity(), {
      organisationId,
      meterId: id,
      revision: number,
      usageId,
      definition: definitionOf(definition),
      status: 'filling' as const,
      countsFromBatch: batch ?? (await nextBatch(db)),
      eventsFilled: 0,
      eventsToFill: null,
      filledAt: null,
      currentFromBatch: null,
      retiredAtBatch: null,
      usageRemovedAt: null,
      createdAt: this.clock.now(),
    });
  }

  /** @returns what there is to fill; null when the organisation has no events, and the revision is full as it is */
  private async beginFill(
    db: EntityManager,
    meter: MeterEntity,
    revision: MeterRevisionEntity,
  ): Promise<MeterFilling | null> {
    const { organisationId } = meter;
    const [found] = await db.query<{ any: boolean }[]>(
      `SELECT EXISTS (SELECT FROM usage WHERE organisation_id = $1)
           OR EXISTS (SELECT FROM usage_pending WHERE organisation_id = $1) AS any`,
      [organisationId],
    );
    if (found!.any) return fillingOf(meter, revision.revision);
    if (meter.revision !== revision.revision) await putInForce(db, meter, revision, revision.countsFromBatch);
    revision.filledAt = this.clock.now();
    await setReady(db, meter, revision);
    return null;
  }
}

/** A meter as events are counted by it: under the id that its usage is kept under. */
export function countedMeter(meter: MeterEntity): Meter {
  return { ...definitionOf(meter), id: meter.usageId, key: meter.key, name: meter.name };
}

/** Makes every process look again at the organisation's meters and own prices before its next group commit. */
export async function raiseCatalogRevision(db: EntityManager, organisationId: string): Promise<void> {
  await db.query('UPDATE organisation SET catalog_revision = catalog_revision + 1 WHERE id = $1', [organisationId]);
}

function fillingOf({ organisationId, id }: MeterEntity, revision: number): MeterFilling {
  return { name: 'meter.filling', organisationId, meterId: id, revision };
}

function named(reference: string): { id: string } | { key: string } {
  const id = fromPublicId('meter', reference);
  return id === null ? { key: reference } : { id };
}

function subjectOf(meterId: string): { kind: string; id: string } {
  return { kind: 'meter', id: toPublicId('meter', meterId) };
}
