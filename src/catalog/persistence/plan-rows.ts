import { type EntityManager, In } from 'typeorm';
import { fromStoredPlan, toStoredCurrencies, toStoredPrice } from '../plan-storage';
import type { StoredPlan } from '../stored-plan';
import { toPlain } from '../plain';
import { PlanEntity } from './plan.entity';
import { PriceEntity } from './price.entity';

/** Nobody else numbers, changes or publishes versions of a key until the transaction ends. */
export async function lockPlanKey(db: EntityManager, organisationId: string, key: string): Promise<void> {
  await db.query('SELECT pg_advisory_xact_lock(hashtext($1), hashtext($2))', [organisationId, `plan ${key}`]);
}

/** Nobody else applies a file of plans until the transaction ends. */
export async function lockPlanDocument(db: EntityManager, organisationId: string): Promise<void> {
  await db.query(`SELECT pg_advisory_xact_lock(hashtext($1), hashtext('plan document'))`, [organisationId]);
}

/** Plans with their prices, with one query however many there are. */
export async function loadPlans(db: EntityManager, plans: readonly PlanEntity[]): Promise<StoredPlan[]> {
  if (plans.length === 0) return [];
  const prices = await db.find(PriceEntity, {
    where: { planId: In(plans.map(({ id }) => id)) },
    order: { position: 'ASC' },
  });
  return plans.map((plan) =>
    fromStoredPlan(
      plan,
      prices.filter(({ planId }) => planId === plan.id),
    ),
  );
}

/** Stores a plan with its prices; one that is published or archived from then on never changes. */
export async function insertPlan(db: EntityManager, organisationId: string, plan: StoredPlan): Promise<void> {
  const { status, publishedAt, publishReason } = plan;
  // Prices come to drafts only. One that is to be published is told from the key's draft by its instant.
  await db.insert(PlanEntity, { ...headerOf(plan), organisationId, id: plan.id, status: 'draft', publishedAt });
  await insertPrices(db, organisationId, plan);
  if (status === 'draft') return;
  await db.update(PlanEntity, { organisationId, id: plan.id }, { status, publishReason });
}

/** Makes a draft say something else. Its prices are others from then on, with ids of their own. */
export async function replaceDraft(db: EntityManager, organisationId: string, plan: StoredPlan): Promise<void> {
  const { key: _1, source: _2, createdAt: _3, ...content } = headerOf(plan);
  await db.update(PlanEntity, { organisationId, id: plan.id }, content);
  await db.delete(PriceEntity, { organisationId, planId: plan.id });
  await insertPrices(db, organisationId, plan);
}

export async function removeDraft(db: EntityManager, organisationId: string, planId: string): Promise<void> {
  await db.delete(PriceEntity, { organisationId, planId });
  await db.delete(PlanEntity, { organisationId, id: planId });
}

function headerOf(plan: StoredPlan) {
  const { key, version, name, currency, interval, intervalCount = 1, source, createdAt } = plan;
  const [terms, currencies] = [toPlain(plan.terms ?? {}), toStoredCurrencies(plan.currencies)];
  return { key, version, name, currency, interval, intervalCount, source, createdAt, terms, currencies };
}

async function insertPrices(db: EntityManager, organisationId: string, plan: StoredPlan): Promise<void> {
  await db.insert(
    PriceEntity,
    plan.prices.map((price, position) => ({ ...toStoredPrice(price, position), organisationId, planId: plan.id })),
  );
}
