import { ATTRIBUTION_FIELDS, type Meter } from '../../catalog/domain';
import { formatMicros, type Micros, scaledFromText } from '../../kernel';
import { compileMeter, type MeteredEvent } from '../../metering';
import type { Queryable } from '../../platform/database';
import { bucketSeconds, type Cap, type CounterPeriod, type ScopeField } from '../domain';

/** Usage that goes into counters of one period: whose, and of when. */
export interface CountedWindow {
  /** Null: every customer's. */
  readonly customerIds: readonly string[] | null;
  readonly subscriptionId: string | null;
  /** Of the counters. */
  readonly period: CounterPeriod;
  /** The usage; half-open. `to` null: without an end. It is narrower than the period where a subscription begins or ends. */
  readonly from: Micros;
  readonly to: Micros | null;
}

/**
 * Which of ingest's batches count, and which of the corrections. Before a cap's first batch its filling counts them; from
 * that on counting does, as soon as their pending row is gone.
 */
export type CountedBatches =
  { readonly kind: 'before'; readonly batch: number } | { readonly kind: 'counted'; readonly batch: number };

/** Holds by the names that events have for them, with when they were asked for: what came before that is not theirs. */
export interface NamedHolds {
  /** Whether usage of these holds alone is wanted, or usage of all others. */
  readonly wanted: 'only' | 'without';
  readonly names: readonly string[];
  /** The hold's, for each name: what another customer sends in a hold's name is not the hold's. */
  readonly customerIds: readonly string[];
  readonly ids: readonly string[];
  readonly askedAt: readonly Date[];
}

/** Part of what a counter comes to. */
export interface UsageSum {
  readonly eachValues: readonly string[];
  /** Of a rolling window the start of a bucket; else 0. */
  readonly seconds: number;
  /** Counts 10^-24. */
  readonly amount: bigint;
}

const MINUTE_MICROS = 60_000_000;
/** Events that are read and measured at a time. */
const EVENTS_A_PAGE = 5_000;

/**
 * What usage in a window comes to by a cap's measure, for each of its counters, as it is stored now. Counting goes by whole
 * minutes, and so does this. Each statement sees one instant: which rows wait is a part of it.
 *
 * @param meter the one of a cap in units, as it counts now
 */
export async function sumUsage(
  db: Queryable,
  organisationId: string,
  cap: Cap,
  window: CountedWindow,
  batches: CountedBatches,
  holds: NamedHolds | null,
  meter: Meter | null,
): Promise<UsageSum[]> {
  if (cap.measure === 'spend') return sumSpend(db, organisationId, cap, window, holds);
  const query = new Conditions(organisationId);
  const from = eventsOf(query, cap, window, batches, holds);
  if (cap.measure === 'units') return meter === null ? [] : measureEvents(db, query, cap, from, window, meter);

  const amount = cap.measure === 'cost' ? 'COALESCE(sum(COALESCE(later.cost, e.cost)), 0)' : 'count(*)';
  const rows = await db.query<SumRow>(
    `SELECT ${eachColumns(cap)} AS each_values, ${bucketOf(cap, 'e.time')} AS seconds, (${amount})::text AS amount
       ${from} GROUP BY 1, 2`,
    query.parameters,
  );
  return rows.map((row) => toSum(cap, window, row));
}

interface SumRow {
  readonly each_values: readonly (string | null)[];
  readonly seconds: string;
  readonly amount: string;
}

/** SQL's conditions with their parameters; the first is the organisation. */
class Conditions {
  readonly parameters: unknown[];
  private readonly texts: string[] = [];

  constructor(organisationId: string) {
    this.parameters = [organisationId];
  }

  /** @returns the parameter's place, `$n` */
  add(value: unknown): string {
    this.parameters.push(value);
    return `$${this.parameters.length}`;
  }

  and(condition: string): void {
    this.texts.push(condition);
  }

  get where(): string {
    return this.texts.join(' AND ');
  }
}

