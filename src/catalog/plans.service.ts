import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import { type EntityManager, In, MoreThan } from 'typeorm';
import { OrganisationEntity, recordAudit, type Tenant } from '../access';
import {
  Clock,
  ConflictError,
  decimalText,
  type FieldProblem,
  fromPublicId,
  InvalidRequestError,
  newUuid,
  NotFoundError,
  toPublicId,
} from '../kernel';
import { Database } from '../platform/database';
import { fromStoredCharge, toStoredCharge } from './charge-storage';
import { chargeProblems, type Plan, type Price } from './domain';
import { MeterEntity } from './persistence/meter.entity';
import { PlanEntity } from './persistence/plan.entity';
import { PriceEntity } from './persistence/price.entity';

/** A price as it is asked for: the meter by its key or our id. */
export interface NewPrice extends Omit<Price, 'id' | 'meterId'> {
  readonly meter: string | null;
}

export interface NewPlan extends Omit<Plan, 'id' | 'version' | 'prices'> {
  readonly prices: readonly NewPrice[];
}

/** A plan with when it was made. */
export interface StoredPlan extends Plan {
  readonly createdAt: Date;
}

/** Makes and finds plans. */
@Injectable()
export class PlansService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * Publishes a plan, or the next version of it when there is one under this key. A repeat of the newest version's
   * content answers that version. Subscriptions keep the version they were made with.
   */
  async publish(tenant: Tenant, wanted: NewPlan): Promise<StoredPlan> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      // Two versions of one key must not be numbered at once.
      await db.query('SELECT pg_advisory_xact_lock(hashtext($1), hashtext($2))', [
        tenant.organisationId,
        `plan ${wanted.key}`,
      ]);
      const newest = await db.findOne(PlanEntity, { where: { key: wanted.key }, order: { version: 'DESC' } });
      const organisation = await db.findOneByOrFail(OrganisationEntity, { id: tenant.organisationId });
      const meterIds = await this.metersOf(db, wanted);

      refuse(planProblems(wanted, meterIds, organisation.currency));
      const plan: StoredPlan = {
        ...wanted,
        id: newUuid(),
        version: (newest?.version ?? 0) + 1,
        createdAt: this.clock.now(),
        prices: wanted.prices.map(({ meter, ...price }) => ({
          ...price,
          id: newUuid(),
          meterId: meter === null ? null : meterIds.get(meter)!,
        })),
      };
      if (newest !== null) {
        const stored = (await this.load(db, [newest]))[0]!;
        if (isDeepStrictEqual(contentOf(stored), contentOf(plan))) return stored;
      }

      await this.save(db, tenant, plan);
      await recordAudit(db, tenant, {
        action: 'plan.published',
        subject: { kind: 'plan', id: toPublicId('plan', plan.id) },
        after: { key: plan.key, version: plan.version, currency: plan.currency, prices: plan.prices.length },
      });
      return plan;
    });
  }

  /** @param reference our id (a certain version) or the caller's key (the newest) @throws NotFoundError */
  async find(tenant: Tenant, reference: string): Promise<StoredPlan> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const id = fromPublicId('plan', reference);
      const found = await db.findOne(PlanEntity, {
        where: id === null ? { key: reference } : { id },
        order: { version: 'DESC' },
      });
      if (found === null) throw new NotFoundError('plan', reference);
      return (await this.load(db, [found]))[0]!;
    });
  }

  /** The plans with these ids, by id. */
  async byIds(tenant: Tenant, ids: readonly string[]): Promise<Map<string, StoredPlan>> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const plans = await this.load(db, await db.findBy(PlanEntity, { id: In([...ids]) }));
      return new Map(plans.map((plan) => [plan.id, plan]));
    });
  }

  /** All versions, oldest first. */
  async list(tenant: Tenant, after: string | null, limit: number): Promise<StoredPlan[]> {
    return this.database.tenant(tenant.organisationId, async (db) =>
      this.load(
        db,
        await db.find(PlanEntity, {
          where: after === null ? {} : { id: MoreThan(after) },
          order: { id: 'ASC' },
          take: limit,
        }),
      ),
    );
  }

  private async metersOf(db: EntityManager, plan: NewPlan): Promise<Map<string, string>> {
    const names = plan.prices.flatMap((price) => (price.meter === null ? [] : [price.meter]));
    const ids = names.map((name) => fromPublicId('meter', name)).filter((id) => id !== null);
    // None of them is archived before the plan's prices are there to be seen.
    const found = await db.find(MeterEntity, {
      where: [{ key: In(names) }, { id: In(ids) }],
      lock: { mode: 'for_key_share' },
    });
    const archived = found.find((meter) => meter.archivedAt !== null);
    if (archived !== undefined) {
      throw new ConflictError(
        'meter_archived',
        `The meter '${archived.key}' is archived; a price needs one that counts.`,
      );
    }
    const byName = new Map<string, string>();
    for (const name of names) {
      const id = fromPublicId('meter', name);
      const meter = found.find((candidate) => (id === null ? candidate.key === name : candidate.id === id));
      if (meter !== undefined) byName.set(name, meter.id);
    }
    return byName;
  }

  private async load(db: EntityManager, plans: readonly PlanEntity[]): Promise<StoredPlan[]> {
    if (plans.length === 0) return [];
    const prices = await db.find(PriceEntity, {
      where: { planId: In(plans.map((plan) => plan.id)) },
      order: { position: 'ASC' },
    });
    return plans.map((plan) => ({
      id: plan.id,
      key: plan.key,
      version: plan.version,
      name: plan.name,
      currency: plan.currency,
      interval: plan.interval,
      createdAt: plan.createdAt,
      prices: prices
        .filter((price) => price.planId === plan.id)
        .map((price) => ({
          id: price.id,
          key: price.key,
          name: price.name,
          meterId: price.meterId,
          allowance: price.allowance,
          charge: fromStoredCharge(price.charge),
        })),
    }));
  }

  private async save(db: EntityManager, tenant: Tenant, plan: StoredPlan): Promise<void> {
    const { prices, ...header } = plan;
    await db.insert(PlanEntity, { ...header, organisationId: tenant.organisationId, status: 'published' });
    await db.insert(
      PriceEntity,
      prices.map((price, position) => ({
        ...price,
        organisationId: tenant.organisationId,
        planId: plan.id,
        position,
        charge: toStoredCharge(price.charge),
      })),
    );
  }
}

