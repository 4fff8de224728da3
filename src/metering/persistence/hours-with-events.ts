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
