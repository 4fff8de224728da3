import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { build, SERVER_PROGRAM } from '../stories/demo-program';
import { createTestDatabase, type TestDatabase, withDatabase } from '../support/postgres';

/** The program itself, started as an operator starts it. */
const LONG_MS = 120_000;
const LOOK_EVERY_MS = 20;

let database: TestDatabase;
let folder: string;
const running: ChildProcess[] = [];

beforeAll(async () => {
  await build();
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'weir-start-'));
}, LONG_MS);
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

interface Program {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

function start(settings: Record<string, string>): Program {
  const child = spawn(process.execPath, [SERVER_PROGRAM], {
    cwd: folder,
    env: { PATH: process.env.PATH, WEIR_PORT: '0', DATABASE_URL: database.url, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return { child, ended: once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr })) };
}

async function ready(program: Program, file: string): Promise<{ url: string; apiKey?: string }> {
  for (;;) {
    const text = await readFile(file, 'utf8').catch(() => null);
    if (text !== null) return JSON.parse(text) as { url: string; apiKey?: string };
    if (program.child.exitCode !== null) throw new Error((await program.ended).stderr);
    await new Promise((soon) => setTimeout(soon, LOOK_EVERY_MS));
  }
}

async function listening(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>((there) => server.listen(0, '127.0.0.1', there));
  return { server, port: (server.address() as AddressInfo).port };
}

/** Ends with a code other than 0, and one line on standard error. */
async function expectRefused(settings: Record<string, string>, says: RegExp): Promise<void> {
  const { code, stdout, stderr } = await start(settings).ended;
  expect(stderr).toMatch(/^weir: [^\n]+\n$/);
  expect(stderr).toMatch(says);
  expect(stdout).toBe('');
  expect(code).toBe(1);
}

describe('a start that cannot succeed says why in one line', () => {
  it.each`
    what                               | settings                                                                  | says
    ${'an unknown setting'}            | ${{ WEIR_PROT: '1' }}                                                     | ${/Unknown setting WEIR_PROT \(did you mean WEIR_PORT\?\)/}
    ${'a port that is none'}           | ${{ WEIR_PORT: '70000' }}                                                 | ${/WEIR_PORT must be a whole number from 0 to 65535/}
    ${'a host that is not known'}      | ${{ DATABASE_URL: 'postgres://weir@no-such-host.invalid/weir' }}          | ${/Can't reach PostgreSQL at no-such-host\.invalid\/weir: the host name (is not known|could not be looked up)\. Check DATABASE_URL/}
    ${'a socket that is not there'}    | ${{ DATABASE_URL: 'postgres://weir@localhost/weir?host=/no/such/place' }} | ${/Can't reach PostgreSQL at \/no\/such\/place\/weir: there is no such socket/}
    ${'an address of another machine'} | ${{ WEIR_HOST: '192.0.2.1' }}                                             | ${/192\.0\.2\.1 is not an address of this machine: set WEIR_HOST/}
  `(
    '$what',
    async ({ settings, says }: { settings: Record<string, string>; says: RegExp }) => {
      await expectRefused(settings, says);
    },
    LONG_MS,
  );

  it(
    'a port where nothing listens as a database',
    async () => {
      const { server, port } = await listening();
      await new Promise((closed) => server.close(closed));
      await expectRefused(
        { DATABASE_URL: `postgres://weir:secret@127.0.0.1:${port}/weir` },
        new RegExp(
          `Can't reach PostgreSQL at 127\\.0\\.0\\.1:${port}/weir: nothing listens there\\. Check DATABASE_URL`,
        ),
      );
    },
    LONG_MS,
  );

  it(
    'a taken port',
    async () => {
      const { server, port } = await listening();
      try {
        await expectRefused(
          { WEIR_PORT: String(port) },
          new RegExp(`Port ${port} on 127\\.0\\.0\\.1 is taken: .+WEIR_PORT`),
        );
      } finally {
        await new Promise((closed) => server.close(closed));
      }
    },
    LONG_MS,
  );

  it(
    'a database that is not there',
    async () => {
      await expectRefused({ DATABASE_URL: withDatabase(database.url, 'no_such_database') }, /it has no such database/);
    },
    LONG_MS,
  );

  it(
    'a user that is not known',
    async () => {
      const url = database.url.replace(/\/\/[^@/]*@/, '//nobody_of_this_name@');
      await expectRefused({ DATABASE_URL: url }, /it does not let this user in|the password is wrong/);
    },
    LONG_MS,
  );

  it(
    'a database of a newer Weir',
    async () => {
      const newer = await createTestDatabase();
      const client = new Client({ connectionString: newer.url });
      await client.connect();
      await client.query(
        `INSERT INTO migration (timestamp, name) VALUES (9999999999999, 'AddTeleportation9999999999999')`,
      );
      await client.end();
      await expectRefused({ DATABASE_URL: newer.url }, /migrated by a newer Weir \(AddTeleportation9999999999999\)/);
      await newer.drop();
    },
    LONG_MS,
  );
});

describe('SIGTERM while requests are under way', () => {
  it(
    'answers them, ends with 0, and the next start has the data and prints no key',
    async () => {
      const file = join(folder, 'ready-1.json');
      const first = start({ WEIR_READY_FILE: file, WEIR_LOG_LEVEL: 'warn' });
      const { url, apiKey } = await ready(first, file);
      const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
      const post = (path: string, body: unknown): Promise<Response> =>
        fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
      expect((await post('/v1/customers', { key: 'ada', name: 'Ada' })).status).toBe(201);

      // Ingest is held up, so that requests are really under way when the signal comes.
      const client = new Client({ connectionString: database.url });
      await client.connect();
      await client.query('BEGIN');
      await client.query('LOCK TABLE event IN ACCESS EXCLUSIVE MODE');
      const asked = Array.from({ length: 20 }, (_, index) =>
        post('/v1/events', { id: `drain-${index}`, type: 't', customer: 'ada' }),
      );
      await untilWaiting(client, 1);
      first.child.kill('SIGTERM');
      await expect(refusesConnections(url)).resolves.toBe(true);
      await client.query('COMMIT');

      const answers = await Promise.all(
        asked.map((answer) =>
          answer.then(
            ({ status }) => status,
            () => 0,
          ),
        ),
      );
      const { code, stdout, stderr } = await first.ended;
      expect(code).toBe(0);
      expect(stderr).toBe('');
      expect(stdout).toContain(String(apiKey));
      // Those that had reached the server before the signal are answered and stored; none is stored unanswered.
      const accepted = answers.filter((status) => status === 200).length;
      expect(accepted).toBeGreaterThan(0);
      const { rows } = await client.query<{ stored: number }>('SELECT count(*)::int AS stored FROM event');
      expect(rows[0]!.stored).toBe(accepted);
      expect(new Set(answers.filter((status) => status !== 200 && status !== 503 && status !== 0))).toEqual(new Set());
      await client.end();

      const again = join(folder, 'ready-2.json');
      const second = start({ WEIR_READY_FILE: again, WEIR_LOG_LEVEL: 'warn' });
      const restarted = await ready(second, again);
      expect(restarted.apiKey).toBeUndefined();
      const customer = await fetch(`${restarted.url}/v1/customers/ada`, { headers });
      expect(customer.status).toBe(200);
      second.child.kill('SIGTERM');
      const end = await second.ended;
      expect(end).toMatchObject({ code: 0, stderr: '' });
      expect(end.stdout).not.toContain('weir_');
    },
    LONG_MS,
  );
});

async function untilWaiting(client: Client, backends: number): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ waiting: number }>(
      `SELECT count(*)::int AS waiting FROM pg_locks WHERE NOT granted AND relation = 'event'::regclass`,
    );
    if (rows[0]!.waiting >= backends) return;
    await new Promise((soon) => setTimeout(soon, LOOK_EVERY_MS));
  }
}

/** Waits until the server takes no more connections. */
async function refusesConnections(url: string): Promise<boolean> {
  for (;;) {
    const answer = await fetch(`${url}/healthz`).catch(() => null);
    if (answer === null || answer.status === 503) return true;
    await new Promise((soon) => setTimeout(soon, LOOK_EVERY_MS));
  }
}
