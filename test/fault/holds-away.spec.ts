import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/platform/database/embedded-postgres';
import { type Answer, startTestServer, type TestServer } from '../support/server';

let directory: string;
let postgres: EmbeddedPostgres;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weir-away-'));
  postgres = await startEmbeddedPostgres({ directory: join(directory, 'db'), fastButUnsafe: true });
}, 60_000);
afterEach(async () => {
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
});

const journalFolder = (): string => join(directory, 'away');
const journals = (): Promise<string[]> => readdir(journalFolder()).catch(() => []);
const hold = (server: TestServer, cost: string, more: object = {}): Promise<Answer> =>
  server.api('POST', '/v1/holds', { customer: 'acme', estimate: { cost }, ...more });

async function started(options: { apiKey?: string } = {}): Promise<TestServer> {
  return startTestServer({ WEIR_AWAY_JOURNAL: journalFolder() }, { databaseUrl: postgres.url, ...options });
}

/** A customer under a hard cap of 2 a month, of which 1.5 are held; so that the process has met all of them. */
async function prepared(away: object | null): Promise<TestServer> {
  const server = await started();
  await server.api('POST', '/v1/customers', { key: 'acme', name: 'Acme' });
  const cap = { key: 'month', scope: { customer: 'acme' }, measure: 'cost', period: 'month', kind: 'hard', limit: '2' };
  expect((await server.api('POST', '/v1/caps', cap)).status).toBe(201);
  expect((await server.api('PATCH', '/v1/entitlement-settings', { away })).status).toBe(200);
  expect((await hold(server, '1.5', { key: 'before' })).body).toMatchObject({ decision: 'allow' });
  return server;
}

/** Asked again and again until it is so. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 100));
}

describe('holds while the database is away', () => {
  it('are refused where nothing is opened, and right later', async () => {
    const server = await prepared(null);
    await postgres.stop();
    expect(await hold(server, '0.1', { key: 'a' })).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    expect(await journals()).toEqual([]);
    postgres = await startEmbeddedPostgres({ directory: join(directory, 'db'), fastButUnsafe: true });
    await until(async () => (await server.api('GET', '/readyz')).status === 200);
    expect((await hold(server, '0.1', { key: 'a' })).body).toMatchObject({ decision: 'allow', flags: [] });
    await server.stop();
  }, 120_000);

  it('pass up to the limit where that is opened, and are held when it is back', async () => {
    const server = await prepared({ amount: '1', holds: 5 });
    await postgres.stop();
    // Longer than a key is believed: who asks is known from before.
    const now = performance.now.bind(performance);
    const later = jest.spyOn(performance, 'now').mockImplementation(() => now() + 6_000);

    const passed = await hold(server, '0.8', { key: 'a' });
    expect(passed).toMatchObject({
      status: 200,
      body: { decision: 'allow', held: { cost: '0.8' }, flags: ['unchecked'], caps: [] },
    });
    expect((await hold(server, '0.3')).status).toBe(503);
    expect((await hold(server, '2.5')).body).toMatchObject({ decision: 'deny', reason: 'cap_exceeded' });
    expect((await hold(server, '0.2', { key: 'b' })).body).toMatchObject({ decision: 'allow', flags: ['unchecked'] });
    expect((await hold(server, '0.000000000001')).status).toBe(503);
    expect((await server.api('POST', '/v1/holds/a/settle', { cost: '0.7' })).status).toBe(503);
    expect(await journals()).toHaveLength(1);
    later.mockRestore();

    postgres = await startEmbeddedPostgres({ directory: join(directory, 'db'), fastButUnsafe: true });
    await until(async () => (await journals()).length === 0);

    // 1.5 before and 1.0 meanwhile are held of 2: nothing more passes until there is room.
    const asked = (await hold(server, '0.1')).body;
    expect(asked).toMatchObject({ decision: 'deny', caps: [{ held: '2.5', available: '0' }] });
    // What it was answered then names the hold that is there now.
    const again = (await hold(server, '0.8', { key: 'a' })).body;
    expect(again).toMatchObject({ decision: 'allow', hold: passed.body.hold, flags: ['unchecked'] });
    expect((await server.api('POST', '/v1/holds/a/settle', { cost: '0.7' })).status).toBe(200);
    expect((await server.api('POST', '/v1/holds/b/release', {})).status).toBe(200);
    expect((await hold(server, '0.1')).body.caps).toMatchObject([{ settled: '0.7', held: '1.5' }]);
    const { items } = (await server.api('GET', '/v1/alerts?kind=away')).body;
    expect(items).toMatchObject([{ kind: 'away', detail: { holds: 2, amount: '1', currency: 'USD' } }]);
    await server.stop();
  }, 120_000);

  it('that a process could not bring before it ended are brought by the next', async () => {
    const server = await prepared({ amount: '1', holds: 5 });
    await postgres.stop();
    const passed = (await hold(server, '0.4')).body;
    expect(passed).toMatchObject({ decision: 'allow' });
    await server.stop();
    expect(await journals()).toHaveLength(1);

    postgres = await startEmbeddedPostgres({ directory: join(directory, 'db'), fastButUnsafe: true });
    const next = await started({ apiKey: server.apiKey });
    const found = async (): Promise<Answer> => next.api('GET', `/v1/holds/${passed.hold}`);
    await until(async () => (await found()).status === 200);
    expect((await found()).body).toMatchObject({ status: 'open', held: { cost: '0.4' }, flags: ['unchecked'] });
    await next.stop();
  }, 120_000);
});
