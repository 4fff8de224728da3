import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { recordAudit, type Tenant } from '../../access';
import { SubscriptionEntity } from '../../customers';
import { DomainError, fromPublicId, NotFoundError, toPublicId } from '../../kernel';
import { Database } from '../../platform/database';
import { LOGGER, type Logger } from '../../platform';

/** Most of a reason that is kept. */
const REASON_LENGTH = 500;

/** SQLSTATE of what passes by itself: connections that broke or are too many, deadlocks, a server that stops. */
const PASSING = /^(?:08|40|53|57P|55P03)/;

/**
 * Whether trying again is all that is needed. It is no fault of a subscription when the database was away or two
 * transactions met.
 */
export function passes(error: unknown): boolean {
  const { code, driverError } = error as { code?: unknown; driverError?: { code?: unknown } };
  const sqlState = driverError?.code ?? code;
  if (typeof sqlState === 'string') return PASSING.test(sqlState) || /^E[A-Z]+$/.test(sqlState);
  return (
    error instanceof Error && /^Connection terminated|^Client has encountered a connection error/.test(error.message)
  );
}

/** What a person reads of it. */
export function reasonOf(error: unknown): string {
  if (error instanceof DomainError) return error.message.slice(0, REASON_LENGTH);
  const text = error instanceof Error ? error.message : String(error);
  return `Closing its period failed: ${text}`.slice(0, REASON_LENGTH);
}

/** A subscription with as much of it as is there whatever is wrong with it. */
export interface ParkedSubscription {
  readonly id: string;
  readonly key: string;
  readonly customerId: string;
  readonly customerKey: string;
  readonly planId: string;
  readonly planKey: string;
  readonly planVersion: number;
  /** Since when something of it is due; null behind its end. */
  readonly dueAt: Date | null;
  readonly parkedReason: string | null;
}

const SUBSCRIPTIONS = `
  SELECT subscription.id, subscription.key, customer.id AS "customerId", customer.key AS "customerKey",
         plan.id AS "planId", plan.key AS "planKey", plan.version AS "planVersion", subscription.due_at AS "dueAt",
         subscription.parked_reason AS "parkedReason"
    FROM subscription
    JOIN customer ON (customer.organisation_id, customer.id) = (subscription.organisation_id, subscription.customer_id)
    JOIN plan ON (plan.organisation_id, plan.id) = (subscription.organisation_id, subscription.plan_id)
   WHERE subscription.organisation_id = $1`;

/** Leaves subscriptions alone that can't be billed, each with a reason, until a person lets billing go on. */
@Injectable()
export class Parking {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Parks subscriptions; the others go on without them. */
  async park(tenant: Tenant, ids: readonly string[], error: unknown): Promise<void> {
    const names = ids.map((id) => toPublicId('subscription', id));
    this.logger.error({ err: error, subscriptions: names }, 'subscriptions were parked');
    await this.database.tenant(tenant.organisationId, (db) =>
      db.query(
        'UPDATE subscription SET parked_reason = $3 WHERE organisation_id = $1 AND id = ANY ($2::uuid[]) AND parked_reason IS NULL',
        [tenant.organisationId, ids, reasonOf(error)],
      ),
    );
  }

  /** Parked subscriptions, in the order they were made: also those that can't even be read, which may be why. */
  async list(tenant: Tenant, after: string | null, limit: number): Promise<ParkedSubscription[]> {
    return this.database.tenant(tenant.organisationId, (db) =>
      db.query<ParkedSubscription[]>(
        `${SUBSCRIPTIONS} AND subscription.parked_reason IS NOT NULL AND ($2::uuid IS NULL OR subscription.id > $2)
          ORDER BY subscription.id LIMIT $3`,
        [tenant.organisationId, after, limit],
      ),
    );
  }

  /** Lets billing of a subscription go on with the next run. A repeat, or one that isn't parked, changes nothing. @throws NotFoundError */
  async resume(tenant: Tenant, reference: string): Promise<ParkedSubscription> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const named = fromPublicId('subscription', reference);
      const where = named === null ? { key: reference } : { id: named };
      const subscription = await db.findOneBy(SubscriptionEntity, where);
      if (subscription === null) throw new NotFoundError('subscription', reference);
      const parkedReason = await this.clear(db, subscription);
      if (parkedReason !== null)
        await recordAudit(db, tenant, {
          action: 'subscription.billing_resumed',
          subject: { kind: 'subscription', id: toPublicId('subscription', subscription.id) },
          before: { parkedReason },
        });
      const [resumed] = await db.query<ParkedSubscription[]>(`${SUBSCRIPTIONS} AND subscription.id = $2`, [
        tenant.organisationId,
        subscription.id,
      ]);
      return resumed!;
    });
  }

  private async clear(db: EntityManager, { organisationId, id }: SubscriptionEntity): Promise<string | null> {
    const [rows] = await db.query<[{ reason: string }[], number]>(
      `UPDATE subscription SET parked_reason = NULL FROM subscription AS before
        WHERE subscription.organisation_id = $1 AND subscription.id = $2 AND subscription.parked_reason IS NOT NULL
          AND (before.organisation_id, before.id) = (subscription.organisation_id, subscription.id)
        RETURNING before.parked_reason AS reason`,
      [organisationId, id],
    );
    return rows[0]?.reason ?? null;
  }
}
