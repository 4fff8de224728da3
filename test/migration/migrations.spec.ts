import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { MIGRATIONS } from '../../migrations';
import { ENTITIES } from '../../src/app.module';
import { migrate, SnakeCaseNames } from '../../src/platform/database';
import { createTestDatabase, type TestDatabase } from '../support/postgres';

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase({ migrated: false });
});
afterEach(() => database.drop());

async function query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query(sql, parameters)).rows as Row[];
  } finally {
    await client.end();
  }
}

/** Everything that makes up the schema, as text, so that two of them can be compared. */
async function schema(): Promise<string[]> {
  const rows = await query<{ line: string }>(`
    SELECT format('column %s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) AS line
      FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL
    SELECT format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL
    SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL
    SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT format('policy %s %s %s %s %s', tablename, policyname, cmd, qual, with_check) FROM pg_policies
    UNION ALL
    SELECT format('row security %s %s', relname, relrowsecurity) FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    UNION ALL
    SELECT format('grant %s %s', relname, relacl) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S')
    UNION ALL
    SELECT format('sequence %s', sequencename) FROM pg_sequences WHERE schemaname = 'public'
    ORDER BY 1`);
  // Which migrations ran is told by a table that TypeORM keeps.
  return rows.map(({ line }) => line).filter((line) => !/\bmigration\b|migration_id_seq/.test(line));
}

async function connected(entities: boolean): Promise<DataSource> {
  const source = new DataSource({
    type: 'postgres',
    url: database.url,
    entities: entities ? [...ENTITIES] : [],
    namingStrategy: new SnakeCaseNames(),
    migrations: [...MIGRATIONS],
    migrationsTableName: 'migration',
  });
  return source.initialize();
}

/**
 * What TypeORM's schema builder would do beyond the columns. The migrations say these things in SQL and the entities
 * don't repeat them: constraints, indexes and defaults are the database's own, and TypeORM knows them by other names.
 */
const NOT_IN_THE_ENTITIES = [
  /^ALTER TABLE "\w+" DROP CONSTRAINT /,
  /^ALTER TABLE "\w+" ADD CONSTRAINT /,
  /^DROP INDEX /,
  /^ALTER TABLE "\w+" ALTER COLUMN "\w+" DROP DEFAULT$/,
];

it('bring an empty database to the schema that the entities describe', async () => {
  const lines: string[] = [];
  await migrate(database.url, (line) => lines.push(line));
  expect(lines).toEqual(MIGRATIONS.map(({ name }) => `Migrated the database: ${name}.`));

  const source = await connected(true);
  try {
    const { upQueries } = await source.driver.createSchemaBuilder().log();
    const wanted = upQueries.map(({ query: sql }) => sql);
    expect(wanted.filter((sql) => !NOT_IN_THE_ENTITIES.some((known) => known.test(sql)))).toEqual([]);
  } finally {
    await source.destroy();
  }
});

it('go down to nothing and up again to the same', async () => {
  await migrate(database.url);
  const up = await schema();
  expect(up.length).toBeGreaterThan(100);

  const source = await connected(false);
  for (const _ of MIGRATIONS) await source.undoLastMigration();
  await source.destroy();
  expect(await schema()).toEqual([]);

  await migrate(database.url);
  expect(await schema()).toEqual(up);
});

it('run once when eight processes start at once', async () => {
  const logs = Array.from({ length: 8 }, (): string[] => []);
  await Promise.all(logs.map((lines) => migrate(database.url, (line) => lines.push(line))));

  expect(logs.filter((lines) => lines.length > 0)).toHaveLength(1);
  expect(await query('SELECT name FROM migration ORDER BY id')).toEqual(MIGRATIONS.map(({ name }) => ({ name })));
});

it('change nothing and say nothing the second time', async () => {
  await migrate(database.url);
  const before = await schema();
  const lines: string[] = [];
  await migrate(database.url, (line) => lines.push(line));
  expect(lines).toEqual([]);
  expect(await schema()).toEqual(before);
});

it('are refused in one line on a database of a newer Weir, and touch nothing', async () => {
  await migrate(database.url);
  await query(`INSERT INTO migration (timestamp, name) VALUES (9999999999999, 'AddTeleportation9999999999999')`);
  const before = await schema();

  await expect(migrate(database.url)).rejects.toMatchObject({
    name: 'StartupError',
    message: expect.stringMatching(
      /^The database was migrated by a newer Weir \(AddTeleportation9999999999999\): .+\.$/,
    ),
  });
  expect(await schema()).toEqual(before);
});

it('leave nothing behind when they fail in the middle', async () => {
  // A table of that name stands in the way of one that a migration makes late.
  await query('CREATE TABLE invoice (mine text)');
  await expect(migrate(database.url)).rejects.toThrow(/"invoice" already exists/);
  expect(
    await query(
      `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1`,
    ),
  ).toEqual([{ relname: 'invoice' }, { relname: 'migration' }]);

  await query('DROP TABLE invoice');
  await migrate(database.url);
  expect(await query('SELECT count(*)::int AS ran FROM migration')).toEqual([{ ran: MIGRATIONS.length }]);
});
