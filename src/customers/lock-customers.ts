import type { EntityManager } from 'typeorm';

/**
 * Locks customers until the transaction ends. Whoever writes what a customer is billed holds their row, and locks it
 * before subscriptions, invoices, ingest and the organisation, in this order; so nobody waits for somebody who waits for
 * them. Foreign keys of rows that are added elsewhere don't wait for it.
 *
 * @param ids locked in ascending order, whatever their own
 */
export async function lockCustomers(db: EntityManager, organisationId: string, ids: readonly string[]): Promise<void> {
  await db.query(
    `SELECT id FROM customer WHERE organisation_id = $1 AND id = ANY ($2::uuid[]) ORDER BY id FOR NO KEY UPDATE`,
    [organisationId, [...new Set(ids)]],
  );
}
