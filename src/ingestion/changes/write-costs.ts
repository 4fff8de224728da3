import { insertCosts, type RecordedChange, type StoredCost, type StoredEvent } from '../../events';
import { changeUsage } from '../../metering';
import type { Queryable } from '../../platform/database';
import { withCost } from './cost-again';

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
 * and usage that follows.
 */
export async function writeCosts(
  db: Queryable,
  organisationId: string,
  change: Omit<RecordedChange, 'apiKeyId'>,
  changes: readonly CostChange[],
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
  await changeUsage(db, organisationId, batch, {
    removed: changes.map(({ event }) => event),
    added: changes.map(({ event, cost }) => withCost(event, cost)),
  });
}
