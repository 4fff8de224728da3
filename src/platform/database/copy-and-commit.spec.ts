import { Pool, type PoolClient } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/postgres';
import { BinaryRows } from './binary-rows';
import { type Copy, copyAndCommit } from './copy-and-commit';

let database: TestDatabase;
let pool: Pool;
let client: PoolClient;

beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
  pool = new Pool({ connectionString: database.url, max: 2 });
  pool.on('connect', (each) => each.on('error', () => undefined));
  pool.on('error', () => undefined);
  await pool.query('CREATE TABLE first (key bigint PRIMARY KEY, text text); CREATE TABLE second (key bigint PRIMARY KEY, text text CHECK (text <> $$refused$$))'); // prettier-ignore
});
beforeEach(async () => {
  await pool.query('TRUNCATE first, second');
  client = await pool.connect();
});
afterEach(() => client.release());
afterAll(async () => {
  await pool.end();
  await database.drop();
});

function copy(table: string, rows: readonly (readonly [number, string])[]): Copy {
  const binary = new BinaryRows();
  for (const [key, text] of rows) {
    binary.row(2);
    binary.bigint(key);
    binary.text(text);
  }
  return { sql: `COPY ${table} (key, text) FROM STDIN (FORMAT binary)`, data: binary.finish() };
}

/** What others see. */
async function stored(): Promise<{ first: number; second: number }> {
  const { rows } = await pool.query<{ first: number; second: number }>(
    'SELECT (SELECT count(*)::int FROM first) AS first, (SELECT count(*)::int FROM second) AS second',
  );
  return rows[0]!;
}

function many(count: number, text: string, from = 0): [number, string][] {
  return Array.from({ length: count }, (_, index) => [from + index, text]);
}

it('stores all of it and commits', async () => {
  await client.query('BEGIN');
  await copyAndCommit(client, [copy('first', many(3, 'a')), copy('second', many(2, 'b'))]);
  expect(await stored()).toEqual({ first: 3, second: 2 });
  // The connection is between transactions.
  expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  expect((await client.query('SELECT now() = statement_timestamp() AS alone')).rows).toEqual([{ alone: true }]);
});

it.each`
  what                              | copies                                                                                                                               | code
  ${'the first copy fails'}         | ${() => [copy('first', [[1, 'a'], [1, 'a']]), copy('second', many(2, 'b'))]}                                                         | ${'23505'}
  ${'the second copy fails'}        | ${() => [copy('first', many(3, 'a')), copy('second', [[1, 'refused']])]}                                                             | ${'23514'}
  ${'a table is not there'}         | ${() => [copy('nowhere', many(3, 'a')), copy('second', many(2, 'b'))]}                                                               | ${'42P01'}
  ${'the first of megabytes fails'} | ${() => [copy('first', [[1, 'a'], [1, 'a'], ...many(9_000, 'x'.repeat(1_000), 2)]), copy('second', many(9_000, 'x'.repeat(1_000)))]} | ${'23505'}
  ${'the data is no rows'}          | ${() => [{ ...copy('first', []), data: Buffer.from('nonsense') }]}                                                                   | ${'22P04'}
`(
  'stores nothing when $what, and the connection goes on after a rollback',
  async ({ copies, code }: { copies: () => Copy[]; code: string }) => {
    await client.query('BEGIN');
    await client.query(`INSERT INTO second VALUES (99, 'before')`);
    await expect(copyAndCommit(client, copies())).rejects.toMatchObject({ code });
    await client.query('ROLLBACK');
    expect(await stored()).toEqual({ first: 0, second: 0 });

    await client.query('BEGIN');
    await copyAndCommit(client, [copy('first', many(1, 'again'))]);
    expect(await stored()).toEqual({ first: 1, second: 0 });
  },
);

it('fails when the connection ends, before it or meanwhile', async () => {
  const doomed = await pool.connect();
  await doomed.query('BEGIN');
  const { rows } = await doomed.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  await client.query('BEGIN');
  await client.query('LOCK TABLE first');
  const copying = copyAndCommit(doomed, [copy('first', many(3, 'a'))]);
  await client.query('SELECT pg_terminate_backend($1)', [rows[0]!.pid]);
  await expect(copying).rejects.toThrow();
  await expect(copyAndCommit(doomed, [copy('first', many(3, 'a'))])).rejects.toThrow();
  doomed.release(true);
  await client.query('ROLLBACK');
  expect(await stored()).toEqual({ first: 0, second: 0 });
});
