import { Client } from 'pg';
import { DataSource, type Logger } from 'typeorm';
import { MIGRATIONS } from '../../../migrations';
import { StartupError } from '../startup-error';
import { connectionProblem } from './connection-problem';

/** Any number that only Weir's migrations lock on: "weir" in ASCII. */
const MIGRATION_LOCK = 0x77656972;
const OLDEST_SERVER = 150_000;

/**
 * Brings a database to the current schema. Safe to run from any number of processes at once: one does the work under a
 * lock, the others wait and find it done.
 *
 * @throws StartupError when the database can't be reached, is too old, or was migrated by a newer Weir
 */
export async function migrate(databaseUrl: string, log: (line: string) => void = () => undefined): Promise<void> {
  const lock = new Client({ connectionString: databaseUrl, application_name: 'weir-migrate' });
  try {
    await lock.connect();
  } catch (error) {
    throw connectionProblem(databaseUrl, error);
  }
  try {
    await refuseOldServer(lock);
    await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await refuseNewerSchema(lock);
    await runPending(databaseUrl, log);
  } finally {
    await lock.end();
  }
}

async function refuseOldServer(client: Client): Promise<void> {
  const { rows } = await client.query<{ number: string; version: string }>(
    `SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS version`,
  );
  const server = rows[0]!;
  if (Number(server.number) < OLDEST_SERVER) {
    throw new StartupError(`PostgreSQL ${server.version} is too old: point DATABASE_URL at version 15 or newer.`);
  }
}

async function refuseNewerSchema(client: Client): Promise<void> {
  const { rows: tables } = await client.query(`SELECT to_regclass('public.migration') AS name`);
  if ((tables[0] as { name: string | null }).name === null) return;
  const { rows } = await client.query<{ name: string }>('SELECT name FROM migration');
  const known = new Set(MIGRATIONS.map((migration) => migration.name));
  const unknown = rows.filter((row) => !known.has(row.name));
  if (unknown.length > 0) {
    throw new StartupError(
      `The database was migrated by a newer Weir (${unknown.map((row) => row.name).join(', ')}): start that version, or restore a backup from before it.`,
    );
  }
}

async function runPending(databaseUrl: string, log: (line: string) => void): Promise<void> {
  const source = new DataSource({
    type: 'postgres',
    url: databaseUrl,
    applicationName: 'weir-migrate',
    migrations: [...MIGRATIONS],
    migrationsTableName: 'migration',
    migrationsTransactionMode: 'each',
    poolSize: 2,
    logger: SILENT,
  });
  await source.initialize();
  try {
    const ran = await source.runMigrations();
    for (const migration of ran) log(`Migrated the database: ${migration.name}.`);
  } catch (error) {
    throw migrationProblem(error);
  } finally {
    await source.destroy();
  }
}

/** TypeORM prints a migration that fails on standard output, whatever it is told; the error says the same. */
const SILENT: Logger = {
  logQuery: () => undefined,
  logQueryError: () => undefined,
  logQuerySlow: () => undefined,
  logSchemaBuild: () => undefined,
  logMigration: () => undefined,
  log: () => undefined,
};

/** The rights a migration needs are the one foreseeable reason for it to fail. */
function migrationProblem(error: unknown): unknown {
  const { code, message } = error as { code?: string; message?: string };
  if (code !== '42501') return error;
  return new StartupError(
    `The database user may not do what a migration needs (${message ?? code}): give it CREATEROLE and CREATE on the schema public; or make the role weir_app and grant it to the user.`,
  );
}
