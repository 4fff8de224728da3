import type { Queryable } from '../../platform/database';
import { Decimal, type Micros } from '../../kernel';
import {
  type EventContent,
  type EventKey,
  eventKeyFromUuid,
  eventKeyToUuid,
  type ReportedCost,
  type Step,
} from '../domain';
import { COST_STATUS, type CostStatus } from './event-writer';

/** An event as it is stored. */
export interface StoredEvent extends EventContent {
  readonly key: EventKey;
  readonly time: Micros | null;
  /** The time it counts at: the sender's, or the one we took. */
  readonly happenedAt: Micros;
  readonly receivedAt: Micros;
  readonly batch: number;
  readonly amount: Decimal | null;
  readonly costStatus: CostStatus;
  readonly modelPriceId: number | null;
  readonly breakdown: string | null;
  readonly provider: string | null;
  readonly model: string | null;
  /** 0 as it was sent, then one for each amendment. */
  readonly revision: number;
}

export interface EventRow {
  key: string;
  batch: string;
  customer_id: string;
  time_micros: string;
  time_given: boolean;
  received_micros: string;
  type: string;
  source: string;
  id: string;
  session: string | null;
  task: string | null;
  agent: string | null;
  feature: string | null;
  department: string | null;
  user: string | null;
  parent: string | null;
  hold: string | null;
  step: Step | null;
  provider: string | null;
  model: string | null;
  revision: number;
  cost_breakdown: string | null;
  cost: string | null;
  cost_status: string;
  model_price_id: number | null;
  reported_cost: string | null;
  reported_currency: string | null;
  data: string | null;
}

/** Times leave SQL as microseconds, since a JavaScript date would cut them to milliseconds. */
export const EVENT_COLUMNS = `key, batch, customer_id, (extract(epoch FROM time) * 1000000)::bigint AS time_micros, time_given,
  (extract(epoch FROM received_at) * 1000000)::bigint AS received_micros, type, source, id, session, task, agent, feature,
  department, "user", parent, hold, step, provider, model, revision, cost, cost_status, model_price_id, cost_breakdown, reported_cost, reported_currency, data`;

const STATUS_OF = new Map<string, CostStatus>(
  (Object.keys(COST_STATUS) as CostStatus[]).map((status) => [COST_STATUS[status], status]),
);

export function toStoredEvent(row: EventRow): StoredEvent {
  const happenedAt = Number(row.time_micros);
  const cost: ReportedCost | null =
    row.reported_cost === null ? null : { amount: row.reported_cost, currency: row.reported_currency! };
  return {
    key: eventKeyFromUuid(row.key),
    batch: Number(row.batch),
    customerId: row.customer_id,
    time: row.time_given ? happenedAt : null,
    happenedAt,
    receivedAt: Number(row.received_micros),
    id: row.id,
    source: row.source,
    type: row.type,
    session: row.session,
    task: row.task,
    agent: row.agent,
    feature: row.feature,
    department: row.department,
    user: row.user,
    parent: row.parent,
    hold: row.hold,
    step: row.step,
    cost,
    data: row.data === null ? null : (JSON.parse(row.data) as Record<string, unknown>),
    amount: row.cost === null ? null : new Decimal(row.cost),
    costStatus: STATUS_OF.get(row.cost_status)!,
    modelPriceId: row.model_price_id,
    breakdown: row.cost_breakdown,
    provider: row.provider,
    model: row.model,
    revision: row.revision,
  };
}

/**
 * Every stored event with the last cost it had when a batch was through, in the columns of `event_now`.
 *
 * @param batch   the SQL of the batch's number; null for now
 * @param bounded of which events
 */
