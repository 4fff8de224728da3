import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../../src/platform/database';
import { build } from '../stories/demo-program';
import { killServerProcesses, type ServerProcess, startServerProcess } from '../support/server-process';
import { withDatabase } from '../support/postgres';
import { billedState } from './billed-state';
import { COMPANY_MONTHS, makeCompany } from './billing-company';

const KILLS = 20;
const CUSTOMERS = 150;
/** How long billing goes on at most before it is killed. */
const LONGEST_MS = 1_500;
const SEED = Number(process.env['WEIR_SEED'] ?? Date.now() % 2 ** 31);

/** The same moments for the same seed; what happens at them is not the same in every run. */
function* randomNumbers(seed: number): Generator<number> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

/**
 * The server is killed (SIGKILL: no handler runs) at random moments while it closes periods and finalizes drafts, and
 * started again. In the end everything is as in a run that nobody disturbed: the same invoices with the same lines,
 * numbers without a gap, the same postings.
 */
describe('SIGKILL while periods are closed and invoices are finalized', () => {
  let folder: string;
  let postgres: Awaited<ReturnType<typeof startEmbeddedPostgres>>;
  const clients: Client[] = [];

  beforeAll(async () => {
    process.stderr.write(`kill during billing: WEIR_SEED=${SEED}\n`);
    await build();
    folder = await mkdtemp(join(tmpdir(), 'weir-billing-'));
    // What a killed process has written is the system's to keep, so that waiting for the disk would prove nothing here.
    postgres = await startEmbeddedPostgres({ directory: join(folder, 'data'), settings: { fsync: 'off' } });
  }, 120_000);
  afterAll(async () => {
    killServerProcesses();
    for (const client of clients) await client.end();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function connected(url: string): Promise<Client> {
    const client = new Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    clients.push(client);
    return client;
  }

  const start = (url: string): Promise<ServerProcess> =>
    startServerProcess(url, folder, {
      WEIR_EVENT_MAX_AGE: '36500d',
      WEIR_CLOSE_INTERVAL: '200ms',
      WEIR_LOG_LEVEL: 'fatal',
    });

  /** A company of its own database, whose clock stands at the beginning. */
  async function company(name: string) {
    await clients[0]!.query(`CREATE DATABASE ${name}`);
    const url = withDatabase(postgres.url, name);
    const server = await start(url);
    const clock = await makeCompany({ url: server.url, apiKey: server.apiKey! }, CUSTOMERS);
    return { url, server, apiKey: server.apiKey!, clock, database: await connected(url) };
  }

  /** @returns the status; 0 when the server was killed meanwhile */
  async function advance(url: string, apiKey: string, clock: string, now: string): Promise<number> {
    const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ now });
    const request = fetch(`${url}/v1/test-clocks/${clock}/advance`, { method: 'POST', headers, body });
    return request.then(
      ({ status }) => status,
      () => 0,
    );
  }

  it(`${KILLS} times: the same invoices as without`, async () => {
    await connected(postgres.url);
    const undisturbed = await company('undisturbed');
    for (const now of COMPANY_MONTHS)
      expect(await advance(undisturbed.server.url, undisturbed.apiKey, undisturbed.clock, now)).toBe(200);
    expect(await undisturbed.server.end('SIGTERM')).toEqual([0, null]);
    const expected = await billedState(undisturbed.database);

    const { url, apiKey, clock, database, ...first } = await company('disturbed');
    let { server } = first;
    const random = randomNumbers(SEED);
    let midway = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      // As many kills in each month, so that none is over before its kills have come.
      const month = COMPANY_MONTHS[Math.floor((kill * COMPANY_MONTHS.length) / KILLS)]!;
      const advancing = advance(server.url, apiKey, clock, month);
      await sleep(random.next().value! * LONGEST_MS);
      await server.end('SIGKILL');
      if ((await advancing) === 0) midway += 1;
      server = await start(url);
    }
    for (const now of COMPANY_MONTHS) expect(await advance(server.url, apiKey, clock, now)).toBe(200);

    // Otherwise the kills came too late to disturb anything.
    expect(midway).toBeGreaterThanOrEqual(KILLS / 2);
    expect(await billedState(database)).toEqual(expected);
    expect(expected.invoices.length).toBeGreaterThan(CUSTOMERS * 2);
    expect(await server.end('SIGTERM')).toEqual([0, null]);
  }, 900_000);
});
