import { Inject, Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
import type { Tenant } from '../access';
import { hasAdvance, PlansService, type StoredPlan } from '../catalog';
import {
  Clock,
  ConflictError,
  type Currency,
  fromPublicId,
  InvalidRequestError,
  newUuid,
  NotFoundError,
  type PeriodAnchor,
} from '../kernel';
import { Database } from '../platform/database';
import { assemble, type SubscriptionWithPlan } from './assemble-subscription';
import { CustomersService } from './customers.service';
import { planAt, scheduleNext } from './domain';
import { lockCustomers } from './lock-customers';
import { offersCurrency, refuseUnlessPublished } from './plan-offered';
import type { CustomerEntity } from './persistence/customer.entity';
import { type Invoicing, SubscriptionEntity, type Thresholds } from './persistence/subscription.entity';
import { SubscriptionCycleEntity } from './persistence/subscription-cycle.entity';
import { SubscriptionOverrideEntity } from './persistence/subscription-override.entity';
import { SubscriptionPauseEntity } from './persistence/subscription-pause.entity';
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
  /** Together with the customer's other subscriptions without it. */
  readonly invoicing?: Invoicing | undefined;
  /** What is billed before the period is over; nothing without it. */
  readonly thresholds?: Thresholds | null | undefined;
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
      const startDue = hasAdvance(plan);
      const due = scheduleNext({
        subscription: { startAt, anchor, openPeriod: 0, startDue },
        customer,
        phases: [{ plan }],
      });
      const subscription = Object.assign(new SubscriptionEntity(), {
        organisationId: tenant.organisationId,
        id,
        key: wanted.key ?? id,
        customerId: customer.id,
        planId: plan.id,
        currency: wanted.currency === plan.currency ? null : wanted.currency,
        startAt,
        anchor,
        ...due,
        invoicing: wanted.invoicing ?? 'together',
        thresholds: wanted.thresholds ?? null,
        thresholdsLookedAt: null,
        endAt: null,
        cancelledAt: null,
        cancelSettle: null,
        cancelReason: null,
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
      (wanted.invoicing === undefined || existing.invoicing === wanted.invoicing) &&
      (wanted.thresholds === undefined || existing.thresholds?.amount === wanted.thresholds?.amount) &&
      (wanted.currency === null || stored.plan.currency === wanted.currency);
    if (same) return stored;
    throw new ConflictError(
      'subscription_exists',
      `There is a subscription '${existing.key}' of another customer, plan, start, anchor, currency or way of billing.`,
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
   * A subscription of which nobody else changes anything until the transaction ends, nor writes what its customer is
   * billed: whoever holds it may go on to its drafts.
   *
   * @throws NotFoundError
   */
  async lock(db: EntityManager, tenant: Tenant, reference: string): Promise<SubscriptionWithPlan> {
    const id = fromPublicId('subscription', reference);
    const where = id === null ? { key: reference } : { id };
    const known = await db.findOne(SubscriptionEntity, { select: { id: true, customerId: true }, where });
    if (known === null) throw new NotFoundError('subscription', reference);
    await lockCustomers(db, tenant.organisationId, [known.customerId]);
    const locked = await db.findOneOrFail(SubscriptionEntity, {
      where: { id: known.id },
      lock: { mode: 'pessimistic_write' },
    });
    return (await this.withPlans(tenant, [locked]))[0]!;
  }

  /** What has yet to begin is asked for fees in advance when it does, if the plan that it begins with has any by now. */
  async rescheduleStarts(
    db: EntityManager,
    tenant: Tenant,
    subscriptions: readonly SubscriptionEntity[],
  ): Promise<void> {
    for (const about of await this.withPlans(tenant, subscriptions)) {
      const { subscription } = about;
      subscription.startDue = hasAdvance(planAt(about, subscription.startAt));
      const { organisationId, id } = subscription;
      await db.update(SubscriptionEntity, { organisationId, id }, scheduleNext(about));
    }
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

  /** Adds to subscriptions what they refer to, with six queries (and the plans' own) however many there are. */
  async withPlans(tenant: Tenant, subscriptions: readonly SubscriptionEntity[]): Promise<SubscriptionWithPlan[]> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const subscriptionId = In(subscriptions.map(({ id }) => id));
      const customers = await this.customers.byIds(tenant, [...new Set(subscriptions.map((each) => each.customerId))]);
      const order = { fromAt: 'ASC' } as const;
      const phases = await db.find(SubscriptionPhaseEntity, { where: { subscriptionId }, order });
      const overrides = await db.find(SubscriptionOverrideEntity, {
        where: { subscriptionId },
        order: { fromAt: 'ASC', priceKey: 'ASC' },
      });
      const cycles = await db.find(SubscriptionCycleEntity, { where: { subscriptionId }, order });
      const pauses = await db.find(SubscriptionPauseEntity, { where: { subscriptionId }, order });
      const plans = await this.plans.byIds(tenant, [
        ...new Set([...subscriptions, ...phases].map(({ planId }) => planId)),
      ]);

      const phasesOf = groupedBySubscription(phases);
      const overridesOf = groupedBySubscription(overrides);
      const cyclesOf = groupedBySubscription(cycles);
      const pausesOf = groupedBySubscription(pauses);
      return subscriptions.map((subscription) =>
        assemble(subscription, customers.get(subscription.customerId)!, plans, {
          phases: phasesOf.get(subscription.id) ?? [],
          overrides: overridesOf.get(subscription.id) ?? [],
          cycles: cyclesOf.get(subscription.id) ?? [],
          pauses: pausesOf.get(subscription.id) ?? [],
        }),
      );
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
