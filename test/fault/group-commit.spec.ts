import { INGEST_LOCK_CLASS } from '../../src/platform/database';
import { counted, METERS, recounted } from '../model/usage-recount';
import { type Answer, startTestServer, type TestServer } from '../support/server';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  for (const { request } of METERS) await server.api('POST', '/v1/meters', request);
  await server.api('POST', '/v1/customers', { key: 'ada', name: 'Ada' });
});
afterAll(() => server.stop());

function post(...ids: string[]): Promise<Answer> {
  const events = ids.map((id) => ({ id, type: 'llm.request', customer: 'ada', data: { output_tokens: 3 } }));
  return server.api('POST', '/v1/events', events.length === 1 ? events[0] : events);
}

function named(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
}

async function batchesOf(prefix: string): Promise<number> {
  const rows = await server.query('SELECT DISTINCT batch FROM event WHERE starts_with(id, $1)', [prefix]);
  return rows.length;
}

it('takes requests that wait together into shared commits', async () => {
  const [{ id }] = (await server.query('SELECT id::text FROM organisation')) as [{ id: string }];
  await server.query('BEGIN');
  await server.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [INGEST_LOCK_CLASS, id]);
  const asked = named('shared', 200).map((each) => post(each));
  // Both writers wait for the lock with what they took, and all others behind them by the time all these are answered.
  for (let times = 0; times < 100; times += 1) await server.api('GET', '/healthz');
  await server.query('COMMIT');
  const answers = await Promise.all(asked);

  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(await server.query(`SELECT count(*)::int AS stored FROM event WHERE starts_with(id, 'shared')`)).toEqual([
    { stored: 200 },
  ]);
  expect(await batchesOf('shared')).toBeLessThan(100);
});

it('keeps a commit of one request from waiting for others', async () => {
  expect((await post('alone')).status).toBe(200);
  expect(await batchesOf('alone')).toBe(1);
});

it('one event in many requests at once is stored by one of them', async () => {
  const answers = await Promise.all(named('', 40).map(() => post('same')));

  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(answers.filter(({ body }) => body.accepted === 1)).toHaveLength(1);
  expect(answers.filter(({ body }) => body.duplicates === 1)).toHaveLength(39);
});

it('a request that PostgreSQL refuses fails alone, and what shared its commit is stored', async () => {
  // Nothing that passes our checks is refused by the table, so the test brings a rule of its own.
  await server.query(`ALTER TABLE event ADD CONSTRAINT refused_by_the_test CHECK (id <> 'poison')`);
  try {
    const answers = await Promise.all([
      ...named('beside', 30).map((id) => post(id)),
      post('with-1', 'poison', 'with-2'),
      ...named('behind', 30).map((id) => post(id)),
    ]);

    expect(answers.map(({ status }) => status).filter((status) => status !== 200)).toEqual([500]);
    expect(answers[30]).toMatchObject({ status: 500, body: { code: 'internal_error' } });
    const stored = await server.query<{ id: string }>(
      `SELECT id FROM event WHERE id ~ '^(beside|behind|with)-' OR id = 'poison'`,
    );
    expect(stored.map(({ id }) => id).sort()).toEqual([...named('beside', 30), ...named('behind', 30)].sort());
  } finally {
    await server.query('ALTER TABLE event DROP CONSTRAINT refused_by_the_test');
  }
  // The same request goes through once the reason is gone.
  expect((await post('with-1', 'poison', 'with-2')).body).toMatchObject({ accepted: 3 });
});

it('counts what it stored, each event once', async () => {
  expect(await counted(server.query)).toEqual(await recounted(server.query));
});
