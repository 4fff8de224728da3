import type { Pool, PoolClient } from 'pg';
import type { MeterDefinition } from '../../catalog/domain';
import { Decimal, scaledText, type Micros } from '../../kernel';

import { BinaryRows, type Copy, ELEMENT_OIDS, type Queryable, uuidBytes } from '../../platform/database';
import { EVERY_CUSTOMER_ID, type UsageSum, type UsageSums } from '../domain';

/** Usage of one meter over a stretch of time, added up over its hours and groups. */
export interface MeterUsage {
  readonly meterId: string;
  readonly quantity: Decimal;
  readonly cost: Decimal;
  readonly events: number;
  readonly pendingEvents: number;
  /** How the quantity comes about, when it is told for a meter and not for all events. */
  readonly measured?: Pick<MeterDefinition, 'aggregation' | 'timeUnit'>;
}

const COPY_PENDING = `COPY usage_pending (organisation_id, batch, customer_ids, meter_ids, hours, dimensions, quantities,
  costs, events, pending_events) FROM STDIN (FORMAT binary)`;

/**
 * The COPY that writes down the sums of one group commit, a row for each organisation, in the transaction that stores
 * its events. Appending a row is several times cheaper than updating the totals, which a fold does later for many.
 */
export function pendingCopy(batch: number, sums: ReadonlyMap<string, UsageSums>): Copy {
  const rows = new BinaryRows();
  for (const [organisationId, ofOrganisation] of sums) {
    const usage = ofOrganisation.all();
    rows.row(10);
    rows.uuid(uuidBytes(organisationId));
    rows.bigint(batch);
    rows.array(ELEMENT_OIDS.uuid, usage, (sum) => rows.uuid(uuidBytes(sum.customerId)));
    rows.array(ELEMENT_OIDS.uuid, usage, (sum) => rows.uuid(uuidBytes(sum.meterId)));
    rows.array(ELEMENT_OIDS.timestamptz, usage, (sum) => rows.timestamptz(sum.hour));
    rows.array(ELEMENT_OIDS.text, usage, (sum) => rows.text(sum.dimensions));
    rows.array(ELEMENT_OIDS.numeric, usage, (sum) => rows.numeric(sum.quantity));
    rows.array(ELEMENT_OIDS.numeric, usage, (sum) => rows.numeric(sum.cost));
    rows.array(ELEMENT_OIDS.int8, usage, (sum) => rows.bigint(sum.events));
    rows.array(ELEMENT_OIDS.int8, usage, (sum) => rows.bigint(sum.pendingEvents));
  }
  return { sql: COPY_PENDING, data: rows.finish() };
}

/** Advisory lock of whoever moves pending sums into the totals: "fold" in ASCII. One at a time, so that none waits for another in a circle. */
const FOLDING_LOCK = 0x666f6c64;

/** Waits until nobody else folds; held until the transaction ends. */
export async function lockFolding(client: PoolClient): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [FOLDING_LOCK]);
}

/** Deletes pending rows whose sums the caller adds to the totals in the same transaction. @returns how many there were */
export async function takePending(
  client: PoolClient,
  organisationId: string,
  batches: readonly number[],
): Promise<number> {
  const { rowCount } = await client.query(
    'DELETE FROM usage_pending WHERE organisation_id = $1 AND batch = ANY($2::bigint[])',
    [organisationId, batches],
  );
  return rowCount ?? 0;
}

/** Most pending rows that one transaction folds from the table, so that it stays short. */
const ROWS_A_FOLD = 2_000;

/**
 * Moves pending sums that nobody folded into the totals, by themselves, in one statement: a reader sees each sum in
 * exactly one of the two tables, and a crash leaves it in one of them.
 *
 * @param minAgeMs rows younger than this are left to the process that wrote them
 * @returns        whether there may be more; call again then
 */
export async function foldLeftovers(pool: Pool, minAgeMs: number): Promise<{ more: boolean }> {
  const client = await pool.connect();
  let broken = true;
  try {
    await client.query('BEGIN');
    await lockFolding(client);
    const { rows } = await client.query<{ folded: string }>(FOLD_LEFTOVERS, [minAgeMs, ROWS_A_FOLD]);
    await client.query('COMMIT');
    broken = false;
    return { more: Number(rows[0]!.folded) === ROWS_A_FOLD };
  } finally {
    client.release(broken);
  }
}

/**
 * Adds rows to the totals. In the order of the key, so that no two that add to the same rows wait for each other in a
 * circle, and so that new rows of one customer come to lie together.
 *
 * @param rows a query for columns in the order of the table's
 */
function addedToTotals(rows: string): string {
  return `INSERT INTO usage AS total ${rows} ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (organisation_id, customer_id, meter_id, hour, dimensions) DO UPDATE
      SET quantity = total.quantity + excluded.quantity, cost = total.cost + excluded.cost,
          events = total.events + excluded.events, pending_events = total.pending_events + excluded.pending_events`;
}

