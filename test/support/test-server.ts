import { Client } from 'pg';

/**
 * The server that `npm test` runs on, and a name for this run that no other run shares; set by global-setup.ts.
 * They don't begin with WEIR_, because a Weir that a test starts refuses settings it doesn't know.
 */
export const SERVER_VARIABLE = 'TEST_POSTGRES_URL';
export const RUN_VARIABLE = 'TEST_POSTGRES_RUN';

/** @throws Error when no test run set them */
export function testServer(): { server: string; run: string } {
  const server = process.env[SERVER_VARIABLE];
  const run = process.env[RUN_VARIABLE];
  if (server === undefined || run === undefined) {
    throw new Error(
      `${SERVER_VARIABLE} is not set: run this with jest.config.js, whose globalSetup starts PostgreSQL.`,
    );
  }
  return { server, run };
}

/** Drops what is left of a run on a server that outlives it. */
export async function dropDatabasesOf(server: string, run: string): Promise<void> {
  const client = await connect(server);
  try {
    const { rows } = await client.query<{ name: string }>(
      'SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1)',
      [`${run}_`],
    );
    for (const { name } of rows) await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  } finally {
    await client.end();
  }
}

export async function connect(server: string): Promise<Client> {
  const client = new Client({ connectionString: server, application_name: 'weir-test' });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
