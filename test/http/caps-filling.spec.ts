/* eslint-disable @typescript-eslint/no-explicit-any -- answers are untyped; what is expected of them is the check */
import { NestFactory } from '@nestjs/core';
import { AppModule, ENTITIES } from '../../src/app.module';
import { CapFiller, DriftCheck } from '../../src/entitlements';
import { fromPublicId, SystemClock } from '../../src/kernel';
import { createLogger } from '../../src/platform';
import { readSettings } from '../../src/platform/config';
import { Database } from '../../src/platform/database';

import { startTestServer, type TestServer } from '../support/server';

/** A server under load, and beside it a process that checks its counters against what they are made of. */
let server: TestServer;
let database: Database;
let drift: DriftCheck;
let filler: CapFiller;
let stopChecker: () => Promise<void>;
let organisationId: string;

beforeAll(async () => {
  server = await startTestServer();
  const settings = readSettings({ WEIR_LOG_LEVEL: 'silent' });
  database = await Database.connect({ url: server.databaseUrl, entities: ENTITIES, poolSize: 6 });
  const logger = createLogger('silent');
  const checker = await NestFactory.createApplicationContext(
    AppModule.with({ settings, database, clock: new SystemClock(), logger }),
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest's options are written as a literal everywhere
    { logger: false },
  );
  drift = checker.get(DriftCheck);
  filler = checker.get(CapFiller);
  stopChecker = () => checker.close();
  [{ id: organisationId }] = (await server.query<{ id: string }>('SELECT id FROM organisation')) as [{ id: string }];
});
afterAll(async () => {
  await stopChecker();
  await database.close();
  await server.stop();
});

let named = 0;
const newName = (what: string): string => `${what}-${(named += 1)}`;

async function ok(method: string, path: string, body?: unknown): Promise<any> {
  const answer = await server.api(method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** The same numbers in each run. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * sides);
  };
}

const check = (cap: { id: string }) => drift.check(organisationId, fromPublicId('cap', cap.id)!);

it('a cap that is made under load has at once what events and holds say, and keeps it', async () => {
  const customers = [newName('customer'), newName('customer')];
  for (const key of customers) await ok('POST', '/v1/customers', { key, name: key });
  await ok('POST', '/v1/meters', {
    key: 'words',
    name: 'Words',
    eventType: 'work',
    aggregation: 'sum',
    value: 'data.words',
  });
  // Otherwise ingest has nothing to note before the first one.
  const first = await ok('POST', '/v1/caps', {
    key: newName('cap'),
    measure: 'cost',
    period: 'lifetime',
    kind: 'soft',
    limit: '1',
  });

  let isOver = false;
  let sentCents = 0;
  const sent: { id: string; cents: number }[] = [];
  const open: string[] = [];
  const send = async (roll: (sides: number) => number): Promise<void> => {
    while (!isOver) {
      const events = Array.from({ length: 1 + roll(4) }, () => {
        const cents = roll(500);
        const hold = roll(4) === 0 && open.length > 0 ? { hold: open[roll(open.length)], agent: 'holder' } : {};
        const id = newName('event');
        return {
          ...{ id, type: 'work', customer: customers[roll(2)], time: new Date().toISOString(), session: `s${roll(3)}` },
          ...{
            agent: `a${roll(2)}`,
            cost: { amount: (cents / 100).toFixed(2), currency: 'USD' },
            data: { words: roll(9) },
          },
          ...hold,
        };
      });
      await ok('POST', '/v1/events', { events });
      for (const { id, agent, cost } of events) {
        if (agent !== 'a0') continue;
        const cents = Math.round(Number(cost.amount) * 100);
        sentCents += cents;
        sent.push({ id, cents });
      }
    }
  };
  const correct = async (roll: (sides: number) => number): Promise<void> => {
    while (!isOver) {
      const [event] = sent.length === 0 ? [] : sent.splice(roll(sent.length), 1);
      if (event === undefined) {
        await server.query('SELECT'); // lets the others go on
        continue;
      }
      await ok('POST', `/v1/events/${event.id}/void`, { reason: 'a test' });
      sentCents -= event.cents;
    }
  };
  const work = async (roll: (sides: number) => number): Promise<void> => {
    while (!isOver) {
      const scope = { customer: customers[roll(2)], agent: 'holder', session: `s${roll(3)}` };
      const { hold } = await ok('POST', '/v1/holds', { ...scope, estimate: { cost: '2', units: { words: '5' } } });
      open.push(hold);
      if (roll(2) === 0) {
        // Its events may have ended it a moment ago; then nothing can be a part of it any more.
        const part = await server.api('POST', '/v1/holds', { ...scope, parent: hold, estimate: { cost: '1' } });
        if (part.status === 200 && part.body.hold !== null) {
          await server.api('POST', `/v1/holds/${part.body.hold}/settle`, { cost: '0.75' });
        }
      }
      const end = open.length > 6 ? open.splice(roll(open.length), 1)[0]! : null;
      // The same here: then it is settled as it should be.
      if (end !== null) await server.api('POST', `/v1/holds/${end}/${roll(3) === 0 ? 'release' : 'settle'}`, roll(2) === 0 ? {} : { cost: '1.5' }); // prettier-ignore
    }
  };
  const load = Promise.all([send(dice(1)), send(dice(2)), correct(dice(3)), work(dice(4)), work(dice(5))]);

  const definitions = [
    { measure: 'cost', period: 'day' },
    { measure: 'cost', period: 'session' },
    { measure: 'actions', period: { rolling: '1h' }, scope: { customer: customers[0] } },
    { measure: 'units', meter: 'words', period: 'month', each: ['customer', 'agent'] },
    { measure: 'cost', period: { rolling: '24h' }, each: ['session'] },
    { measure: 'cost', period: 'lifetime', scope: { agent: 'a0' } },
    { measure: 'actions', period: 'hour', scope: { agent: 'holder' } },
    { measure: 'cost', period: 'lifetime', scope: { agent: 'holder', session: 's1' } },
  ];
  const caps: any[] = [first];
  try {
    for (const definition of definitions) {
      const cap = await ok('POST', '/v1/caps', { key: newName('cap'), kind: 'soft', limit: '1000000', ...definition });
      expect(cap.state).toBe('active');
      expect({ definition, drifts: await check(cap) }).toEqual({ definition, drifts: [] });
      caps.push(cap);
    }
    for (const cap of caps) expect({ cap: cap.key, drifts: await check(cap) }).toEqual({ cap: cap.key, drifts: [] });
  } finally {
    isOver = true;
    await load;
  }

  const { counters } = await ok('GET', `/v1/caps/${caps[6].key}`);
  expect(Number(counters[0].settled)).toBe(sentCents / 100);
  for (const cap of caps) expect({ cap: cap.key, drifts: await check(cap) }).toEqual({ cap: cap.key, drifts: [] });
  expect(await server.query(`SELECT detail FROM entitlement_alert WHERE kind = 'drift'`)).toEqual([]);
  expect(sent.length).toBeGreaterThan(10);
});

