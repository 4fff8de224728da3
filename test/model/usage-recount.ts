import { EVERY_CUSTOMER_ID } from '../../src/metering';
import type { TestServer } from '../support/server';

type Query = TestServer['query'];

/** A meter as the API takes it, and the same said a second time in SQL over the stored events. */
export interface RecountedMeter {
  readonly request: {
    readonly key: string;
    readonly name: string;
    readonly eventType: string;
    readonly aggregation: 'count' | 'sum';
    readonly value?: string;
    readonly filters?: readonly { field: string; operator: string; value?: unknown }[];
    readonly groupBy?: readonly string[];
  };
  /** Which events of the type count. */
  readonly where: string;
  /** What each adds. */
  readonly value: string;
  /** The group as stored text. */
  readonly dimensions: string;
}

const TOKENS = `CASE WHEN data::jsonb->>'output_tokens' ~ '^[0-9.]+(e-[0-9]+)?$' THEN (data::jsonb->>'output_tokens')::numeric END`;
const INPUT = `CASE WHEN data::jsonb->>'input_tokens' ~ '^[0-9.]+$' THEN (data::jsonb->>'input_tokens')::numeric END`;

/** Counts and sums, with and without filters and groups. */
export const METERS: readonly RecountedMeter[] = [
  {
    request: { key: 'requests', name: 'Requests', eventType: 'llm.request', aggregation: 'count' },
    where: 'true',
    value: '1',
    dimensions: `''`,
  },
  {
    request: {
      key: 'output',
      name: 'Output tokens',
      eventType: 'llm.request',
      aggregation: 'sum',
      value: 'data.output_tokens',
      groupBy: ['feature', 'data.region'],
    },
    where: `${TOKENS} IS NOT NULL`,
    value: TOKENS,
    dimensions: `replace(json_build_array(feature, data::jsonb->>'region')::text, ', ', ',')`,
  },
  {
    request: {
      key: 'small-eu',
      name: 'Small requests in the EU',
      eventType: 'llm.request',
      aggregation: 'count',
      filters: [
        { field: 'data.input_tokens', operator: 'less_than', value: 2000 },
        { field: 'data.region', operator: 'in', value: ['eu', 'ch'] },
        { field: 'feature', operator: 'not_equals', value: 'internal' },
      ],
      groupBy: ['agent'],
    },
    where: `${INPUT} < 2000 AND data::jsonb->>'region' IN ('eu', 'ch') AND feature IS DISTINCT FROM 'internal'`,
    value: '1',
    dimensions: `json_build_array(agent)::text`,
  },
  {
    request: {
      key: 'successes',
      name: 'Successful tasks',
      eventType: 'task.outcome',
      aggregation: 'count',
      filters: [{ field: 'data.success', operator: 'equals', value: true }],
    },
    where: `data::jsonb->>'success' = 'true'`,
    value: '1',
    dimensions: `''`,
  },
];

/** One sum, with its decimals as the shortest plain text. */
export interface Sum {
  readonly customer: string;
  readonly meter: string;
  readonly hour: string;
  readonly dimensions: string;
  readonly quantity: string;
  readonly cost: string;
  readonly events: string;
  readonly pending: string;
}

const ALL_EVENTS = '00000000-0000-0000-0000-000000000000';

