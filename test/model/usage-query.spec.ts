import fc from 'fast-check';
import { Pool } from 'pg';
import { eventKey, eventKeyToUuid } from '../../src/events';
import { formatMicros, fromPublicId, WINDOWS } from '../../src/kernel';
import { foldUsageJob } from '../../src/metering';
import { JobLocks } from '../../src/platform/jobs/job-locks';
import { made, makeClock } from '../support/books';
import { startTestServer, type TestServer } from '../support/server';
import { type Counted, type ExpectedRow, type Question, recount } from './usage-query-recount';

/**
 * The model of `GET /v1/usage` is a recount in JavaScript: events in random order, late, at the same instant, repeated and
 * voided; every aggregation, window, zone, group and filter; sums folded or not. In October 2026 clocks change in Berlin
 * (the 25th) and on Lord Howe (the 4th, by half an hour).
 */
const SECOND = 1_000_000;
const HOUR = 3_600 * SECOND;
const FIRST = Date.UTC(2026, 8, 27) * 1_000;
/** Customers live by two clocks. */
const NOON = Date.UTC(2026, 9, 30, 12) * 1_000;
const EARLIER = Date.UTC(2026, 9, 28, 0, 30) * 1_000;
const CUSTOMERS = { ada: NOON, ben: NOON, cyd: EARLIER, dot: NOON };
const ZONES = ['UTC', 'Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'America/St_Johns', 'Pacific/Apia'];
const GROUP_BY = ['feature', 'data.site'];
/** What a filter finds, and a text that PostgreSQL's JSON doesn't know, which is answered by its escape. */
const SITES = ['eu', 'a "b": ✓', 'a\u0000b', undefined];
const FEATURES = ['chat', 'search', undefined];

const METERS = [
  ...['count', 'sum', 'average', 'unique', 'time_weighted'].map((aggregation) => ({ aggregation, eventType: 'use' })),
  ...['min', 'max', 'latest'].map((aggregation) => ({ aggregation, eventType: 'level' })),
];

interface Drawn {
  readonly type: 'use' | 'level';
  readonly customer: keyof typeof CUSTOMERS;
  readonly time: number;
  readonly feature: string | undefined;
  readonly site: string | undefined;
  readonly value: number | string | undefined;
  readonly priced: boolean;
}

/** Many at the same instants, some a microsecond before the hour or at the very end. */
const TIME = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 33 * 24 * 60 }).map((minute) => FIRST + minute * 60 * SECOND) },
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 33 * 4 }).map((quarter) => FIRST + quarter * 6 * HOUR) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 33 * 24 }).map((hour) => FIRST + hour * HOUR - 1) },
);
const VALUE = fc.constantFrom(0, 1, 2, '2', '2.0', 7, '0.5', '3.000000000001', '999999999999999', 1000, undefined);
const SIGNED = fc.oneof(VALUE, fc.constantFrom(-1, '-0.5', '-999999999999999.000000000001'));
const EVENT: fc.Arbitrary<Drawn> = fc.constantFrom('use' as const, 'level' as const).chain((type) =>
  fc.record({
    type: fc.constant(type),
    customer: fc.constantFrom(...(Object.keys(CUSTOMERS) as (keyof typeof CUSTOMERS)[])),
    time: TIME,
    feature: fc.constantFrom(...FEATURES),
    site: fc.constantFrom(...SITES),
    value: type === 'use' ? VALUE : SIGNED,
    priced: fc.boolean(),
  }),
);

let server: TestServer;
let pool: Pool;
let organisationId: string;
const ids = new Map<string, { uuid: string; publicId: string }>();
/** What counts, by the event's id. */
const counted = new Map<string, Counted>();

beforeAll(async () => {
  server = await startTestServer();
  pool = new Pool({ connectionString: server.databaseUrl, max: 2 });
  organisationId = (await server.query<{ id: string }>('SELECT id FROM organisation'))[0]!.id;
  const clocks = new Map<number, string>();
  for (const now of [NOON, EARLIER]) clocks.set(now, await makeClock(server, formatMicros(now)));
  for (const [key, now] of Object.entries(CUSTOMERS)) {
    const { id } = await made(server.api('POST', '/v1/customers', { key, name: key, testClock: clocks.get(now) }));
    ids.set(key, { uuid: fromPublicId('customer', id)!, publicId: id });
  }
  for (const { aggregation, eventType } of METERS) {
    const value = aggregation === 'count' ? {} : { value: 'data.value' };
    const timeUnit = aggregation === 'time_weighted' ? { timeUnit: 'hour' } : {};
    const meter = { key: aggregation, name: aggregation, eventType, aggregation, groupBy: GROUP_BY };
    await made(server.api('POST', '/v1/meters', { ...meter, ...value, ...timeUnit }));
  }
}, 60_000);
afterAll(async () => {
  await pool.end();
  await server.stop();
});

async function send(events: readonly (Drawn & { id: string })[]): Promise<void> {
  const body = events.map(({ id, type, customer, time, feature, site, value, priced }) => {
    const cost = priced ? {} : { cost: { amount: '1', currency: 'EUR' } };
    return { id, type, customer, time: formatMicros(time), feature, data: { site, value }, ...cost };
  });
  const answer = await made(server.api('POST', '/v1/events', body));
  expect(answer.rejected).toBe(0);
  for (const { id, type, customer, time, feature, site, value, priced } of events) {
    counted.set(id, {
      type,
      customerId: ids.get(customer)!.uuid,
      time,
      key: eventKeyToUuid(eventKey(organisationId, 'api', id)),
      value,
      groups: [feature ?? null, site?.replace('\u0000', '\\u0000') ?? null],
      pendingCost: !priced,
    });
  }
}

