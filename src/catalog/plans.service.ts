import { Inject, Injectable } from '@nestjs/common';
import { type EntityManager, In, MoreThan, Not } from 'typeorm';
import { recordAudit, type Tenant } from '../access';
import {
  Clock,
  ConflictError,
  type Decimal,
  decimalText,
  type FieldProblem,
  fromPublicId,
  InvalidRequestError,
  NotFoundError,
  toPublicId,
} from '../kernel';
import { Database } from '../platform/database';
import type { Plan, PlanStatus } from './domain';
import { type MarginBelowFloor, MarginGuards } from './margin-guards';
import { PlanEntity } from './persistence/plan.entity';
import { insertPlan, loadPlans, lockPlanKey, removeDraft, replaceDraft } from './persistence/plan-rows';
import { checkedPlan, type NewPlan, problemsOfPlan } from './plan-references';
import { sameContent } from './plan-storage';
import type { PlanSource, StoredPlan } from './stored-plan';

/** Why a plan is published below the margin floor, and where it comes from. */
export interface PublishOptions {
  readonly reason?: string | null | undefined;
  readonly source?: PlanSource | undefined;
}

/** Makes and finds plans. */
@Injectable()
export class PlansService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(MarginGuards) private readonly guards: MarginGuards,
  ) {}

  /**
   * Publishes a plan, or the next version of it when there is one under this key. A repeat of the newest version's
   * content answers that version. Subscriptions keep the version they were made with; a draft of the key stays.
   *
   * @throws InvalidRequestError `invalid_plan`, ConflictError `meter_archived`, `margin_below_floor`
   */
  async publish(tenant: Tenant, wanted: NewPlan, options: PublishOptions = {}): Promise<StoredPlan> {
    const looked = await this.compare(tenant, wanted);
    if (looked.same !== null) return looked.same;
    const below = await this.guards.check(tenant, looked.plan, options.reason ?? null);

    return this.database.tenant(tenant.organisationId, async (db) => {
      await lockPlanKey(db, tenant.organisationId, wanted.key);
      // Once more, now that nobody else changes what it was compared with.
      const { plan, same } = await this.compare(tenant, wanted);
      return same ?? this.insertPublished(db, tenant, plan, options, below);
    });
  }

  /** Stores a plan that `compare` has made, as published, while the caller holds the lock of its key. */
  async insertPublished(
    db: EntityManager,
    tenant: Tenant,
    plan: Plan,
    options: PublishOptions,
    below: MarginBelowFloor | null,
  ): Promise<StoredPlan> {
    const { organisationId } = tenant;
    const now = this.clock.now();
    const published: StoredPlan = {
      ...plan,
      status: 'published',
      createdAt: now,
      publishedAt: now,
      archivedAt: null,
      publishReason: options.reason ?? null,
      source: options.source ?? 'api',
    };
    // A draft has the number it would get, which is the next one from now on.
    await db.update(PlanEntity, { organisationId, key: plan.key, status: 'draft' }, { version: plan.version + 1 });
    await insertPlan(db, organisationId, published);
    await this.recordPublished(db, tenant, published, below);
    return published;
  }

  /**
   * What publishing would compare: the plan with its ids and number, and the version that says the same already.
   *
   * @throws InvalidRequestError `invalid_plan`, ConflictError `meter_archived`
   */
  async compare(
    tenant: Tenant,
    wanted: NewPlan,
  ): Promise<{ readonly plan: Plan; readonly newest: StoredPlan | null; readonly same: StoredPlan | null }> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const checked = await checkedPlan(db, tenant.organisationId, wanted);
      const version = (await newestNumber(db, wanted.key)) + 1;
      const plan: Plan = { ...checked, version, status: 'draft' };
      const found = await db.findOne(PlanEntity, {
        where: { key: wanted.key, status: 'published' },
        order: { version: 'DESC' },
      });
      const newest = found === null ? null : (await loadPlans(db, [found]))[0]!;
      return { plan, newest, same: newest !== null && sameContent(newest, plan) ? newest : null };
    });
  }

  /** Checks a plan as publishing it would, and stores nothing. @throws InvalidRequestError `invalid_plan` */
  async check(tenant: Tenant, wanted: NewPlan): Promise<Plan> {
    return (await this.compare(tenant, wanted)).plan;
  }

  /** What would be wrong with a plan made from a stored one, as it is in its currency: nothing when it could be published. */
  async problemsOf(tenant: Tenant, plan: Plan): Promise<FieldProblem[]> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const { problems } = await problemsOfPlan(db, tenant.organisationId, {
        ...asWanted(plan),
        currencies: undefined,
      });
      return problems;
    });
  }

  /** Saves a plan to be worked on, in the place of the key's earlier draft. Nobody can subscribe to it yet. */
  async saveDraft(tenant: Tenant, wanted: NewPlan): Promise<StoredPlan> {
    const { organisationId } = tenant;
    return this.database.tenant(organisationId, async (db) => {
      await lockPlanKey(db, organisationId, wanted.key);
      const { plan } = await this.compare(tenant, wanted);
      const earlier = await db.findOneBy(PlanEntity, { key: wanted.key, status: 'draft' });

      const draft: StoredPlan = {
        ...plan,
        id: earlier?.id ?? plan.id,
        createdAt: earlier?.createdAt ?? this.clock.now(),
        publishedAt: null,
        archivedAt: null,
        publishReason: null,
        source: 'api',
      };
      if (earlier === null) await insertPlan(db, organisationId, draft);
      else await replaceDraft(db, organisationId, draft);
      return draft;
    });
  }

  /** @throws NotFoundError, ConflictError `plan_not_draft`, InvalidRequestError `invalid_plan` */
  async changeDraft(tenant: Tenant, reference: string, wanted: Omit<NewPlan, 'key'>): Promise<StoredPlan> {
    return this.withDraft(tenant, reference, async (_, { key }) => this.saveDraft(tenant, { ...wanted, key }));
  }

  /** @throws NotFoundError, ConflictError `plan_not_draft` */
  async removeDraft(tenant: Tenant, reference: string): Promise<void> {
    await this.withDraft(tenant, reference, async (db, { id }) => removeDraft(db, tenant.organisationId, id));
  }

  /**
   * Publishes a draft as the next version. A repeat by its id answers the published version.
   *
   * @throws NotFoundError, ConflictError `plan_not_draft`, `meter_archived`, `margin_below_floor`,
   *         InvalidRequestError `invalid_plan` where something it refers to is no more what it was
   */
  async publishDraft(tenant: Tenant, reference: string, reason: string | null): Promise<StoredPlan> {
    const { organisationId } = tenant;
    const looked = await this.find(tenant, reference, 'draft');
    if (looked.status === 'published' && fromPublicId('plan', reference) !== null) return looked;
    refuseUnlessDraft(looked);
    const below = await this.guards.check(tenant, looked, reason);

    const published = await this.withDraft(tenant, reference, async (db, entity) => {
      const draft = (await loadPlans(db, [entity]))[0]!;
      // Saved anew meanwhile: what the guards were asked about is not what would be published.
      if (!sameContent(draft, looked)) return null;
      // Meters may have been changed or archived since it was saved.
      await checkedPlan(db, organisationId, asWanted(draft));
      const publishedAt = this.clock.now();
      const plan = { ...draft, status: 'published' as const, publishedAt, publishReason: reason };
      await db.update(
        PlanEntity,
        { organisationId, id: draft.id },
        { status: 'published', publishedAt, publishReason: reason },
      );
      await this.recordPublished(db, tenant, plan, below);
      return plan;
    });
    return published ?? this.publishDraft(tenant, reference, reason);
  }

  /**
   * Ends the sale of a plan: it takes no new subscriptions, those that have it go on. A repeat changes nothing.
   *
   * @param reference our id (that version) or the caller's key (all its published versions)
   * @throws          NotFoundError, InvalidRequestError `plan_is_draft`
   */
  async archive(tenant: Tenant, reference: string): Promise<StoredPlan> {
    const { organisationId } = tenant;
    const { id, key } = await this.find(tenant, reference);
    await this.database.tenant(organisationId, async (db) => {
      await lockPlanKey(db, organisationId, key);
      const which = fromPublicId('plan', reference) === null ? { key } : { id };
      const found = await db.find(PlanEntity, { where: { ...which, status: Not('draft') }, order: { version: 'ASC' } });
      if (found.length === 0) {
        const message = `The plan '${key}' is a draft, which nobody can subscribe to. Remove it instead.`;
        throw new InvalidRequestError('plan_is_draft', message);
      }
      for (const plan of found) {
        if (plan.status === 'archived') continue;
        const archivedAt = this.clock.now();
        await db.update(PlanEntity, { organisationId, id: plan.id }, { status: 'archived', archivedAt });
        const after = { key, version: plan.version };
        await recordAudit(db, tenant, { action: 'plan.archived', subject: subjectOf(plan.id), after });
      }
    });
    return this.find(tenant, reference);
  }

  /**
   * @param reference our id (a certain version) or the caller's key: the newest published version, else the newest
   *                  archived one, else the draft
   * @param first     which status is looked for first, instead
   * @throws          NotFoundError
   */
  async find(tenant: Tenant, reference: string, first: PlanStatus = 'published'): Promise<StoredPlan> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const id = fromPublicId('plan', reference);
      const found = await db
        .createQueryBuilder(PlanEntity, 'plan')
        .where(id === null ? 'plan.key = :reference' : 'plan.id = :id', { reference, id })
        .orderBy(`CASE plan.status WHEN :first THEN 0 WHEN 'published' THEN 1 WHEN 'archived' THEN 2 ELSE 3 END`)
        .addOrderBy('plan.version', 'DESC')
        .setParameter('first', first)
        .getOne();
      if (found === null) throw new NotFoundError('plan', reference);
      return (await loadPlans(db, [found]))[0]!;
    });
  }

  /** The plans with these ids, by id. */
  async byIds(tenant: Tenant, ids: readonly string[]): Promise<Map<string, StoredPlan>> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const plans = await loadPlans(db, await db.findBy(PlanEntity, { id: In([...ids]) }));
      return new Map(plans.map((plan) => [plan.id, plan]));
    });
  }

  /** All versions, oldest first; of one status where one is named. */
  async list(
    tenant: Tenant,
    after: string | null,
    limit: number,
    status: PlanStatus | null = null,
  ): Promise<StoredPlan[]> {
    return this.database.tenant(tenant.organisationId, async (db) =>
      loadPlans(
        db,
        await db.find(PlanEntity, {
          where: { ...(after === null ? {} : { id: MoreThan(after) }), ...(status === null ? {} : { status }) },
          order: { id: 'ASC' },
          take: limit,
        }),
      ),
    );
  }

  /** The newest published version of every key, by key. */
  async onSale(tenant: Tenant): Promise<StoredPlan[]> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const found = await db
        .createQueryBuilder(PlanEntity, 'plan')
        .distinctOn(['plan.key'])
        .where(`plan.status = 'published'`)
        .orderBy({ 'plan.key': 'ASC', 'plan.version': 'DESC' })
        .getMany();
      return loadPlans(db, found);
    });
  }

  /** Works on a draft that nobody else changes or publishes meanwhile. */
  private async withDraft<T>(
    tenant: Tenant,
    reference: string,
    work: (db: EntityManager, draft: PlanEntity) => Promise<T>,
  ): Promise<T> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const { id, key } = await this.find(tenant, reference, 'draft');
      await lockPlanKey(db, tenant.organisationId, key);
      const draft = await db.findOneBy(PlanEntity, { id });
      if (draft === null) throw new NotFoundError('plan', reference);
      refuseUnlessDraft(draft);
      return work(db, draft);
    });
  }

  private async recordPublished(
    db: EntityManager,
    tenant: Tenant,
    plan: StoredPlan,
    below: MarginBelowFloor | null,
  ): Promise<void> {
    const { key, version, currency, prices } = plan;
    const margin =
      below === null
        ? {}
        : { marginPercent: shownPercent(below.marginPercent), marginFloorPercent: decimalText(below.floorPercent) };
    await recordAudit(db, tenant, {
      action: 'plan.published',
      subject: subjectOf(plan.id),
      reason: plan.publishReason ?? undefined,
      after: { key, version, currency, prices: prices.length, ...margin },
    });
  }
}

