import { formatMicros, scaledFromText, scaledText } from '../../kernel';
import type { Queryable } from '../../platform/database';
import type { Counter, CounterRef } from '../domain';

/** A row of `cap_counter` as `COUNTER_COLUMNS` reads it. */
export interface CounterRow {
  readonly id: string;
  readonly cap_id: string;
  readonly each_values: readonly string[];
  /** Microseconds since 1970, as text. */
  readonly period_start: string;
  readonly period_end: string | null;
  readonly settled: string;
  readonly held: string;
  readonly overrun: string;
  readonly buckets: readonly (readonly [number, string])[] | null;
  readonly alerted: string;
}

/** Instants as microseconds: a `Date` would cut them. */
export const COUNTER_COLUMNS = `id, cap_id, each_values, (extract(epoch FROM period_start) * 1000000)::bigint::text AS period_start,
  (extract(epoch FROM period_end) * 1000000)::bigint::text AS period_end, settled, held, overrun, buckets, alerted`;

/**
 * Locks counters, in the order of their ids; those that are not there yet begin at nothing. The caller holds the lock of
 * caps, shared or not, has locked its holds, and locks no counters after these.
 *
 * @param refs which may have to be made
 * @param ids  of further counters, such as those a hold is held in; those that are gone are left out
 * @returns    by id
 */
export async function lockCounters(
  db: Queryable,
  organisationId: string,
  refs: readonly CounterRef[],
  ids: readonly string[],
): Promise<Map<string, Counter>> {
  if (refs.length > 0) {
    const made = refs.map(({ id, cap, eachValues, period: { start, end } }) => ({
      ...{ id, cap_id: cap.id, each_values: eachValues, period_start: formatMicros(start) },
      ...{ period_end: end === null ? null : formatMicros(end), buckets: cap.rollingSeconds === null ? null : [] },
    }));
    await db.query(
      `INSERT INTO cap_counter (id, organisation_id, cap_id, each_values, period_start, period_end, buckets)
       SELECT made.id, $1, made.cap_id, made.each_values, made.period_start, made.period_end, made.buckets
         FROM jsonb_to_recordset($2::jsonb) AS made (id uuid, cap_id uuid, each_values text[], period_start timestamptz,
              period_end timestamptz, buckets jsonb)
        ORDER BY made.id
       ON CONFLICT DO NOTHING`,
      [organisationId, JSON.stringify(made)],
    );
  }
  const rows = await db.query<CounterRow>(
    `SELECT ${COUNTER_COLUMNS} FROM cap_counter WHERE organisation_id = $1 AND id = ANY ($2::uuid[])
      ORDER BY id FOR NO KEY UPDATE`,
    [organisationId, [...new Set([...refs.map(({ id }) => id), ...ids])]],
  );
  return new Map(rows.map((row) => [row.id, toCounter(row)]));
}

/** Writes what is changed of counters that the caller has locked. */
export async function saveCounters(db: Queryable, organisationId: string, counters: Iterable<Counter>): Promise<void> {
  const changed = [...counters].filter((counter) => counter.changed);
  if (changed.length === 0) return;
  await db.query(
    `UPDATE cap_counter SET settled = saved.settled, held = saved.held, overrun = saved.overrun,
            buckets = saved.buckets::jsonb, alerted = saved.alerted
       FROM unnest($2::uuid[], $3::numeric[], $4::numeric[], $5::numeric[], $6::text[], $7::numeric[])
            AS saved (id, settled, held, overrun, buckets, alerted)
      WHERE cap_counter.organisation_id = $1 AND cap_counter.id = saved.id`,
    [
      organisationId,
      changed.map(({ id }) => id),
      changed.map(({ settled }) => scaledText(settled)),
      changed.map(({ held }) => scaledText(held)),
      changed.map(({ overrun }) => scaledText(overrun)),
      changed.map(({ buckets }) => bucketsText(buckets)),
      changed.map(({ alerted }) => String(alerted)),
    ],
  );
}

/** The counters of a cap whose periods end after an instant, or have no end. */
export async function countersSince(
  db: Queryable,
  organisationId: string,
  capId: string,
  since: Date,
): Promise<Counter[]> {
  const rows = await db.query<CounterRow>(
    `SELECT ${COUNTER_COLUMNS} FROM cap_counter
      WHERE organisation_id = $1 AND cap_id = $2 AND (period_end IS NULL OR period_end > $3)
      ORDER BY period_start DESC, each_values`,
    [organisationId, capId, since],
  );
  return rows.map(toCounter);
}

/** The counters of a cap whose periods haven't ended, the fullest first. */
export async function fullestCounters(
  db: Queryable,
  organisationId: string,
  capId: string,
  now: Date,
  limit: number,
): Promise<Counter[]> {
  const rows = await db.query<CounterRow>(
    `SELECT ${COUNTER_COLUMNS} FROM cap_counter
      WHERE organisation_id = $1 AND cap_id = $2 AND (period_end IS NULL OR period_end > $3)
      ORDER BY settled + held DESC, id LIMIT $4`,
    [organisationId, capId, now, limit],
  );
  return rows.map(toCounter);
}

export function toCounter(row: CounterRow): Counter {
  return {
    id: row.id,
    capId: row.cap_id,
    eachValues: row.each_values,
    period: { start: Number(row.period_start), end: row.period_end === null ? null : Number(row.period_end) },
    settled: scaledFromText(row.settled),
    held: scaledFromText(row.held),
    overrun: scaledFromText(row.overrun),
    buckets: row.buckets?.map(([start, amount]) => [start, scaledFromText(amount)]) ?? null,
    alerted: Number(row.alerted),
    changed: false,
  };
}

/** Buckets as the column keeps them, as JSON; null for a counter without. */
export function bucketsText(buckets: Counter['buckets']): string | null {
  return buckets === null ? null : JSON.stringify(buckets.map(([start, amount]) => [start, scaledText(amount)]));
}
