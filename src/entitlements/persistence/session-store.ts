import type { Queryable } from '../../platform/database';
import { type SessionControl, sessionKey, type SessionState } from '../domain';

export interface SessionName {
  readonly customerId: string;
  readonly session: string;
}

interface SessionRow {
  readonly customer_id: string;
  readonly session: string;
  readonly state: SessionState;
  readonly reason: string | null;
  readonly cap_id: string | null;
  readonly finding_id: string | null;
  readonly next_at: Date | null;
  readonly changed_by: string;
}

const NAMES = 'unnest($2::uuid[], $3::text[]) AS named (customer_id, session)';

/**
 * Locks sessions until the transaction ends, in the order of customer and session, and reads them: by `sessionKey`. One
 * that has no row runs; nobody else is kept from giving it one meanwhile (`makeSessions` sees to that).
 */
export async function lockSessions(
  db: Queryable,
  organisationId: string,
  names: readonly SessionName[],
): Promise<Map<string, SessionControl>> {
  return read(db, organisationId, names, 'ORDER BY agent_session.customer_id, agent_session.session FOR NO KEY UPDATE');
}

/** The same without a lock, to show them. */
export async function readSessions(
  db: Queryable,
  organisationId: string,
  names: readonly SessionName[],
): Promise<Map<string, SessionControl>> {
  return read(db, organisationId, names, '');
}

async function read(
  db: Queryable,
  organisationId: string,
  names: readonly SessionName[],
  order: string,
): Promise<Map<string, SessionControl>> {
  const sessions = new Map<string, SessionControl>();
  if (names.length === 0) return sessions;
  const rows = await db.query<SessionRow>(
    `SELECT agent_session.customer_id, agent_session.session, state, reason, cap_id, finding_id, next_at, changed_by
       FROM agent_session
      WHERE organisation_id = $1
        AND (customer_id, session) IN (SELECT named.customer_id, named.session FROM ${NAMES}) ${order}`,
    parametersOf(organisationId, names),
  );
  for (const { customerId, session } of names) {
    sessions.set(sessionKey(customerId, session), runningSession(customerId, session));
  }
  for (const row of rows) {
    const control: SessionControl = {
      customerId: row.customer_id,
      session: row.session,
      state: row.state,
      reason: row.reason,
      capId: row.cap_id,
      findingId: row.finding_id,
      nextAt: row.next_at?.getTime() ?? null,
      changedBy: row.changed_by,
      changed: false,
    };
    sessions.set(sessionKey(row.customer_id, row.session), control);
  }
  return sessions;
}

/** A session that nobody has stopped yet. */
export function runningSession(customerId: string, session: string): SessionControl {
  return { customerId, session, state: 'running', reason: null, capId: null, findingId: null, nextAt: null, changedBy: '', changed: false }; // prettier-ignore
}

/** Gives sessions that have no row one, so that they can be locked. */
export async function makeSessions(
  db: Queryable,
  organisationId: string,
  names: readonly SessionName[],
  now: Date,
): Promise<void> {
  if (names.length === 0) return;
  await db.query(
    `INSERT INTO agent_session (organisation_id, customer_id, session, state, changed_by, changed_at)
     SELECT $1, named.customer_id, named.session, 'running', '', $4 FROM ${NAMES} ORDER BY 2, 3
     ON CONFLICT DO NOTHING`,
    [...parametersOf(organisationId, names), now],
  );
}

/** Writes those that have changed. Whoever changes a session that has a row holds its lock. */
export async function saveSessions(
  db: Queryable,
  organisationId: string,
  sessions: Iterable<SessionControl>,
  now: Date,
): Promise<void> {
  const changed = [...sessions]
    .filter((control) => control.changed)
    .sort((a, b) => (sessionKey(a.customerId, a.session) < sessionKey(b.customerId, b.session) ? -1 : 1));
  if (changed.length === 0) return;
  await db.query(
    `INSERT INTO agent_session
            (organisation_id, customer_id, session, state, reason, cap_id, finding_id, next_at, changed_by, changed_at)
     SELECT $1, customer_id, session, state, reason, cap_id, finding_id, next_at, changed_by, $10
       FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], $8::timestamptz[], $9::text[])
            AS new (customer_id, session, state, reason, cap_id, finding_id, next_at, changed_by)
     ON CONFLICT (organisation_id, customer_id, session) DO UPDATE
        SET state = excluded.state, reason = excluded.reason, cap_id = excluded.cap_id,
            finding_id = excluded.finding_id, next_at = excluded.next_at,
            changed_by = excluded.changed_by, changed_at = excluded.changed_at`,
    [
      organisationId,
      changed.map(({ customerId }) => customerId),
      changed.map(({ session }) => session),
      changed.map(({ state }) => state),
      changed.map(({ reason }) => reason),
      changed.map(({ capId }) => capId),
      changed.map(({ findingId }) => findingId),
      changed.map(({ nextAt }) => (nextAt === null ? null : new Date(nextAt))),
      changed.map(({ changedBy }) => changedBy),
      now,
    ],
  );
}

function parametersOf(organisationId: string, names: readonly SessionName[]): unknown[] {
  return [organisationId, names.map(({ customerId }) => customerId), names.map(({ session }) => session)];
}
