import { Decimal, decimalText, formatMicros, parseRfc3339 } from '../../kernel';
import type { Queryable } from '../../platform/database';
import type { CallEvidence, Finding, Severity } from '../domain';
import type { SessionOf } from './state-store';

/** A finding with where it was found and what is at stake. */
export interface StoredFinding extends SessionOf, Finding {
  readonly id: string;
  readonly agent: string | null;
  readonly taskClass: string | null;
  /** Of `wasted`, `perMinute` and `severity`. */
  readonly currency: string;
  readonly severity: Severity;
  /** The cap whose end was reckoned with; null for none. */
  readonly capId: string | null;
  readonly foundAt: Date;
  readonly resolvedAt: Date | null;
}

export interface FindingQuery {
  readonly customerId: string | null;
  readonly session: string | null;
  /** Only those that nobody has resolved. */
  readonly openOnly: boolean;
  /** The finding the page before ended with. */
  readonly before: string | null;
  readonly limit: number;
}

interface FindingRow {
  readonly id: string;
  readonly customer_id: string;
  readonly session: string;
  readonly agent: string | null;
  readonly task_class: string;
  readonly kind: Finding['kind'];
  readonly action: Finding['action'];
  readonly sentence: string;
  readonly crossed_at: string;
  readonly measured: string;
  readonly limit_amount: string;
  readonly currency: string;
  readonly wasted: string;
  readonly unpriced: number;
  readonly per_minute: string;
  readonly seconds_left: string | null;
  readonly severity: string | null;
  readonly severity_unknown: 'no_cap' | 'cost_unknown' | null;
  readonly cap_id: string | null;
  readonly calls: readonly (Omit<CallEvidence, 'cost'> & { readonly cost: string })[];
  readonly found_at: Date;
  readonly resolved_at: Date | null;
}

const COLUMNS = `id, customer_id, session, agent, task_class, kind, action, sentence,
  to_char(crossed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS crossed_at, measured, limit_amount, currency,
  wasted, unpriced, per_minute, seconds_left, severity, severity_unknown, cap_id, calls, found_at, resolved_at`;

export async function insertFindings(
  db: Queryable,
  organisationId: string,
  findings: readonly StoredFinding[],
): Promise<void> {
  if (findings.length === 0) return;
  const rows = findings.map(({ severity, ...finding }) => ({
    id: finding.id,
    customer_id: finding.customerId,
    session: finding.session,
    agent: finding.agent,
    task_class: finding.taskClass ?? '',
    kind: finding.kind,
    action: finding.action,
    sentence: finding.sentence,
    crossed_at: formatMicros(finding.at),
    measured: decimalText(finding.measured),
    limit_amount: decimalText(finding.limit),
    currency: finding.currency,
    wasted: decimalText(finding.wasted),
    unpriced: finding.unpriced,
    per_minute: decimalText(finding.perMinute),
    seconds_left: severity.known ? severity.secondsLeft : null,
    severity: severity.known ? decimalText(severity.amount) : null,
    severity_unknown: severity.known ? null : severity.because,
    cap_id: finding.capId,
    calls: finding.calls.map((call) => ({ ...call, cost: decimalText(call.cost) })),
    found_at: finding.foundAt.toISOString(),
  }));
  await db.query(
    `INSERT INTO loop_finding (organisation_id, id, customer_id, session, agent, task_class, kind, action, sentence,
            crossed_at, measured, limit_amount, currency, wasted, unpriced, per_minute, seconds_left, severity,
            severity_unknown, cap_id, calls, found_at)
     SELECT $1, found.*
       FROM jsonb_to_recordset($2::jsonb) AS found (id uuid, customer_id uuid, session text, agent text, task_class text,
            kind text, action text, sentence text, crossed_at timestamptz, measured numeric, limit_amount numeric,
            currency text, wasted numeric, unpriced int, per_minute numeric, seconds_left bigint, severity numeric,
            severity_unknown text, cap_id uuid, calls jsonb, found_at timestamptz)`,
    [organisationId, JSON.stringify(rows)],
  );
}

/** Newest first. */
export async function listFindings(
  db: Queryable,
  organisationId: string,
  { customerId, session, openOnly, before, limit }: FindingQuery,
): Promise<StoredFinding[]> {
  const rows = await db.query<FindingRow>(
    `SELECT ${COLUMNS} FROM loop_finding
      WHERE organisation_id = $1 AND ($2::uuid IS NULL OR customer_id = $2) AND ($3::text IS NULL OR session = $3)
        AND (NOT $4 OR resolved_at IS NULL) AND ($5::uuid IS NULL OR id < $5)
      ORDER BY id DESC LIMIT $6`,
    [organisationId, customerId, session, openOnly, before, limit],
  );
  return rows.map(toFinding);
}

export async function findFinding(db: Queryable, organisationId: string, id: string): Promise<StoredFinding | null> {
  const [row] = await db.query<FindingRow>(
    `SELECT ${COLUMNS} FROM loop_finding WHERE organisation_id = $1 AND id = $2`,
    [organisationId, id],
  );
  return row === undefined ? null : toFinding(row);
}

function toFinding(row: FindingRow): StoredFinding {
  const perMinute = new Decimal(row.per_minute);
  return {
    id: row.id,
    customerId: row.customer_id,
    session: row.session,
    agent: row.agent,
    taskClass: row.task_class === '' ? null : row.task_class,
    kind: row.kind,
    action: row.action,
    sentence: row.sentence,
    at: parseRfc3339(row.crossed_at)!,
    measured: new Decimal(row.measured),
    limit: new Decimal(row.limit_amount),
    currency: row.currency,
    wasted: new Decimal(row.wasted),
    unpriced: row.unpriced,
    perMinute,
    severity:
      row.severity_unknown === null
        ? {
            known: true,
            perMinute,
            secondsLeft: row.seconds_left === null ? null : Number(row.seconds_left),
            amount: new Decimal(row.severity!),
          }
        : { known: false, perMinute, because: row.severity_unknown },
    capId: row.cap_id,
    calls: row.calls.map((call) => ({ ...call, cost: new Decimal(call.cost) })),
    foundAt: row.found_at,
    resolvedAt: row.resolved_at,
  };
}
