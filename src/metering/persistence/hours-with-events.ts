import { ALL_EVENTS_METER_ID } from '../../catalog';
import type { Micros } from '../../kernel';
import type { Queryable } from '../../platform/database';

/**
 * The first hour from an instant on in which any event of the organisation counts or once counted, so that a long range
 * is walked without looking at its empty hours; null when there is none. It reads sums only.
 *
 * @param from the start of an hour
 */
export async function firstHourWithEvents(db: Queryable, organisationId: string, from: Micros): Promise<Micros | null> {
  const [row] = await db.query<{ first: string | null }>(
    `WITH starts AS (SELECT timestamptz '1970-01-01 00:00:00+00' + $3::bigint * interval '1 microsecond' AS at)
     SELECT (extract(epoch FROM least(
       -- Folding keeps the sums of all customers under the nil uuid, which is that of the meter of all events, too.
       (SELECT min(hour) FROM usage WHERE organisation_id = $1 AND customer_id = $2 AND meter_id = $2 AND hour >= (SELECT at FROM starts)),
       (SELECT min(each) FROM usage_pending, unnest(hours) AS each WHERE organisation_id = $1 AND each >= (SELECT at FROM starts))
     )) * 1000000)::bigint AS first`,
    [organisationId, ALL_EVENTS_METER_ID, from],
  );
  return row?.first === null || row === undefined ? null : Number(row.first);
}

/**
 * The last hour before an instant in which any event of the organisation counts or once counted; null when there is none.
 * It reads sums only.
 */
export async function lastHourWithEvents(
  db: Queryable,
  organisationId: string,
  before: Micros,
): Promise<Micros | null> {
  const [row] = await db.query<{ last: string | null }>(
    `WITH ends AS (SELECT timestamptz '1970-01-01 00:00:00+00' + $3::bigint * interval '1 microsecond' AS at)
     SELECT (extract(epoch FROM greatest(
       (SELECT max(hour) FROM usage WHERE organisation_id = $1 AND customer_id = $2 AND meter_id = $2 AND hour < (SELECT at FROM ends)),
       (SELECT max(each) FROM usage_pending, unnest(hours) AS each WHERE organisation_id = $1 AND each < (SELECT at FROM ends))
     )) * 1000000)::bigint AS last`,
    [organisationId, ALL_EVENTS_METER_ID, before],
  );
  return row?.last === null || row === undefined ? null : Number(row.last);
}

/**
 * The hours in which a meter counts or once counted events of these customers, so that single events are looked for where
 * there are any. It reads sums only.
 *
 * @param from the start of an hour
 * @returns    for each customer with such hours the start of each, ascending
 */
export async function hoursWithUsage(
  db: Queryable,
  organisationId: string,
  usageId: string,
  customerIds: readonly string[],
  from: Micros,
  to: Micros,
): Promise<ReadonlyMap<string, Micros[]>> {
  const rows = await db.query<{ customer_id: string; hours: string[] }>(
    `WITH asked AS (
       SELECT timestamptz '1970-01-01 00:00:00+00' + $4::bigint * interval '1 microsecond' AS starts,
              timestamptz '1970-01-01 00:00:00+00' + $5::bigint * interval '1 microsecond' AS ends
     ), used AS (
       SELECT customer_id, hour FROM usage, asked
        WHERE organisation_id = $1 AND meter_id = $2 AND customer_id = ANY($3::uuid[]) AND hour >= starts AND hour < ends
       UNION
       SELECT u.customer_id, u.hour
         FROM usage_pending, asked, unnest(customer_ids, meter_ids, hours) AS u (customer_id, meter_id, hour)
        WHERE organisation_id = $1 AND customer_ids && $3::uuid[] AND u.meter_id = $2 AND u.customer_id = ANY($3::uuid[])
          AND u.hour >= starts AND u.hour < ends
     )
     SELECT customer_id, array_agg((extract(epoch FROM hour) * 1000000)::bigint ORDER BY hour) AS hours
       FROM used GROUP BY customer_id`,
    [organisationId, usageId, customerIds, from, to],
  );
  return new Map(rows.map(({ customer_id, hours }) => [customer_id, hours.map(Number)]));
}
