import { newUuid } from '../../kernel';
import type { Queryable } from '../../platform/database';
import type { Alert } from '../domain';

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
