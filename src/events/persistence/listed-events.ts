import type { Queryable } from '../../platform/database';
import type { Micros } from '../../kernel';
import { eventKeyToUuid } from '../domain';
import {
  EVENT_COLUMNS,
  type EventPosition,
  type EventRow,
  EVENTS_EVER,
  micros,
  type StoredEvent,
  toStoredEvent,
} from './stored-events';

/** What became of an event: it counts as it was sent, it counts in another revision, or it counts no more. */
export const EVENT_STATES = ['effective', 'amended', 'voided'] as const;
export type EventState = (typeof EVENT_STATES)[number];

/** Which events a list shows; effective is all that count, the amended ones in their last revision. */
export const LISTED_STATUSES = ['effective', 'amended', 'voided', 'all'] as const;
export type ListedStatus = (typeof LISTED_STATUSES)[number];

export interface ListQuery {
  readonly organisationId: string;
  readonly customerId: string;
  /** Half-open, by the time an event counts at. */
  readonly from: Micros;
  readonly to: Micros;
  readonly after: EventPosition | null;
  readonly limit: number;
  readonly status: ListedStatus;
}

export interface ListedEvent {
  readonly event: StoredEvent;
  readonly state: EventState;
}

const VOIDED = `EXISTS (SELECT FROM event_void AS v
  WHERE v.organisation_id = listed.organisation_id AND v.event_key = listed.key AND v.kind = 'void')`;
const SUPERSEDED = `EXISTS (SELECT FROM event_void AS v
  WHERE v.organisation_id = listed.organisation_id AND v.event_key = listed.key AND v.kind = 'amendment')`;

/** Where the rows of a status are, and which of them. A revision that another took the place of is in no list. */
const LISTS: Readonly<Record<ListedStatus, { readonly from: string; readonly where: string }>> = {
  effective: { from: 'event_now', where: 'true' },
  amended: { from: 'event_now', where: 'revision > 0' },
  voided: { from: EVENTS_EVER, where: VOIDED },
  all: { from: EVENTS_EVER, where: `NOT ${SUPERSEDED}` },
};

/** A customer's events of a status in the order of their time, a page at a time. */
export async function findListed(db: Queryable, query: ListQuery): Promise<ListedEvent[]> {
  const { from, where } = LISTS[query.status];
  const after = query.after ?? { time: query.from, key: '\0'.repeat(16) };
  const rows = await db.query<EventRow & { voided: boolean }>(
    `SELECT ${EVENT_COLUMNS}, ${VOIDED} AS voided FROM ${from} AS listed
      WHERE organisation_id = $1 AND customer_id = $2 AND time >= ${micros('$3')} AND time < ${micros('$4')}
        AND (time, key) ${query.after === null ? '>=' : '>'} (${micros('$5')}, $6::uuid) AND ${where}
      ORDER BY time, key LIMIT $7`,
    [query.organisationId, query.customerId, query.from, query.to, after.time, eventKeyToUuid(after.key), query.limit],
  );
  return rows.map((row) => {
    const event = toStoredEvent(row);
    return { event, state: row.voided ? 'voided' : event.revision > 0 ? 'amended' : 'effective' };
  });
}
