import type { Micros } from '../../kernel';
import type { Queryable } from '../../platform/database';
import type { CountingRevision, FillPosition, MeterDefinition } from '../domain';

interface RevisionRow {
  meter_id: string;
  revision: number;
  usage_id: string;
  definition: MeterDefinition;
  counts_from_batch: string;
  filled: boolean;
  filled_customer: string | null;
  filled_micros: string | null;
  filled_key: string | null;
  key: string;
  name: string;
}

const COLUMNS = `r.meter_id, r.revision, r.usage_id, r.definition, r.counts_from_batch, r.filled_at IS NOT NULL AS filled,
  r.filled_customer, (extract(epoch FROM r.filled_time) * 1000000)::bigint AS filled_micros, r.filled_key,
  meter.key, meter.name`;
const TABLES = `meter_revision AS r JOIN meter ON (meter.organisation_id, meter.id) = (r.organisation_id, r.meter_id)`;

/** The revisions that an organisation's events are counted by: of each meter the one it has, and one that is to take its place. */
export async function countingRevisions(db: Queryable, organisationId: string): Promise<CountingRevision[]> {
  const rows = await db.query<RevisionRow>(
    `SELECT ${COLUMNS} FROM ${TABLES} WHERE r.organisation_id = $1 AND r.status <> 'retired' ORDER BY r.usage_id`,
    [organisationId],
  );
  return rows.map(toCountingRevision);
}

/** A revision that is being filled, kept from everyone else until the transaction ends; null when it no longer is. */
export async function lockFilling(
  db: Queryable,
  organisationId: string,
  meterId: string,
  revision: number,
): Promise<CountingRevision | null> {
  const rows = await db.query<RevisionRow>(
    `SELECT ${COLUMNS} FROM ${TABLES}
      WHERE r.organisation_id = $1 AND r.meter_id = $2 AND r.revision = $3 AND r.status = 'filling' FOR UPDATE OF r`,
    [organisationId, meterId, revision],
  );
  return rows[0] === undefined ? null : toCountingRevision(rows[0]);
}

/** What a page of the fill has done. */
export interface FillProgress {
  /** Stored events it has looked at, whether or not they count. */
  readonly looked: number;
  /** The last of them; null when there was none. */
  readonly to: FillPosition | null;
  /** When there are no more. */
  readonly completedAt: Date | null;
  /** About how many stored events there are in all; null when that is known from an earlier page. */
  readonly expected: number | null;
}

/** Writes down how far a fill has come, in the transaction that writes what it counted. */
export async function advanceFill(
  db: Queryable,
  organisationId: string,
  { meterId, revision }: CountingRevision,
  { looked, to, completedAt, expected }: FillProgress,
): Promise<void> {
  await db.query(
    `UPDATE meter_revision
        SET events_filled = events_filled + $4, filled_at = $5, events_to_fill = COALESCE(events_to_fill, $9),
            filled_customer = COALESCE($6, filled_customer), filled_key = COALESCE($8, filled_key),
            filled_time = COALESCE(timestamptz '1970-01-01 00:00:00+00' + $7::bigint * interval '1 microsecond', filled_time)
      WHERE organisation_id = $1 AND meter_id = $2 AND revision = $3`,
    [
      organisationId,
      meterId,
      revision,
      looked,
      completedAt,
      to?.customerId ?? null,
      to?.time ?? null,
      to?.key ?? null,
      expected,
    ],
  );
}

function toCountingRevision(row: RevisionRow): CountingRevision {
  const filledTo: FillPosition | null =
    row.filled_customer === null
      ? null
      : { customerId: row.filled_customer, time: Number(row.filled_micros) satisfies Micros, key: row.filled_key! };
  return {
    meter: { ...row.definition, id: row.usage_id, key: row.key, name: row.name },
    meterId: row.meter_id,
    revision: row.revision,
    countsFromBatch: Number(row.counts_from_batch),
    filledTo,
    filled: row.filled,
  };
}
