import type { Aggregation } from '../../catalog/domain';
import { Decimal, formatMicros, type Micros } from '../../kernel';
import type { Queryable } from '../../platform/database';
import { filterConditions, groupColumns, groupNames, instants, Parameters, type UsageQuestion } from './usage-question';

/** What samples of a window and group are folded to. Of one instant the sample with the greatest event key is the last. */
const FOLDS: Partial<Record<Aggregation, string>> = {
  min: 'min(quantity)',
  max: 'max(quantity)',
  unique: 'count(DISTINCT value)::numeric',
  latest: '(array_agg(quantity ORDER BY time DESC, event_key DESC))[1]',
};

/**
 * The common table expressions that fold samples, of which the last, `folded`, has a row for each window and group with
 * a value.
 *
 * Samples lie series by series (customer and group), each in the order of time. The series are found first, one short
 * look at the index for each; then of each series only the samples in the asked time are read, and for what holds over
 * time the last one before.
 */
export function foldedSamples(question: UsageQuestion, parameters: Parameters): string[] {
  const ours = `organisation_id = ${parameters.add(question.organisationId, 'uuid')} AND meter_id = ${parameters.add(question.usageId, 'uuid')}`;
  const series = [
    question.customerIds === null
      ? seriesOfOrganisation(ours)
      : seriesOfCustomers(ours, parameters.add(question.customerIds, 'uuid[]')),
    `wanted AS MATERIALIZED (SELECT *${groupColumns(question)} FROM series WHERE ${filterConditions(question, parameters)})`,
  ];
  return question.meter.aggregation === 'time_weighted'
    ? [...series, ...held(question, ours, parameters)]
    : [...series, ...taken(question, ours, parameters)];
}

/** Steps from one series to the next through the key of the table, however many samples each has. */
function seriesOfOrganisation(ours: string): string {
  return `
    series (customer_id, dimensions) AS (
      (SELECT customer_id, dimensions FROM meter_sample WHERE ${ours} ORDER BY customer_id, dimensions LIMIT 1)
      UNION ALL
      SELECT next.customer_id, next.dimensions
        FROM series CROSS JOIN LATERAL (
          SELECT customer_id, dimensions FROM meter_sample AS s
           WHERE ${ours} AND (s.customer_id, s.dimensions) > (series.customer_id, series.dimensions)
           ORDER BY customer_id, dimensions LIMIT 1) AS next
    )`;
}

function seriesOfCustomers(ours: string, customers: string): string {
  return `
    series (customer_id, dimensions) AS (
      SELECT asked.customer_id, first.dimensions
        FROM unnest(${customers}) AS asked (customer_id) CROSS JOIN LATERAL (
          SELECT dimensions FROM meter_sample AS s
           WHERE ${ours} AND s.customer_id = asked.customer_id ORDER BY dimensions LIMIT 1) AS first
      UNION ALL
      SELECT series.customer_id, next.dimensions
        FROM series CROSS JOIN LATERAL (
          SELECT dimensions FROM meter_sample AS s
           WHERE ${ours} AND s.customer_id = series.customer_id AND s.dimensions > series.dimensions
           ORDER BY dimensions LIMIT 1) AS next
    )`;
}

/** The series' own samples, beside a row of `wanted`. A `rest`, be it OFFSET 0, keeps them from being looked up otherwise. */
function samplesOf(ours: string, condition: string, rest = ''): string {
  return `
    SELECT time, event_key, quantity, value FROM meter_sample AS s
     WHERE ${ours} AND s.customer_id = wanted.customer_id AND s.dimensions = wanted.dimensions AND ${condition} ${rest}`;
}

/** Samples in each window by themselves. */
function taken(question: UsageQuestion, ours: string, parameters: Parameters): string[] {
  const { starts, end } = question.windows;
  const from = parameters.add(formatMicros(starts[0]!), 'timestamptz');
  const to = parameters.add(formatMicros(end), 'timestamptz');
  const edges = parameters.add(instants(starts), 'timestamptz[]');
  const columns = groupNames(question).map((name) => `, ${name}`).join(''); // prettier-ignore
  return [
    `taken AS (
      SELECT width_bucket(time, ${edges}) - 1 AS slot${columns}, time, event_key, quantity, value
        FROM wanted CROSS JOIN LATERAL (${samplesOf(ours, `time >= ${from} AND time < ${to}`, 'OFFSET 0')}) AS sample
    )`,
    `folded AS (
      SELECT slot${columns}, ${FOLDS[question.meter.aggregation]!} AS folded
        FROM taken GROUP BY slot${columns}
    )`,
  ];
}