function eventsWithCost(batch: string | null, bounded: string): string {
  const until = (alias: string): string => (batch === null ? '' : ` AND ${alias}.batch <= ${batch}`);
  return `(
    SELECT e.key, e.organisation_id, e.batch, e.customer_id, e.time, e.time_given, e.received_at, e.type, e.source, e.id,
           e.session, e.task, e.agent, e.feature, e.department, e."user", e.parent, e.hold, e.step, e.provider, e.model, e.revision,
           CASE WHEN c.event_key IS NULL THEN e.cost ELSE c.cost END AS cost,
           CASE WHEN c.event_key IS NULL THEN e.cost_status ELSE c.cost_status END AS cost_status,
           CASE WHEN c.event_key IS NULL THEN e.model_price_id ELSE c.model_price_id END AS model_price_id,
           CASE WHEN c.event_key IS NULL THEN e.cost_breakdown ELSE c.cost_breakdown END AS cost_breakdown,
           e.reported_cost, e.reported_currency, e.data
      FROM event AS e
      LEFT JOIN event_cost AS c
        ON c.organisation_id = e.organisation_id AND c.event_key = e.key${until('c')}
           AND NOT EXISTS (SELECT FROM event_cost AS later
                 WHERE later.organisation_id = c.organisation_id AND later.event_key = c.event_key
                   AND later.batch > c.batch${until('later')})
     WHERE ${bounded})`;
}

/** Events that count, and those that were ended: each revision with the last cost it had. */
export const EVENTS_EVER = eventsWithCost(null, 'true');

/**
 * The events as they stood when a batch was through: without those that were ended by then, each with the last cost it
 * had by then. Of now it is the view `event_now`, which is this without the bounds.
 */
function eventsAsOf(batch: string | null): string {
  if (batch === null) return 'event_now';
  return `${eventsWithCost(
    batch,
    `e.batch <= ${batch}
       AND NOT EXISTS (SELECT FROM event_void AS v
             WHERE v.organisation_id = e.organisation_id AND v.event_key = e.key AND v.batch <= ${batch})`,
  )} AS event_then`;
}

/** The stored events among these keys, as they were sent, whatever became of them: what a repeat is held against. */
export async function findByKeys(db: Queryable, keys: readonly EventKey[]): Promise<Map<EventKey, StoredEvent>> {
  const rows = await db.query<EventRow>(`SELECT ${EVENT_COLUMNS} FROM event WHERE key = ANY($1::uuid[])`, [
    keys.map(eventKeyToUuid),
  ]);
  return byKey(rows);
}

/** The events among these keys that count now, with the cost they have now. */
export async function findEffective(
  db: Queryable,
  organisationId: string,
  keys: readonly EventKey[],
): Promise<Map<EventKey, StoredEvent>> {
  const rows = await db.query<EventRow>(
    `SELECT ${EVENT_COLUMNS} FROM event_now WHERE organisation_id = $1 AND key = ANY($2::uuid[])`,
    [organisationId, keys.map(eventKeyToUuid)],
  );
  return byKey(rows);
}

function byKey(rows: readonly EventRow[]): Map<EventKey, StoredEvent> {
  return new Map(rows.map((row) => [eventKeyFromUuid(row.key), toStoredEvent(row)]));
}

/** Where a listing of events stands: everything up to here has been seen. */
export interface EventPosition {
  readonly time: Micros;
  readonly key: EventKey;
}

export interface EventQuery {
  readonly customerId: string;
  /** Half-open, by the time an event counts at. */
  readonly from: Micros;
  readonly to: Micros;
  readonly after: EventPosition | null;
  readonly limit: number;
  /** Only events of this type; null for all. */
  readonly type: string | null;
  /**
   * Events as they were when this group commit was through: what was corrected afterwards is still as it was, and what
   * was accepted afterwards is not there. Null for now.
   */
  readonly throughBatch: number | null;
}

