import type { Database } from '../../platform/database';
import type { CountingService } from '../counting/counting.service';

/** Counts what was accepted before, so that what is read next has it. Mostly nothing waits, and then it is one look. */
export async function countWaiting(
  database: Database,
  counting: CountingService,
  organisationId: string,
): Promise<void> {
  const [row] = await database.tenant(organisationId, (db) =>
    db.query<{ waits: boolean }[]>(
      'SELECT EXISTS (SELECT FROM entitlement_pending WHERE organisation_id = $1) AS waits',
      [organisationId],
    ),
  );
  if (row!.waits) await counting.now(organisationId);
}