const FOLD_LEFTOVERS = `
  WITH gone AS (
    DELETE FROM usage_pending
     WHERE (organisation_id, batch) IN (
       SELECT organisation_id, batch FROM usage_pending
        WHERE created_at <= now() - $1 * interval '1 millisecond' ORDER BY batch LIMIT $2)
    RETURNING *
  ), flat AS (
    SELECT organisation_id, u.*
      FROM gone, unnest(customer_ids, meter_ids, hours, dimensions, quantities, costs, events, pending_events)
        AS u (customer_id, meter_id, hour, dimensions, quantity, cost, events, pending_events)
  ), written AS (
    ${addedToTotals(`
      SELECT organisation_id, coalesce(customer_id, '${EVERY_CUSTOMER_ID}') AS customer_id, meter_id, hour, dimensions,
             sum(quantity), sum(cost), sum(events), sum(pending_events)
        FROM flat
       GROUP BY GROUPING SETS ((organisation_id, customer_id, meter_id, hour, dimensions),
                               (organisation_id, meter_id, hour, dimensions))`)}
  )
  SELECT count(*) AS folded FROM gone`;

interface UsageRow {
  meter_id: string;
  quantity: string;
  cost: string;
  events: string;
  pending_events: string;
}

/**
 * A customer's usage over whole hours, from the folded and the pending sums together, in one statement and so at one
 * instant. It reads sums only: the number of events behind them does not matter.
 */
export async function usageOfHours(
  db: Queryable,
  organisationId: string,
  customerId: string,
  from: Micros,
  to: Micros,
): Promise<MeterUsage[]> {
  const rows = await db.query<UsageRow>(
    `WITH period AS (
       SELECT timestamptz '1970-01-01 00:00:00+00' + $3::bigint * interval '1 microsecond' AS starts,
              timestamptz '1970-01-01 00:00:00+00' + $4::bigint * interval '1 microsecond' AS ends
     ), sums AS (
       SELECT meter_id, quantity, cost, events, pending_events
         FROM usage, period
        WHERE organisation_id = $1 AND customer_id = $2 AND hour >= starts AND hour < ends
       UNION ALL
       SELECT u.meter_id, u.quantity, u.cost, u.events, u.pending_events
         FROM usage_pending, period,
              unnest(customer_ids, meter_ids, hours, quantities, costs, events, pending_events)
                AS u (customer_id, meter_id, hour, quantity, cost, events, pending_events)
        -- A commit's row without the customer is passed over as a whole.
        WHERE organisation_id = $1 AND $2 = ANY(customer_ids) AND u.customer_id = $2 AND u.hour >= starts AND u.hour < ends
     )
     SELECT meter_id, sum(quantity) AS quantity, sum(cost) AS cost, sum(events) AS events, sum(pending_events) AS pending_events
       FROM sums GROUP BY meter_id`,
    [organisationId, customerId, from, to],
  );
  return rows.map((row) => ({
    meterId: row.meter_id,
    quantity: new Decimal(row.quantity),
    cost: new Decimal(row.cost),
    events: Number(row.events),
    pendingEvents: Number(row.pending_events),
  }));
}

/**
 * Adds sums to the totals, of each customer and of all customers together (`EVERY_CUSTOMER_ID`).
 *
 * @param sums no two of one customer, meter, hour and group
 */
export async function addToTotals(
  db: Pick<Queryable, 'query'>,
  organisationId: string,
  sums: readonly UsageSum[],
): Promise<void> {
  if (sums.length === 0) return;
  await db.query(
    `WITH sums AS MATERIALIZED (
       SELECT customer_id, meter_id, timestamptz '1970-01-01 00:00:00+00' + hour * interval '1 microsecond' AS hour, dimensions,
              quantity, cost, events, pending_events
         FROM unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::numeric[], $7::numeric[], $8::bigint[], $9::bigint[])
           AS u (customer_id, meter_id, hour, dimensions, quantity, cost, events, pending_events)
     )
     ${addedToTotals(`
       SELECT $1::uuid, * FROM sums
       UNION ALL
       SELECT $1::uuid, '${EVERY_CUSTOMER_ID}'::uuid, meter_id, hour, dimensions,
              sum(quantity), sum(cost), sum(events)::bigint, sum(pending_events)::bigint
         FROM sums GROUP BY meter_id, hour, dimensions`)}`,
    [
      organisationId,
      sums.map((sum) => sum.customerId),
      sums.map((sum) => sum.meterId),
      sums.map((sum) => sum.hour),
      sums.map((sum) => sum.dimensions),
      sums.map((sum) => scaledText(sum.quantity)),
      sums.map((sum) => scaledText(sum.cost)),
      sums.map((sum) => sum.events),
      sums.map((sum) => sum.pendingEvents),
    ],
  );
}
