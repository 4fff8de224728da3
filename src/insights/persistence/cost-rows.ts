import type { Queryable } from '../../platform/database';
import { Decimal } from '../../kernel';
import type { Dimension } from '../domain';

/** Expressions of the dimensions in SQL. They are ours; nothing a caller sends becomes SQL. */
const COLUMNS: Readonly<Record<Dimension, string>> = {
  customer: 'customer_id::text',
  feature: 'feature',
  department: 'department',
  agent: 'agent',
  session: 'session',
  task: 'task',
  user: '"user"',
  provider: 'provider',
  model: 'model',
  type: 'type',
  source: 'source',
  step: 'step',
};

export interface CostQuery {
  readonly organisationId: string;
  readonly from: Date;
  readonly to: Date;
  readonly groupBy: readonly Dimension[];
  /** Only events with one of these values; null among them: events without one. */
  readonly filters: ReadonlyMap<Dimension, readonly (string | null)[]>;
  /** Where the windows begin, ascending, the first at `from`; null for the period as a whole. */
  readonly windows: readonly Date[] | null;
  readonly limit: number;
  /** The last row of the page before. */
  readonly after: CostPosition | null;
}

export interface CostPosition {
  readonly window: number;
  readonly cost: string;
  readonly key: string;
}

export interface CostSum {
  readonly cost: Decimal;
  readonly events: number;
  readonly pendingEvents: number;
  /** The part of the cost that senders reported and no price of ours confirms. */
  readonly reported: Decimal;
}

export interface CostRow extends CostSum {
  /** Which window, from 0. */
  readonly window: number;
  /** The values, in the order asked for; null: the events name none. */
  readonly values: readonly (string | null)[];
  readonly position: CostPosition;
}

interface Row {
  window: string;
  /** Null in the one row that stands for an empty page. */
  key: string | null;
  cost: string;
  events: string;
  pending: string;
  reported: string;
  all_cost: string;
  all_events: string;
  all_pending: string;
  all_reported: string;
}

/**
 * Costs of events as they stand now, added up by dimension and window: dearest first within each window.
 *
 * @returns up to `limit` rows after the position, and the sum of all rows, which is that of all events asked for
 */
export async function findCostRows(db: Queryable, query: CostQuery): Promise<{ rows: CostRow[]; total: CostSum }> {
  const parameters: unknown[] = [query.organisationId, query.from, query.to];
  const bind = (value: unknown): string => `$${parameters.push(value)}`;
  const conditions = ['organisation_id = $1', 'time >= $2', 'time < $3'];
  for (const [dimension, values] of query.filters) {
    const texts = values.filter((value) => value !== null);
    // Compared as uuids, so that the index over customers is of use.
    const isOneOf =
      dimension === 'customer'
        ? `customer_id = ANY(${bind(texts)}::uuid[])`
        : `${COLUMNS[dimension]} = ANY(${bind(texts)}::text[])`;
    conditions.push(values.includes(null) ? `(${isOneOf} OR ${COLUMNS[dimension]} IS NULL)` : isOneOf);
  }
  const groups = query.groupBy.map((dimension) => COLUMNS[dimension]);
  const key = groups.length === 0 ? `'[]'` : `json_build_array(${groups.join(', ')})::text`;
  const window = query.windows === null ? '0' : `width_bucket(time, ${bind(query.windows)}::timestamptz[]) - 1`;
  const after =
    query.after === null
      ? 'true'
      : `("window", -cost, key COLLATE "C") > (${bind(query.after.window)}::int, -${bind(query.after.cost)}::numeric, ${bind(query.after.key)}::text)`;

  const rows = await db.query<Row>(
    `WITH grouped AS (
       SELECT ${window} AS "window", ${key} AS key, coalesce(sum(cost), 0) AS cost, count(*) AS events,
              count(*) FILTER (WHERE cost_status = 'u') AS pending,
              coalesce(sum(cost) FILTER (WHERE cost_status = 'r'), 0) AS reported
         FROM event_now WHERE ${conditions.join(' AND ')}
        GROUP BY ${['1', ...groups].join(', ')}
     ), everything AS (
       SELECT coalesce(sum(cost), 0) AS all_cost, coalesce(sum(events), 0) AS all_events,
              coalesce(sum(pending), 0) AS all_pending, coalesce(sum(reported), 0) AS all_reported FROM grouped
     ), page AS (
       SELECT * FROM grouped WHERE ${after} ORDER BY "window", cost DESC, key COLLATE "C" LIMIT ${bind(query.limit)}
     )
     SELECT * FROM everything LEFT JOIN page ON true ORDER BY "window", cost DESC, key COLLATE "C"`,
    parameters,
  );
  const [first] = rows;
  return {
    rows: rows.flatMap((row) => (row.key === null ? [] : [toCostRow(row, row.key)])),
    total: sumOf(first!.all_cost, first!.all_events, first!.all_pending, first!.all_reported),
  };
}

function toCostRow(row: Row, key: string): CostRow {
  return {
    ...sumOf(row.cost, row.events, row.pending, row.reported),
    window: Number(row.window),
    values: JSON.parse(key) as (string | null)[],
    position: { window: Number(row.window), cost: row.cost, key },
  };
}

function sumOf(cost: string, events: string, pending: string, reported: string): CostSum {
  return {
    cost: new Decimal(cost),
    events: Number(events),
    pendingEvents: Number(pending),
    reported: new Decimal(reported),
  };
}

export interface DifferenceRow {
  readonly provider: string | null;
  readonly model: string | null;
  readonly events: number;
  readonly computed: Decimal;
  readonly reported: Decimal;
  /** Events whose reported cost is in another currency, which is not compared. */
  readonly otherCurrency: number;
}

/** Computed beside reported costs of events that have both, by provider and model; the largest difference first. */
export async function findDifferences(
  db: Queryable,
  organisationId: string,
  from: Date,
  to: Date,
  currency: string,
  limit: number,
): Promise<DifferenceRow[]> {
  const rows = await db.query<{
    provider: string | null;
    model: string | null;
    events: string;
    computed: string;
    reported: string;
    other: string;
  }>(
    `SELECT provider, model, count(*) FILTER (WHERE reported_currency = $4) AS events,
            coalesce(sum(cost) FILTER (WHERE reported_currency = $4), 0) AS computed,
            coalesce(sum(reported_cost) FILTER (WHERE reported_currency = $4), 0) AS reported,
            count(*) FILTER (WHERE reported_currency <> $4) AS other
       FROM event_now
      WHERE organisation_id = $1 AND time >= $2 AND time < $3 AND reported_cost IS NOT NULL AND cost_status = 'p'
      GROUP BY provider, model
      ORDER BY abs(coalesce(sum(cost - reported_cost) FILTER (WHERE reported_currency = $4), 0)) DESC, provider, model
      LIMIT $5`,
    [organisationId, from, to, currency, limit],
  );
  return rows.map((row) => ({
    provider: row.provider,
    model: row.model,
    events: Number(row.events),
    computed: new Decimal(row.computed),
    reported: new Decimal(row.reported),
    otherCurrency: Number(row.other),
  }));
}