/** Folds what the server is about to fold from memory; it notices and lets go of it. */
function fold(): Promise<unknown> {
  return new JobLocks(pool).runAlone(foldUsageJob(pool, 0), new AbortController().signal);
}

const BOUND = fc.oneof(
  fc.integer({ min: -24, max: 34 * 24 }).map((hour) => FIRST + hour * HOUR),
  fc.integer({ min: 0, max: 34 * 24 * 60 }).map((minute) => FIRST + minute * 60 * SECOND + 1_000),
);
/** At most so much time at once: a minute of a month would be more than is answered. */
const LONGEST = { minute: 3 * HOUR, hour: 3 * 24 * HOUR, day: 40 * 24 * HOUR, month: 80 * 24 * HOUR, period: 80 * 24 * HOUR }; // prettier-ignore
const MOST_PAGES = 5;

const ASKED = fc
  .record({
    meter: fc.constantFrom(...METERS),
    customers: fc.option(fc.subarray(Object.keys(CUSTOMERS), { minLength: 1 })),
    bounds: fc.tuple(BOUND, BOUND).filter(([a, b]) => a !== b),
    window: fc.constantFrom(...WINDOWS, 'period' as const),
    timeZone: fc.constantFrom(...ZONES),
    byCustomer: fc.boolean(),
    groupBy: fc.subarray([0, 1]),
    filter: fc.option(
      fc.oneof(
        fc.subarray(FEATURES, { minLength: 1 }).map((values) => ({ place: 0, values })),
        fc.subarray(['eu', 'a "b": ✓', undefined], { minLength: 1 }).map((values) => ({ place: 1, values })),
      ),
      { freq: 2 },
    ),
    empty: fc.boolean(),
    limit: fc.constantFrom(3, 40, 200),
  })
  .map((asked) => {
    const [from, to] = asked.bounds.toSorted((a, b) => a - b) as [number, number];
    return { ...asked, from, to: Math.min(to, from + LONGEST[asked.window]) };
  });
type Asked = typeof ASKED extends fc.Arbitrary<infer T> ? T : never;

/** The answer page by page, the first pages of a long one. */
async function answered(asked: Asked): Promise<ExpectedRow[]> {
  const { meter, customers, from, to, window, timeZone, byCustomer, groupBy, filter, empty, limit } = asked;
  const query = new URLSearchParams({ meter: meter.aggregation, from: formatMicros(from), to: formatMicros(to), window, timeZone, limit: String(limit) }); // prettier-ignore
  for (const customer of customers ?? []) query.append('customer', customer);
  if (byCustomer) query.append('groupBy', 'customer');
  for (const place of groupBy) query.append('groupBy', GROUP_BY[place]!);
  for (const value of filter?.values ?? []) query.append('filter', value === undefined ? GROUP_BY[filter!.place]! : `${GROUP_BY[filter!.place]!}:${value}`); // prettier-ignore
  if (empty) query.append('empty', 'true');

  const rows: ExpectedRow[] = [];
  let cursor: string | null = null;
  let pages = 0;
  do {
    if (cursor !== null) query.set('cursor', cursor);
    const page = await made(server.api('GET', `/v1/usage?${query.toString()}`));
    for (const { from: start, to: end, customer, group, quantity, events, pendingCostEvents } of page.items) {
      rows.push({
        from: Date.parse(start) * 1_000,
        to: Date.parse(end) * 1_000,
        customerId: customer === undefined ? null : fromPublicId('customer', customer.id),
        group: Object.values(group as Record<string, string | null>),
        quantity,
        events,
        pending: pendingCostEvents,
      });
    }
    cursor = page.nextCursor;
    if (cursor !== null) expect(page.items).toHaveLength(limit);
    pages += 1;
  } while (cursor !== null && pages < MOST_PAGES);
  return rows;
}

function expected(asked: Asked): ExpectedRow[] {
  const { meter, customers, filter } = asked;
  const nowOf = new Map(Object.entries(CUSTOMERS).map(([key, now]) => [ids.get(key)!.uuid, now]));
  const question: Question = {
    ...asked,
    aggregation: meter.aggregation,
    type: meter.eventType,
    customerIds: customers?.map((key) => ids.get(key)!.uuid) ?? null,
    filter: filter === null ? null : { ...filter, values: filter.values.map((value) => value ?? null) },
    now: (customerId) => nowOf.get(customerId)!,
  };
  return recount([...counted.values()], question);
}

it('answers what a recount of the events finds, for every aggregation, window, zone, group and filter', async () => {
  const shown = new Map<string, number>();
  for (let round = 0; round < 3; round += 1) {
    const [drawn] = fc.sample(fc.array(EVENT, { minLength: 150, maxLength: 150 }), 1);
    const events = drawn!.map((event, index) => ({ ...event, id: `event-${round}-${index}` }));
    await send(events.slice(0, 75));
    await fold();
    await send(events.slice(75));
    for (const { id } of events.slice(0, 10)) {
      await made(server.api('POST', `/v1/events/${id}/void`, { reason: 'was a test' }));
      counted.delete(id);
    }

    await fc.assert(
      fc.asyncProperty(ASKED, async (asked) => {
        const rows = await answered(asked);
        const all = expected(asked);
        expect(rows).toEqual(all.slice(0, MOST_PAGES * asked.limit));
        shown.set(asked.meter.aggregation, (shown.get(asked.meter.aggregation) ?? 0) + rows.length);
      }),
      { numRuns: 30, endOnFailure: true },
    );
  }
  // None of it was trivial.
  for (const { aggregation } of METERS) expect(shown.get(aggregation)).toBeGreaterThan(5);
}, 180_000);
