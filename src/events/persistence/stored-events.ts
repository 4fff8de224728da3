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

interface EventRow {
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
const COLUMNS = `key, batch, customer_id, (extract(epoch FROM time) * 1000000)::bigint AS time_micros, time_given,
  (extract(epoch FROM received_at) * 1000000)::bigint AS received_micros, type, source, id, session, task, agent, feature,
  department, "user", parent, step, provider, model, revision, cost, cost_status, model_price_id, cost_breakdown, reported_cost, reported_currency, data`;

const STATUS_OF = new Map<string, CostStatus>(
  (Object.keys(COST_STATUS) as CostStatus[]).map((status) => [COST_STATUS[status], status]),
);

function toStoredEvent(row: EventRow): StoredEvent {
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

/** The stored events among these keys. */
export async function findByKeys(db: Queryable, keys: readonly EventKey[]): Promise<Map<EventKey, StoredEvent>> {
  const rows = await db.query<EventRow>(`SELECT ${COLUMNS} FROM event WHERE key = ANY($1::uuid[])`, [
    keys.map(eventKeyToUuid),
  ]);
  return new Map(rows.map((row) => [eventKeyFromUuid(row.key), toStoredEvent(row)]));
}

/** Where a listing of a customer's events stands: everything up to here has been seen. */
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
  /** Only events of this group commit or earlier ones; null for all. */
  readonly throughBatch: number | null;
}

/** A customer's events in the order of their time, a page at a time. */
export async function findByCustomer(db: Queryable, query: EventQuery): Promise<StoredEvent[]> {
  const after = query.after ?? { time: query.from, key: '\0'.repeat(16) };
  const rows = await db.query<EventRow>(
    `SELECT ${COLUMNS} FROM event
      WHERE customer_id = $1 AND time >= ${micros('$2')} AND time < ${micros('$3')}
        AND (time, key) ${query.after === null ? '>=' : '>'} (${micros('$4')}, $5::uuid)
        AND ($6::text IS NULL OR type = $6) AND ($7::bigint IS NULL OR batch <= $7)
      ORDER BY time, key LIMIT $8`,
    [
      query.customerId,
      query.from,
      query.to,
      after.time,
      eventKeyToUuid(after.key),
      query.type,
      query.throughBatch,
      query.limit,
    ],
  );
  return rows.map(toStoredEvent);
}

/** Every event of an organisation of one type, in the order of their keys, a page at a time. */
export async function findByType(
  db: Queryable,
  organisationId: string,
  type: string,
  after: EventKey | null,
  limit: number,
): Promise<StoredEvent[]> {
  const rows = await db.query<EventRow>(
    `SELECT ${COLUMNS} FROM event
      WHERE organisation_id = $1 AND type = $2 AND key > $3::uuid ORDER BY key LIMIT $4`,
    [organisationId, type, eventKeyToUuid(after ?? '\0'.repeat(16)), limit],
  );
  return rows.map(toStoredEvent);
}

/** Microseconds since 1970 to a timestamp, without going through a float. */
function micros(parameter: string): string {
  return `(timestamptz '1970-01-01 00:00:00+00' + ${parameter}::bigint * interval '1 microsecond')`;
}