function eventsOf(
  query: Conditions,
  { scope, each }: Cap,
  window: CountedWindow,
  batches: CountedBatches,
  holds: NamedHolds | null,
): string {
  const batch = query.add(batches.batch);
  const isCounted = (alias: string): string =>
    batches.kind === 'before'
      ? `${alias}.batch < ${batch}`
      : `(${alias}.batch < ${batch} OR ${alias}.batch NOT IN (SELECT pending.batch FROM entitlement_pending AS pending
                                                           WHERE pending.organisation_id = $1))`;
  query.and('e.organisation_id = $1');
  addCustomers(query, window);
  query.and(`e.time >= ${query.add(minuteAt(window.from))}`);
  if (window.to !== null) query.and(`e.time < ${query.add(minuteAt(window.to))}`);
  query.and(isCounted('e'));
  query.and(`NOT EXISTS (SELECT FROM event_void AS ended
                WHERE ended.organisation_id = e.organisation_id AND ended.event_key = e.key AND ${isCounted('ended')})`);
  for (const [field, value] of Object.entries(scope) as [ScopeField, string][]) {
    if (field !== 'customer' && field !== 'subscription') query.and(`e."${field}" = ${query.add(value)}`);
  }
  for (const field of each) if (field !== 'customer' && field !== 'subscription') query.and(`e."${field}" IS NOT NULL`);
  if (holds !== null) {
    const columns = [`${query.add(holds.names)}::text[]`, `${query.add(holds.customerIds)}::uuid[]`, `${query.add(holds.askedAt)}::timestamptz[]`]; // prettier-ignore
    const isTheirs = `EXISTS (SELECT FROM unnest(${columns.join(', ')}) AS named (name, customer_id, asked_at)
                               WHERE named.name = e.hold AND named.customer_id = e.customer_id AND e.received_at >= named.asked_at)`;
    query.and(holds.wanted === 'only' ? `e.hold IS NOT NULL AND ${isTheirs}` : `(e.hold IS NULL OR NOT ${isTheirs})`);
  }
  return `FROM event AS e
    LEFT JOIN LATERAL (SELECT found.cost FROM event_cost AS found
                        WHERE found.organisation_id = e.organisation_id AND found.event_key = e.key AND ${isCounted('found')}
                        ORDER BY found.batch DESC LIMIT 1) AS later ON true
   WHERE ${query.where}`;
}

/** By customer in any case: that is the index that events have. */
function addCustomers(query: Conditions, { customerIds }: CountedWindow): void {
  query.and(
    customerIds === null
      ? 'e.customer_id = ANY (ARRAY(SELECT customer.id FROM customer WHERE customer.organisation_id = $1))'
      : `e.customer_id = ANY (${query.add(customerIds)}::uuid[])`,
  );
}

type MeasuredRow = Readonly<Record<string, string | null>> & {
  readonly each_values: string[];
  readonly seconds: string;
};

/** What a meter takes of an event only its own code can tell. */
async function measureEvents(
  db: Queryable,
  query: Conditions,
  cap: Cap,
  from: string,
  window: CountedWindow,
  meter: Meter,
): Promise<UsageSum[]> {
  const { matches, valueOf, measure } = compileMeter(meter);
  const fields = ATTRIBUTION_FIELDS.map((field) => `e."${field}"`).join(', ');
  const type = query.add(meter.eventType);
  await db.query(
    `DECLARE usage_to_measure NO SCROLL CURSOR FOR
       SELECT ${eachColumns(cap)} AS each_values, ${bucketOf(cap, 'e.time')} AS seconds, e.type, e.data, ${fields}
       ${from} AND e.type = ${type}`,
    query.parameters,
  );
  const sums = new Map<string, { eachValues: readonly string[]; seconds: number; amount: bigint }>();
  for (;;) {
    const rows = await db.query<MeasuredRow>(`FETCH ${EVENTS_A_PAGE} FROM usage_to_measure`, []);
    for (const row of rows) {
      const { data: text = null } = row;
      const data = text === null ? null : (JSON.parse(text) as Record<string, unknown>);
      const event = { ...row, data } as unknown as MeteredEvent;
      const measured = matches(event) ? measure.of(valueOf(event)) : null;
      if (measured === null) continue;
      const { eachValues, seconds } = toSum(cap, window, { ...row, amount: '0' });
      const key = JSON.stringify([seconds, ...eachValues]);
      const sum = sums.get(key);
      if (sum === undefined) sums.set(key, { eachValues, seconds, amount: measured.quantity });
      else sum.amount += measured.quantity;
    }
    if (rows.length < EVENTS_A_PAGE) break;
  }
  await db.query('CLOSE usage_to_measure', []);
  return [...sums.values()];
}