/** A customer's effective events in the order of their time, a page at a time. */
export async function findByCustomer(db: Queryable, query: EventQuery): Promise<StoredEvent[]> {
  const after = query.after ?? { time: query.from, key: '\0'.repeat(16) };
  const parameters: unknown[] = [
    query.customerId,
    query.from,
    query.to,
    after.time,
    eventKeyToUuid(after.key),
    query.type,
    query.limit,
  ];
  if (query.throughBatch !== null) parameters.push(query.throughBatch);
  const rows = await db.query<EventRow>(
    `SELECT ${EVENT_COLUMNS} FROM ${eventsAsOf(query.throughBatch === null ? null : '$8::bigint')}
      WHERE customer_id = $1 AND time >= ${micros('$2')} AND time < ${micros('$3')}
        AND (time, key) ${query.after === null ? '>=' : '>'} (${micros('$4')}, $5::uuid)
        AND ($6::text IS NULL OR type = $6)
      ORDER BY time, key LIMIT $7`,
    parameters,
  );
  return rows.map(toStoredEvent);
}

/** Every effective event of an organisation of one type, in the order of their keys, a page at a time. */
export async function findByType(
  db: Queryable,
  organisationId: string,
  type: string,
  after: EventKey | null,
  limit: number,
): Promise<StoredEvent[]> {
  const rows = await db.query<EventRow>(
    `SELECT ${EVENT_COLUMNS} FROM event_now
      WHERE organisation_id = $1 AND type = $2 AND key > $3::uuid ORDER BY key LIMIT $4`,
    [organisationId, type, eventKeyToUuid(after ?? '\0'.repeat(16)), limit],
  );
  return rows.map(toStoredEvent);
}

/** Which events of an organisation a re-costing is about. */
export interface EventRange {
  /** Half-open, by the time an event counts at. */
  readonly from: Micros;
  readonly to: Micros;
  /** Null for all of them; names are compared without regard to the case of letters, as the price book does. */
  readonly customerId: string | null;
  readonly provider: string | null;
  readonly model: string | null;
  readonly throughBatch: number;
}

/** An organisation's events as they were at a batch, in the order of their time, a page at a time. */
export async function findInRange(
  db: Queryable,
  organisationId: string,
  range: EventRange,
  after: EventPosition,
  limit: number,
): Promise<StoredEvent[]> {
  const rows = await db.query<EventRow>(
    `SELECT ${EVENT_COLUMNS} FROM ${eventsAsOf('$9::bigint')}
      WHERE organisation_id = $1 AND time >= ${micros('$2')} AND time < ${micros('$3')}
        AND (time, key) > (${micros('$4')}, $5::uuid) AND ($6::uuid IS NULL OR customer_id = $6)
        AND ($7::text IS NULL OR lower(provider) = lower($7)) AND ($8::text IS NULL OR lower(model) = lower($8))
      ORDER BY time, key LIMIT $10`,
    [
      organisationId,
      range.from,
      range.to,
      after.time,
      eventKeyToUuid(after.key),
      range.customerId,
      range.provider,
      range.model,
      range.throughBatch,
      limit,
    ],
  );
  return rows.map(toStoredEvent);
}

/** Keys of events whose cost was pending once, in their order; which of them still wait, `findEffective` tells. */
export async function findOncePending(
  db: Queryable,
  organisationId: string,
  after: EventKey | null,
  limit: number,
): Promise<EventKey[]> {
  const rows = await db.query<{ key: string }>(
    `(SELECT key FROM event WHERE organisation_id = $1 AND cost_status = 'u' AND key > $2::uuid ORDER BY key LIMIT $3)
     UNION
     (SELECT event_key FROM event_cost
       WHERE organisation_id = $1 AND cost_status = 'u' AND event_key > $2::uuid ORDER BY event_key LIMIT $3)
     ORDER BY key LIMIT $3`,
    [organisationId, eventKeyToUuid(after ?? '\0'.repeat(16)), limit],
  );
  return rows.map((row) => eventKeyFromUuid(row.key));
}

/** Microseconds since 1970 to a timestamp, without going through a float. */
export function micros(parameter: string): string {
  return `(timestamptz '1970-01-01 00:00:00+00' + ${parameter}::bigint * interval '1 microsecond')`;
}
