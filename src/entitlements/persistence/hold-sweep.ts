import type { Queryable } from '../../platform/database';
import type { HoldCommand } from '../domain';

const MOST_AT_ONCE = 1_000;
/** A hold may be committed after others that expire later; it isn't missed if that takes no longer than this. */
const OVERLAP_MS = 15_000;
/** Now and then everything is looked at, whatever was swept before. */
const WHOLE_EVERY_MS = 3_600_000;

/**
 * Finds holds that should have expired. Ended holds stay in the index of expiry, so each look begins where the one before
 * ended.
 */
export class ExpiredHolds {
  private sweptUntil = new Date(0);
  private wholeAt = 0;

  /**
   * @param organisationIds null: of all of them
   * @returns commands that expire up to a thousand of them
   */
  async find(db: Queryable, organisationIds: readonly string[] | null, now: Date): Promise<HoldCommand[]> {
    const rows = await db.query<{ id: string; organisation_id: string }>(
      `SELECT id, organisation_id FROM hold
        WHERE expires_at > $1 AND expires_at <= $2 AND status = 'open' AND ($3::uuid[] IS NULL OR organisation_id = ANY ($3))
        ORDER BY expires_at LIMIT ${MOST_AT_ONCE}`,
      [this.sweptUntil, now, organisationIds],
    );
    return rows.map((row) => ({ kind: 'expire', organisationId: row.organisation_id, id: row.id, now: now.getTime() }));
  }

  /** Everything that had expired by then was ended. */
  swept(until: Date): void {
    if (until.getTime() - this.wholeAt >= WHOLE_EVERY_MS) {
      // The next look is at everything again.
      this.wholeAt = until.getTime();
      this.sweptUntil = new Date(0);
      return;
    }
    this.sweptUntil = new Date(until.getTime() - OVERLAP_MS);
  }
}
