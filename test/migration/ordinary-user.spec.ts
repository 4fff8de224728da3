import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/platform/database/embedded-postgres';
import { withDatabase } from '../support/postgres';
import { startTestServer } from '../support/server';

/** A PostgreSQL that some machines have at hand, of another major version than the embedded one. */
const LOCAL = 'postgres://postgres@127.0.0.1:5432/postgres';

async function asUser<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** A user who is no superuser, and a database of theirs. */
interface Tenancy {
  readonly url: string;
  remove(): Promise<void>;
}

async function makeTenancy(superuserUrl: string, attributes: string, grant = ''): Promise<Tenancy> {
  const name = `weir_user_${randomBytes(5).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  await asUser(superuserUrl, async (client) => {
    await client.query(`CREATE ROLE ${name} LOGIN PASSWORD '${password}' NOSUPERUSER ${attributes}`);
    if (grant !== '') await client.query(grant.replace('$user', name));
    await client.query(`CREATE DATABASE ${name} OWNER ${name} TEMPLATE template0`);
  });
  const url = withDatabase(superuserUrl, name).replace(/\/\/[^@/]*@/, `//${name}:${password}@`);
  return {
    url,
    remove: () =>
      asUser(superuserUrl, async (client) => {
        await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
        await client.query(`DROP OWNED BY ${name} CASCADE`);
        await client.query(`DROP ROLE IF EXISTS ${name}`);
      }),
  };
}

/** Starts Weir on it and goes the whole way: event, usage, invoice, and one organisation that cannot see another's. */
async function expectWorks(databaseUrl: string): Promise<void> {
  const server = await startTestServer({ WEIR_EVENT_MAX_AGE: '36500d' }, { databaseUrl });
  try {
    const [{ is_superuser: superuser }] = (await server.query('SHOW is_superuser')) as [{ is_superuser: string }];
    expect(superuser).toBe('off');

    const made = async (path: string, body: unknown, key?: string) => {
      const answer = await server.api('POST', path, body, key);
      if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
      return answer.body;
    };
    await made('/v1/meters', { key: 'm', name: 'M', eventType: 't', aggregation: 'count' });
    const prices = [{ key: 'p', name: 'P', meter: 'm', charge: { model: 'unit', unitPrice: '2' } }];
    await made('/v1/plans', { key: 'p', name: 'P', currency: 'USD', interval: 'month', prices });
    const clock = await made('/v1/test-clocks', { now: '2026-01-01T00:00:00Z' });
    await made('/v1/customers', { key: 'ada', name: 'Ada', testClock: clock.id });
    await made('/v1/subscriptions', { key: 's', customer: 'ada', plan: 'p' });
    const events = [1, 2, 3].map((n) => ({ id: `e-${n}`, type: 't', customer: 'ada' }));
    expect(await made('/v1/events', events)).toMatchObject({ accepted: 3 });
    expect(await made('/v1/events', events)).toMatchObject({ duplicates: 3 });

    await made(`/v1/test-clocks/${clock.id}/advance`, { now: '2026-02-01T00:00:00Z' });
    const { body: invoices } = await server.api('GET', '/v1/customers/ada/invoices');
    expect(await made(`/v1/invoices/${invoices.items[0].id}/finalize`, undefined)).toMatchObject({
      status: 'finalized',
      total: '6.00',
    });

    const other = await server.organisation();
    expect((await server.api('GET', '/v1/customers/ada', undefined, other.apiKey)).status).toBe(404);
    expect((await server.api('GET', '/v1/customers', undefined, other.apiKey)).body.items).toEqual([]);
    // The owner of the tables sees them; the role of the requests sees nothing without an organisation.
    await server.query('SET ROLE weir_app');
    for (const table of ['event', 'customer', 'usage', 'invoice', 'organisation']) {
      expect(await server.query(`SELECT 1 FROM ${table}`)).toEqual([]);
    }
    await server.query('RESET ROLE');
  } finally {
    await server.stop();
  }
}

describe('a user of the connection string who is no superuser', () => {
  let directory: string;
  let postgres: EmbeddedPostgres;

  // A cluster of its own, because the role weir_app belongs to the whole cluster and must not be there yet.
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'weir-user-'));
    postgres = await startEmbeddedPostgres({ directory, fastButUnsafe: true });
  }, 60_000);
  afterAll(async () => {
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it('and may create roles runs Weir end to end, in a second database, too', async () => {
    const first = await makeTenancy(postgres.url, 'CREATEDB CREATEROLE');
    await expectWorks(first.url);
    // The same user, another database: the role is there already.
    await asUser(first.url, (client) => client.query('CREATE DATABASE weir_second TEMPLATE template0'));
    const second = withDatabase(first.url, 'weir_second');
    await expectWorks(second);
  }, 60_000);

  it('and may not create roles runs Weir when an administrator has given it weir_app', async () => {
    const { url } = await makeTenancy(postgres.url, 'NOCREATEROLE', 'GRANT weir_app TO $user');
    await expectWorks(url);
  }, 60_000);

  it('and may not create roles is told in one line what it needs', async () => {
    const { url } = await makeTenancy(postgres.url, 'NOCREATEROLE');
    await expect(startTestServer({}, { databaseUrl: url })).rejects.toMatchObject({
      name: 'StartupError',
      message: expect.stringMatching(/^The database user may not do what a migration needs \([^\n]+$/),
    });
  }, 60_000);
});

const localVersion = versionOf(LOCAL);
const onLocal = localVersion >= 140_000 ? describe : describe.skip;

onLocal(`PostgreSQL ${Math.floor(localVersion / 10_000)} at 127.0.0.1:5432`, () => {
  it('runs Weir end to end for a user who is no superuser', async () => {
    const tenancy = await makeTenancy(LOCAL, 'CREATEDB CREATEROLE');
    try {
      await expectWorks(tenancy.url);
    } finally {
      await tenancy.remove();
    }
  }, 60_000);
});

/** The version's number, 0 when nothing answers there. Asked by a process of its own, because jest wants to know at once. */
function versionOf(url: string): number {
  const program = `const client = new (require('pg').Client)({ connectionString: process.argv[1], connectionTimeoutMillis: 2000 });
    client.connect().then(() => client.query('SHOW server_version_num')).then(({ rows }) => {
      console.log(rows[0].server_version_num); process.exit(0); }, () => process.exit(1));`;
  const { status, stdout } = spawnSync(process.execPath, ['-e', program, url], { cwd: __dirname, encoding: 'utf8' });
  return status === 0 ? Number(stdout) : 0;
}
