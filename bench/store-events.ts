import type { Client } from 'pg';
import { EVERY_CUSTOMER_ID } from '../src/metering/domain';
import { EVENT_TYPE } from './events';

/** Events in one statement. */
const PAGE = 500_000;

/** Events to store: evenly over a time, over customers in turn. */
export interface EventsToStore {
  readonly count: number;
  /** Without it the month so far, by PostgreSQL's clock. */
  readonly within?: { readonly from: Date; readonly to: Date };
  /** Keys; without it every customer there is. */
  readonly customers?: readonly string[];
}

/**
 * Stores events as ingest would have stored them, by SQL, which is some times quicker: with the key of their identity, a
 * cost, and their sums in `usage`. Once for a database. Its keys and indexes are taken away before, and built at the end,
 * so that ten million rows are a matter of minutes: keys are drawn, and each would go to a page of its own.
 *
 * @param events how many, evenly over the month so far and over all customers; or what else
 */
export async function storeEvents(client: Client, events: number | readonly EventsToStore[]): Promise<void> {
  const wanted = typeof events === 'number' ? [{ count: events }] : events;
  await client.query(`SET maintenance_work_mem = '1GB'; SET work_mem = '256MB'; SET synchronous_commit = off`);
  const again = await withoutIndexes(client);
  let stored = 0;
  for (const { count, within, customers } of wanted) {
    for (let first = 0; first < count; first += PAGE) {
      const last = Math.min(first + PAGE, count);
      const time = [within?.from ?? null, within?.to ?? null];
      await client.query(STORE, [first, last, count, stored, ...time, customers ?? null]);
    }
    stored += count;
  }
  await client.query(`SELECT setval('event_batch', (SELECT max(batch) FROM event))`);
  for (const statement of again) await client.query(statement);
  await client.query('VACUUM ANALYZE event');
  await client.query(COUNT);
  await client.query('VACUUM ANALYZE usage');
  await client.query('RESET maintenance_work_mem; RESET work_mem; RESET synchronous_commit');
  await client.query('CHECKPOINT');
}

/** Drops the indexes of events, their key, and what refers to it. @returns what makes them again, in this order */
async function withoutIndexes(client: Client): Promise<string[]> {
  const { rows: constraints } = await client.query<{ table: string; name: string; definition: string }>(
    `SELECT conrelid::regclass::text AS table, quote_ident(conname) AS name, pg_get_constraintdef(oid) AS definition
       FROM pg_constraint WHERE confrelid = 'event'::regclass OR (conrelid = 'event'::regclass AND contype IN ('p', 'u'))
      ORDER BY contype`,
  );
  const { rows: indexes } = await client.query<{ name: string; definition: string }>(
    `SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index
      WHERE indrelid = 'event'::regclass
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))`,
  );
  for (const { table, name } of constraints) await client.query(`ALTER TABLE ${table} DROP CONSTRAINT ${name}`);
  for (const { name } of indexes) await client.query(`DROP INDEX ${name}`);
  return [
    // The key first, since others refer to it.
    ...constraints.reverse().map(({ table, name, definition }) => `ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition}`), // prettier-ignore
    ...indexes.map(({ definition }) => definition),
  ];
}

const STORE = `
  WITH organisation AS (SELECT id FROM organisation LIMIT 1),
       customers AS (SELECT array_agg(id ORDER BY key) AS ids FROM customer WHERE $7::text[] IS NULL OR key = ANY ($7)),
       price AS (SELECT id FROM model_price WHERE provider = 'openai' AND model = 'gpt-4o' AND organisation_id IS NULL LIMIT 1),
       time AS (SELECT coalesce($5::timestamptz, date_trunc('month', now())) AS begins, coalesce($6::timestamptz, now()) AS ends)
  INSERT INTO event (key, organisation_id, batch, customer_id, time, time_given, received_at, type, source, id, session,
    agent, feature, provider, model, cost, cost_status, model_price_id, cost_breakdown, data)
  SELECT encode(substring(sha256(convert_to(organisation.id || '3:apistored-' || n, 'UTF8')) FOR 16), 'hex')::uuid,
         organisation.id, 1 + n / 5000, ids[1 + n % array_length(ids, 1)], at, true, at, '${EVENT_TYPE}', 'api', 'stored-' || n,
         'session-' || n / 8, 'agent-' || n % 4, 'feature-' || n % 5, 'openai', 'gpt-4o',
         input * 0.0000025 + output * 0.00001, 'p', price.id,
         format('[["input","%s","0.0000025"],["output","%s","0.00001"]]', input, output),
         format('{"provider":"openai","model":"gpt-4o","input_tokens":%s,"output_tokens":%s}', input, output)
    FROM organisation, customers, price, time, generate_series($1::int + $4::int, $2::int + $4::int - 1) AS n,
         LATERAL (SELECT begins + (ends - begins) * ((n - $4::int)::float8 / $3::int) AS at,
                         100 + n % 7919 AS input, 20 + n % 1499 AS output) AS details`;

const COUNT = `
  WITH hours AS MATERIALIZED (
    SELECT organisation_id, customer_id, date_trunc('hour', time) AS hour, count(*) AS events, sum(cost) AS cost,
           sum((data::jsonb ->> 'output_tokens')::numeric) AS tokens
      FROM event GROUP BY 1, 2, 3
  )
  INSERT INTO usage
  SELECT hours.organisation_id, coalesce(customer_id, '${EVERY_CUSTOMER_ID}'), meter.id, hour, '',
         sum(CASE meter.aggregation WHEN 'count' THEN events ELSE tokens END), sum(cost), sum(events), 0
    FROM hours, (SELECT usage_id AS id, aggregation FROM meter
                 UNION ALL SELECT '00000000-0000-0000-0000-000000000000', 'count') AS meter
   GROUP BY GROUPING SETS ((hours.organisation_id, customer_id, meter.id, hour), (hours.organisation_id, meter.id, hour))`;