it('a counter that is wrong is put right, and an alert tells of it', async () => {
  const customer = newName('customer');
  await ok('POST', '/v1/customers', { key: customer, name: customer });
  const cap = await ok('POST', '/v1/caps', { key: newName('cap'), scope: { customer }, measure: 'cost', period: 'month', kind: 'hard', limit: '10' }); // prettier-ignore
  await ok('POST', '/v1/events', {
    id: newName('event'),
    type: 'work',
    customer,
    cost: { amount: '4', currency: 'USD' },
  });
  const { hold } = await ok('POST', '/v1/holds', { customer, estimate: { cost: '1' } });
  expect(await check(cap)).toEqual([]);

  await server.query('UPDATE cap_counter SET settled = 9, held = 0 WHERE cap_id = $1', [fromPublicId('cap', cap.id)]);
  expect(await check(cap)).toHaveLength(1);
  expect((await ok('GET', `/v1/caps/${cap.key}`)).counters).toMatchObject([
    { settled: '4', held: '1', available: '5' },
  ]);
  const { items } = await ok('GET', `/v1/alerts?customer=${customer}&kind=drift`);
  expect(items).toMatchObject([
    { kind: 'drift', cap: cap.id, detail: { before: { settled: '9', held: '0' }, after: { settled: '4', held: '1' } } },
  ]);
  expect(await check(cap)).toEqual([]);
  await ok('POST', `/v1/holds/${hold}/settle`, { cost: '2' });
  expect((await ok('GET', `/v1/caps/${cap.key}`)).counters).toMatchObject([
    { settled: '6', held: '0', available: '4' },
  ]);

  await server.query('DELETE FROM cap_counter WHERE cap_id = $1', [fromPublicId('cap', cap.id)]);
  expect(await check(cap)).toHaveLength(1);
});

it('a cap whose making was interrupted is filled by the next turn of the job, and refuses nothing until then', async () => {
  const customer = newName('customer');
  await ok('POST', '/v1/customers', { key: customer, name: customer });
  await ok('POST', '/v1/events', {
    id: newName('event'),
    type: 'work',
    customer,
    cost: { amount: '4', currency: 'USD' },
  });
  const cap = await ok('POST', '/v1/caps', { key: newName('cap'), scope: { customer }, measure: 'cost', period: 'month', kind: 'hard', limit: '4' }); // prettier-ignore
  const id = fromPublicId('cap', cap.id)!;
  // As a process leaves it that dies behind its first transaction; a job of the server may be faster than this test.
  await server.query(
    `WITH gone AS (DELETE FROM cap_counter WHERE cap_id = $1), raised AS (UPDATE organisation SET caps_revision = caps_revision + 1)
     UPDATE cap SET active_at = NULL, from_batch = nextval('event_batch') WHERE id = $1`,
    [id],
  );
  await Promise.all([filler.fill(organisationId, id), filler.fill(organisationId, id)]);
  const { state, counters } = await ok('GET', `/v1/caps/${cap.key}`);
  expect([state, counters[0].settled]).toEqual(['active', '4']);
  expect((await ok('POST', '/v1/holds', { customer, estimate: { cost: '1' } })).decision).toBe('deny');
});
