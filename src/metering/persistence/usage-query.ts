import { Decimal, formatMicros, scaledText, type Micros } from '../../kernel';
import type { Queryable } from '../../platform/database';
import { EVERY_CUSTOMER_ID, keepsSamples, quantityOfFolded, type WindowSum } from '../domain';
import { foldedSamples } from './sample-query';
import { filterConditions, groupColumns, groupNames, instants, Parameters, type UsageQuestion } from './usage-question';

/** Usage in one window and group. */
export interface UsageRow {
  /** Counted from 0. */
  readonly window: number;
  readonly customerId: string | null;
  /** A value for each place asked for, in that order; null for none. */
  readonly group: readonly (string | null)[];
  /** Null where there is no value to tell, as the average of nothing. */
  readonly quantity: Decimal | null;
  readonly cost: Decimal;
  readonly events: number;
  readonly pendingEvents: number;
}

/** Where a row stands in the order of the answer: window, customer, group. */
export interface RowPosition {
  readonly window: number;
  readonly customerId: string | null;
  readonly group: readonly (string | null)[];
}

interface Row {
  /** The window's number. */
  slot: number;
  customer_id?: string;
  folded: string | null;
  cost: string;
  events: string;
  pending_events: string;
  [group: `g${number}`]: string;
}

/**
 * Answers a question by one statement, and so of one instant: sums that are folded and sums that are pending, samples,
 * and the sums of what sticks out of whole hours, which the caller has made of the events in the same snapshot.
 *
 * @param cutHours   hours that the sums are not taken of
 * @param fromEvents what was used in the parts of them that lie in the windows
 * @param after      rows behind this one only
 * @returns          rows by window, customer and group, at most `limit`
 */
export async function usageRows(
  db: Queryable,
  question: UsageQuestion,
  cutHours: readonly Micros[],
  fromEvents: readonly WindowSum[],
  after: RowPosition | null,
  limit: number,
): Promise<UsageRow[]> {
  const parameters = new Parameters();
  const names = groupNames(question);
  const keys = ['slot', ...names];
  const counted = countedSums(question, cutHours, fromEvents, parameters);
  const sampled = keepsSamples(question.meter.aggregation);
  const ctes = sampled ? [counted, ...foldedSamples(question, parameters)] : [counted];
  // What a value held for is usage in windows without an event, too.
  const joined = sampled
    ? `SELECT ${keys.join(', ')}, folded.folded, coalesce(cost, 0) AS cost, coalesce(events, 0) AS events,
              coalesce(pending_events, 0) AS pending_events
         FROM counted FULL JOIN folded USING (${keys.join(', ')})`
    : `SELECT ${keys.join(', ')}, quantity AS folded, cost, events, pending_events FROM counted`;
  ctes.push(`answer AS (${joined})`);
  if (question.withEmpty) ctes.push(filledUp(names, question.windows.starts.length));

  const position = after === null ? 'true' : behind(names, after, parameters);
  const rows = await db.query<Row>(
    `WITH RECURSIVE ${ctes.join(', ')}
     SELECT ${keys.join(', ')}, folded::text, cost::text, events::text, pending_events::text
       FROM ${question.withEmpty ? 'filled_up' : 'answer'}
      WHERE ${position}
      ORDER BY ${keys.map(ordered).join(', ')} LIMIT ${parameters.add(limit, 'int')}`,
    parameters.values,
  );
  return rows.map((row) => toUsageRow(row, question));
}

/**
 * Additive sums: of whole hours from both tables of sums, of the rest as the caller has counted it. They are added up by
 * the stored text of their group first, so that each text is taken apart once for a window and not for every hour.
 */
function countedSums(
  question: UsageQuestion,
  cutHours: readonly Micros[],
  fromEvents: readonly WindowSum[],
  parameters: Parameters,
): string {
  const { starts, end } = question.windows;
  const organisation = parameters.add(question.organisationId, 'uuid');
  const meter = parameters.add(question.usageId, 'uuid');
  const from = parameters.add(formatMicros(starts[0]!), 'timestamptz');
  const to = parameters.add(formatMicros(end), 'timestamptz');
  const edges = parameters.add(instants(starts), 'timestamptz[]');
  const cut = parameters.add(instants(cutHours), 'timestamptz[]');
  const keys = ['slot', ...groupNames(question)].join(', ');
  const customer = question.byCustomer ? ', customer_id' : '';
  const hours = `hour >= ${from} AND hour < ${to} AND NOT hour = ANY(${cut})`;
  return `
    sums AS (
      SELECT width_bucket(hour, ${edges}) - 1 AS slot, customer_id, dimensions, quantity, cost, events, pending_events
        FROM usage
       WHERE organisation_id = ${organisation} AND meter_id = ${meter} AND ${foldedCustomers(question, parameters)} AND ${hours}
      UNION ALL
      SELECT width_bucket(u.hour, ${edges}) - 1, u.customer_id, u.dimensions, u.quantity, u.cost, u.events, u.pending_events
        FROM usage_pending,
             unnest(customer_ids, meter_ids, hours, dimensions, quantities, costs, events, pending_events)
               AS u (customer_id, meter_id, hour, dimensions, quantity, cost, events, pending_events)
       WHERE organisation_id = ${organisation} AND meter_id = ${meter} AND ${pendingCustomers(question, parameters)} AND ${hours}
      UNION ALL
      SELECT * FROM unnest(${parameters.add(
        fromEvents.map((sum) => sum.window),
        'int[]',
      )},
                           ${parameters.add(
                             fromEvents.map((sum) => sum.customerId),
                             'uuid[]',
                           )},
                           ${parameters.add(
                             fromEvents.map((sum) => sum.dimensions),
                             'text[]',
                           )},
                           ${parameters.add(
                             fromEvents.map((sum) => scaledText(sum.quantity)),
                             'numeric[]',
                           )},
                           ${parameters.add(
                             fromEvents.map((sum) => scaledText(sum.cost)),
                             'numeric[]',
                           )},
                           ${parameters.add(
                             fromEvents.map((sum) => sum.events),
                             'bigint[]',
                           )},
                           ${parameters.add(
                             fromEvents.map((sum) => sum.pendingEvents),
                             'bigint[]',
                           )})
    ), by_dimensions AS (
      SELECT slot${customer}, dimensions, sum(quantity) AS quantity, sum(cost) AS cost, sum(events) AS events,
             sum(pending_events) AS pending_events
        FROM sums GROUP BY slot${customer}, dimensions
    ), counted AS (
      SELECT ${keys}, sum(quantity) AS quantity, sum(cost) AS cost, sum(events) AS events, sum(pending_events) AS pending_events
        FROM (SELECT *${groupColumns(question)} FROM by_dimensions WHERE ${filterConditions(question, parameters)}) AS grouped
       GROUP BY ${keys} HAVING sum(events) <> 0
    )`;
}

