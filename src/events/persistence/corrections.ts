import type { Queryable } from '../../platform/database';
import { Decimal, scaledText } from '../../kernel';
import { type EventKey, eventKeyFromUuid, eventKeyToUuid } from '../domain';
import { COST_STATUS, type CostStatus, type EventToStore, type StoredCost } from './event-writer';
import { micros } from './stored-events';

/** What ended a revision: it was voided, or another revision took its place. */
export type EndKind = 'void' | 'amendment';

/** Who wrote a record and why. */
export interface RecordedChange {
  readonly changeId: string;
  readonly reason: string;
  /** Null where Weir itself did it. */
  readonly apiKeyId: string | null;
  /** The key's name as it was then, or `system`. */
  readonly madeBy: string;
  readonly madeAt: Date;
}

/** The end of one revision of an event. */
export interface EventEnd extends RecordedChange {
  readonly key: EventKey;
  /** The key of revision 0. */
  readonly identityKey: EventKey;
  readonly batch: number;
  readonly kind: EndKind;
  /** The answer its request was given, as JSON. */
  readonly answer: string;
}

/** A cost that an event was given after it was stored. */
export interface LaterCost extends Omit<RecordedChange, 'apiKeyId'> {
  readonly key: EventKey;
  readonly batch: number;
  readonly amount: Decimal | null;
  readonly costStatus: CostStatus;
  readonly modelPriceId: number | null;
  readonly breakdown: string | null;
}

interface EndRow {
  event_key: string;
  identity_key: string;
  batch: string;
  kind: EndKind;
  change_id: string;
  reason: string;
  api_key_id: string | null;
  made_by: string;
  made_at: Date;
  answer: string;
}

interface CostRow {
  event_key: string;
  batch: string;
  cost: string | null;
  cost_status: string;
  model_price_id: number | null;
  cost_breakdown: string | null;
  change_id: string;
  reason: string;
  made_by: string;
  made_at: Date;
}

/** Ends a revision. From its batch on the event doesn't count. */
export async function insertEnd(db: Queryable, organisationId: string, end: EventEnd): Promise<void> {
  await db.query(
    `INSERT INTO event_void (organisation_id, event_key, identity_key, batch, kind, change_id, reason, api_key_id,
       made_by, made_at, answer) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      organisationId,
      eventKeyToUuid(end.key),
      eventKeyToUuid(end.identityKey),
      end.batch,
      end.kind,
      end.changeId,
      end.reason,
      end.apiKeyId,
      end.madeBy,
      end.madeAt,
      end.answer,
    ],
  );
}

/** The ends of an event's revisions, first to last: of revision 0, of revision 1, and so on. */
export async function findEnds(db: Queryable, organisationId: string, identityKey: EventKey): Promise<EventEnd[]> {
  const rows = await db.query<EndRow>(
    `SELECT event_key, identity_key, batch, kind, change_id, reason, api_key_id, made_by, made_at, answer
       FROM event_void WHERE organisation_id = $1 AND identity_key = $2 ORDER BY batch`,
    [organisationId, eventKeyToUuid(identityKey)],
  );
  return rows.map((row) => ({
    key: eventKeyFromUuid(row.event_key),
    identityKey: eventKeyFromUuid(row.identity_key),
    batch: Number(row.batch),
    kind: row.kind,
    changeId: row.change_id,
    reason: row.reason,
    apiKeyId: row.api_key_id,
    madeBy: row.made_by,
    madeAt: row.made_at,
    answer: row.answer,
  }));
}

/** Gives events another cost, all in one batch and for one reason. */
export async function insertCosts(
  db: Queryable,
  organisationId: string,
  batch: number,
  change: Omit<RecordedChange, 'apiKeyId'>,
  costs: readonly { readonly key: EventKey; readonly cost: StoredCost }[],
): Promise<void> {
  if (costs.length === 0) return;
  await db.query(
    `INSERT INTO event_cost (organisation_id, event_key, batch, cost, cost_status, model_price_id, cost_breakdown,
       change_id, reason, made_by, made_at)
     SELECT $1, event_key, $2, cost, cost_status, model_price_id, cost_breakdown, $3, $4, $5, $6
       FROM unnest($7::uuid[], $8::numeric[], $9::text[]::"char"[], $10::int[], $11::text[])
         AS given (event_key, cost, cost_status, model_price_id, cost_breakdown)`,
    [
      organisationId,
      batch,
      change.changeId,
      change.reason,
      change.madeBy,
      change.madeAt,
      costs.map(({ key }) => eventKeyToUuid(key)),
      costs.map(({ cost }) => (cost.amount === null ? null : scaledText(cost.amount))),
      costs.map(({ cost }) => COST_STATUS[cost.status]),
      costs.map(({ cost }) => cost.modelPriceId),
      costs.map(({ cost }) => cost.breakdown),
    ],
  );
}

const STATUS_OF = new Map<string, CostStatus>(
  (Object.keys(COST_STATUS) as CostStatus[]).map((status) => [COST_STATUS[status], status]),
);

/** Costs that these events were given later, oldest first. */
export async function findLaterCosts(
  db: Queryable,
  organisationId: string,
  keys: readonly EventKey[],
): Promise<LaterCost[]> {
  const rows = await db.query<CostRow>(
    `SELECT event_key, batch, cost, cost_status, model_price_id, cost_breakdown, change_id, reason, made_by, made_at
       FROM event_cost WHERE organisation_id = $1 AND event_key = ANY ($2::uuid[]) ORDER BY batch`,
    [organisationId, keys.map(eventKeyToUuid)],
  );
  return rows.map((row) => ({
    key: eventKeyFromUuid(row.event_key),
    batch: Number(row.batch),
    amount: row.cost === null ? null : new Decimal(row.cost),
    costStatus: STATUS_OF.get(row.cost_status)!,
    modelPriceId: row.model_price_id,
    breakdown: row.cost_breakdown,
    changeId: row.change_id,
    reason: row.reason,
    madeBy: row.made_by,
    madeAt: row.made_at,
  }));
}

/** Stores a further revision of an event. Only an amendment does; events as they are sent come by `eventCopy`. */
export async function insertRevision(
  db: Queryable,
  stored: EventToStore,
  cost: StoredCost,
  batch: number,
  revision: number,
): Promise<void> {
  const { event } = stored;
  await db.query(
    `INSERT INTO event (key, organisation_id, batch, customer_id, time, time_given, received_at, type, source, id, session,
       task, agent, feature, department, "user", parent, hold, step, provider, model, revision, cost, cost_status, model_price_id,
       cost_breakdown, reported_cost, reported_currency, data)
     VALUES ($1, $2, $3, $4, ${micros('$5')}, $6, ${micros('$7')}, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
       $20, $21, $22, $23, $24, $25, $26, $27, $28, $29)`,
    [
      eventKeyToUuid(stored.key),
      stored.organisationId,
      batch,
      stored.customerId,
      stored.time,
      event.time !== null,
      stored.receivedAt,
      event.type,
      event.source,
      event.id,
      event.session,
      event.task,
      event.agent,
      event.feature,
      event.department,
      event.user,
      event.parent,
      event.hold,
      event.step,
      stored.provider,
      stored.model,
      revision,
      cost.amount === null ? null : scaledText(cost.amount),
      COST_STATUS[cost.status],
      cost.modelPriceId,
      cost.breakdown,
      event.cost?.amount ?? null,
      event.cost?.currency ?? null,
      event.dataText,
    ],
  );
}
