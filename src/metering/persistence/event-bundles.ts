import { formatMicros, type Micros, scaledFromText } from '../../kernel';
import type { Queryable } from '../../platform/database';
import type { EventBundle, EventColumn, MeteredEvent, UsageWindows } from '../domain';
import { instants, Parameters } from './usage-question';

/** A stretch of one customer's time, half-open. */
interface CustomerStretch {
  readonly customerId: string;
  readonly from: Micros;
  readonly to: Micros;
}

/** Which events are wanted, and what of them. */
export interface WantedEvents {
  /** Only of this type; null for all. */
  readonly type: string | null;
  /** Types whose events are looked at one by one. Of others only what they add up to is read. */
  readonly lookedAt: readonly string[];
  /** What is read of an event that is looked at, beside its cost. */
  readonly columns: readonly EventColumn[];
}

/** Most events of a bundle whose events are looked at, and bundles read at once. */
const EVENTS_A_BUNDLE = 100;
const BUNDLES_A_PAGE = 100;

interface Row {
  customer_id: string;
  slot: number;
  type: string;
  events: string;
  cost: string | null;
  pending_events: string;
  /** Of each event that is looked at, with commas between: '' where there is none. */
  costs: string | null;
  /** A letter for each. */
  pending: string | null;
  /** JSON, an element for each. */
  [column: `c${number}`]: string;
}

/**
 * Hands over the effective events in stretches of several customers' time, in bundles and in no order, a page at a time,
 * so that memory stays flat. PostgreSQL adds up what needs no look at single events. Of events that are looked at it
 * joins the values of each column, a bundle's in one text: a row for each event would cost several times as much.
 *
 * @param db        within a transaction, as pages are those of a cursor
 * @param stretches within the windows
 */
export async function eachEventBundle(
  db: Queryable,
  organisationId: string,
  { type, lookedAt, columns }: WantedEvents,
  { starts }: UsageWindows,
  stretches: readonly CustomerStretch[],
  onBundle: (bundle: EventBundle) => void,
): Promise<void> {
  if (stretches.length === 0) return;
  const parameters = new Parameters();
  const organisation = parameters.add(organisationId, 'uuid');
  const ofType = type === null ? 'true' : `type = ${parameters.add(type, 'text')}`;
  const looked = parameters.add(lookedAt, 'text[]');
  const edges = parameters.add(instants(starts), 'timestamptz[]');
  const customers = stretches.map(({ customerId }) => customerId);
  const from = stretches.map((stretch) => formatMicros(stretch.from));
  const to = stretches.map((stretch) => formatMicros(stretch.to));
  const stretch = `unnest(${parameters.add(customers, 'uuid[]')}, ${parameters.add(from, 'timestamptz[]')}, ${parameters.add(to, 'timestamptz[]')})`; // prettier-ignore
  // Values of one bundle are joined in the same order, as nothing else is asked of any of them.
  const joined = columns.map(
    (column, index) =>
      `, '[' || string_agg(${asJson(column)}, ',') FILTER (WHERE bundle IS NOT NULL) || ']' AS c${index}`,
  );
  // OFFSET 0 keeps the planner from joining the other way round, by reading every event.
  await db.query(
    `DECLARE event_bundles NO SCROLL CURSOR FOR
     WITH found AS (
       SELECT event.*, CASE WHEN type = ANY(${looked}) THEN row_number() OVER () / ${EVENTS_A_BUNDLE} END AS bundle
         FROM ${stretch} AS stretch (customer_id, starts, ends)
        CROSS JOIN LATERAL (
          SELECT customer_id, width_bucket(time, ${edges}) - 1 AS slot, type, cost, cost_status
                 ${columns.map((column) => `, "${column}"`).join('')}
            FROM event_now
           WHERE customer_id = stretch.customer_id AND organisation_id = ${organisation} AND ${ofType}
             AND time >= stretch.starts AND time < stretch.ends
          OFFSET 0) AS event
     )
     SELECT customer_id, slot, type, count(*) AS events, sum(cost)::text AS cost,
            count(*) FILTER (WHERE cost_status = 'u') AS pending_events,
            string_agg(coalesce(cost::text, ''), ',') FILTER (WHERE bundle IS NOT NULL) AS costs,
            string_agg(CASE cost_status WHEN 'u' THEN 'p' ELSE '-' END, '') FILTER (WHERE bundle IS NOT NULL) AS pending
            ${joined.join('')}
       FROM found GROUP BY customer_id, slot, type, bundle`,
    parameters.values,
  );
  for (;;) {
    const rows = await db.query<Row>(`FETCH ${BUNDLES_A_PAGE} FROM event_bundles`, []);
    for (const row of rows) onBundle(toBundle(row, columns));
    if (rows.length < BUNDLES_A_PAGE) break;
  }
  await db.query('CLOSE event_bundles', []);
}

/** A column's value as JSON, as which data are stored. */
function asJson(column: EventColumn): string {
  return column === 'data' ? `coalesce(data, 'null')` : `coalesce(to_json("${column}")::text, 'null')`;
}

function toBundle(row: Row, columns: readonly EventColumn[]): EventBundle {
  let events: readonly MeteredEvent[] | undefined;
  let costs: readonly string[] | undefined;
  return {
    window: row.slot,
    customerId: row.customer_id,
    type: row.type,
    cost: row.cost === null ? 0n : scaledFromText(row.cost),
    events: Number(row.events),
    pendingEvents: Number(row.pending_events),
    each: () => (events ??= eventsOf(row, columns)),
    costOf: (place) => {
      costs ??= row.costs!.split(',');
      const cost = costs[place]!;
      return { amount: cost === '' ? null : scaledFromText(cost), pending: row.pending![place] === 'p' };
    },
  };
}

function eventsOf(row: Row, columns: readonly EventColumn[]): MeteredEvent[] {
  const { type } = row;
  const events = Array.from({ length: Number(row.events) }, (): Writable => ({
    type,
    source: null,
    session: null,
    task: null,
    agent: null,
    feature: null,
    department: null,
    user: null,
    parent: null,
    step: null,
    data: null,
  }));
  columns.forEach((column, index) => {
    const values = JSON.parse(row[`c${index}`]!) as never[];
    events.forEach((event, place) => (event[column] = values[place]!));
  });
  return events;
}

type Writable = { -readonly [Field in keyof MeteredEvent]: MeteredEvent[Field] };
