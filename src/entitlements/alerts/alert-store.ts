import { newUuid } from '../../kernel';
import type { Queryable } from '../../platform/database';
import type { Alert, AlertKind } from '../domain';

/** Stores alerts; those whose kind and subject were told before are left out. */
export async function insertAlerts(db: Queryable, organisationId: string, alerts: readonly Alert[]): Promise<void> {
  if (alerts.length === 0) return;
  const rows = alerts.map(({ kind, subject, customerId, capId, session, detail, at }) => ({
    ...{ id: newUuid(), kind, subject, customer_id: customerId, cap_id: capId, session, detail, at: at.toISOString() },
  }));
  await db.query(
    `INSERT INTO entitlement_alert (organisation_id, id, kind, subject, customer_id, cap_id, session, detail, at)
     SELECT $1, alert.* FROM jsonb_to_recordset($2::jsonb) AS alert (id uuid, kind text, subject text, customer_id uuid,
            cap_id uuid, session text, detail jsonb, at timestamptz)
      ORDER BY alert.kind, alert.subject
     ON CONFLICT (organisation_id, kind, subject) DO NOTHING`,
    [organisationId, JSON.stringify(rows)],
  );
}

/** An alert as it is stored. */
export interface AlertRow {
  readonly id: string;
  readonly kind: AlertKind;
  readonly customer_id: string | null;
  readonly cap_id: string | null;
  readonly session: string | null;
  readonly detail: Record<string, unknown>;
  readonly at: Date;
}

/** Filters; null for everything. */
export interface AlertQuery {
  readonly customerId: string | null;
  readonly kind: AlertKind | null;
  /** The alert the page before ended with. */
  readonly before: string | null;
  readonly limit: number;
}

/** Alerts, newest first. */
export async function listAlerts(db: Queryable, organisationId: string, query: AlertQuery): Promise<AlertRow[]> {
  return db.query<AlertRow>(
    `SELECT id, kind, customer_id, cap_id, session, detail, at FROM entitlement_alert
      WHERE organisation_id = $1 AND ($2::uuid IS NULL OR customer_id = $2) AND ($3::text IS NULL OR kind = $3)
        AND ($4::uuid IS NULL OR id < $4)
      ORDER BY id DESC LIMIT $5`,
    [organisationId, query.customerId, query.kind, query.before, query.limit],
  );
}
