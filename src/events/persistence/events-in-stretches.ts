import type { Micros } from '../../kernel';
import type { Queryable } from '../../platform/database';
import { EVENT_COLUMNS, type EventRow, type StoredEvent, toStoredEvent } from './stored-events';

/** A stretch of one customer's time, half-open. */
export interface CustomerStretch {
  readonly customerId: string;
  readonly from: Micros;
  readonly to: Micros;
}

const PAGE = 5_000;

/**
 * Hands over the effective events of one type, or of all, in stretches of several customers' time, in no order, page by page, so
 * that memory stays flat. Each stretch is looked up by the customer and the time: it costs what lies in it.
 *
 * @param db      within a transaction, as pages are those of a cursor
 * @param onPage  called for each page, in turn
 */
export async function eachInStretches(
  db: Queryable,
  organisationId: string,
  type: string | null,
  stretches: readonly CustomerStretch[],
  onPage: (events: readonly StoredEvent[]) => void,
): Promise<void> {
  if (stretches.length === 0) return;
  // OFFSET 0 keeps the planner from joining the other way round, by reading every event.
  await db.query(
    `DECLARE events_in_stretches NO SCROLL CURSOR FOR
     SELECT found.* FROM unnest($3::uuid[], $4::bigint[], $5::bigint[]) AS stretch (customer_id, starts, ends)
      CROSS JOIN LATERAL (
        SELECT ${EVENT_COLUMNS} FROM event_now
         WHERE customer_id = stretch.customer_id AND organisation_id = $1 AND ($2::text IS NULL OR type = $2)
           AND time >= timestamptz '1970-01-01 00:00:00+00' + stretch.starts * interval '1 microsecond'
           AND time < timestamptz '1970-01-01 00:00:00+00' + stretch.ends * interval '1 microsecond'
        OFFSET 0) AS found`,
    [
      organisationId,
      type,
      stretches.map(({ customerId }) => customerId),
      stretches.map(({ from }) => from),
      stretches.map(({ to }) => to),
    ],
  );
  for (;;) {
    const rows = await db.query<EventRow>(`FETCH ${PAGE} FROM events_in_stretches`, []);
    if (rows.length > 0) onPage(rows.map(toStoredEvent));
    if (rows.length < PAGE) break;
  }
  await db.query('CLOSE events_in_stretches', []);
}
