import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../../src/platform/database';
import { build } from '../stories/demo-program';
import { killServerProcesses, type ServerProcess, startServerProcess } from '../support/server-process';
import { withDatabase } from '../support/postgres';
import { billedState } from '../support/billed-state';
import { COMPANY_MONTHS, makeCompany } from '../support/billing-company';

/** `npm run test:kills` makes it twenty. */
const KILLS = Number(process.env['WEIR_KILLS'] ?? 5);
const CUSTOMERS = 100;
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
    const owner = await connected(postgres.url);
    await owner.query('CREATE DATABASE undisturbed');
    const [own, disturbed] = ['undisturbed', 'disturbed'].map((name) => withDatabase(postgres.url, name)) as [
      string,
      string,
    ];
    let server = await start(own);
    const apiKey = server.apiKey!;
    const clock = await makeCompany({ url: server.url, apiKey }, CUSTOMERS);
    expect(await server.end('SIGTERM')).toEqual([0, null]);
    await owner.query('CREATE DATABASE disturbed TEMPLATE undisturbed');

    server = await start(own);
    for (const now of COMPANY_MONTHS) expect(await advance(server.url, apiKey, clock, now)).toBe(200);
    expect(await server.end('SIGTERM')).toEqual([0, null]);
    const expected = await billedState(await connected(own));
    const database = await connected(disturbed);

    server = await start(disturbed);
    const random = randomNumbers(SEED);
    let midway = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      // As many kills in each month, so that none is over before its kills have come.
      const month = COMPANY_MONTHS[Math.floor((kill * COMPANY_MONTHS.length) / KILLS)]!;
      const advancing = advance(server.url, apiKey, clock, month);
      await sleep(random.next().value! * LONGEST_MS);
      await server.end('SIGKILL');
      if ((await advancing) === 0) midway += 1;
      server = await start(disturbed);
    }
    // A kill that came too late has left a month behind; a clock only goes on.
    const headers = { authorization: `Bearer ${apiKey}` };
    const stored = await fetch(`${server.url}/v1/test-clocks/${clock}`, { headers });
    const reached = Date.parse(((await stored.json()) as { now: string }).now);
    for (const now of COMPANY_MONTHS.filter((month) => Date.parse(month) >= reached))
      expect(await advance(server.url, apiKey, clock, now)).toBe(200);

    // Otherwise the kills came too late to disturb anything.
    expect(midway).toBeGreaterThanOrEqual(KILLS / 2);
    expect(await billedState(database)).toEqual(expected);
    expect(expected.invoices.length).toBeGreaterThan(CUSTOMERS * 2);
    expect(await server.end('SIGTERM')).toEqual([0, null]);
  }, 1_800_000);
});
