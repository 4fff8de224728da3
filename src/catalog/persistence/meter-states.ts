import type { EntityManager } from 'typeorm';
import { definitionOf, type MeterDefinition } from '../domain';
import { MeterRevisionEntity } from './meter-revision.entity';
import { MeterEntity } from './meter.entity';

/** A definition as the columns of a meter take it. */
export function storable(definition: MeterDefinition): Pick<MeterEntity, keyof MeterDefinition> {
  const { filters, groupBy, ...rest } = definitionOf(definition);
  return { ...rest, filters: [...filters], groupBy: [...groupBy] };
}

/** While ingest waits: every batch that is committed is lower, every other will be higher. */
export async function nextBatch(db: EntityManager): Promise<number> {
  const [row] = await db.query<{ batch: string }[]>(`SELECT nextval('event_batch') AS batch`);
  return Number(row!.batch);
}

/** From this batch on a revision counts no more. */
export async function retire(db: EntityManager, revision: MeterRevisionEntity, batch: number): Promise<void> {
  const { organisationId, meterId } = revision;
  await db.update(
    MeterRevisionEntity,
    { organisationId, meterId, revision: revision.revision },
    { status: 'retired', retiredAtBatch: String(batch) },
  );
}

/** The meter's revision has counted everything. */
export async function setReady(db: EntityManager, meter: MeterEntity, revision: MeterRevisionEntity): Promise<void> {
  const { organisationId, id } = meter;
  await db.update(
    MeterRevisionEntity,
    { organisationId, meterId: id, revision: revision.revision },
    { status: 'ready', filledAt: revision.filledAt },
  );
  await db.update(MeterEntity, { organisationId, id }, { status: 'ready' });
}

/** From a batch on the meter says what this revision says; what it said before is retired. */
export async function putInForce(
  db: EntityManager,
  meter: MeterEntity,
  revision: MeterRevisionEntity,
  batch: number,
): Promise<void> {
  const { organisationId, id: meterId } = meter;
  const before = await db.findOneByOrFail(MeterRevisionEntity, { meterId, revision: meter.revision });
  if (before.status !== 'retired') await retire(db, before, batch);
  revision.currentFromBatch = String(batch);
  await db.update(
    MeterRevisionEntity,
    { organisationId, meterId, revision: revision.revision },
    { currentFromBatch: revision.currentFromBatch },
  );
  const changed = {
    ...storable(revision.definition),
    revision: revision.revision,
    usageId: revision.usageId,
    status: 'filling' as const,
  };
  await db.update(MeterEntity, { organisationId, id: meterId }, changed);
  Object.assign(meter, changed);
}
