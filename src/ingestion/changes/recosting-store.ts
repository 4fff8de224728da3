import { type EventKey, eventKeyFromUuid, eventKeyToUuid } from '../../events';
import { Decimal, decimalText, type Micros } from '../../kernel';
import type { Queryable } from '../../platform/database';

export type RecostingStatus = 'previewing' | 'previewed' | 'applying' | 'applied' | 'stopped';

/** What a re-costing is about. */
export interface RecostingScope {
  readonly reason: string;
  /** Events of [from, to). */
  readonly from: Date;
  readonly to: Date;
  readonly customerId: string | null;
  readonly provider: string | null;
  readonly model: string | null;
}

/** What it finds: of all events in its scope, and of those whose cost is another one now. */
export interface RecostingEffect {
  readonly events: number;
  readonly changed: number;
  /** Sums over all events of the scope, of the costs that are known. */
  readonly costBefore: Decimal;
  readonly costAfter: Decimal;
  readonly pendingBefore: number;
  readonly pendingAfter: number;
  readonly invoiceIds: readonly string[];
}

/** A re-costing: previewed first, then applied by the same books to the same events. */
export interface Recosting extends RecostingScope, RecostingEffect {
  readonly id: string;
  readonly status: RecostingStatus;
  readonly revision: string;
  readonly throughBatch: number;
  /** Everything up to here was looked at, in the preview or while it is applied. */
  readonly position: { readonly time: Micros; readonly key: EventKey };
  readonly applied: number;
  readonly skipped: number;
  readonly stoppedReason: string | null;
  readonly madeBy: string;
  readonly createdAt: Date;
  readonly applyBy: string | null;
  readonly appliedAt: Date | null;
}

interface RecostingRow {
  id: string;
  status: RecostingStatus;
  reason: string;
  from_time: Date;
  to_time: Date;
  customer_id: string | null;
  provider: string | null;
  model: string | null;
  revision: string;
  through_batch: string;
  position_micros: string;
  position_key: string;
  events: string;
  changed: string;
  cost_before: string;
  cost_after: string;
  pending_before: string;
  pending_after: string;
  invoice_ids: string[];
  applied: string;
  skipped: string;
  stopped_reason: string | null;
  made_by: string;
  created_at: Date;
  apply_by: string | null;
  applied_at: Date | null;
}

const COLUMNS = `id, status, reason, from_time, to_time, customer_id, provider, model, revision, through_batch,
  (extract(epoch FROM position_time) * 1000000)::bigint AS position_micros, position_key, events, changed, cost_before,
  cost_after, pending_before, pending_after, invoice_ids, applied, skipped, stopped_reason, made_by, created_at, apply_by,
  applied_at`;
const INSTANT = (parameter: string): string =>
  `timestamptz '1970-01-01 00:00:00+00' + ${parameter}::bigint * interval '1 microsecond'`;
/** Before the first key. */
export const FIRST_KEY: EventKey = '\0'.repeat(16);

function toRecosting(row: RecostingRow): Recosting {
  return {
    id: row.id,
    status: row.status,
    reason: row.reason,
    from: row.from_time,
    to: row.to_time,
    customerId: row.customer_id,
    provider: row.provider,
    model: row.model,
    revision: row.revision,
    throughBatch: Number(row.through_batch),
    position: { time: Number(row.position_micros), key: eventKeyFromUuid(row.position_key) },
    events: Number(row.events),
    changed: Number(row.changed),
    costBefore: new Decimal(row.cost_before),
    costAfter: new Decimal(row.cost_after),
    pendingBefore: Number(row.pending_before),
    pendingAfter: Number(row.pending_after),
    invoiceIds: row.invoice_ids,
    applied: Number(row.applied),
    skipped: Number(row.skipped),
    stoppedReason: row.stopped_reason,
    madeBy: row.made_by,
    createdAt: row.created_at,
    applyBy: row.apply_by,
    appliedAt: row.applied_at,
  };
}

export async function insertRecosting(
  db: Queryable,
  organisationId: string,
  made: RecostingScope & {
    readonly id: string;
    readonly revision: string;
    readonly throughBatch: number;
    readonly apiKeyId: string | null;
    readonly madeBy: string;
    readonly createdAt: Date;
  },
): Promise<void> {
  await db.query(
    `INSERT INTO recosting (organisation_id, id, status, reason, from_time, to_time, customer_id, provider, model, revision,
       through_batch, position_time, position_key, api_key_id, made_by, created_at)
     VALUES ($1, $2, 'previewing', $3, $4, $5, $6, $7, $8, $9, $10, $4, $11, $12, $13, $14)`,
    [
      organisationId,
      made.id,
      made.reason,
      made.from,
      made.to,
      made.customerId,
      made.provider,
      made.model,
      made.revision,
      made.throughBatch,
      eventKeyToUuid(FIRST_KEY),
      made.apiKeyId,
      made.madeBy,
      made.createdAt,
    ],
  );
}

/** @param lock holds it until the transaction ends, so that one step at a time is made */
export async function findRecosting(
  db: Queryable,
  organisationId: string,
  id: string,
  lock = false,
): Promise<Recosting | null> {
  const [row] = await db.query<RecostingRow>(
    `SELECT ${COLUMNS} FROM recosting WHERE organisation_id = $1 AND id = $2 ${lock ? 'FOR UPDATE' : ''}`,
    [organisationId, id],
  );
  return row === undefined ? null : toRecosting(row);
}

/** Newest first. */
export async function listRecostings(
  db: Queryable,
  organisationId: string,
  before: string | null,
  limit: number,
): Promise<Recosting[]> {
  const rows = await db.query<RecostingRow>(
    `SELECT ${COLUMNS} FROM recosting WHERE organisation_id = $1 AND ($2::uuid IS NULL OR id < $2)
      ORDER BY id DESC LIMIT $3`,
    [organisationId, before, limit],
  );
  return rows.map(toRecosting);
}

/** Remembers where it stands and what it found so far. */
export async function saveRecosting(db: Queryable, organisationId: string, recosting: Recosting): Promise<void> {
  await db.query(
    `UPDATE recosting
        SET status = $3, position_time = ${INSTANT('$4')}, position_key = $5, events = $6, changed = $7, cost_before = $8,
            cost_after = $9, pending_before = $10, pending_after = $11, invoice_ids = $12, applied = $13, skipped = $14,
            stopped_reason = $15, apply_by = $16, applied_at = $17
      WHERE organisation_id = $1 AND id = $2`,
    [
      organisationId,
      recosting.id,
      recosting.status,
      recosting.position.time,
      eventKeyToUuid(recosting.position.key),
      recosting.events,
      recosting.changed,
      decimalText(recosting.costBefore),
      decimalText(recosting.costAfter),
      recosting.pendingBefore,
      recosting.pendingAfter,
      recosting.invoiceIds,
      recosting.applied,
      recosting.skipped,
      recosting.stoppedReason,
      recosting.applyBy,
      recosting.appliedAt,
    ],
  );
}