/** Whose folded sums: the whole organisation's stand in rows of their own, unless each customer is to be seen. */
function foldedCustomers({ customerIds, byCustomer }: UsageQuestion, parameters: Parameters): string {
  if (customerIds !== null) return `customer_id = ANY(${parameters.add(customerIds, 'uuid[]')})`;
  return `customer_id ${byCustomer ? '<>' : '='} '${EVERY_CUSTOMER_ID}'`;
}

/** Pending sums are always of single customers. A commit's row that has none of them is passed over as a whole. */
function pendingCustomers({ customerIds }: UsageQuestion, parameters: Parameters): string {
  if (customerIds === null) return 'true';
  const asked = parameters.add(customerIds, 'uuid[]');
  return `customer_ids && ${asked} AND u.customer_id = ANY(${asked})`;
}

function filledUp(names: readonly string[], windows: number): string {
  const keys = ['slot', ...names].join(', ');
  const groups = names.length === 0 ? 'SELECT' : `SELECT DISTINCT ${names.join(', ')} FROM answer`;
  return `
    filled_up AS (
      SELECT ${keys}, folded, coalesce(cost, 0) AS cost, coalesce(events, 0) AS events,
             coalesce(pending_events, 0) AS pending_events
        FROM (SELECT slot${names.map((name) => `, groups.${name}`).join('')}
                FROM generate_series(0, ${windows - 1}) AS w (slot) CROSS JOIN (${groups}) AS groups) AS places
        LEFT JOIN answer USING (${keys})
    )`;
}

function behind(names: readonly string[], after: RowPosition, parameters: Parameters): string {
  const position = [parameters.add(after.window, 'int')];
  for (const name of names) {
    if (name === 'customer_id') position.push(parameters.add(after.customerId, 'uuid'));
    else position.push(parameters.add(JSON.stringify(after.group[Number(name.slice(1))]), 'text'));
  }
  return `(${['slot', ...names].map(ordered).join(', ')}) > (${position.join(', ')})`;
}

/** Groups in the order of their bytes: the same on every server. */
function ordered(name: string): string {
  return name.startsWith('g') ? `${name} COLLATE "C"` : name;
}

function toUsageRow(row: Row, { groupBy, byCustomer, meter }: UsageQuestion): UsageRow {
  const events = Number(row.events);
  return {
    window: row.slot,
    customerId: byCustomer ? row.customer_id! : null,
    group: groupBy.map((_, index) => JSON.parse(row[`g${index}`]!) as string | null),
    quantity: quantityOfFolded(meter, { folded: row.folded === null ? null : new Decimal(row.folded), events }),
    cost: new Decimal(row.cost),
    events,
    pendingEvents: Number(row.pending_events),
  };
}

/** Customers with usage of the meter in these hours, and in which. */
export async function customersInHours(
  db: Queryable,
  { organisationId, usageId, customerIds }: Pick<UsageQuestion, 'organisationId' | 'usageId' | 'customerIds'>,
  hours: readonly Micros[],
): Promise<ReadonlyMap<string, Micros[]>> {
  const rows = await db.query<{ customer_id: string; hour_micros: string }>(
    `SELECT DISTINCT customer_id, (extract(epoch FROM hour) * 1000000)::bigint AS hour_micros
       FROM (
         SELECT customer_id, hour FROM usage
          WHERE organisation_id = $1 AND meter_id = $2 AND customer_id <> '${EVERY_CUSTOMER_ID}'
            AND ($3::uuid[] IS NULL OR customer_id = ANY($3)) AND hour = ANY($4::timestamptz[])
         UNION ALL
         SELECT u.customer_id, u.hour
           FROM usage_pending, unnest(customer_ids, meter_ids, hours) AS u (customer_id, meter_id, hour)
          WHERE organisation_id = $1 AND u.meter_id = $2
            AND ($3::uuid[] IS NULL OR u.customer_id = ANY($3)) AND u.hour = ANY($4::timestamptz[])
       ) AS used
      ORDER BY 1, 2`,
    [organisationId, usageId, customerIds, instants(hours)],
  );
  const byCustomer = new Map<string, Micros[]>();
  for (const { customer_id, hour_micros } of rows) {
    const known = byCustomer.get(customer_id);
    if (known === undefined) byCustomer.set(customer_id, [Number(hour_micros)]);
    else known.push(Number(hour_micros));
  }
  return byCustomer;
}
