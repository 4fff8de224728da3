import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/postgres';
import { eachInStretches } from '../../events';
import type { Meter } from '../../catalog/domain';
import { newUuid } from '../../kernel';
import { asQueryable } from '../../platform/database';
import { columnsOf, type CompiledMeter, compileMeter, HOUR_MICROS, windowAt, WindowSums } from '../domain';
import { toCountedEvent } from '../usage-changes';
import { eachEventBundle } from './event-bundles';

let database: TestDatabase;
let client: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new Client(database.url);
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

const ORGANISATION = newUuid();
const CUSTOMERS = [newUuid(), newUuid()];
const BEGIN = Date.UTC(2026, 0, 1) * 1_000;
const MINUTE = 60_000_000;
/** An hour cut at twenty past; what lies behind the stretch isn't asked for. */
const WINDOWS = { starts: [BEGIN, BEGIN + 20 * MINUTE], end: BEGIN + HOUR_MICROS };
const STRETCHES = CUSTOMERS.map((customerId) => ({ customerId, from: BEGIN, to: BEGIN + 50 * MINUTE }));

const METER: Meter = {
  id: 'm',
  key: 'm',
  name: 'M',
  eventType: 'call',
  aggregation: 'sum',
  valueField: 'data.tokens',
  timeUnit: null,
  filters: [],
  groupBy: [],
};

/** More events than one page of bundles holds, among them every kind of value, four a second. */
const EVENTS = 15_000;
const STORE = `
  INSERT INTO event (key, organisation_id, batch, customer_id, time, time_given, received_at, type, source, id, "user", agent,
    step, cost, cost_status, data)
  SELECT gen_random_uuid(), $1, 1, ($2::uuid[])[1 + n % 2], timestamptz '2026-01-01Z' + n * interval '240 ms', true, now(),
         CASE WHEN n % 11 = 0 THEN 'other' ELSE 'call' END, 'api', n,
         (ARRAY['ada, the "first"', E'\\\\u0000 and a line\\n', 'Zoë 🚀', '', NULL])[1 + n % 5], 'agent-' || n % 3,
         CASE WHEN n % 7 = 0 THEN 'retry' END,
         CASE WHEN n % 13 = 0 THEN NULL ELSE (n % 997) * 0.0000000000000000000001 END, CASE WHEN n % 26 = 0 THEN 'u' ELSE 'p' END,
         (ARRAY['{"tokens":12}', '{"tokens":"0.000000000001","also":{"tokens":[1,2]}}', '{"tokens":-1}', '{}', NULL,
                '{"text":"\\u0000,]\\ud800","tokens":7}', '{"tokens":1e-7}', '{"tokens":"many"}'])[1 + n % 8]
    FROM generate_series(0, ${EVENTS - 1}) AS n`;

beforeAll(async () => {
  await client.query(STORE, [ORGANISATION, CUSTOMERS]);
});

/** The same, each event read and counted by itself. */
async function oneByOne(meter: CompiledMeter): Promise<WindowSums> {
  const sums = new WindowSums(meter);
  await client.query('BEGIN');
  await eachInStretches(asQueryable(client), ORGANISATION, meter.meter.eventType, STRETCHES, (events) => {
    for (const { customerId, happenedAt, event, cost } of events.map(toCountedEvent))
      sums.add(customerId, windowAt(WINDOWS, happenedAt), event, cost);
  });
  await client.query('COMMIT');
  return sums;
}

async function inBundles(meter: CompiledMeter): Promise<{ sums: WindowSums; sizes: number[] }> {
  const sums = new WindowSums(meter);
  const type = meter.meter.eventType;
  const columns = columnsOf(meter);
  const sizes: number[] = [];
  await client.query('BEGIN');
  const wanted = { type, lookedAt: columns.length === 0 ? [] : [type], columns };
  await eachEventBundle(asQueryable(client), ORGANISATION, wanted, WINDOWS, STRETCHES, (bundle) => {
    sizes.push(bundle.events);
    sums.addBundle(bundle);
  });
  await client.query('COMMIT');
  return { sums, sizes };
}

const byPlace = (sums: WindowSums): unknown[] =>
  sums.all().sort((a, b) => (JSON.stringify([a.window, a.customerId, a.dimensions]) < JSON.stringify([b.window, b.customerId, b.dimensions]) ? -1 : 1)); // prettier-ignore

const count = { aggregation: 'count', valueField: null } as const;
const users = { field: 'user', operator: 'in', value: ['ada, the "first"', 'Zoë 🚀'] } as const;

it.each`
  changes                                                                    | because
  ${count}                                                                   | ${'PostgreSQL adds up all of it'}
  ${{}}                                                                      | ${'values are numbers, decimal strings, missing, below zero, or none'}
  ${{ ...count, filters: [users] }}                                          | ${'who is a column, whose text has commas and quotes'}
  ${{ filters: [users, { field: 'step', operator: 'not_exists' }] }}         | ${'columns and data are asked for together'}
  ${{ filters: [{ field: 'data.tokens', operator: 'at_least', value: 7 }] }} | ${'a condition on data'}
  ${{ groupBy: ['user', 'agent'] }}                                          | ${'groups have their own costs'}
  ${{ ...count, groupBy: ['step', 'data.tokens'] }}                          | ${'all of them count, in groups'}
  ${{ aggregation: 'unique', valueField: 'user' }}                           | ${'its events are counted beside its samples'}
  ${{ ...count, eventType: 'other' }}                                        | ${'another type'}
  ${{ ...count, eventType: 'none' }}                                         | ${'there are none'}
`('come to what the events come to one by one: $because', async ({ changes }: { changes: Partial<Meter> }) => {
  const meter = compileMeter({ ...METER, ...changes });
  const { sums } = await inBundles(meter);
  expect(byPlace(sums)).toEqual(byPlace(await oneByOne(meter)));
  expect(sums.all().length > 0).toBe(meter.meter.eventType !== 'none');
});

it('are few where only sums are wanted, and of a hundred events at most where these are looked at', async () => {
  const counted = await inBundles(compileMeter({ ...METER, ...count }));
  expect(counted.sizes).toHaveLength(4); // two customers in two windows
  const looked = await inBundles(compileMeter(METER));
  // Of the 12,500 events in 50 minutes a tenth or so are of the other type. It takes more than one page of bundles.
  expect(looked.sizes.length).toBeGreaterThan(110);
  expect(Math.max(...looked.sizes)).toBe(100);
});
