import type { Queryable } from '../../platform/database';

/** First keys of the advisory locks of this room; the second is the hash of the organisation. */
export const CAPS_LOCK_CLASS = 0x77636170;
export const COUNTING_LOCK_CLASS = 0x77636e74;

/**
 * Stops holds and counting of one organisation until the transaction ends, to change caps, wallets, rules or settings.
 * Whoever pauses ingest as well does that first.
 */
export async function pauseEntitlements(db: Queryable, organisationId: string): Promise<void> {
  await db.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [CAPS_LOCK_CLASS, organisationId]);
}

/** Goes on beside others that decide and count, and never beside a change of what is decided by. */
export async function joinEntitlements(db: Queryable, organisationId: string): Promise<void> {
  await db.query('SELECT pg_advisory_xact_lock_shared($1, hashtext($2))', [CAPS_LOCK_CLASS, organisationId]);
}

/** Counts alone for one organisation until the transaction ends. */
export async function lockCounting(db: Queryable, organisationId: string): Promise<void> {
  await db.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [COUNTING_LOCK_CLASS, organisationId]);
}

/** What is in memory elsewhere counts no more. The caller holds `pauseEntitlements`. */
export async function raiseCapsRevision(db: Queryable, organisationId: string): Promise<void> {
  await db.query('UPDATE organisation SET caps_revision = caps_revision + 1 WHERE id = $1', [organisationId]);
}
