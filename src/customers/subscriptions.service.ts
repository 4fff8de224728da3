import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Tenant } from '../access';
import { PlansService, type StoredPlan } from '../catalog';
import {
  type BillingAnchor,
  billingPeriod,
  Clock,
  ConflictError,
  fromPublicId,
  newUuid,
  NotFoundError,
  type Period,
} from '../kernel';
import { Database } from '../platform/database';
import { CustomersService } from './customers.service';
import type { CustomerEntity } from './persistence/customer.entity';
import { SubscriptionEntity } from './persistence/subscription.entity';

export interface NewSubscription {
  readonly key: string | null;
  readonly customer: string;
  readonly plan: string;
  /** Null: now, by the customer's clock. */
  readonly startAt: Date | null;
}

/** A subscription with what it refers to. */
export interface SubscriptionWithPlan {
  readonly subscription: SubscriptionEntity;
  readonly customer: CustomerEntity;
  readonly plan: StoredPlan;
}

/** Where a subscription's billing periods are counted from. */
export function anchorOf(subscription: SubscriptionEntity, customer: CustomerEntity): BillingAnchor {
  return { startAt: subscription.startAt, timeZone: customer.timeZone, interval: 'month' };
}

/** A subscription's billing period of this index; 0 is the first. */
export function periodOf({ subscription, customer }: SubscriptionWithPlan, index: number): Period {
  return billingPeriod(anchorOf(subscription, customer), index);
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

      const startAt = wanted.startAt ?? now;
      const first = billingPeriod({ startAt, timeZone: customer.timeZone, interval: plan.interval }, 0);
      const subscription = Object.assign(new SubscriptionEntity(), {
        organisationId: tenant.organisationId,
        id,
        key: wanted.key ?? id,
        customerId: customer.id,
        planId: plan.id,
        startAt,
        openPeriod: 0,
        openPeriodEnd: first.end,
        parkedReason: null,
        createdAt: this.clock.now(),
      });

      if (await this.insert(db, subscription)) return { subscription, customer, plan };
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
    const stored = (await this.plans.byIds(tenant, [existing.planId])).get(existing.planId)!;
    const same =
      existing.customerId === customer.id &&
      stored.key === plan.key &&
      (wanted.startAt === null || existing.startAt.getTime() === wanted.startAt.getTime());
    if (same) return { subscription: existing, customer, plan: stored };
    throw new ConflictError(
      'subscription_exists',
      `There is a subscription '${existing.key}' of another customer, plan or start.`,
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

  /** A customer's subscriptions, oldest first. */
  async ofCustomer(tenant: Tenant, customer: CustomerEntity): Promise<SubscriptionWithPlan[]> {
    return this.database.tenant(tenant.organisationId, async (db) =>
      this.withPlans(
        tenant,
        await db.find(SubscriptionEntity, { where: { customerId: customer.id }, order: { id: 'ASC' } }),
      ),
    );
  }

  /** Adds customers and plans to subscriptions, with two queries however many there are. */
  async withPlans(tenant: Tenant, subscriptions: readonly SubscriptionEntity[]): Promise<SubscriptionWithPlan[]> {
    const customers = await this.customers.byIds(tenant, [...new Set(subscriptions.map((each) => each.customerId))]);
    const plans = await this.plans.byIds(tenant, [...new Set(subscriptions.map((each) => each.planId))]);
    return subscriptions.map((subscription) => ({
      subscription,
      customer: customers.get(subscription.customerId)!,
      plan: plans.get(subscription.planId)!,
    }));
  }
}
