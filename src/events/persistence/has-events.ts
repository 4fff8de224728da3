import type { Queryable } from '../../platform/database';

/** Whether any event of an organisation is stored, voided ones included. */
export async function hasEvents(db: Queryable, organisationId: string): Promise<boolean> {
  const found = await db.query('SELECT 1 FROM event WHERE organisation_id = $1 LIMIT 1', [organisationId]);
  return found.length > 0;
}
