import type { EntityManager } from 'typeorm';
import type { Currency } from '../../kernel';
import { SubscriptionEntity } from './subscription.entity';

/** Which subscriptions of a plan; what is left out is no condition. */
export interface SubscriptionQuery {
  /** They have one of these plan versions at some time. */
  readonly planIds: readonly string[];
  readonly customerIds: readonly string[] | null;
  readonly startedBefore?: Date | undefined;
  readonly startedAfter?: Date | undefined;
  readonly customerPrefix?: string | undefined;
  readonly currency?: Currency | undefined;
}

/**
 * A page of the subscriptions that have or had or will have one of some plan versions, oldest first.
 *
 * @param after the id the page before ended with; null for the first
 * @param lock  keeps everyone else from changing them until the transaction ends
 */
export async function subscriptionsOnPlans(
  db: EntityManager,
  query: SubscriptionQuery,
  { after, limit, lock }: { readonly after: string | null; readonly limit: number; readonly lock: boolean },
): Promise<SubscriptionEntity[]> {
  const { planIds, customerIds, startedBefore, startedAfter, customerPrefix, currency } = query;
  const found = db
    .createQueryBuilder(SubscriptionEntity, 's')
    .where(
      `(s.plan_id = ANY (:planIds) OR EXISTS (
         SELECT FROM subscription_phase AS phase
          WHERE phase.organisation_id = s.organisation_id AND phase.subscription_id = s.id AND phase.plan_id = ANY (:planIds)))`,
      { planIds },
    )
    .orderBy('s.id', 'ASC')
    .limit(limit);
  if (after !== null) found.andWhere('s.id > :after', { after });
  if (customerIds !== null) found.andWhere('s.customer_id = ANY (:customerIds)', { customerIds });
  if (startedBefore !== undefined) found.andWhere('s.start_at < :startedBefore', { startedBefore });
  if (startedAfter !== undefined) found.andWhere('s.start_at >= :startedAfter', { startedAfter });
  if (customerPrefix !== undefined) {
    found.andWhere(
      `EXISTS (SELECT FROM customer WHERE customer.organisation_id = s.organisation_id AND customer.id = s.customer_id
                  AND starts_with(customer.key, :customerPrefix))`,
      { customerPrefix },
    );
  }
  if (currency !== undefined) {
    found.andWhere(
      `COALESCE(s.currency, (SELECT plan.currency FROM plan
                              WHERE plan.organisation_id = s.organisation_id AND plan.id = s.plan_id)) = :currency`,
      { currency },
    );
  }
  if (lock) found.setLock('pessimistic_write', undefined, ['s']);
  return found.getMany();
}

/** A plan version that a subscription has from an instant on. */
export interface NewPhase {
  readonly subscriptionId: string;
  readonly fromAt: Date;
  readonly planId: string;
  readonly moveId: string;
}

/** Adds phases; one that begins at an instant at which another began takes its place. */
export async function insertPhases(
  db: EntityManager,
  organisationId: string,
  phases: readonly NewPhase[],
): Promise<void> {
  await db.query(
    `INSERT INTO subscription_phase (organisation_id, subscription_id, from_at, plan_id, move_id)
     SELECT $1, * FROM unnest($2::uuid[], $3::timestamptz[], $4::uuid[], $5::uuid[])
     ON CONFLICT (organisation_id, subscription_id, from_at)
       DO UPDATE SET plan_id = excluded.plan_id, move_id = excluded.move_id`,
    [
      organisationId,
      phases.map(({ subscriptionId }) => subscriptionId),
      phases.map(({ fromAt }) => fromAt),
      phases.map(({ planId }) => planId),
      phases.map(({ moveId }) => moveId),
    ],
  );
}

/** A phase of a subscription, by when it begins. */
export type PlannedPhase = Pick<NewPhase, 'subscriptionId' | 'fromAt'>;

/** Removes phases that haven't begun. */
export async function removePhases(
  db: EntityManager,
  organisationId: string,
  phases: readonly PlannedPhase[],
): Promise<void> {
  await db.query(
    `DELETE FROM subscription_phase USING unnest($2::uuid[], $3::timestamptz[]) AS gone (subscription_id, from_at)
      WHERE subscription_phase.organisation_id = $1
        AND (subscription_phase.subscription_id, subscription_phase.from_at) = (gone.subscription_id, gone.from_at)`,
    [organisationId, phases.map(({ subscriptionId }) => subscriptionId), phases.map(({ fromAt }) => fromAt)],
  );
}
