import type { Queryable } from '../../platform/database';
import type { CapKind, CapPeriod, Measure, ScopeField, SetBy } from '../domain';

/** A temporarily higher limit as it is stored. */
export interface RaiseRow {
  readonly id: string;
  readonly cap_id: string;
  readonly limit_amount: string;
  readonly until: Date;
  readonly approved_by: string;
  readonly reason: string;
  readonly made_by: string;
  readonly created_at: Date;
}

/** A cap as it is stored and shown; archived ones too. */
export interface StoredCap {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly set_by: SetBy;
  readonly customer_id: string | null;
  /** Without the customer. */
  readonly scope: Readonly<Partial<Record<ScopeField, string>>>;
  readonly each_of: readonly ScopeField[];
  readonly measure: Measure;
  readonly currency: string | null;
  readonly meter_id: string | null;
  readonly period: CapPeriod;
  readonly rolling_seconds: number | null;
  readonly kind: CapKind;
  readonly models: readonly string[] | null;
  readonly limit_amount: string;
  readonly thresholds: readonly string[];
  readonly forecast: boolean;
  readonly from_batch: string;
  readonly active_at: Date | null;
  readonly created_at: Date;
  readonly archived_at: Date | null;
}

/** What may be changed of a cap. */
export type CapChange = Pick<StoredCap, 'name' | 'kind' | 'models' | 'limit_amount' | 'thresholds' | 'forecast'>;

export async function insertCap(db: Queryable, organisationId: string, cap: StoredCap): Promise<void> {
  await db.query(
    `INSERT INTO cap (organisation_id, id, key, name, set_by, customer_id, scope, each_of, measure, currency, meter_id, period,
            rolling_seconds, kind, models, limit_amount, thresholds, forecast, from_batch, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8::text[], $9, $10, $11, $12, $13, $14, $15::text[], $16, $17::numeric[], $18, $19, $20)`,
    [
      ...[
        organisationId,
        cap.id,
        cap.key,
        cap.name,
        cap.set_by,
        cap.customer_id,
        JSON.stringify(cap.scope),
        cap.each_of,
      ],
      ...[cap.measure, cap.currency, cap.meter_id, cap.period, cap.rolling_seconds, cap.kind, cap.models],
      ...[cap.limit_amount, cap.thresholds, cap.forecast, cap.from_batch, cap.created_at],
    ],
  );
}

/** The caller holds the cap's row. */
export async function updateCap(db: Queryable, organisationId: string, id: string, change: CapChange): Promise<void> {
  await db.query(
    `UPDATE cap SET name = $3, kind = $4, models = $5::text[], limit_amount = $6, thresholds = $7::numeric[], forecast = $8
      WHERE organisation_id = $1 AND id = $2`,
    [
      ...[organisationId, id, change.name, change.kind, change.models, change.limit_amount],
      ...[change.thresholds, change.forecast],
    ],
  );
}

export async function archiveCap(db: Queryable, organisationId: string, id: string, at: Date): Promise<void> {
  await db.query('UPDATE cap SET archived_at = $3 WHERE organisation_id = $1 AND id = $2 AND archived_at IS NULL', [
    organisationId,
    id,
    at,
  ]);
}

/** @param id our uuid, or null to look for the key */
export async function findCap(
  db: Queryable,
  organisationId: string,
  { id, key }: { readonly id: string | null; readonly key: string },
): Promise<StoredCap | null> {
  const [found] = await db.query<StoredCap>(
    `SELECT * FROM cap WHERE organisation_id = $1 AND CASE WHEN $2::uuid IS NULL THEN key = $3 ELSE id = $2 END`,
    [organisationId, id, key],
  );
  return found ?? null;
}

export interface CapQuery {
  readonly customerId: string | null;
  readonly archived: boolean;
  /** The cap the page before ended with. */
  readonly after: string | null;
  readonly limit: number;
}

/** Caps, the oldest first; of a customer: those for him and those for everyone. */
export async function listCaps(db: Queryable, organisationId: string, query: CapQuery): Promise<StoredCap[]> {
  return db.query<StoredCap>(
    `SELECT * FROM cap
      WHERE organisation_id = $1 AND ($2::uuid IS NULL OR customer_id = $2 OR customer_id IS NULL)
        AND (archived_at IS NOT NULL) = $3 AND ($4::uuid IS NULL OR id > $4)
      ORDER BY id LIMIT $5`,
    [organisationId, query.customerId, query.archived, query.after, query.limit],
  );
}

export async function countLiveCaps(db: Queryable, organisationId: string): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM cap WHERE organisation_id = $1 AND archived_at IS NULL',
    [organisationId],
  );
  return row!.count;
}

export async function insertRaise(db: Queryable, organisationId: string, raise: RaiseRow): Promise<void> {
  await db.query(
    `INSERT INTO cap_raise (organisation_id, id, cap_id, limit_amount, until, approved_by, reason, made_by, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      ...[organisationId, raise.id, raise.cap_id, raise.limit_amount, raise.until, raise.approved_by, raise.reason],
      ...[raise.made_by, raise.created_at],
    ],
  );
}

/** Raises of caps, the oldest first. */
export async function raisesOf(
  db: Queryable,
  organisationId: string,
  capIds: readonly string[],
): Promise<Map<string, RaiseRow[]>> {
  const rows = await db.query<RaiseRow>(
    'SELECT * FROM cap_raise WHERE organisation_id = $1 AND cap_id = ANY ($2::uuid[]) ORDER BY created_at, id',
    [organisationId, capIds],
  );
  const raises = new Map<string, RaiseRow[]>(capIds.map((id) => [id, []]));
  for (const row of rows) raises.get(row.cap_id)!.push(row);
  return raises;
}

/** Lets sessions run again that a cap has paused. @returns how many */
export async function resumeSessionsOf(
  db: Queryable,
  organisationId: string,
  capId: string,
  by: string,
  now: Date,
): Promise<number> {
  const rows = await db.query<unknown>(
    `WITH paused AS (
       SELECT customer_id, session FROM agent_session
        WHERE organisation_id = $1 AND cap_id = $2 AND state = 'paused' ORDER BY customer_id, session FOR NO KEY UPDATE
     )
     UPDATE agent_session SET state = 'running', reason = NULL, cap_id = NULL, changed_by = $3, changed_at = $4
       FROM paused
      WHERE agent_session.organisation_id = $1 AND (agent_session.customer_id, agent_session.session) = (paused.customer_id, paused.session)
     RETURNING agent_session.session`,
    [organisationId, capId, by, now],
  );
  return rows.length;
}

/** The next of ingest's batches: those before are through, since the caller has paused ingest. */
export async function takeBatch(db: Queryable): Promise<string> {
  const [row] = await db.query<{ batch: string }>(`SELECT nextval('event_batch') AS batch`, []);
  return row!.batch;
}