/** The highest number a version of this key has, drafts apart; 0 when there is none. */
async function newestNumber(db: EntityManager, key: string): Promise<number> {
  const newest = await db.findOne(PlanEntity, {
    where: { key, status: Not('draft') },
    order: { version: 'DESC' },
    select: { id: true, version: true },
  });
  return newest?.version ?? 0;
}

/** A stored plan as it could be asked for again. */
function asWanted(plan: Plan): NewPlan {
  return {
    ...plan,
    prices: plan.prices.map(({ id: _, meterId, ...price }) => ({
      ...price,
      meter: meterId === null ? null : toPublicId('meter', meterId),
    })),
  };
}

function refuseUnlessDraft({ key, version, status }: { key: string; version: number; status: PlanStatus }): void {
  if (status === 'draft') return;
  throw new ConflictError(
    'plan_not_draft',
    `Version ${version} of the plan '${key}' is ${status}, and stays as it is. Publish a new version instead.`,
  );
}

function subjectOf(planId: string): { kind: string; id: string } {
  return { kind: 'plan', id: toPublicId('plan', planId) };
}

/** To four digits, which is more than anybody reads; null where it isn't known. */
function shownPercent(percent: Decimal | null): string | null {
  return percent === null ? null : decimalText(percent.toDecimalPlaces(4));
}
