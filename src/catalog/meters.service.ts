import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import { type EntityManager, In, MoreThan } from 'typeorm';
import type { Tenant } from '../access';
import { Clock, ConflictError, fromPublicId, InvalidRequestError, newUuid, NotFoundError } from '../kernel';
import { Database, pauseIngest } from '../platform/database';
import { DomainEvents } from '../platform';
import { type Meter, meterProblems } from './domain';
import { MeterEntity } from './persistence/meter.entity';

/** Told inside the transaction that makes a meter, while ingest waits: the usage of earlier events can be filled in exactly. */
export interface MeterCreated {
  readonly name: 'meter.created';
  readonly organisationId: string;
  readonly meter: Meter;
  readonly manager: EntityManager;
}

export type NewMeter = Omit<Meter, 'id'>;

/** Most meters of one organisation: each event is held against all of its type. */
const MOST_METERS = 500;

/** Makes and finds meters. */
@Injectable()
export class MetersService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(DomainEvents) private readonly news: DomainEvents,
  ) {}

  /**
   * Makes a meter. A repeat with the same definition answers the stored one; the same key with another definition is
   * refused. Events accepted before count too: rooms that keep usage fill it in before the meter is there to be seen.
   */
  async create(tenant: Tenant, definition: NewMeter): Promise<MeterEntity> {
    const problems = meterProblems(definition);
    if (problems.length > 0)
      throw new InvalidRequestError('invalid_meter', `${problems[0]!.field}: ${problems[0]!.detail}`, problems);

    return this.database.tenant(tenant.organisationId, async (db) => {
      await pauseIngest(db, tenant.organisationId);
      const existing = await db.findOneBy(MeterEntity, { key: definition.key });
      if (existing !== null) return this.sameOrConflict(existing, definition);
      if ((await db.count(MeterEntity)) >= MOST_METERS) {
        throw new ConflictError('too_many_meters', `An organisation has at most ${MOST_METERS} meters.`);
      }

      const meter = Object.assign(new MeterEntity(), {
        ...definition,
        filters: [...definition.filters],
        groupBy: [...definition.groupBy],
        organisationId: tenant.organisationId,
        id: newUuid(),
        createdAt: this.clock.now(),
      });

      await db.insert(MeterEntity, meter);
      await raiseCatalogRevision(db, tenant.organisationId);
      const created: MeterCreated = {
        name: 'meter.created',
        organisationId: tenant.organisationId,
        meter,
        manager: db,
      };
      await this.news.publish(created);
      return meter;
    });
  }

  private sameOrConflict(existing: MeterEntity, wanted: NewMeter): MeterEntity {
    const stored: NewMeter = {
      key: existing.key,
      name: existing.name,
      eventType: existing.eventType,
      aggregation: existing.aggregation,
      valueField: existing.valueField,
      timeUnit: existing.timeUnit,
      filters: existing.filters,
      groupBy: existing.groupBy,
    };
    const plain = (meter: NewMeter): unknown => JSON.parse(JSON.stringify(meter));
    if (isDeepStrictEqual(plain(stored), plain(wanted))) return existing;
    throw new ConflictError(
      'meter_exists',
      `There is a meter '${wanted.key}' with another definition. A meter never changes; make one with another key.`,
      [{ field: 'key', detail: 'is taken by another meter' }],
    );
  }

  async list(tenant: Tenant, after: string | null, limit: number): Promise<MeterEntity[]> {
    return this.database.tenant(tenant.organisationId, (db) =>
      db.find(MeterEntity, { where: after === null ? {} : { id: MoreThan(after) }, order: { id: 'ASC' }, take: limit }),
    );
  }

  /** @param reference our id or the caller's key @throws NotFoundError */
  async find(tenant: Tenant, reference: string): Promise<MeterEntity> {
    const id = fromPublicId('meter', reference);
    const found = await this.database.tenant(tenant.organisationId, (db) =>
      db.findOneBy(MeterEntity, id === null ? { key: reference } : { id }),
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
}

/** Makes every process look again at the organisation's meters and own prices before its next group commit. */
export async function raiseCatalogRevision(db: EntityManager, organisationId: string): Promise<void> {
  await db.query('UPDATE organisation SET catalog_revision = catalog_revision + 1 WHERE id = $1', [organisationId]);
}
