import { Inject, Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
import type { Tenant } from '../access';
import { planInCurrency, PlansService, type StoredPlan } from '../catalog';
import {
  billingPeriod,
  Clock,
  ConflictError,
  type Currency,
  fromPublicId,
  InvalidRequestError,
  newUuid,
  NotFoundError,
  type Period,
  type PeriodAnchor,
} from '../kernel';
import { Database } from '../platform/database';
import { CustomersService } from './customers.service';
import { anchorOf, type Override, type Phase } from './domain';
import { fromStoredOverride } from './override-storage';
import { offersCurrency, refuseUnlessPublished } from './plan-offered';
import type { CustomerEntity } from './persistence/customer.entity';
import { SubscriptionEntity } from './persistence/subscription.entity';
import { SubscriptionOverrideEntity } from './persistence/subscription-override.entity';
import { SubscriptionPhaseEntity } from './persistence/subscription-phase.entity';

export interface NewSubscription {
  readonly key: string | null;
  readonly customer: string;
  readonly plan: string;
  /** Null: now, by the customer's clock. */
  readonly startAt: Date | null;
  /** Null: an anniversary. */
  readonly anchor: PeriodAnchor | null;
  /** Null: the plan's own. */
  readonly currency: Currency | null;
}

/** A subscription with what it refers to. */
export interface SubscriptionWithPlan {
  readonly subscription: SubscriptionEntity;
  readonly customer: CustomerEntity;
  /** The version it was made with, in the subscription's currency; which it has at an instant says `planAt`. */
  readonly plan: StoredPlan;
  /** Which plan version it has from when on: the one it was made with, then those it was moved to. */
  readonly phases: readonly Phase<StoredPlan>[];
  /** Other terms for single prices, by when they begin. */
  readonly overrides: readonly Override[];
}

/** A subscription's billing period of this index; 0 is the first. */
export function periodOf(about: SubscriptionWithPlan, index: number): Period {
  return billingPeriod(anchorOf(about), index);
}

/** The period behind one, with its index. A day that the zone left out is passed over: there is nothing to bill. */
export function nextPeriod(about: SubscriptionWithPlan, index: number): { index: number; period: Period } {
  const period = periodOf(about, index + 1);
  return period.start.getTime() < period.end.getTime() ? { index: index + 1, period } : nextPeriod(about, index + 1);
}

/** Makes and finds subscriptions. */
@Injectable()
export class SubscriptionsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(PlansService) private readonly plans: PlansService,
  ) {}

  /**
   * Subscribes a customer to the plan's newest version. A repeat with the same key answers the stored subscription;
   * without a key every call makes one, so send an Idempotency-Key.
   */
  async create(tenant: Tenant, wanted: NewSubscription): Promise<SubscriptionWithPlan> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const customer = await this.customers.find(tenant, wanted.customer, 'customer');
      const plan = await this.plans.find(tenant, wanted.plan);
      const now = await this.customers.nowFor(tenant, customer);
      const id = newUuid();
      const existing = wanted.key === null ? null : await db.findOneBy(SubscriptionEntity, { key: wanted.key });
      if (existing !== null) return this.sameOrConflict(tenant, existing, wanted, customer, plan);

      refuseUnlessOffered(plan, wanted.currency);
      const startAt = wanted.startAt ?? now;
      const anchor = wanted.anchor ?? 'anniversary';
      const first = billingPeriod(anchorOf({ subscription: { startAt, anchor }, customer, phases: [{ plan }] }), 0);
      const subscription = Object.assign(new SubscriptionEntity(), {
        organisationId: tenant.organisationId,
        id,
        key: wanted.key ?? id,
        customerId: customer.id,
        planId: plan.id,
        currency: wanted.currency === plan.currency ? null : wanted.currency,
        startAt,
        anchor,
        openPeriod: 0,
        openPeriodEnd: first.end,
        parkedReason: null,
        createdAt: this.clock.now(),
      });

      if (await this.insert(db, subscription)) return (await this.withPlans(tenant, [subscription]))[0]!;
      // Another call with this key was a moment earlier, and has committed.
      const earlier = await db.findOneByOrFail(SubscriptionEntity, { key: subscription.key });
      return this.sameOrConflict(tenant, earlier, wanted, customer, plan);
    });
  }

  /** @returns false when there is one with this key */
  private async insert(db: EntityManager, subscription: SubscriptionEntity): Promise<boolean> {
    const inserted = await db
      .createQueryBuilder()
      .insert()
      .into(SubscriptionEntity)
      .values(subscription)
      .orIgnore()
      .returning('id')
      .execute();
    return (inserted.raw as unknown[]).length > 0;
  }

  private async sameOrConflict(
    tenant: Tenant,
    existing: SubscriptionEntity,
    wanted: NewSubscription,
    customer: CustomerEntity,
    plan: StoredPlan,
  ): Promise<SubscriptionWithPlan> {
    const stored = (await this.withPlans(tenant, [existing]))[0]!;
    const same =
      existing.customerId === customer.id &&
      stored.plan.key === plan.key &&
      (wanted.startAt === null || existing.startAt.getTime() === wanted.startAt.getTime()) &&
      (wanted.anchor === null || existing.anchor === wanted.anchor) &&
      (wanted.currency === null || stored.plan.currency === wanted.currency);
    if (same) return stored;
    throw new ConflictError(
      'subscription_exists',
      `There is a subscription '${existing.key}' of another customer, plan, start, anchor or currency.`,
      [{ field: 'key', detail: 'is taken by another subscription' }],
    );
  }

  /** @param reference our id or the caller's key @throws NotFoundError */
  async find(tenant: Tenant, reference: string): Promise<SubscriptionWithPlan> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const id = fromPublicId('subscription', reference);
      const found = await db.findOneBy(SubscriptionEntity, id === null ? { key: reference } : { id });
      if (found === null) throw new NotFoundError('subscription', reference);
      return (await this.withPlans(tenant, [found]))[0]!;
    });
  }

  /**
   * A subscription whose periods, phases and overrides nobody else changes until the transaction ends.
   *
   * @throws NotFoundError
   */
  async lock(db: EntityManager, tenant: Tenant, reference: string): Promise<SubscriptionWithPlan> {
    const id = fromPublicId('subscription', reference);
    const found = await db.findOne(SubscriptionEntity, {
      where: id === null ? { key: reference } : { id },
      lock: { mode: 'pessimistic_write' },
    });
    if (found === null) throw new NotFoundError('subscription', reference);
    return (await this.withPlans(tenant, [found]))[0]!;
  }

  /** A customer's subscriptions, oldest first. */
  async ofCustomer(tenant: Tenant, customer: CustomerEntity): Promise<SubscriptionWithPlan[]> {
    return this.database.tenant(tenant.organisationId, async (db) =>
      this.withPlans(
        tenant,
        await db.find(SubscriptionEntity, { where: { customerId: customer.id }, order: { id: 'ASC' } }),
      ),
    );
  }

  /** Adds to subscriptions what they refer to, with four queries (and the plans' own) however many there are. */
  async withPlans(tenant: Tenant, subscriptions: readonly SubscriptionEntity[]): Promise<SubscriptionWithPlan[]> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const subscriptionId = In(subscriptions.map(({ id }) => id));
      const customers = await this.customers.byIds(tenant, [...new Set(subscriptions.map((each) => each.customerId))]);
      const phases = await db.find(SubscriptionPhaseEntity, { where: { subscriptionId }, order: { fromAt: 'ASC' } });
      const overrides = await db.find(SubscriptionOverrideEntity, {
        where: { subscriptionId },
        order: { fromAt: 'ASC', priceKey: 'ASC' },
      });
      const plans = await this.plans.byIds(tenant, [
        ...new Set([...subscriptions, ...phases].map(({ planId }) => planId)),
      ]);

      const phasesOf = groupedBySubscription(phases);
      const overridesOf = groupedBySubscription(overrides);
      return subscriptions.map((subscription) => {
        const plan = plans.get(subscription.planId)!;
        const moves = (phasesOf.get(subscription.id) ?? []).map(({ fromAt, planId, moveId }) => ({
          fromAt,
          plan: plans.get(planId)!,
          moveId,
        }));
        return {
          subscription,
          customer: customers.get(subscription.customerId)!,
          plan: planInCurrency(plan, subscription.currency ?? plan.currency),
          phases: [{ fromAt: subscription.startAt, plan, moveId: null }, ...moves],
          overrides: (overridesOf.get(subscription.id) ?? []).map(fromStoredOverride),
        };
      });
    });
  }
}

/** @throws ConflictError `plan_archived`, InvalidRequestError `plan_is_draft` or `plan_lacks_currency` */
function refuseUnlessOffered(plan: StoredPlan, currency: Currency | null): void {
  refuseUnlessPublished(plan, 'plan');
  if (currency === null || offersCurrency(plan, currency)) return;
  const detail = `'${plan.key}' has no prices in ${currency}`;
  throw new InvalidRequestError('plan_lacks_currency', `currency: ${detail}.`, [{ field: 'currency', detail }]);
}

function groupedBySubscription<Row extends { subscriptionId: string }>(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.subscriptionId);
    if (group === undefined) groups.set(row.subscriptionId, [row]);
    else group.push(row);
  }
  return groups;
}
