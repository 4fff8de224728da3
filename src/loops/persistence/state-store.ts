import type { Queryable } from '../../platform/database';
import { acknowledge, type ClassProfile, type FindingKind, type LoopState, NO_STATE, profileOf } from '../domain';

/** A session of a customer's, as its events name it. */
export interface SessionOf {
  readonly customerId: string;
  readonly session: string;
}

export interface StoredState extends SessionOf {
  readonly taskClass: string | null;
  readonly state: LoopState;
}

/** Of how many sessions a class's profile is made, the latest. */
const PROFILE_SESSIONS = 200;

/** Locks and reads what is remembered of sessions, in their order. One that nothing is remembered of begins anew. */
export async function lockStates(
  db: Queryable,
  organisationId: string,
  sessions: readonly SessionOf[],
): Promise<StoredState[]> {
  if (sessions.length === 0) return [];
  const rows = await db.query<{ customer_id: string; session: string; task_class: string; state: LoopState }>(
    `SELECT customer_id, session, task_class, state FROM loop_state
      WHERE organisation_id = $1
        AND (customer_id, session) IN (SELECT customer_id, session FROM unnest($2::uuid[], $3::text[]) AS named (customer_id, session))
      ORDER BY customer_id, session FOR NO KEY UPDATE`,
    [organisationId, sessions.map(({ customerId }) => customerId), sessions.map(({ session }) => session)],
  );
  const stored = new Map(rows.map((row) => [JSON.stringify([row.customer_id, row.session]), row]));
  return sessions.map(({ customerId, session }) => {
    const row = stored.get(JSON.stringify([customerId, session]));
    return {
      customerId,
      session,
      taskClass: row === undefined || row.task_class === '' ? null : row.task_class,
      state: row?.state ?? NO_STATE,
    };
  });
}

export async function saveStates(
  db: Queryable,
  organisationId: string,
  states: readonly StoredState[],
  now: Date,
): Promise<void> {
  if (states.length === 0) return;
  await db.query(
    `INSERT INTO loop_state (organisation_id, customer_id, session, task_class, state, seen_at)
     SELECT $1, customer_id, session, task_class, state::jsonb, $6
       FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) AS new (customer_id, session, task_class, state)
      ORDER BY customer_id, session
     ON CONFLICT (organisation_id, customer_id, session) DO UPDATE
        SET task_class = excluded.task_class, state = excluded.state, seen_at = excluded.seen_at`,
    [
      organisationId,
      states.map(({ customerId }) => customerId),
      states.map(({ session }) => session),
      states.map(({ taskClass }) => taskClass ?? ''),
      states.map(({ state }) => JSON.stringify(state)),
      now,
    ],
  );
}

/** What sessions of a class usually spend, from the latest of them. */
export async function readProfile(db: Queryable, organisationId: string, taskClass: string): Promise<ClassProfile> {
  const sessions = await db.query<{ minutes: LoopState['minutes'] }>(
    `SELECT state -> 'minutes' AS minutes FROM loop_state
      WHERE organisation_id = $1 AND task_class = $2 ORDER BY seen_at DESC LIMIT ${PROFILE_SESSIONS}`,
    [organisationId, taskClass],
  );
  return profileOf(sessions);
}

/**
 * Begins anew with a session: its findings are resolved, and only what its agent does from now on counts. Safe to repeat.
 *
 * @param kinds only findings of these; without them of all
 */
export async function acknowledgeSession(
  db: Queryable,
  organisationId: string,
  { customerId, session }: SessionOf,
  now: Date,
  kinds?: readonly FindingKind[],
): Promise<void> {
  const [stored] = await lockStates(db, organisationId, [{ customerId, session }]);
  if (stored !== undefined && stored.state !== NO_STATE) {
    const state = acknowledge(stored.state, kinds);
    await db.query(
      'UPDATE loop_state SET state = $4 WHERE organisation_id = $1 AND customer_id = $2 AND session = $3',
      [organisationId, customerId, session, JSON.stringify(state)],
    );
  }
  await db.query(
    `UPDATE loop_finding SET resolved_at = $4
      WHERE organisation_id = $1 AND customer_id = $2 AND session = $3 AND resolved_at IS NULL
        AND ($5::text[] IS NULL OR kind = ANY ($5))`,
    [organisationId, customerId, session, now, kinds ?? null],
  );
}