/** What is charged, as it is written down. What no event caused is of the instant at which it was. */
async function sumSpend(
  db: Queryable,
  organisationId: string,
  cap: Cap,
  window: CountedWindow,
  holds: NamedHolds | null,
): Promise<UsageSum[]> {
  const query = new Conditions(organisationId);
  const time = 'COALESCE(e.minute, e.at)';
  query.and('e.organisation_id = $1');
  addCustomers(query, window);
  query.and(`e.currency = ${query.add(cap.currency)}`);
  query.and(`${time} >= ${query.add(minuteAt(window.from))}`);
  if (window.to !== null) query.and(`${time} < ${query.add(minuteAt(window.to))}`);
  if (window.subscriptionId !== null) query.and(`e.subscription_id = ${query.add(window.subscriptionId)}`);
  for (const [field, value] of Object.entries(cap.scope) as [ScopeField, string][]) {
    if (field !== 'customer' && field !== 'subscription') query.and(`e.scope ->> '${field}' = ${query.add(value)}`);
  }
  for (const field of cap.each) {
    if (field !== 'customer' && field !== 'subscription') query.and(`e.scope ->> '${field}' IS NOT NULL`);
  }
  if (holds !== null) {
    const isTheirs = `EXISTS (SELECT FROM hold
                               WHERE hold.id = e.hold_id AND hold.customer_id = e.customer_id AND hold.id = ANY (${query.add(holds.ids)}::uuid[]))`;
    query.and(holds.wanted === 'only' ? isTheirs : `(e.hold_id IS NULL OR NOT ${isTheirs})`);
  }
  const each = cap.each.map((field) => spendColumn(field));
  const rows = await db.query<SumRow>(
    `SELECT ARRAY[${each.join(', ')}]::text[] AS each_values, ${bucketOf(cap, time)} AS seconds, sum(e.amount)::text AS amount
       FROM spend_entry AS e WHERE ${query.where} GROUP BY 1, 2`,
    query.parameters,
  );
  return rows.map((row) => toSum(cap, window, row));
}

function spendColumn(field: ScopeField): string {
  if (field === 'customer') return 'e.customer_id::text';
  if (field === 'subscription') return 'e.subscription_id::text';
  return `e.scope ->> '${field}'`;
}

/** The values of "each" fields; a subscription's is the window's, which events don't know. */
function eachColumns({ each }: Cap): string {
  const columns = each.map((field) => {
    if (field === 'customer') return 'e.customer_id::text';
    return field === 'subscription' ? 'NULL' : `e."${field}"`;
  });
  return `ARRAY[${columns.join(', ')}]::text[]`;
}

/** Start of the bucket that the minute of a time is in, in seconds. */
function bucketOf({ rollingSeconds }: Cap, time: string): string {
  if (rollingSeconds === null) return "'0'";
  const length = bucketSeconds(rollingSeconds);
  return `(floor(extract(epoch FROM date_trunc('minute', ${time})) / ${length}) * ${length})::bigint::text`;
}

function toSum({ each }: Cap, { subscriptionId }: CountedWindow, { each_values, seconds, amount }: SumRow): UsageSum {
  const eachValues = each.map((field, position) =>
    field === 'subscription' ? (subscriptionId ?? '') : (each_values[position] ?? ''),
  );
  return { eachValues, seconds: Number(seconds), amount: scaledFromText(amount) };
}

/** The first whole minute from an instant on: usage is counted by the minute's beginning. */
function minuteAt(at: Micros): string {
  return formatMicros(Math.ceil(at / MINUTE_MICROS) * MINUTE_MICROS);
}
