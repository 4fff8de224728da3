import { type EntityManager, In } from 'typeorm';
import { OrganisationEntity } from '../access';
import { ConflictError, fromPublicId, InvalidRequestError, type FieldProblem, newUuid } from '../kernel';
import type { Charge, MeterDefinition, Plan, Price } from './domain';
import { planProblems, type PlanWorld } from './domain';
import { FeatureEntity } from './persistence/feature.entity';
import { MeterRevisionEntity } from './persistence/meter-revision.entity';
import { MeterEntity } from './persistence/meter.entity';

/** A price as it is asked for: the meter by its key or our id. */
export interface NewPrice extends Omit<Price, 'id' | 'meterId'> {
  readonly meter: string | null;
}

export interface NewPlan extends Omit<Plan, 'id' | 'version' | 'prices' | 'status'> {
  readonly prices: readonly NewPrice[];
}

/** A plan that was found to be right, with ids for its prices; whether it is stored, and as what, is not said yet. */
export type CheckedPlan = Omit<Plan, 'version' | 'status'>;

/**
 * Looks up what a plan refers to, and says what is wrong with it. No meter of it is archived, and none changed so that
 * its prices don't fit, before the transaction ends.
 */
export async function problemsOfPlan(
  db: EntityManager,
  organisationId: string,
  wanted: NewPlan,
): Promise<{ readonly problems: FieldProblem[]; readonly meters: ReadonlyMap<string, MeterEntity> }> {
  const organisation = await db.findOneByOrFail(OrganisationEntity, { id: organisationId });
  const meters = await metersOf(db, wanted);
  const world: PlanWorld = {
    meters,
    changing: await changingOf(db, meters),
    features: await featuresOf(db, wanted),
    costCurrency: organisation.currency,
  };
  return { problems: planProblems(wanted, world), meters };
}

/** @throws InvalidRequestError `invalid_plan` with every field that is wrong, ConflictError `meter_archived` */
export async function checkedPlan(db: EntityManager, organisationId: string, wanted: NewPlan): Promise<CheckedPlan> {
  const { problems, meters } = await problemsOfPlan(db, organisationId, wanted);
  refusePlan(problems);
  return withIds(wanted, meters);
}

export function refusePlan(problems: readonly FieldProblem[]): void {
  const first = problems[0];
  if (first === undefined) return;
  throw new InvalidRequestError('invalid_plan', `${first.field}: ${first.detail}`, problems.slice(0, MOST_PROBLEMS));
}

/** Most problems that are listed in one answer. */
export const MOST_PROBLEMS = 20;

/** A plan without problems as it will be stored: prices with ids, meters by ours. */
export function withIds(wanted: NewPlan, meters: ReadonlyMap<string, MeterEntity>): CheckedPlan {
  return {
    ...wanted,
    id: newUuid(),
    prices: wanted.prices.map(({ meter, ...price }) => ({
      ...price,
      id: newUuid(),
      meterId: meter === null ? null : meters.get(meter)!.id,
      charge: namedByKey(price.charge, meters),
    })),
  };
}

/** A charge that names a meter names it by its key, whatever it was asked for by: so it reads the same everywhere. */
function namedByKey(charge: Charge, meters: ReadonlyMap<string, MeterEntity>): Charge {
  if (charge.model !== 'outcome' || charge.costFloor?.meter === undefined) return charge;
  return { ...charge, costFloor: { ...charge.costFloor, meter: meters.get(charge.costFloor.meter)!.key } };
}

async function metersOf(db: EntityManager, plan: NewPlan): Promise<Map<string, MeterEntity>> {
  const names = plan.prices.flatMap(({ meter, charge }) => {
    const floor = charge.model === 'outcome' ? charge.costFloor?.meter : undefined;
    return [meter, floor ?? null].filter((name) => name !== null);
  });
  if (names.length === 0) return new Map();
  const ids = names.map((name) => fromPublicId('meter', name)).filter((id) => id !== null);
  // None of them is archived before the plan's prices are there to be seen.
  const found = await db.find(MeterEntity, {
    where: [{ key: In(names) }, { id: In(ids) }],
    lock: { mode: 'for_key_share' },
  });
  const archived = found.find((meter) => meter.archivedAt !== null);
  if (archived !== undefined) {
    throw new ConflictError('meter_archived', `The meter '${archived.key}' is archived; a price needs one that counts.`); // prettier-ignore
  }
  const byName = new Map<string, MeterEntity>();
  for (const name of names) {
    const id = fromPublicId('meter', name);
    const meter = found.find((candidate) => (id === null ? candidate.key === name : candidate.id === id));
    if (meter !== undefined) byName.set(name, meter);
  }
  return byName;
}

async function changingOf(
  db: EntityManager,
  meters: ReadonlyMap<string, MeterEntity>,
): Promise<Map<string, MeterDefinition>> {
  const ids = [...meters.values()].map(({ id }) => id);
  if (ids.length === 0) return new Map();
  const filling = await db.findBy(MeterRevisionEntity, { meterId: In(ids), status: 'filling' });
  const changing = new Map<string, MeterDefinition>();
  for (const [name, meter] of meters) {
    const next = filling.find(({ meterId, revision }) => meterId === meter.id && revision !== meter.revision);
    if (next !== undefined) changing.set(name, next.definition);
  }
  return changing;
}

async function featuresOf(db: EntityManager, plan: NewPlan): Promise<Set<string>> {
  const named = [
    ...plan.prices.map(({ terms }) => terms?.feature),
    ...(plan.terms?.features ?? []).map(({ feature }) => feature),
  ].filter((key) => key !== undefined);
  if (named.length === 0) return new Set();
  const found = await db.find(FeatureEntity, { where: { key: In(named) }, select: { key: true } });
  return new Set(found.map(({ key }) => key));
}
