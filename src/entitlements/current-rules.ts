import type { Queryable } from '../platform/database';
import type { EntitlementBooks } from './entitlement-books';
import type { EntitlementRules } from './rules';

/** The rules as they are now, for whoever tells by them and decides nothing. */
export async function currentRules(
  db: Queryable,
  books: EntitlementBooks,
  organisationId: string,
): Promise<EntitlementRules> {
  const [organisation] = await db.query<{ caps_revision: string }>(
    'SELECT caps_revision FROM organisation WHERE id = $1',
    [organisationId],
  );
  return books.at(db, organisationId, organisation!.caps_revision);
}
