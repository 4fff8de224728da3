import { Client } from 'pg';
import { type Clock, SystemClock } from '../../src/kernel';
import { EVERY_CUSTOMER_ID } from '../../src/metering';
import { createLogger } from '../../src/platform';
import { readSettings } from '../../src/platform/config';
import { startServer } from '../../src/server';
import { createTestDatabase } from './postgres';

/** The operator's key of every test server, for `POST /v1/organisations`. */
export const OPERATOR_KEY = 'operator-key-of-the-test-server';

/** What came back. `body` is the parsed JSON, whatever its shape; the text where it is none; undefined when empty. */
export interface Answer {
  readonly status: number;
  readonly body: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- a test says itself what it expects
  readonly headers: Headers;
}

export interface TestServer {
  readonly url: string;
  /** All scopes, in the organisation that the start made (or that `apiKey` of the options belongs to). */
  readonly apiKey: string;
  /** Connection string of the database's owner. */
  readonly databaseUrl: string;
  /** A JSON request as a client makes it. `key` null sends none. */
  api(method: string, path: string, body?: unknown, key?: string | null): Promise<Answer>;
  /** A request with everything but the address left to the test; the key is added unless there is one (or null). */
  send(path: string, init: RequestInit, key?: string | null): Promise<Answer>;
  /** SQL as the owner, past row-level security. */
  query<Row = Record<string, unknown>>(sql: string, parameters?: unknown[]): Promise<Row[]>;
  /** A further organisation and its first key. */
  organisation(name?: string): Promise<{ id: string; apiKey: string }>;
  /** How many rows each table has: equal before and after a request that must write nothing. Of usage: events counted. */
  rowCounts(): Promise<Record<string, number>>;
  /** Stops the server; drops the database when this start made it. Safe to repeat. */
  stop(): Promise<void>;
}

export interface TestServerOptions {
  /** For a second server on one database. The test that made the database drops it. */
  readonly databaseUrl?: string;
  /** Needed with a database that has an organisation already, since its key is not to be had again. */
  readonly apiKey?: string;
  readonly clock?: Clock;
}

/**
 * Weir in this process, on a free port and a database of its own.
 *
 * @param settings as in the environment, such as `{ WEIR_BODY_LIMIT: '1kb' }`
 */
export async function startTestServer(
  settings: Readonly<Record<string, string>> = {},
  options: TestServerOptions = {},
): Promise<TestServer> {
  const database = options.databaseUrl === undefined ? await createTestDatabase() : null;
  const databaseUrl = options.databaseUrl ?? database!.url;
  const allSettings = readSettings({
    WEIR_PORT: '0',
    WEIR_LOG_LEVEL: 'silent',
    WEIR_OPERATOR_KEY: OPERATOR_KEY,
    WEIR_DATABASE_POOL: '6',
    ...settings,
  });
  const server = await startServer({
    settings: allSettings,
    databaseUrl,
    clock: options.clock ?? new SystemClock(),
    logger: createLogger(allSettings.WEIR_LOG_LEVEL),
  }).catch(async (error: unknown) => {
    await database?.drop();
    throw error;
  });
  const apiKey = server.firstOrganisation?.apiKey ?? options.apiKey ?? '';

  const client = new Client({ connectionString: databaseUrl, application_name: 'weir-test' });
  client.on('error', () => undefined);
  await client.connect();
  let stopped: Promise<void> | undefined;

  async function send(path: string, init: RequestInit, key: string | null = apiKey): Promise<Answer> {
    const headers = new Headers(init.headers);
    if (key !== null && !headers.has('authorization')) headers.set('authorization', `Bearer ${key}`);
    const response = await fetch(`${server.url}${path}`, { ...init, headers });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : parsed(text), headers: response.headers };
  }

  async function api(method: string, path: string, body?: unknown, key: string | null = apiKey): Promise<Answer> {
    const content =
      body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    return send(path, { method, ...content }, key);
  }

  async function query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return (await client.query(sql, parameters)).rows as Row[];
  }

  return {
    url: server.url,
    apiKey,
    databaseUrl,
    api,
    send,
    query,
    organisation: async (name = 'Another organisation') => {
      const { status, body } = await api('POST', '/v1/organisations', { name }, OPERATOR_KEY);
      if (status !== 201) throw new Error(`No organisation was made: ${status} ${JSON.stringify(body)}`);
      return { id: body.id as string, apiKey: body.apiKey as string };
    },
    rowCounts: async () => {
      // Folding moves sums from one table to the other at any moment, and the pricing of pending costs notes when it looked.
      const tables = await query<{ name: string }>(
        `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
           AND relname NOT IN ('usage', 'usage_pending', 'pending_pricing') ORDER BY 1`,
      );
      const counts = [
        `(SELECT coalesce(sum(events), 0)::int FROM usage WHERE customer_id <> '${EVERY_CUSTOMER_ID}') +
         (SELECT coalesce(sum(each), 0)::int FROM usage_pending, unnest(events) AS each) AS usage`,
        ...tables.map(({ name }) => `(SELECT count(*)::int FROM "${name}") AS "${name}"`),
      ];
      return (await query<Record<string, number>>(`SELECT ${counts.join(', ')}`))[0]!;
    },
    stop: () =>
      (stopped ??= (async () => {
        await server.stop();
        await client.end();
        await database?.drop();
      })()),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
