import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/postgres';
import { startTestServer } from '../support/server';
import { fillOrganisation } from './full-organisation';

/**
 * What the database itself keeps apart, whatever a query forgets: requests run as the role weir_app, in a transaction
 * that names one organisation. The tables come from PostgreSQL's own catalog, so a new one is covered, or fails.
 */
let database: TestDatabase;
let owner: Client;
let app: Client;
let a: string;
let b: string;
let tables: string[];

/** Rows of nobody, for everybody to read: the public price catalogue, and which migrations ran. */
const NOT_OF_A_TENANT = ['migration', 'price_catalogue', 'catalogue_refresh'];

beforeAll(async () => {
  database = await createTestDatabase();
  const server = await startTestServer({}, { databaseUrl: database.url });
  await fillOrganisation(server, server.apiKey, 'a');
  await fillOrganisation(server, (await server.organisation('B')).apiKey, 'b');
  await server.stop();

  owner = await connected();
  app = await connected('-c role=weir_app');
  const organisations = await rows<{ id: string }>(owner, 'SELECT id FROM organisation ORDER BY id');
  [a, b] = organisations.map(({ id }) => id) as [string, string];
  tables = (
    await rows<{ name: string }>(
      owner,
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1`,
    )
  )
    .map(({ name }) => name)
    .filter((name) => !NOT_OF_A_TENANT.includes(name));
  // Which of the two tables a sum stands in depends on the moment the server was stopped.
  await owner.query(
    `INSERT INTO usage_pending
     SELECT id, nextval('event_batch'), '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}' FROM organisation`,
  );
  await owner.query(
    `INSERT INTO usage
     SELECT organisation_id, id, gen_random_uuid(), '2026-01-01', '', 1, 1, 1, 0 FROM customer`,
  );
  await owner.query(
    `INSERT INTO meter_sample
     SELECT organisation_id, gen_random_uuid(), id, '', '2026-01-01', gen_random_uuid(), 1, NULL FROM customer`,
  );
  await owner.query(
    `INSERT INTO pool_balance SELECT organisation_id, id, 'credits', 0, 100, 0, 40, '[]' FROM subscription`,
  );
  await owner.query(
    `INSERT INTO period_billed
     SELECT organisation_id, subscription_id, '2020-01-01', row_number() OVER (), invoice_id, 1 FROM invoice_part`,
  );
  await owner.query(
    `INSERT INTO subscription_cycle
     SELECT organisation_id, subscription_id, '2098-01-01', 999, 'month', 1, 'anniversary', '2098-01-01', NULL, NULL, id
       FROM subscription_change`,
  );
  await owner.query(
    `INSERT INTO revenue_schedule SELECT organisation_id, gen_random_uuid(), invoice_id, id, '2026-02-01', 1, '2026-02-01' FROM invoice_line`,
  );
  // What waits to be counted is counted before the server has stopped, mostly.
  await owner.query(
    `INSERT INTO entitlement_pending (organisation_id, batch, summary) SELECT id, 0, '[]' FROM organisation`,
  );
  // How far pricing has come is written by a job, in its own time.
  await owner.query(
    `INSERT INTO pending_pricing (organisation_id, revision, change_id, looked_at, priced, started_at)
     SELECT id, 1, gen_random_uuid(), 0, 0, now() FROM organisation ON CONFLICT DO NOTHING`,
  );
});
afterAll(async () => {
  await Promise.all([owner.end(), app.end()]);
  await database.drop();
});

async function connected(options?: string): Promise<Client> {
  const client = new Client({ connectionString: database.url, ...(options === undefined ? {} : { options }) });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function rows<Row>(client: Client, sql: string, parameters: unknown[] = []): Promise<Row[]> {
  return (await client.query(sql, parameters)).rows as Row[];
}

/** Runs work as an organisation's request would, and takes it back. */
async function asTenant<T>(organisation: string | null, work: () => Promise<T>): Promise<T> {
  await app.query('BEGIN');
  try {
    if (organisation !== null) await app.query(`SELECT set_config('weir.organisation', $1, true)`, [organisation]);
    return await work();
  } finally {
    await app.query('ROLLBACK');
  }
}

/** The column that says whose a row is. */
const ownerColumn = (table: string) => (table === 'organisation' ? 'id' : 'organisation_id');

/** How a statement of the application role is refused, or how many rows it changed. */
async function outcome(sql: string, parameters: unknown[] = []): Promise<string> {
  await app.query('SAVEPOINT attempt');
  try {
    const { rowCount } = await app.query(sql, parameters);
    return `${rowCount ?? 0} rows`;
  } catch (error) {
    await app.query('ROLLBACK TO attempt');
    const { code, message } = error as { code: string; message: string };
    if (code === '42501') return message.includes('row-level security') ? 'row-level security' : 'no right';
    return code === '23000' ? 'never changed' : `${code} ${message}`;
  }
}

it('holds every tenant table against the catalog, each with rows of both organisations', async () => {
  expect(tables).toEqual(expect.arrayContaining(['api_key', 'customer', 'event', 'invoice', 'usage', 'usage_pending']));
  for (const table of tables) {
    const found = await rows<{ id: string }>(
      owner,
      `SELECT DISTINCT ${ownerColumn(table)} AS id FROM "${table}" WHERE ${ownerColumn(table)} IS NOT NULL ORDER BY 1`,
    );
    expect({ table, owners: found.map(({ id }) => id) }).toEqual({ table, owners: [a, b] });
  }
});

it('the application role owns nothing and bypasses nothing, and no table has its policies switched off', async () => {
  const [role] = await rows(
    app,
    `SELECT current_user AS name, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin
       FROM pg_roles WHERE rolname = current_user`,
  );
  expect(role).toEqual({
    name: 'weir_app',
    rolsuper: false,
    rolbypassrls: false,
    rolcreaterole: false,
    rolcreatedb: false,
    rolcanlogin: false,
  });
  const owned = await rows(owner, `SELECT relname FROM pg_class WHERE relowner = 'weir_app'::regrole`);
  expect(owned).toEqual([]);
  const open = await rows<{ relname: string }>(
    owner,
    'SELECT relname FROM pg_class WHERE relname = ANY ($1) AND NOT relrowsecurity',
    [tables],
  );
  expect(open).toEqual([]);
});

it.each`
  organisation                              | because
  ${null}                                   | ${'no transaction named one'}
  ${''}                                     | ${'an earlier transaction of the connection did'}
  ${'01930000-0000-7000-8000-000000000000'} | ${'there is no such organisation'}
`('sees no row when $because', async ({ organisation }: { organisation: string | null }) => {
  await asTenant(organisation, async () => {
    for (const table of tables) {
      const column = ownerColumn(table);
      // The public catalogue's rows belong to nobody: the one exception.
      const found = await rows(app, `SELECT ${column} FROM "${table}" WHERE ${column} IS NOT NULL`);
      expect({ table, found }).toEqual({ table, found: [] });
    }
  });
});

it('the exception is for reading: rows of the public catalogue cannot be added, changed or taken away', async () => {
  await asTenant(a, async () => {
    const [seen] = await rows<{ count: string }>(app, 'SELECT count(*) FROM model_price WHERE organisation_id IS NULL');
    expect(Number(seen!.count)).toBeGreaterThan(100);
    expect(
      await outcome(
        `INSERT INTO model_price (provider, model, position, definition, definition_hash, created_at)
         VALUES ('openai', 'mine', 0, '{}', '', now())`,
      ),
    ).toBe('row-level security');
    for (const table of ['model_price', 'price_catalogue']) {
      expect(await outcome(`DELETE FROM ${table}`)).toBe('no right');
      expect(await outcome(`UPDATE ${table} SET ${table === 'model_price' ? 'position = 1' : "version = ''"}`)).toBe(
        'no right',
      );
    }
  });
});

it('a tenant sees its own rows and no other', async () => {
  await asTenant(a, async () => {
    for (const table of tables) {
      const column = ownerColumn(table);
      const found = await rows<{ id: string }>(
        app,
        `SELECT DISTINCT ${column} AS id FROM "${table}" WHERE ${column} IS NOT NULL`,
      );
      expect({ table, found }).toEqual({ table, found: [{ id: a }] });
    }
  });
});

it('a tenant cannot add a row of another, nor give its own away, nor change or take another’s', async () => {
  for (const table of tables) {
    const column = ownerColumn(table);
    const [theirs] = await rows<{ row: unknown }>(
      owner,
      `SELECT to_jsonb(each) AS row FROM "${table}" AS each WHERE ${column} = $1 LIMIT 1`,
      [b],
    );
    await asTenant(a, async () => {
      const outcomes = {
        add: await outcome(
          `INSERT INTO "${table}" OVERRIDING SYSTEM VALUE SELECT * FROM jsonb_populate_record(NULL::"${table}", $1)`,
          [JSON.stringify(theirs!.row)],
        ),
        giveAway: await outcome(`UPDATE "${table}" SET ${column} = $1`, [b]),
        change: await outcome(`UPDATE "${table}" SET ${column} = ${column} WHERE ${column} = $1`, [b]),
        take: await outcome(`DELETE FROM "${table}" WHERE ${column} = $1`, [b]),
        empty: await outcome(`TRUNCATE "${table}" CASCADE`),
      };
      const refused = expect.stringMatching(/^(no right|row-level security|never changed)$/);
      const nothing = expect.stringMatching(/^(no right|0 rows|never changed)$/);
      expect({ table, ...outcomes }).toEqual({
        table,
        add: refused,
        giveAway: refused,
        change: nothing,
        take: nothing,
        empty: 'no right',
      });
    });
  }
});

it('a transaction’s organisation does not outlive it on a pooled connection', async () => {
  await asTenant(a, async () => undefined);
  const [found] = await rows<{ count: string }>(app, 'SELECT count(*) FROM customer');
  expect(found).toEqual({ count: '0' });
});

it('a key is looked up by its hash only: the function that may look past the policies gives nothing else away', async () => {
  expect(await rows(app, 'SELECT * FROM weir_authenticate($1)', [Buffer.alloc(32)])).toEqual([]);
  expect(await rows(app, 'SELECT secret_hash FROM api_key')).toEqual([]);
  const others = await rows<{ name: string }>(
    owner,
    `SELECT proname AS name FROM pg_proc
      WHERE pronamespace = 'public'::regnamespace AND prosecdef AND has_function_privilege('weir_app', oid, 'EXECUTE')`,
  );
  expect(others).toEqual([{ name: 'weir_authenticate' }]);
});
