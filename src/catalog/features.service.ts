import { Inject, Injectable } from '@nestjs/common';
import { type EntityManager, MoreThan } from 'typeorm';
import { recordAudit, type Tenant } from '../access';
import { Clock, ConflictError, fromPublicId, newUuid, NotFoundError, toPublicId } from '../kernel';
import { Database } from '../platform/database';
import { FeatureEntity } from './persistence/feature.entity';

export interface NewFeature {
  readonly key: string;
  readonly name: string;
  readonly description: string | null;
}

/** Makes and finds features: what plans offer and prices charge. */
@Injectable()
export class FeaturesService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** Makes a feature. A repeat answers the stored one. @throws ConflictError `feature_exists` when it says something else */
  async create(tenant: Tenant, wanted: NewFeature): Promise<FeatureEntity> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const { organisationId } = tenant;
      const made = { ...wanted, organisationId, id: newUuid(), createdAt: this.clock.now() };
      const feature = Object.assign(new FeatureEntity(), made);
      if (await inserted(db, feature)) {
        const subject = { kind: 'feature', id: toPublicId('feature', feature.id) };
        await recordAudit(db, tenant, { action: 'feature.made', subject, after: { ...wanted } });
      }

      const stored = await db.findOneByOrFail(FeatureEntity, { key: wanted.key });
      if (sameFeature(stored, wanted)) return stored;
      throw new ConflictError(
        'feature_exists',
        `There is a feature '${wanted.key}' with another name or description. Make one with another key.`,
        [{ field: 'key', detail: 'is taken by another feature' }],
      );
    });
  }

  /** In the order they were made. */
  async list(tenant: Tenant, after: string | null, limit: number): Promise<FeatureEntity[]> {
    return this.database.tenant(tenant.organisationId, (db) =>
      db.find(FeatureEntity, {
        where: after === null ? {} : { id: MoreThan(after) },
        order: { id: 'ASC' },
        take: limit,
      }),
    );
  }

  /** All of them, by key. */
  async all(tenant: Tenant): Promise<FeatureEntity[]> {
    const found = await this.database.tenant(tenant.organisationId, (db) => db.find(FeatureEntity));
    return found.sort((one, other) => (one.key < other.key ? -1 : 1));
  }

  /** @param reference our id or the caller's key @throws NotFoundError */
  async find(tenant: Tenant, reference: string): Promise<FeatureEntity> {
    const id = fromPublicId('feature', reference);
    const found = await this.database.tenant(tenant.organisationId, (db) =>
      db.findOneBy(FeatureEntity, id === null ? { key: reference } : { id }),
    );
    if (found === null) throw new NotFoundError('feature', reference);
    return found;
  }
}

export function sameFeature(one: NewFeature, other: NewFeature): boolean {
  return one.name === other.name && one.description === other.description;
}

/** @returns false when there is one with this key, perhaps made a moment ago by somebody else */
async function inserted(db: EntityManager, feature: FeatureEntity): Promise<boolean> {
  const result = await db
    .createQueryBuilder()
    .insert()
    .into(FeatureEntity)
    .values(feature)
    .orIgnore()
    .returning('id')
    .execute();
  return (result.raw as unknown[]).length > 0;
}
