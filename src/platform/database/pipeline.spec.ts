import { Pool, type PoolClient } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/postgres';
import { Pipeline, type Statement } from './pipeline';

let database: TestDatabase;
let pool: Pool;
let client: PoolClient;

beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
  pool = new Pool({ connectionString: database.url, options: '-c timezone=UTC', max: 1 });
  client = await pool.connect();
  await client.query('CREATE TABLE counter (id uuid PRIMARY KEY, held numeric NOT NULL CHECK (held >= 0))');
});
afterAll(async () => {
  client.release();
  await pool.end();
  await database.drop();
});
beforeEach(async () => {
  await client.query('TRUNCATE counter');
});

const statement = (name: string, sql: string, parameters: number): Statement => ({ name, sql, parameters });
const BEGIN = statement('begin', 'BEGIN', 0);
const COMMIT = statement('commit', 'COMMIT', 0);
const INSERT = statement('insert', 'INSERT INTO counter SELECT * FROM unnest($1::uuid[], $2::numeric[])', 2);
const READ = statement('read', 'SELECT id, held FROM counter WHERE id = ANY($1::uuid[]) ORDER BY id', 1);

const A = '00000000-0000-4000-8000-00000000000a';
const B = '00000000-0000-4000-8000-00000000000b';
const ONE = 10n ** 24n;

function adding(ids: string[], amounts: bigint[]): Pipeline {
  const pipeline = new Pipeline();
  pipeline.add(BEGIN);
  const insert = pipeline.add(INSERT);
  insert.uuids(ids);
  insert.numerics(amounts);
  pipeline.add(READ).uuids([A, B]);
  pipeline.add(COMMIT);
  return pipeline;
}

it('runs statements in order, gives the rows of each, and does so again with what is prepared', async () => {
  const [began, inserted, read, committed] = await adding([A, B], [ONE, ONE / 4n]).run(client);
  expect({ began, inserted, read, committed }).toEqual({
    began: [],
    inserted: [],
    read: [
      [A, '1'],
      [B, '0.25'],
    ],
    committed: [],
  });

  const again = new Pipeline();
  again.add(READ).uuids([B]);
  expect(await again.run(client)).toEqual([[[B, '0.25']]]);
});

it('leaves out what is behind a failure, tells it, and goes on afterwards, also with statements that were left out', async () => {
  await expect(adding([A], [-ONE]).run(client)).rejects.toMatchObject({ code: '23514' });
  await client.query('ROLLBACK');
  expect((await client.query('SELECT * FROM counter')).rows).toEqual([]);

  const fresh = statement('fresh', 'SELECT 1', 0);
  const failing = new Pipeline();
  failing.add(statement('broken', 'SELECT 1 / 0', 0));
  failing.add(fresh);
  await expect(failing.run(client)).rejects.toMatchObject({ code: '22012' });
  const next = new Pipeline();
  next.add(fresh);
  expect(await next.run(client)).toEqual([[['1']]]);
  expect((await adding([A], [ONE]).run(client))[2]).toEqual([[A, '1']]);
});

it('takes every kind of parameter, and NULLs where they may be', async () => {
  const all = statement(
    'all',
    `SELECT $1::uuid, $2::text, $3::bigint, $4::timestamptz, $5::uuid[], $6::text[], $7::text[], $8::numeric[],
            $9::timestamptz[], $10::timestamptz[], $11::uuid[]`,
    11,
  );
  const pipeline = new Pipeline();
  const parameters = pipeline.add(all);
  parameters.uuid(Buffer.from(A.replaceAll('-', ''), 'hex'));
  parameters.text('für "alle"');
  parameters.bigint(-7);
  parameters.timestamptz(1_000_000);
  parameters.uuids([A, B]);
  parameters.texts(['a', 'ü']);
  parameters.nullableTexts(['a', null]);
  parameters.numerics([ONE, -ONE / 8n]);
  parameters.timestamptzs([0]);
  parameters.nullableTimestamptzs([null, 0]);
  parameters.nullableUuids([null, B]);
  expect(await pipeline.run(client)).toEqual([
    [
      [
        A,
        'für "alle"',
        '-7',
        '1970-01-01 00:00:01+00',
        `{${A},${B}}`,
        '{a,ü}',
        '{a,NULL}',
        '{1,-0.125}',
        '{"1970-01-01 00:00:00+00"}',
        '{NULL,"1970-01-01 00:00:00+00"}',
        `{NULL,${B}}`,
      ],
    ],
  ]);
});
