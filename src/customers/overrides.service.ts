import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { recordAudit, type Tenant } from '../access';
import { type PriceOverride, toPlain } from '../catalog';
import { AgreedTerms } from './agreed-terms';
import { Clock, ConflictError, InvalidRequestError, newUuid, NotFoundError, toPublicId } from '../kernel';
import { Database } from '../platform/database';
import { CustomersService } from './customers.service';
import { isWithin, makeRoom, openFrom, type Override } from './domain';
import { SubscriptionOverrideEntity } from './persistence/subscription-override.entity';
import type { SubscriptionWithPlan } from './assemble-subscription';
import { SubscriptionsService } from './subscriptions.service';

/** Terms for one price that a subscription has agreed on. */
export interface NewOverride {
  readonly definition: PriceOverride;
  /** Null: from now on, by the customer's clock. */
  readonly from: Date | null;
  /** Null: until further notice. */
  readonly to: Date | null;
  readonly reason: string;
}

/** Agrees on other terms for single prices of a subscription, and ends them. */
@Injectable()
export class OverridesService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(SubscriptionsService) private readonly subscriptions: SubscriptionsService,
    @Inject(AgreedTerms) private readonly terms: AgreedTerms,
  ) {}

  /**
   * Puts other terms on a price for a stretch of time. What was agreed on before for it ends there, and comes back behind
   * the stretch. A repeat of what holds already changes nothing.
   *
   * @param priceKey of the plan versions the subscription has in that time
   * @throws ConflictError `period_closed` when it would begin in a period that has its invoice
   */
  async agree(tenant: Tenant, reference: string, priceKey: string, wanted: NewOverride): Promise<SubscriptionWithPlan> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const about = await this.subscriptions.lock(db, tenant, reference);
      const override = await this.toOverride(tenant, about, priceKey, wanted);
      const others = about.overrides.filter((each) => each.priceKey === priceKey);
      if (others.some((each) => says(each, override, wanted.from))) return about;

      refuseBeforeOpenPeriod(about, override.fromAt);
      const agreed = { ...about, overrides: [...about.overrides.filter((each) => !overlap(each, override)), override] };
      await this.terms.refuseWrong(tenant, about, agreed, override);
      const changes = makeRoom(others, override);

      for (const { id } of changes.removed) await db.delete(SubscriptionOverrideEntity, this.named(tenant, id));
      for (const { override: each, toAt } of changes.shortened) await this.end(db, tenant, each, toAt);
      for (const { override: each, fromAt } of changes.resumed) {
        await this.insert(db, tenant, about, { ...each, id: newUuid(), fromAt });
      }
      await this.insert(db, tenant, about, override);
      await recordAudit(db, tenant, {
        action: 'subscription.overridden',
        subject: { kind: 'subscription', id: toPublicId('subscription', about.subscription.id) },
        reason: wanted.reason,
        after: { price: priceKey, from: override.fromAt, to: override.toAt, ...toPlain(override.definition) },
      });
      return (await this.subscriptions.withPlans(tenant, [about.subscription]))[0]!;
    });
  }

  /**
   * Ends what holds for a price now, and takes back what was planned for it.
   *
   * @throws NotFoundError `override_not_found` when there is neither
   */
  async endNow(tenant: Tenant, reference: string, priceKey: string): Promise<SubscriptionWithPlan> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const about = await this.subscriptions.lock(db, tenant, reference);
      const now = await this.customers.nowFor(tenant, about.customer);
      const ended = about.overrides.filter(
        (each) => each.priceKey === priceKey && (each.toAt === null || now.getTime() < each.toAt.getTime()),
      );
      if (ended.length === 0) throw new NotFoundError('override', priceKey);

      for (const each of ended) {
        if (each.fromAt.getTime() < now.getTime()) await this.end(db, tenant, each, now);
        else await db.delete(SubscriptionOverrideEntity, this.named(tenant, each.id));
      }
      await recordAudit(db, tenant, {
        action: 'subscription.override_ended',
        subject: { kind: 'subscription', id: toPublicId('subscription', about.subscription.id) },
        before: { price: priceKey, overrides: ended.map(({ definition }) => toPlain(definition)) },
      });
      return (await this.subscriptions.withPlans(tenant, [about.subscription]))[0]!;
    });
  }

  private async toOverride(
    tenant: Tenant,
    about: SubscriptionWithPlan,
    priceKey: string,
    { definition, from, to, reason }: NewOverride,
  ): Promise<Override> {
    const asked = from ?? (await this.customers.nowFor(tenant, about.customer));
    const fromAt = new Date(Math.max(asked.getTime(), about.subscription.startAt.getTime()));
    if (to !== null && to.getTime() <= fromAt.getTime()) {
      const detail = `must be after the override begins, which is at ${fromAt.toISOString()}`;
      throw new InvalidRequestError('invalid_period', `to: ${detail}`, [{ field: 'to', detail }]);
    }
    return { id: newUuid(), priceKey, definition, fromAt, toAt: to, reason, createdAt: this.clock.now() };
  }

  private async insert(
    db: EntityManager,
    tenant: Tenant,
    { subscription }: SubscriptionWithPlan,
    { definition, changeId = null, ...override }: Override,
  ): Promise<void> {
    await db.insert(SubscriptionOverrideEntity, {
      organisationId: tenant.organisationId,
      subscriptionId: subscription.id,
      ...override,
      changeId,
      definition: toPlain(definition) as object,
    });
  }

  private async end(db: EntityManager, tenant: Tenant, { id }: Override, toAt: Date): Promise<void> {
    await db.update(SubscriptionOverrideEntity, this.named(tenant, id), { toAt });
  }

  private named({ organisationId }: Tenant, id: string): { organisationId: string; id: string } {
    return { organisationId, id };
  }
}

/**
 * What is charged in a period that has its invoice stays as it is.
 *
 * @throws ConflictError `period_closed`
 */
export function refuseBeforeOpenPeriod(about: SubscriptionWithPlan, at: Date): void {
  const start = openFrom(about);
  if (start.getTime() <= at.getTime()) return;
  const detail = `must not be before ${start.toISOString()}, when the first period without an invoice begins`;
  throw new ConflictError('period_closed', `from: ${detail}.`, [{ field: 'from', detail }]);
}

/** Says whether what is asked for holds already; without a `from` that is asked for, it may have begun earlier. */
function says(there: Override, asked: Override, from: Date | null): boolean {
  return (
    isDeepStrictEqual(toPlain(there.definition), toPlain(asked.definition)) &&
    there.toAt?.getTime() === asked.toAt?.getTime() &&
    (from === null ? isWithin(asked.fromAt, there) : there.fromAt.getTime() === asked.fromAt.getTime())
  );
}

function overlap(one: Override, other: Override): boolean {
  return one.priceKey === other.priceKey && (isWithin(one.fromAt, other) || isWithin(other.fromAt, one));
}
