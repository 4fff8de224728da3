import { insertCosts, type RecordedChange, type StoredCost, type StoredEvent } from '../../events';
import { changeUsage } from '../../metering';
import type { Queryable } from '../../platform/database';
import { withCost } from './cost-again';
import type { EntitlementChanges } from './entitlement-changes';

/** An event and the cost it is to have from now on. */
export interface CostChange {
  readonly event: StoredEvent;
  readonly cost: StoredCost;
}

/** The next number of group commits. Taken while ingest is paused, it divides what was accepted before from what comes. */
export async function nextBatch(db: Queryable): Promise<number> {
  const [next] = await db.query<{ batch: string }>(`SELECT nextval('event_batch') AS batch`, []);
  return Number(next!.batch);
}

/**
 * Gives events other costs, in the running transaction and while ingest is paused: a record for each beside the event,
 * usage that follows, and what is left to be counted against caps, holds and credit.
 */
export async function writeCosts(
  db: Queryable,
  organisationId: string,
  change: Omit<RecordedChange, 'apiKeyId'>,
  changes: readonly CostChange[],
  entitlements: EntitlementChanges,
): Promise<void> {
  if (changes.length === 0) return;
  const batch = await nextBatch(db);
  await insertCosts(
    db,
    organisationId,
    batch,
    change,
    changes.map(({ event, cost }) => ({ key: event.key, cost })),
  );
  const changed = {
    removed: changes.map(({ event }) => event),
    added: changes.map(({ event, cost }) => withCost(event, cost)),
  };
  await changeUsage(db, organisationId, batch, changed);
  await entitlements.append(db, organisationId, batch, changed);
}
