import type { Pool } from 'pg';
import { ALL_EVENTS_METER_ID } from '../../catalog/domain';
import type { Queryable } from '../../platform/database';
import { EVERY_CUSTOMER_ID } from '../domain';

interface RevisionRow {
  organisation_id: string;
  meter_id: string;
  revision: number;
  usage_id: string;
}

interface FillingRevision {
  readonly organisationId: string;
  readonly meterId: string;
  readonly revision: number;
}

/** A revision whose place another has taken, with the id its usage is kept under. */
export interface SupersededRevision extends FillingRevision {
  readonly usageId: string;
}

/** The revisions of every organisation that are being filled, oldest first. */
export async function findFilling(pool: Pool): Promise<FillingRevision[]> {
  const { rows } = await pool.query<RevisionRow>(
    `SELECT organisation_id, meter_id, revision FROM meter_revision WHERE status = 'filling'
      ORDER BY created_at, meter_id, revision`,
  );
  return rows.map(toFilling);
}

/**
 * Retired revisions whose sums and samples are still there and can be deleted: no pending row is left of before they
 * were retired, so that none is folded into what is gone. The last revision of an archived meter is not superseded.
 */
export async function findSuperseded(pool: Pool): Promise<SupersededRevision[]> {
  const { rows } = await pool.query<RevisionRow>(
    `SELECT r.organisation_id, r.meter_id, r.revision, r.usage_id
       FROM meter_revision AS r
       JOIN meter ON (meter.organisation_id, meter.id) = (r.organisation_id, r.meter_id)
      WHERE r.status = 'retired' AND r.usage_removed_at IS NULL AND r.revision <> meter.revision
        AND NOT EXISTS (SELECT FROM usage_pending AS pending
              WHERE pending.organisation_id = r.organisation_id AND pending.batch < r.retired_at_batch)
      ORDER BY r.retired_at_batch`,
  );
  return rows.map((row) => ({ ...toFilling(row), usageId: row.usage_id }));
}

/** So many customers' sums of a meter are deleted in one transaction. */
const CUSTOMERS_A_PAGE = 50;

/** Deletes the sums and samples of a superseded revision, some customers at a time. After a crash it begins again. */
export async function removeUsage(
  pool: Pool,
  { organisationId, meterId, revision, usageId }: SupersededRevision,
  now: Date,
  stopping: AbortSignal,
): Promise<void> {
  // The row of all customers together stands under an id that is lower than any customer's.
  let page = [EVERY_CUSTOMER_ID];
  while (page.length > 0) {
    if (stopping.aborted) return;
    await pool.query(
      `WITH samples AS (
         DELETE FROM meter_sample WHERE organisation_id = $1 AND meter_id = $2 AND customer_id = ANY ($3::uuid[])
       )
       DELETE FROM usage WHERE organisation_id = $1 AND meter_id = $2 AND customer_id = ANY ($3::uuid[])`,
      [organisationId, usageId, page],
    );
    const { rows } = await pool.query<{ id: string }>(
      `SELECT id FROM customer WHERE organisation_id = $1 AND id > $2 ORDER BY id LIMIT ${CUSTOMERS_A_PAGE}`,
      [organisationId, page.at(-1)],
    );
    page = rows.map(({ id }) => id);
  }
  await pool.query(
    'UPDATE meter_revision SET usage_removed_at = $4 WHERE organisation_id = $1 AND meter_id = $2 AND revision = $3',
    [organisationId, meterId, revision, now],
  );
}

/**
 * Lets the running transaction read by index, row by row, whatever PostgreSQL believes of the tables. What a page needs
 * is a bounded number of rows; statistics that are missing or old make it sort or hash all of a customer's events for
 * them, on every page anew.
 */
export async function readByIndex(db: Queryable): Promise<void> {
  await db.query(
    `SELECT set_config(name, 'off', true)
       FROM unnest($1::text[]) AS name`,
    [['enable_seqscan', 'enable_bitmapscan', 'enable_hashjoin', 'enable_mergejoin', 'enable_material']],
  );
}

/** About how many events an organisation has: as many as the built-in meter has counted. */
export async function eventsOfOrganisation(db: Queryable, organisationId: string): Promise<number> {
  const [row] = await db.query<{ events: string }>(
    `SELECT (SELECT coalesce(sum(events), 0) FROM usage
              WHERE organisation_id = $1 AND customer_id = '${EVERY_CUSTOMER_ID}' AND meter_id = '${ALL_EVENTS_METER_ID}')
          + (SELECT coalesce(sum(u.events), 0) FROM usage_pending, unnest(meter_ids, events) AS u (meter_id, events)
              WHERE organisation_id = $1 AND u.meter_id = '${ALL_EVENTS_METER_ID}') AS events`,
    [organisationId],
  );
  return Number(row!.events);
}

function toFilling(row: RevisionRow): FillingRevision {
  return { organisationId: row.organisation_id, meterId: row.meter_id, revision: row.revision };
}
