import { newUuid } from '../kernel';
import type { Queryable } from '../platform/database';
import type { Tenant } from './domain';

/** Who an audit entry names when Weir did something by itself. */
export const SYSTEM_ACTOR = 'system';

/** What the audit log knows of. The first word is the kind of thing, the second what was done to it. */
export const AUDIT_ACTIONS = [
  'api_key.made',
  'api_key.revoked',
  'meter.made',
  'meter.changed',
  'meter.archived',
  'feature.made',
  'plan.published',
  'plan.archived',
  'plan_move.made',
  'subscription.overridden',
  'subscription.override_ended',
  'subscription.changed',
  'subscription.scheduled',
  'subscription.paused',
  'subscription.resumed',
  'subscription.cancelled',
  'subscription.cancel_undone',
  'subscription.reactivated',
  'subscription.change_taken_back',
  'subscription.billing_resumed',
  'model_price.added',
  'model_price.retired',
  'price_catalogue.changed',
  'resource.made',
  'resource.priced',
  'contract.made',
  'exchange_rate.added',
  'organisation.changed',
  'customer.changed',
  'event.voided',
  'event.amended',
  'costs.priced',
  'recosting.applied',
  'invoice.finalized',
  'invoice.payment_recorded',
  'invoice.voided',
  'invoice.reissued',
  'invoice.given_up',
  'credit_note.made',
  'customer.terms_changed',
  'customer.tax_changed',
  'tax_rate.made',
  'tax_rate.archived',
  'invoice_item.made',
  'invoice_item.cancelled',
  'invoice.made',
  'invoice.approved',
  'cap.made',
  'cap.changed',
  'cap.raised',
  'cap.archived',
  'entitlement_settings.changed',
  'session.paused',
  'session.resumed',
  'session.stopped',
  'loop_rules.changed',
  'loop_rules.removed',
  'loop_finding.resolved',
  'wallet.made',
  'wallet.changed',
  'wallet.archived',
  'wallet.granted',
  'wallet.topped_up',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** Something that was done, as the log keeps it. */
export interface AuditRecord {
  readonly action: AuditAction;
  /** What it was done to: the kind, and the id by which the API knows it. */
  readonly subject: { readonly kind: string; readonly id: string };
  /** Why, where whoever asked said so. */
  readonly reason?: string | undefined;
  /** How the thing was and is, where that is small; never a secret. */
  readonly before?: Readonly<Record<string, unknown>> | undefined;
  readonly after?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Writes down who did what, in the transaction that does it: either both are there, or neither. Called where a thing is
 * really made or changed, so that a repeat that changes nothing leaves no entry.
 *
 * @param db     the tenant's transaction
 * @param tenant who asked; `actingFor` is Weir itself
 */
export async function recordAudit(db: Queryable, tenant: Tenant, record: AuditRecord): Promise<void> {
  await recordAudits(db, tenant, [record]);
}

/** The same of many things that were done at once, in one statement. */
export async function recordAudits(db: Queryable, tenant: Tenant, records: readonly AuditRecord[]): Promise<void> {
  if (records.length === 0) return;
  const entries = records.map(({ action, subject, reason, before, after }) => ({
    ...{ id: newUuid(), action, subject_kind: subject.kind, subject_id: subject.id },
    ...{ reason: reason ?? null, before: before ?? null, after: after ?? null },
  }));
  await db.query(
    `INSERT INTO audit_entry (organisation_id, id, api_key_id, actor, action, subject_kind, subject_id, reason, before,
       after, request_id)
     SELECT $1, entry.id, api_key.id, COALESCE(api_key.name, '${SYSTEM_ACTOR}'), action, subject_kind, subject_id, reason,
            before, after, $4
       FROM json_to_recordset($2) AS entry (id uuid, action text, subject_kind text, subject_id text, reason text,
              before jsonb, after jsonb)
       LEFT JOIN api_key ON api_key.organisation_id = $1 AND api_key.id = $3`,
    [tenant.organisationId, JSON.stringify(entries), tenant.apiKeyId, tenant.requestId ?? null],
  );
}

/** Who asks, as a record keeps it: the key's id and the name it has now. */
export async function actorOf(
  db: Queryable,
  tenant: Tenant,
): Promise<{ readonly apiKeyId: string | null; readonly name: string }> {
  const [key] = await db.query<{ name: string }>('SELECT name FROM api_key WHERE organisation_id = $1 AND id = $2', [
    tenant.organisationId,
    tenant.apiKeyId,
  ]);
  return key === undefined ? { apiKeyId: null, name: SYSTEM_ACTOR } : { apiKeyId: tenant.apiKeyId, name: key.name };
}

/** Filters of the log; null for everything. */
export interface AuditQuery {
  readonly action: string | null;
  readonly subjectKind: string | null;
  readonly subjectId: string | null;
  readonly actorId: string | null;
  readonly from: Date | null;
  readonly to: Date | null;
  /** The entry the page before ended with. */
  readonly before: string | null;
  readonly limit: number;
}

export interface AuditEntry {
  readonly id: string;
  readonly at: Date;
  readonly api_key_id: string | null;
  readonly actor: string;
  readonly action: string;
  readonly subject_kind: string;
  readonly subject_id: string;
  readonly reason: string | null;
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
  readonly request_id: string | null;
}

/** Entries, newest first. */
export async function findAudit(db: Queryable, organisationId: string, query: AuditQuery): Promise<AuditEntry[]> {
  return db.query<AuditEntry>(
    `SELECT id, at, api_key_id, actor, action, subject_kind, subject_id, reason, before, after, request_id
       FROM audit_entry
      WHERE organisation_id = $1 AND ($2::text IS NULL OR action = $2) AND ($3::text IS NULL OR subject_kind = $3)
        AND ($4::text IS NULL OR subject_id = $4) AND ($5::uuid IS NULL OR api_key_id = $5)
        AND ($6::timestamptz IS NULL OR at >= $6) AND ($7::timestamptz IS NULL OR at < $7)
        AND ($8::uuid IS NULL OR id < $8)
      ORDER BY id DESC LIMIT $9`,
    [
      organisationId,
      query.action,
      query.subjectKind,
      query.subjectId,
      query.actorId,
      query.from,
      query.to,
      query.before,
      query.limit,
    ],
  );
}
