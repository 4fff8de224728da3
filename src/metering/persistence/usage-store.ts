import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Pool, PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { Decimal, SCALE, scaledText, type Micros } from '../../kernel';

import { BinaryRows, ELEMENT_OIDS, uuidBytes } from '../../platform/database';
import type { UsageSum } from '../domain';

/** Usage of one meter over a stretch of time, added up over its hours and groups. */
export interface MeterUsage {
  readonly meterId: string;
  readonly quantity: Decimal;
  readonly cost: Decimal;
  readonly events: number;
  readonly pendingEvents: number;
}

const COPY_PENDING = `COPY usage_pending (organisation_id, batch, customer_ids, meter_ids, hours, dimensions, quantities,
  costs, events, pending_events) FROM STDIN (FORMAT binary)`;

/**
 * Writes down the sums of one group commit, a row for each organisation, in the transaction that stores its events.
 * Appending a row is several times cheaper than updating the totals, which `foldPending` does later for many at once.
 */
export async function appendPending(
  client: PoolClient,
  batch: number,
  sums: ReadonlyMap<string, readonly UsageSum[]>,
): Promise<void> {
  const rows = new BinaryRows();
  for (const [organisationId, usage] of sums) {
    rows.row(10);
    rows.uuid(uuidBytes(organisationId));
    rows.bigint(batch);
    rows.array(ELEMENT_OIDS.uuid, usage, (sum) => rows.uuid(uuidBytes(sum.customerId)));
    rows.array(ELEMENT_OIDS.uuid, usage, (sum) => rows.uuid(uuidBytes(sum.meterId)));
    rows.array(ELEMENT_OIDS.timestamptz, usage, (sum) => rows.timestamptz(sum.hour));
    rows.array(ELEMENT_OIDS.text, usage, (sum) => rows.text(sum.dimensions));
    rows.array(ELEMENT_OIDS.numeric, usage, (sum) => rows.numeric(sum.quantity, SCALE));
    rows.array(ELEMENT_OIDS.numeric, usage, (sum) => rows.numeric(sum.cost, SCALE));
    rows.array(ELEMENT_OIDS.int8, usage, (sum) => rows.bigint(sum.events));
    rows.array(ELEMENT_OIDS.int8, usage, (sum) => rows.bigint(sum.pendingEvents));
  }
  await pipeline(Readable.from([rows.finish()]), client.query(copyFrom(COPY_PENDING)));
}

/** Most pending rows that one fold takes, so that its transaction stays short. */
const ROWS_A_FOLD = 2_000;

/**
 * Moves pending sums into the hourly totals, in one statement, so that a reader sees each sum in exactly one of the two
 * tables and a crash leaves it in one of them. One fold at a time (the caller's job lock).
 *
 * @returns how many pending rows were folded; call again while it is `ROWS_A_FOLD`
 */
export async function foldPending(pool: Pool): Promise<{ folded: number; more: boolean }> {
  const { rows } = await pool.query<{ folded: string }>(
    `WITH gone AS (
       DELETE FROM usage_pending
        WHERE (organisation_id, batch) IN (SELECT organisation_id, batch FROM usage_pending ORDER BY batch LIMIT $1)
       RETURNING *
     ), flat AS (
       SELECT organisation_id, u.*
         FROM gone, unnest(customer_ids, meter_ids, hours, dimensions, quantities, costs, events, pending_events)
           AS u (customer_id, meter_id, hour, dimensions, quantity, cost, events, pending_events)
     ), written AS (
       INSERT INTO usage AS total
       SELECT organisation_id, customer_id, meter_id, hour, dimensions, sum(quantity), sum(cost), sum(events), sum(pending_events)
         FROM flat
        GROUP BY organisation_id, customer_id, meter_id, hour, dimensions
       ON CONFLICT (organisation_id, customer_id, meter_id, hour, dimensions) DO UPDATE
         SET quantity = total.quantity + excluded.quantity, cost = total.cost + excluded.cost,
             events = total.events + excluded.events, pending_events = total.pending_events + excluded.pending_events
     )
     SELECT count(*) AS folded FROM gone`,
    [ROWS_A_FOLD],
  );
  const folded = Number(rows[0]!.folded);
  return { folded, more: folded === ROWS_A_FOLD };
}

/** Something that runs SQL in a tenant's transaction. */
interface Queryable {
  query<Row>(sql: string, parameters: unknown[]): Promise<Row[]>;
}

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
        WHERE organisation_id = $1 AND u.customer_id = $2 AND u.hour >= starts AND u.hour < ends
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

/** Adds sums straight to the totals, for a meter that is filled from stored events. */
export async function addToTotals(db: Queryable, organisationId: string, sums: readonly UsageSum[]): Promise<void> {
  if (sums.length === 0) return;
  await db.query(
    `INSERT INTO usage AS total
     SELECT $1, customer_id, meter_id, timestamptz '1970-01-01 00:00:00+00' + hour * interval '1 microsecond', dimensions,
            quantity, cost, events, pending_events
       FROM unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::numeric[], $7::numeric[], $8::bigint[], $9::bigint[])
         AS u (customer_id, meter_id, hour, dimensions, quantity, cost, events, pending_events)
     ON CONFLICT (organisation_id, customer_id, meter_id, hour, dimensions) DO UPDATE
       SET quantity = total.quantity + excluded.quantity, cost = total.cost + excluded.cost,
           events = total.events + excluded.events, pending_events = total.pending_events + excluded.pending_events`,
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
