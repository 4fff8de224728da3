import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/platform/database/embedded-postgres';
import { counted, METERS, recounted } from '../model/usage-recount';
import { startTestServer, type TestServer } from '../support/server';
import { postTo, startLoad } from './load';

const CUSTOMERS = ['ada', 'ben', 'cyd', 'dot'];

async function makeBooks(server: TestServer): Promise<void> {
  for (const { request } of METERS) expect((await server.api('POST', '/v1/meters', request)).status).toBe(201);
  for (const key of CUSTOMERS) {
    expect((await server.api('POST', '/v1/customers', { key, name: key })).status).toBe(201);
  }
}

async function storedIds(server: TestServer): Promise<string[]> {
  return (await server.query<{ id: string }>('SELECT id FROM event')).map(({ id }) => id).sort();
}

describe('PostgreSQL ends the connections of a server under load', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
    await makeBooks(server);
  });
  afterAll(() => server.stop());

  it.each`
    role            | application     | because
    ${'the writer'} | ${'weir-owner'} | ${'its transaction rolls back, or its outcome is not known'}
    ${'a request'}  | ${'weir'}       | ${'customers and keys are looked up on it'}
  `('of $role: $because', async ({ role, application }: { role: string; application: string }) => {
    const load = startLoad(postTo(server), { customers: CUSTOMERS, name: role });
    await load.more(100);
    for (let times = 0; times < 12; times += 1) {
      await server.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = $1`,
        [application],
      );
      await load.more(60);
    }
    await load.finish();

    expect(new Set(load.refusals)).toEqual(load.refusals.length === 0 ? new Set() : new Set([503]));
    expect(await storedIds(server)).toEqual(expect.arrayContaining([...load.acknowledged].sort()));
    expect(await counted(server.query)).toEqual(await recounted(server.query));
  });

  it('stored every event once', async () => {
    const ids = await storedIds(server);
    expect(new Set(ids).size).toBe(ids.length);
    expect((await server.api('GET', '/readyz')).status).toBe(200);
  });
});

describe('PostgreSQL is stopped and started again under a running server', () => {
  let directory: string;
  let postgres: EmbeddedPostgres;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'weir-loss-'));
    postgres = await startEmbeddedPostgres({ directory, fastButUnsafe: true });
  }, 60_000);
  afterAll(async () => {
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it('answers 503 meanwhile, loses nothing it acknowledged, and goes on by itself', async () => {
    const server = await startTestServer({}, { databaseUrl: postgres.url });
    try {
      await makeBooks(server);
      const load = startLoad(postTo(server), { customers: CUSTOMERS });
      await load.more(200);
      const before = [...load.acknowledged];

      await postgres.stop();
      const refused = await server.api('POST', '/v1/events', { id: 'alone', type: 't', customer: 'ada' });
      expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable' } });
      expect(refused.headers.get('content-type')).toContain('application/problem+json');
      expect((await server.api('GET', '/readyz')).status).toBe(503);
      expect((await server.api('GET', '/healthz')).status).toBe(200);
      expect((await server.api('GET', '/v1/meters')).status).toBe(503);

      postgres = await startEmbeddedPostgres({ directory, fastButUnsafe: true });
      await load.more(200);
      await load.finish();
      expect(new Set(load.refusals)).toEqual(new Set([503]));

      const again = await startTestServer({}, { databaseUrl: postgres.url, apiKey: server.apiKey });
      const ids = await storedIds(again);
      expect(ids).toEqual(expect.arrayContaining(before));
      expect(ids).toEqual([...load.acknowledged].sort());
      expect(await counted(again.query)).toEqual(await recounted(again.query));
      await again.stop();
    } finally {
      await server.stop();
    }
  }, 60_000);
});
