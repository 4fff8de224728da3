import type { EntityManager } from 'typeorm';

/** First key of the advisory locks that order ingest against whoever needs an exact cut through accepted events. */
export const INGEST_LOCK_CLASS = 0x77656972;

/**
 * Stops ingest for one organisation until the running transaction ends, once the commits under way are through.
 * What is read afterwards in this transaction is exactly what was accepted before; what is accepted later sees what
 * this transaction wrote. Held for milliseconds: to finalize an invoice or to change what is metered.
 *
 * Writers take the same lock shared (`ingestLockSql`), so they don't wait for each other. Two organisations may fall on
 * one lock by hash; they then wait for each other needlessly, which costs a moment and nothing else.
 */
export async function pauseIngest(manager: EntityManager, organisationId: string): Promise<void> {
  await manager.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [INGEST_LOCK_CLASS, organisationId]);
}

/**
 * Takes the lock as a writer does, until the running transaction ends: it goes on beside ingest, and neither of it sees
 * the other half of what `pauseIngest` guards. For work in many short transactions that count stored events.
 */
export async function joinIngest(manager: EntityManager, organisationId: string): Promise<void> {
  await manager.query('SELECT pg_advisory_xact_lock_shared($1, hashtext($2))', [INGEST_LOCK_CLASS, organisationId]);
}
