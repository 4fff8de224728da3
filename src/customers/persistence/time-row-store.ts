import type { EntityManager } from 'typeorm';
import type { RowChanges, TimeRows } from '../change-rows';
import { SubscriptionEntity } from './subscription.entity';
import { SubscriptionCycleEntity } from './subscription-cycle.entity';
import { SubscriptionOverrideEntity } from './subscription-override.entity';
import { SubscriptionPauseEntity } from './subscription-pause.entity';
import { SubscriptionPhaseEntity } from './subscription-phase.entity';

/** A subscription that its caller has locked. */
type Locked = Pick<
  SubscriptionEntity,
  'organisationId' | 'id' | 'endAt' | 'cancelledAt' | 'cancelSettle' | 'cancelReason'
>;

/** Everything of a subscription that changes in time. */
export async function loadTimeRows(db: EntityManager, subscription: Locked): Promise<TimeRows> {
  const of = { where: { subscriptionId: subscription.id }, order: { fromAt: 'ASC' } } as const;
  const phases = await db.find(SubscriptionPhaseEntity, of);
  const cycles = await db.find(SubscriptionCycleEntity, of);
  const overrides = await db.find(SubscriptionOverrideEntity, of);
  const pauses = await db.find(SubscriptionPauseEntity, of);
  const { endAt, cancelledAt, cancelSettle, cancelReason } = subscription;
  return {
    phases: phases.map(ownFields),
    cycles: cycles.map(ownFields),
    overrides: overrides.map(ownFields),
    pauses: pauses.map(ownFields),
    ending: endAt === null ? [] : [{ endAt, cancelledAt: cancelledAt!, cancelSettle: cancelSettle!, cancelReason }],
  };
}

/** Writes what has changed: what is to go first, so that another may take its place. */
export async function saveRowChanges(db: EntityManager, subscription: Locked, changes: RowChanges): Promise<void> {
  const { organisationId } = subscription;
  const of = { organisationId, subscriptionId: subscription.id };
  for (const { from } of changes.phases) {
    if (from !== null) await db.delete(SubscriptionPhaseEntity, { ...of, fromAt: from.fromAt });
  }
  for (const { from } of changes.cycles) {
    if (from !== null) await db.delete(SubscriptionCycleEntity, { ...of, fromAt: from.fromAt });
  }
  for (const { from } of changes.overrides) {
    if (from !== null) await db.delete(SubscriptionOverrideEntity, { organisationId, id: from.id });
  }
  for (const { from } of changes.pauses) {
    if (from !== null) await db.delete(SubscriptionPauseEntity, { organisationId, id: from.id });
  }

  for (const { to } of changes.phases) if (to !== null) await db.insert(SubscriptionPhaseEntity, { ...to, ...of });
  for (const { to } of changes.cycles) if (to !== null) await db.insert(SubscriptionCycleEntity, { ...to, ...of });
  for (const { to } of changes.overrides) {
    if (to !== null) await db.insert(SubscriptionOverrideEntity, { ...to, ...of, definition: to.definition as object });
  }
  for (const { to } of changes.pauses) if (to !== null) await db.insert(SubscriptionPauseEntity, { ...to, ...of });
  for (const { to } of changes.ending) {
    const ending = to ?? { endAt: null, cancelledAt: null, cancelSettle: null, cancelReason: null };
    await db.update(SubscriptionEntity, { organisationId, id: subscription.id }, ending);
    Object.assign(subscription, ending);
  }
}

function ownFields<Row extends { organisationId: string; subscriptionId: string }>(
  row: Row,
): Omit<Row, 'organisationId' | 'subscriptionId'> {
  const { organisationId: _1, subscriptionId: _2, ...own } = row;
  return own;
}
