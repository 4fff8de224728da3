import type { Micros } from '../../kernel';
import type { Queryable } from '../../platform/database';
import { type EventKey, eventKeyFromUuid } from '../domain';
import { micros } from './stored-events';

/** The place of an event in the order customer, time, key. */
export interface PositionByCustomer {
  readonly customerId: string;
  readonly time: Micros;
  /** The event's key as a uuid. */
  readonly key: string;
}

export interface EventsToFill {
  /** Everything up to here has been looked at; null to begin. */
  readonly after: PositionByCustomer | null;
  /** Which events are wanted: of this type, of an earlier batch than this. */
  readonly type: string;
  readonly beforeBatch: number;
  /** Most events to look at, wanted or not. */
  readonly limit: number;
}

export interface PageToFill {
  /** How many were looked at; fewer than the limit: there are no more. */
  readonly looked: number;
  /** The last of them. */
  readonly last: PositionByCustomer | null;
  /** Those that are wanted, as they were sent; which of them count now, `findEffective` tells. */
  readonly wanted: readonly EventKey[];
}

interface PositionRow {
  customer_id: string;
  time_micros: string;
  key: string;
  wanted: boolean;
}

const NOBODY = '00000000-0000-0000-0000-000000000000';

/**
 * Walks through an organisation's stored events, customer by customer, each in the order of time, a bounded number of
 * rows at a time. That is the order of an index that is there for reading a customer's events, so that a page reads
 * nothing but its own rows, however many events there are, of whomever; and most of its events fall into the same few
 * hours of one customer, which keeps the sums made of them few.
 *
 * Events that arrive meanwhile may come to lie before or behind the page. They are of a later batch and not wanted.
 */
export async function findToFill(
  db: Queryable,
  organisationId: string,
  { after, type, beforeBatch, limit }: EventsToFill,
): Promise<PageToFill> {
  const rows = await db.query<PositionRow>(
    `SELECT e.customer_id, (extract(epoch FROM e.time) * 1000000)::bigint AS time_micros, e.key,
            e.type = $5 AND e.batch < $6 AS wanted
       FROM customer AS c
      CROSS JOIN LATERAL (
        SELECT customer_id, time, key, type, batch FROM event
         WHERE customer_id = c.id
           AND (time, key) > (CASE WHEN c.id = $2 THEN ${micros('$3')} ELSE '-infinity' END,
                              CASE WHEN c.id = $2 THEN $4::uuid ELSE '${NOBODY}' END)
         ORDER BY time, key LIMIT $7) AS e
      WHERE c.organisation_id = $1 AND c.id >= $2
      ORDER BY c.id, e.time, e.key LIMIT $7`,
    [organisationId, after?.customerId ?? NOBODY, after?.time ?? 0, after?.key ?? NOBODY, type, beforeBatch, limit],
  );
  const last = rows.at(-1);
  return {
    looked: rows.length,
    last: last === undefined ? null : { customerId: last.customer_id, time: Number(last.time_micros), key: last.key },
    wanted: rows.filter((row) => row.wanted).map((row) => eventKeyFromUuid(row.key)),
  };
}
