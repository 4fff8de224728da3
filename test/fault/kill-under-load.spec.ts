import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { counted, METERS, recounted } from '../model/usage-recount';
import { build, SERVER_PROGRAM } from '../stories/demo-program';
import { createTestDatabase, type TestDatabase } from '../support/postgres';
import { type Post, startLoad } from './load';

const KILLS = 3;
const CUSTOMERS = ['ada', 'ben', 'cyd'];
const LOOK_EVERY_MS = 20;

/**
 * The server's process is killed (SIGKILL: no handler runs) in the middle of commits, on a PostgreSQL that lives on.
 * Whatever was acknowledged is there once, and the sums agree with the events.
 */
describe('SIGKILL of the server under load', () => {
  let database: TestDatabase;
  let folder: string;
  let client: Client;
  const running: ChildProcess[] = [];

  beforeAll(async () => {
    await build();
    database = await createTestDatabase();
    folder = await mkdtemp(join(tmpdir(), 'weir-killed-'));
    client = new Client({ connectionString: database.url });
    await client.connect();
  }, 120_000);
  afterAll(async () => {
    for (const child of running) child.kill('SIGKILL');
    await client.end();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(): Promise<{ child: ChildProcess; url: string; apiKey: string | undefined }> {
    const readyFile = join(folder, `ready-${running.length}.json`);
    const child = spawn(process.execPath, [SERVER_PROGRAM], {
      env: {
        PATH: process.env.PATH,
        DATABASE_URL: database.url,
        WEIR_PORT: '0',
        WEIR_LOG_LEVEL: 'warn',
        WEIR_READY_FILE: readyFile,
      },
      stdio: 'ignore',
    });
    running.push(child);
    for (;;) {
      const ready = await readFile(readyFile, 'utf8').catch(() => null);
      if (ready !== null) return { child, ...(JSON.parse(ready) as { url: string; apiKey: string | undefined }) };
      if (child.exitCode !== null) throw new Error(`The server ended with ${child.exitCode} before it was ready.`);
      await new Promise((soon) => setTimeout(soon, LOOK_EVERY_MS));
    }
  }

  it(`${KILLS} times: what was acknowledged is stored once and counted once`, async () => {
    let server = await start();
    const { apiKey } = server;
    const request = async (path: string, body: unknown): ReturnType<Post> => {
      const response = await fetch(`${server.url}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: await response.json() };
    };
    for (const { request: meter } of METERS) expect((await request('/v1/meters', meter)).status).toBe(201);
    for (const key of CUSTOMERS) await request('/v1/customers', { key, name: key });

    const post: Post = (events) => request('/v1/events', events);
    const load = startLoad(post, { customers: CUSTOMERS, connections: 8, eventsARequest: 20 });
    for (let kills = 0; kills < KILLS; kills += 1) {
      await load.more(600);
      const ended = once(server.child, 'exit');
      server.child.kill('SIGKILL');
      await ended;
      const acknowledged = [...load.acknowledged];

      server = await start();
      expect(server.apiKey).toBeUndefined();
      expect(await storedIds()).toEqual(expect.arrayContaining(acknowledged));
    }
    await load.more(600);
    await load.finish();

    // 0: the connection broke. Nothing else went wrong.
    expect(new Set(load.refusals)).toEqual(new Set([0]));
    const ids = await storedIds();
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(ids)).toEqual(load.acknowledged);
    const query = async <Row>(sql: string): Promise<Row[]> => (await client.query(sql)).rows as Row[];
    expect(await counted(query)).toEqual(await recounted(query));

    const ended = once(server.child, 'exit');
    server.child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  }, 180_000);

  async function storedIds(): Promise<string[]> {
    return (await client.query<{ id: string }>('SELECT id FROM event')).rows.map(({ id }) => id);
  }
});
