import { Client } from 'pg';
import { made } from '../../test/support/books';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres';
import { type Answer, startTestServer, type TestServer } from '../../test/support/server';
import { Decimal, fromPublicId, ZERO } from '../kernel';
import { type CustomerOutcome, NO_CUSTOMERS, summarise } from './domain';
import { toStoredSummary } from './persistence/stored-summary';

/** Three pages of 200. Each pays a base fee of 1.00 a month for two months. */
const CUSTOMERS = 450;
const PAGE = 200;
const RANGE = { from: '2026-01-01T00:00:00Z', to: '2026-03-01T00:00:00Z' };
const CANDIDATES = ['one', 'two'].map((name) => ({
  name,
  plan: {
    ...{ key: name, name, currency: 'USD', interval: 'month' },
    prices: [{ key: 'base', name: 'Base', charge: { model: 'flat', amount: '1' } }],
  },
}));

let database: TestDatabase;
let server: TestServer;
/** Holds the job's lock, as another process that works on it would. */
let elsewhere: Client;
beforeEach(async () => {
  database = await createTestDatabase();
  server = await startTestServer({}, { databaseUrl: database.url });
  await server.query(
    `INSERT INTO customer (organisation_id, id, key, name, time_zone, created_at)
     SELECT organisation.id, gen_random_uuid(), 'c' || n, 'Customer', 'UTC', now()
       FROM organisation, generate_series(1, ${CUSTOMERS}) AS n`,
  );
  elsewhere = new Client({ connectionString: database.url });
  await elsewhere.connect();
  await elsewhere.query(`SELECT pg_advisory_lock(x'6a6f62'::int, hashtext('simulate plans'))`);
});
afterEach(async () => {
  await elsewhere.end();
  await server.stop();
  await database.drop();
});

const ask = (id: string): Promise<Answer['body']> => made(server.api('GET', `/v1/simulations/${id}`));
const stored = async (): Promise<number> => {
  const [row] = await server.query<{ count: string }>('SELECT count(*) FROM simulation_customer');
  return Number(row!.count);
};

/** A simulation as a process leaves it that ends behind the first page. */
async function interrupted(): Promise<string> {
  const { id } = await made(
    server.api('POST', '/v1/simulations', { ...RANGE, candidates: CANDIDATES, baseline: null }),
  );
  const [first] = await server.query<{ id: string }>(`SELECT id FROM customer ORDER BY id OFFSET ${PAGE - 1} LIMIT 1`);
  await server.query('DELETE FROM simulation_customer WHERE customer_id > $1', [first!.id]);
  const outcome: CustomerOutcome = {
    ...{ customerId: '', revenueNow: null, revenueThen: new Decimal(2), costNow: ZERO, costThen: ZERO },
    ...{ pendingEvents: 0, events: 0, lines: [], included: [], problem: null },
  };
  const summary = Array.from({ length: PAGE }, () => outcome).reduce(
    (before, each) => summarise(before, each, ZERO),
    NO_CUSTOMERS,
  );
  await server.query(
    `UPDATE simulation SET status = 'running', finished_at = NULL, position = $1, customers = $2, ratings = $3, summaries = $4`,
    [first!.id, PAGE, PAGE * 2 * 2, JSON.stringify(CANDIDATES.map(() => toStoredSummary(summary)))],
  );
  return id as string;
}

async function settled(id: string): Promise<Answer['body']> {
  for (;;) {
    const simulation = await ask(id);
    if (simulation.status !== 'running') return simulation;
  }
}

it('goes on in another process where the first one stopped: each customer once', async () => {
  const id = await interrupted();
  expect(await ask(id)).toMatchObject({
    status: 'running',
    progress: { customers: PAGE, total: CUSTOMERS, percent: 44.4 },
    finishedAt: null,
  });
  const { apiKey } = server;
  await server.stop();
  await elsewhere.query('SELECT pg_advisory_unlock_all()');
  server = await startTestServer({}, { databaseUrl: database.url, apiKey });

  const done = await settled(id);

  expect(done).toMatchObject({
    status: 'done',
    progress: { customers: CUSTOMERS, total: CUSTOMERS, percent: 100 },
    work: { events: 0, ratings: CUSTOMERS * 2 * CANDIDATES.length },
    finishedAt: expect.any(String),
  });
  for (const { totals } of done.results)
    expect(totals).toMatchObject({ revenueThen: String(CUSTOMERS * 2), notRated: 0 });
  expect(await stored()).toBe(CUSTOMERS * CANDIDATES.length);
});

it('is cancelled, keeps what it found, and is left alone by the job', async () => {
  const id = await interrupted();
  const cancel = () => made(server.api('POST', `/v1/simulations/${id}/cancel`));
  const cancelled = await cancel();
  expect(cancelled).toMatchObject({
    status: 'cancelled',
    progress: { customers: PAGE },
    finishedAt: expect.any(String),
  });
  expect(cancelled.results[0].totals.revenueThen).toBe(String(PAGE * 2));
  expect(await cancel()).toEqual(cancelled);

  // The job gets to work on the next one, so it has passed this one over.
  const next = await made(server.api('POST', '/v1/simulations', { ...RANGE, candidates: CANDIDATES, baseline: null }));
  await server.query(`UPDATE simulation SET status = 'running', finished_at = NULL WHERE id <> $1`, [
    fromPublicId('simulation', id),
  ]);
  await elsewhere.query('SELECT pg_advisory_unlock_all()');
  expect((await settled(next.id)).status).toBe('done');
  expect(await ask(id)).toEqual(cancelled);
  expect(await stored()).toBe((PAGE + CUSTOMERS) * CANDIDATES.length);
});

it('takes customers in that were there when it began, and no later ones', async () => {
  const id = await interrupted();
  await made(server.api('POST', '/v1/customers', { key: 'later', name: 'Later' }));
  // Ids are ordered by time; those of the others were made up.
  await server.query(`UPDATE customer SET id = 'ffffffff-ffff-ffff-ffff-ffffffffffff' WHERE key = 'later'`);
  await elsewhere.query('SELECT pg_advisory_unlock_all()');
  expect(await settled(id)).toMatchObject({ status: 'done', progress: { customers: CUSTOMERS } });
});
