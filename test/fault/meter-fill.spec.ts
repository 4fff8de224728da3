import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { counted, type RecountedMeter, METERS, recounted } from '../model/usage-recount';
import { build, SERVER_PROGRAM } from '../stories/demo-program';
import { createTestDatabase, type TestDatabase } from '../support/postgres';
import { type Post, startLoad } from './load';

const KILLS = 3;
const EVENTS = 40_000;
const CUSTOMERS = ['ada', 'ben', 'cyd'];
const LOOK_EVERY_MS = 5;

/**
 * A server's process is killed (SIGKILL: no handler runs) while it counts stored events for new meters, and another takes
 * over where it was, with ingest going on all the while. Then every meter is what a recount says.
 */
describe('SIGKILL of a server that fills meters', () => {
  let database: TestDatabase;
  let folder: string;
  let client: Client;
  const running: ChildProcess[] = [];

  beforeAll(async () => {
    await build();
    database = await createTestDatabase();
    folder = await mkdtemp(join(tmpdir(), 'weir-filled-'));
    client = new Client({ connectionString: database.url });
    await client.connect();
  }, 120_000);
  afterAll(async () => {
    for (const child of running) child.kill('SIGKILL');
    await client.end();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  function spawnServer(): { child: ChildProcess; readyFile: string } {
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
    return { child, readyFile };
  }

  async function start(): Promise<{ url: string; apiKey: string | undefined }> {
    const { child, readyFile } = spawnServer();
    for (;;) {
      const ready = await readFile(readyFile, 'utf8').catch(() => null);
      if (ready !== null) return JSON.parse(ready) as { url: string; apiKey: string | undefined };
      if (child.exitCode !== null) throw new Error(`The server ended with ${child.exitCode} before it was ready.`);
      await soon();
    }
  }

  const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));

  /** Stored events that all fills together have looked at. */
  async function looked(): Promise<number> {
    const { rows } = await client.query<{ looked: number }>(
      'SELECT coalesce(sum(events_filled), 0)::int AS looked FROM meter_revision',
    );
    return rows[0]!.looked;
  }

  async function filling(): Promise<boolean> {
    const { rowCount } = await client.query(`SELECT FROM meter_revision WHERE status = 'filling'`);
    return rowCount! > 0;
  }

  it(`${KILLS} times: what the next one goes on with is neither lost nor counted again`, async () => {
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
    for (const key of CUSTOMERS) await request('/v1/customers', { key, name: key });
    const post: Post = (events) => request('/v1/events', events);
    const stored = startLoad(post, { customers: CUSTOMERS, connections: 4, eventsARequest: 2_000 });
    await stored.more(EVENTS);
    await stored.finish();

    const load = startLoad(post, { customers: CUSTOMERS, connections: 2, eventsARequest: 5, name: 'meanwhile' });
    // Nobody waits for the answers: the process that would give them dies first.
    const make = ({ request: meter }: RecountedMeter): Promise<unknown> =>
      request('/v1/meters', meter).catch(() => null);
    const making = METERS.map(make);
    let interrupted = 0;
    for (let kills = 0; kills < KILLS; kills += 1) {
      const enough = (await looked()) + 4_000;
      while ((await looked()) < enough && (kills === 0 || (await filling()))) await soon();
      const child = running.at(-1)!;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      if (await filling()) interrupted += 1;
      // The next one fills from its first second on, whether or not it takes requests yet.
      if (kills < KILLS - 1) spawnServer();
    }
    expect(interrupted).toBeGreaterThan(0);
    server = await start();
    await Promise.all(making);
    // One that was cut off before it was stored is made now; one that is stored is answered, and waited for.
    for (const { request: meter } of METERS) expect((await request('/v1/meters', meter)).status).toBe(201);
    while (await filling()) await soon();
    await load.finish();

    const query = async <Row>(sql: string): Promise<Row[]> => (await client.query(sql)).rows as Row[];
    expect(await counted(query)).toEqual(await recounted(query));
    const { rows } = await client.query<{ count: number }>('SELECT count(*)::int AS count FROM event');
    expect(rows[0]!.count).toBe(stored.acknowledged.size + load.acknowledged.size);
  }, 300_000);
});