/** What Weir has counted, of each customer and of all together: folded and pending sums. */
export async function counted(query: Query): Promise<Sum[]> {
  return query<Sum>(`
    WITH pending (customer_id, meter_id, hour, dimensions, quantity, cost, events, pending_events) AS (
      SELECT u.* FROM usage_pending,
        unnest(customer_ids, meter_ids, hours, dimensions, quantities, costs, events, pending_events) AS u
    ), sums AS (
      SELECT customer_id, meter_id, hour, dimensions, quantity, cost, events, pending_events FROM usage
      UNION ALL SELECT * FROM pending
      -- What is pending counts for its customer and for all customers.
      UNION ALL
      SELECT '${EVERY_CUSTOMER_ID}', meter_id, hour, dimensions, quantity, cost, events, pending_events FROM pending
    )
    SELECT COALESCE(customer.key, 'all customers') AS customer, COALESCE(meter.key, 'all events') AS meter,
           to_char(hour AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS hour, dimensions,
           trim_scale(sum(quantity))::text AS quantity, trim_scale(sum(cost))::text AS cost,
           sum(events)::text AS events, sum(pending_events)::text AS pending
      FROM sums LEFT JOIN customer ON customer.id = customer_id LEFT JOIN meter ON meter.id = meter_id
     WHERE meter.id IS NOT NULL OR meter_id = '${ALL_EVENTS}'
     GROUP BY 1, 2, 3, 4
    -- A row whose only event was voided stays, with nothing in it.
    HAVING sum(events) <> 0 OR sum(quantity) <> 0 OR sum(cost) <> 0 OR sum(pending_events) <> 0
     ORDER BY 1, 2, 3, 4`);
}

/** The same, counted from the stored events one by one. Only meters that are made are counted. */
export async function recounted(query: Query): Promise<Sum[]> {
  const made = new Set((await query<{ key: string }>('SELECT key FROM meter')).map(({ key }) => key));
  const parts = METERS.filter(({ request }) => made.has(request.key)).map(
    ({ request, where, value, dimensions }) => `
      SELECT customer_id, '${request.key}' AS meter, time, ${dimensions} AS dimensions, ${value} AS quantity, cost, cost_status
        FROM event_now WHERE type = '${request.eventType}' AND ${where}`,
  );
  parts.push(`SELECT customer_id, 'all events', time, '', 1, cost, cost_status FROM event_now`);
  return query<Sum>(`
    SELECT COALESCE(customer.key, 'all customers') AS customer, meter,
           to_char(date_trunc('hour', time AT TIME ZONE 'UTC'), 'YYYY-MM-DD HH24:MI:SS') AS hour, dimensions,
           trim_scale(sum(quantity))::text AS quantity, trim_scale(sum(COALESCE(cost, 0)))::text AS cost,
           count(*)::text AS events, (count(*) FILTER (WHERE cost_status = 'u'))::text AS pending
      FROM (${parts.join(' UNION ALL ')}) AS counted JOIN customer ON customer.id = customer_id
     GROUP BY GROUPING SETS ((customer.key, 2, 3, 4), (2, 3, 4)) ORDER BY 1, 2, 3, 4`);
}

/** What one customer's usage should be between two instants, as the API tells it, recounted from the stored events. */
export async function recountedPeriod(
  query: Query,
  customer: string,
  from: string,
  to: string,
): Promise<Record<string, { quantity: string; cost: string; events: number; pendingCostEvents: number }>> {
  const parts = METERS.map(
    ({ request, where, value }) => `
      SELECT '${request.key}' AS meter, customer_id, time, ${value} AS quantity, cost, cost_status
        FROM event_now WHERE type = '${request.eventType}' AND ${where}`,
  );
  parts.push(`SELECT 'all events', customer_id, time, 1, cost, cost_status FROM event_now`);
  const rows = await query<{ meter: string; quantity: string; cost: string; events: number; pending: number }>(
    `SELECT meter, trim_scale(sum(quantity))::text AS quantity, trim_scale(sum(COALESCE(cost, 0)))::text AS cost,
            count(*)::int AS events, (count(*) FILTER (WHERE cost_status = 'u'))::int AS pending
       FROM (${parts.join(' UNION ALL ')}) AS counted JOIN customer ON customer.id = customer_id
      WHERE customer.key = $1 AND time >= $2 AND time < $3 GROUP BY 1`,
    [customer, from, to],
  );
  const nothing = { quantity: '0', cost: '0', events: 0, pendingCostEvents: 0 };
  return Object.fromEntries(
    [...METERS.map(({ request }) => request.key), 'all events'].map((meter) => {
      const row = rows.find((each) => each.meter === meter);
      return [
        meter,
        row === undefined
          ? nothing
          : { quantity: row.quantity, cost: row.cost, events: row.events, pendingCostEvents: row.pending },
      ];
    }),
  );
}
