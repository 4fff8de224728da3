import type { Pool } from 'pg';
import { formatMicros, scaledText } from '../../kernel';
import { asQueryable, type Queryable } from '../../platform/database';
import type { UsageSum } from '../domain';
import { addToTotals, lockFolding, takePending } from './usage-store';

/**
 * Writes sums down as pending, in a transaction that ingest waits for or goes on beside. Appending waits for nobody who
 * folds or ingests. Several calls for one batch are added to one another.
 *
 * @param batch taken from `event_batch` by this transaction
 */
export async function addPending(
  db: Queryable,
  organisationId: string,
  batch: number,
  sums: readonly UsageSum[],
): Promise<void> {
  if (sums.length === 0) return;
  await db.query(
    `INSERT INTO usage_pending AS pending (organisation_id, batch, customer_ids, meter_ids, hours, dimensions, quantities,
       costs, events, pending_events)
     VALUES ($1, $2, $3::uuid[], $4::uuid[], $5::timestamptz[], $6::text[], $7::numeric[], $8::numeric[], $9::bigint[], $10::bigint[])
     ON CONFLICT (organisation_id, batch) DO UPDATE
       SET customer_ids = pending.customer_ids || excluded.customer_ids, meter_ids = pending.meter_ids || excluded.meter_ids,
           hours = pending.hours || excluded.hours, dimensions = pending.dimensions || excluded.dimensions,
           quantities = pending.quantities || excluded.quantities, costs = pending.costs || excluded.costs,
           events = pending.events || excluded.events, pending_events = pending.pending_events || excluded.pending_events`,
    [
      organisationId,
      batch,
      sums.map((sum) => sum.customerId),
      sums.map((sum) => sum.meterId),
      sums.map((sum) => formatMicros(sum.hour)),
      sums.map((sum) => sum.dimensions),
      sums.map((sum) => scaledText(sum.quantity)),
      sums.map((sum) => scaledText(sum.cost)),
      sums.map((sum) => sum.events),
      sums.map((sum) => sum.pendingEvents),
    ],
  );
}

/**
 * Folds pending sums that the caller wrote and still has in memory, as `UsageFolder` does for those of ingest. Nothing
 * when some of them were folded from the table meanwhile: the rest is folded from there, too.
 *
 * @param sums all that the batches hold, no two of one customer, meter, hour and group
 */
export async function foldOwn(
  pool: Pool,
  organisationId: string,
  batches: readonly number[],
  sums: readonly UsageSum[],
): Promise<void> {
  if (batches.length === 0) return;
  const client = await pool.connect();
  let broken = true;
  try {
    await client.query('BEGIN');
    await lockFolding(client);
    const mine = (await takePending(client, organisationId, batches)) === batches.length;
    if (mine) await addToTotals(asQueryable(client), organisationId, sums);
    await client.query(mine ? 'COMMIT' : 'ROLLBACK');
    broken = false;
  } finally {
    client.release(broken);
  }
}