/** What makes two versions the same: everything the caller chose. */
function contentOf(plan: Plan): unknown {
  return {
    name: plan.name,
    currency: plan.currency,
    interval: plan.interval,
    prices: plan.prices.map((price) => ({
      key: price.key,
      name: price.name,
      meterId: price.meterId,
      allowance: price.allowance === null ? null : decimalText(price.allowance),
      charge: toStoredCharge(price.charge),
    })),
  };
}

function planProblems(plan: NewPlan, meterIds: ReadonlyMap<string, string>, costCurrency: string): FieldProblem[] {
  return plan.prices.flatMap((price, index) => {
    const problems = chargeProblems(price);
    const needsMeter = price.charge.model !== 'flat';
    if (needsMeter && price.meter === null)
      problems.push({ field: 'meter', detail: `is needed for the model ${price.charge.model}` });
    if (!needsMeter && price.meter !== null)
      problems.push({ field: 'meter', detail: 'has no meaning for a flat amount; leave it out' });
    if (price.meter !== null && !meterIds.has(price.meter)) {
      problems.push({ field: 'meter', detail: `there is no meter '${price.meter.slice(0, 80)}'` });
    }
    if (price.charge.model === 'consumption_margin' && plan.currency !== costCurrency) {
      problems.push({
        field: 'charge.model',
        detail: `needs a plan in ${costCurrency}, the currency costs are kept in`,
      });
    }
    if (plan.prices.findIndex((other) => other.key === price.key) !== index) {
      problems.push({ field: 'key', detail: 'is used by an earlier price of this plan' });
    }
    return problems.map((problem) => ({ ...problem, field: `prices[${index}].${problem.field}` }));
  });
}

function refuse(problems: readonly FieldProblem[]): void {
  const first = problems[0];
  if (first === undefined) return;
  throw new InvalidRequestError('invalid_plan', `${first.field}: ${first.detail}`, problems);
}