/**
 * Each sample from its time to the next sample of its series, cut to the asked time and to now, and spread over the
 * windows it reaches into, as value × microseconds.
 *
 * ```
 * windows    |--------- 1 ---------|--------- 2 ---------|
 * samples  3 ·      5 ·                        0 ·
 * held     |--- 3 ---|------ 5 ----|----- 5 -----|-- 0 --|
 * ```
 */
function held(question: UsageQuestion, ours: string, parameters: Parameters): string[] {
  const { starts, end } = question.windows;
  const from = parameters.add(formatMicros(starts[0]!), 'timestamptz');
  const to = parameters.add(formatMicros(end), 'timestamptz');
  const edges = parameters.add(instants(starts), 'timestamptz[]');
  const ends = parameters.add(instants([...starts.slice(1), end]), 'timestamptz[]');
  const now = parameters.add(formatMicros(question.now), 'timestamptz');
  const own = [...question.ownNow];
  const owners = parameters.add(
    own.map(([customerId]) => customerId),
    'uuid[]',
  );
  const clocks = parameters.add(instants(own.map(([, at]) => at)), 'timestamptz[]');
  const groups = question.groupBy.map((_, index) => `, g${index}`).join('');
  const columns = question.byCustomer ? `, customer_id${groups}` : groups;
  const before = samplesOf(ours, `time < ${from}`, 'ORDER BY time DESC, event_key DESC LIMIT 1');
  return [
    `sampled AS (
      SELECT wanted.customer_id, wanted.dimensions${groups}, sample.time, sample.event_key, sample.quantity
        FROM wanted CROSS JOIN LATERAL (
          (${before}) UNION ALL (${samplesOf(ours, `time >= ${from} AND time < ${to}`)})) AS sample
    )`,
    `held AS (
      SELECT customer_id${groups}, quantity, greatest(time, ${from}) AS starts_at,
             least(lead(time) OVER (PARTITION BY customer_id, dimensions ORDER BY time, event_key), ${to},
                   coalesce(clock.now, ${now})) AS ends_at
        FROM sampled LEFT JOIN unnest(${owners}, ${clocks}) AS clock (owner, now) ON clock.owner = customer_id
    )`,
    `folded AS (
      SELECT slot${columns},
             sum(quantity * (extract(epoch FROM least(ends_at, (${ends})[slot + 1])
                                                - greatest(starts_at, (${edges})[slot + 1])) * 1000000)) AS folded
        FROM held CROSS JOIN LATERAL generate_series(
               width_bucket(starts_at, ${edges}) - 1,
               width_bucket(ends_at - interval '1 microsecond', ${edges}) - 1) AS reached (slot)
       WHERE ends_at > starts_at AND quantity <> 0
       GROUP BY slot${columns}
    )`,
  ];
}

/** The last sample of a customer before an instant. */
export interface LastSample {
  readonly customerId: string;
  /** Which of the instants, from 0. */
  readonly instant: number;
  readonly quantity: Decimal;
}

/**
 * The last samples of customers before each of some instants, by time and event key, whichever series they are of. Each
 * series is looked up once for each instant, however many samples it has.
 *
 * @returns nothing for a customer and instant without an earlier sample
 */
export async function lastSamplesBefore(
  db: Queryable,
  organisationId: string,
  usageId: string,
  customerIds: readonly string[],
  at: readonly Micros[],
): Promise<LastSample[]> {
  const parameters = new Parameters();
  const ours = `organisation_id = ${parameters.add(organisationId, 'uuid')} AND meter_id = ${parameters.add(usageId, 'uuid')}`;
  const series = seriesOfCustomers(ours, parameters.add(customerIds, 'uuid[]'));
  const asked = parameters.add(instants(at), 'timestamptz[]');
  const rows = await db.query<{ customer_id: string; place: string; quantity: string }>(
    `WITH RECURSIVE ${series}
     SELECT DISTINCT ON (series.customer_id, place) series.customer_id, place, quantity::text
       FROM series CROSS JOIN unnest(${asked}) WITH ORDINALITY AS asked (instant, place)
      CROSS JOIN LATERAL (
        SELECT time, event_key, quantity FROM meter_sample AS s
         WHERE ${ours} AND s.customer_id = series.customer_id AND s.dimensions = series.dimensions AND time < instant
         ORDER BY time DESC, event_key DESC LIMIT 1) AS last
      ORDER BY series.customer_id, place, time DESC, event_key DESC`,
    parameters.values,
  );
  return rows.map(({ customer_id, place, quantity }) => ({
    customerId: customer_id,
    instant: Number(place) - 1,
    quantity: new Decimal(quantity),
  }));
}
