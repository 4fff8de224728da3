import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'pg';
import { startEmbeddedPostgres } from '../../src/platform/database';
import { counted, METERS, recounted } from '../model/usage-recount';
import { build } from '../stories/demo-program';
import { killServerProcesses, type ServerProcess, startServerProcess } from '../support/server-process';
import { type Post, startLoad } from './load';

const KILLS = 20;
const CUSTOMERS = ['ada', 'ben', 'cyd'];
const CORRECTIONS_A_ROUND = 2;

/** Meters of values that no sum can tell. */
const SAMPLED = [
  { key: 'largest', name: 'Largest request', eventType: 'llm.request', aggregation: 'max', value: 'data.input_tokens' },
  { key: 'regions', name: 'Regions', eventType: 'llm.request', aggregation: 'unique', value: 'data.region' },
];

const AMENDED = {
  type: 'llm.request',
  customer: 'ben',
  feature: 'amended',
  data: { region: 'io', input_tokens: 9_000 },
};

/** Random moments that are the same in every run; what happens at them is not. */
function* randomNumbers(seed: number): Generator<number> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

/**
 * The server's process or PostgreSQL's is killed (SIGKILL: no handler runs) in the middle of commits, while events come
 * in and others are voided or amended. Whatever was acknowledged is there once, and the sums agree with the events.
 */
describe('SIGKILL under load', () => {
  let folder: string;
  let postgres: Awaited<ReturnType<typeof startEmbeddedPostgres>>;
  let pool: Pool;

  // What a killed process has written is the system's to keep, so that waiting for the disk would prove nothing here. It
  // has to be written, though: with synchronous_commit off this test fails.
  const startPostgres = () => startEmbeddedPostgres({ directory: join(folder, 'data'), settings: { fsync: 'off' } });
  beforeAll(async () => {
    await build();
    folder = await mkdtemp(join(tmpdir(), 'weir-killed-'));
    postgres = await startPostgres();
    pool = new Pool({ connectionString: postgres.url, max: 1 });
    pool.on('error', () => undefined);
  }, 120_000);
  afterAll(async () => {
    killServerProcesses();
    await pool.end();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const query = async <Row>(sql: string, parameters?: unknown[]): Promise<Row[]> =>
    (await pool.query(sql, parameters)).rows as Row[];
  const storedIds = async (): Promise<string[]> =>
    (await query<{ id: string }>('SELECT id FROM event WHERE revision = 0')).map(({ id }) => id);

  /** @returns once it has ended and another runs on the same data */
  async function killPostgres(): Promise<void> {
    const pid = Number((await readFile(join(folder, 'data/postgres/postmaster.pid'), 'utf8')).split('\n')[0]);
    process.kill(pid, 'SIGKILL');
    await postgres.exited;
    await postgres.stop();
    postgres = await startPostgres();
  }

  it(`${KILLS} times, of the server or of PostgreSQL: what was acknowledged is stored once and counted once`, async () => {
    let server: ServerProcess = await startServerProcess(postgres.url, folder);
    const { apiKey } = server;
    const request = async (path: string, body: unknown): ReturnType<Post> => {
      const response = await fetch(`${server.url}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: await response.json() };
    };
    const meters = [...METERS.map(({ request: meter }) => meter), ...SAMPLED];
    for (const meter of meters) expect((await request('/v1/meters', meter)).status).toBe(201);
    for (const key of CUSTOMERS) await request('/v1/customers', { key, name: key });

    const post: Post = (events) => request('/v1/events', events);
    const load = startLoad(post, { customers: CUSTOMERS, connections: 8, eventsARequest: 20 });
    const random = randomNumbers(7);
    const next = (): number => random.next().value as number;
    const corrected = new Map<string, 'void' | 'amend'>();

    /** Sent again until it is answered; 409 when an earlier try had been stored, though its answer was lost. */
    const correct = async (id: string, what: 'void' | 'amend'): Promise<void> => {
      const body = what === 'void' ? {} : { revision: 0, event: AMENDED };
      for (;;) {
        const answer = await request(`/v1/events/${id}/${what}`, { reason: 'a test', ...body }).catch(() => null);
        if (answer !== null && [200, 409].includes(answer.status)) break;
        expect(answer?.status ?? 503).toBe(503);
        await new Promise((soon) => setTimeout(soon, 50));
      }
      corrected.set(id, what);
    };

    let databaseKills = 0;
    for (let kills = 0; kills < KILLS; kills += 1) {
      await load.more(Math.floor(20 + next() * 400));
      const acknowledged = [...load.acknowledged];
      const correcting = Array.from({ length: CORRECTIONS_A_ROUND }, async () => {
        const id = acknowledged[Math.floor(next() * acknowledged.length)]!;
        if (!corrected.has(id)) await correct(id, next() < 0.5 ? 'void' : 'amend');
      });

      if (next() < 0.5) {
        databaseKills += 1;
        await killPostgres();
      } else {
        await server.end('SIGKILL');
        server = await startServerProcess(postgres.url, folder);
        expect(server.apiKey).toBeUndefined();
      }
      await Promise.all(correcting);
      const stored = new Set(await storedIds());
      expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
    }
    expect(databaseKills).toBeGreaterThan(4);
    expect(databaseKills).toBeLessThan(KILLS - 4);
    await load.more(600);
    await load.finish();

    // 0: the connection broke; 503: the database was away. Nothing else went wrong.
    expect([...new Set(load.refusals)].filter((status) => status !== 0 && status !== 503)).toEqual([]);
    const ids = await storedIds();
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(ids)).toEqual(load.acknowledged);
    const sampled = new Set(SAMPLED.map(({ key }) => key));
    const sums = (await counted(query)).filter(({ meter }) => !sampled.has(meter));
    expect(sums).toEqual(await recounted(query));

    // Every correction is there once, and so are the values that no sum tells.
    const amendments = [...corrected.values()].filter((what) => what === 'amend').length;
    const [made] = await query<{ voids: number; revisions: number }>(
      `SELECT (SELECT count(*)::int FROM event_void) AS voids, (SELECT count(*)::int FROM event WHERE revision > 0) AS revisions`,
    );
    expect(made).toEqual({ voids: corrected.size, revisions: amendments });
    const samples = await query(
      `SELECT key, event_key, quantity::text, value FROM meter_sample JOIN meter ON meter.id = meter_id ORDER BY 1, 2`,
    );
    const recountedSamples = await query(
      `SELECT 'largest' AS key, key AS event_key, (data::jsonb->>'input_tokens') AS quantity, NULL AS value
         FROM event_now WHERE type = 'llm.request' AND data::jsonb ? 'input_tokens'
       UNION ALL
       SELECT 'regions', key, NULL, (data::jsonb->'region')::text FROM event_now
        WHERE type = 'llm.request' AND data::jsonb ? 'region' ORDER BY 1, 2`,
    );
    expect(samples).toEqual(recountedSamples);

    expect(await server.end('SIGTERM')).toEqual([0, null]);
  }, 400_000);
});
