import { randomBytes } from 'node:crypto';
import type { Client } from 'pg';
import { migrate } from '../../src/platform/database';
import { connect, testServer } from './test-server';

/** Any number that only the making of test databases locks on: "test" in ASCII. */
const MAKING_LOCK = 0x74657374;
/** What PostgreSQL answers while somebody is connected to the database that is to be copied or renamed. */
const OBJECT_IN_USE = '55006';

export interface TestDatabase {
  /** Connection string of a superuser. */
  readonly url: string;
  /** Ends whoever is still connected. Safe to repeat. */
  drop(): Promise<void>;
}

/**
 * Makes a database for one spec file: migrated and without rows, unless `migrated: false` asks for an empty one.
 * The migrations run once in a test run; every further database is a copy, which takes some 50 ms. Any number of jest
 * workers may call this at once.
 */
export async function createTestDatabase(options: { migrated?: boolean } = {}): Promise<TestDatabase> {
  const { migrated = true } = options;
  const { server, run } = testServer();
  const name = `${run}_${randomBytes(6).toString('hex')}`;

  await asMaker(server, async (client) => {
    const template = migrated ? await migratedTemplate(client, server, run) : 'template0';
    await whenNobodyIsConnected(() => client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`));
  });
  return { url: withDatabase(server, name), drop: () => dropDatabase(server, name) };
}

/** The same server, another database. Works on the text, because `postgresql://user@/name` is no URL to Node. */
export function withDatabase(url: string, name: string): string {
  return url.replace(/^([a-z]+:\/\/[^/?]*)(\/[^?]*)?/, `$1/${name}`);
}

/** One maker at a time, across all jest workers: a template can't be copied twice at once. */
async function asMaker<T>(server: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await connect(server);
  try {
    // The lock is gone with the connection, however the work ends.
    await client.query('SELECT pg_advisory_lock($1)', [MAKING_LOCK]);
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Migrated under another name first, so that a migration that fails leaves no template that looks finished. */
async function migratedTemplate(client: Client, server: string, run: string): Promise<string> {
  const template = `${run}_template`;
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [template]);
  if (rowCount === 1) return template;

  const unfinished = `${template}_unfinished`;
  await client.query(`DROP DATABASE IF EXISTS ${unfinished} WITH (FORCE)`);
  await client.query(`CREATE DATABASE ${unfinished} TEMPLATE template0`);
  await migrate(withDatabase(server, unfinished));
  await whenNobodyIsConnected(() => client.query(`ALTER DATABASE ${unfinished} RENAME TO ${template}`));
  return template;
}

/** A connection that was closed may take a moment to be gone from the server. */
async function whenNobodyIsConnected(work: () => Promise<unknown>): Promise<void> {
  for (let triesLeft = 5; ; triesLeft--) {
    try {
      await work();
      return;
    } catch (error) {
      // PostgreSQL has waited five seconds before it answers so.
      if ((error as { code?: string }).code !== OBJECT_IN_USE || triesLeft === 0) throw error;
    }
  }
}

async function dropDatabase(server: string, name: string): Promise<void> {
  const client = await connect(server);
  try {
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  } finally {
    await client.end();
  }
}
