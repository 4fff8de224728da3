import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';

import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { transformFileSync } from '@swc/core';
import { Client } from 'pg';
import { StartupError } from '../startup-error';
import { isRunning } from './embedded-lock';
import { startEmbeddedPostgres } from './embedded-postgres';

const REPOSITORY = join(__dirname, '../../..');
const asRoot = process.getuid?.() === 0 ? it : it.skip;
const onLinux = process.platform === 'linux' ? it : it.skip;

/** The database is made once and handed from test to test: making one takes seconds, starting one does not. */
let base: string;
let directory: string;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'weir-embedded-'));
  chmodSync(base, 0o755);
  directory = join(base, 'data');
  compileFor(base);
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

const start = (more: Partial<Parameters<typeof startEmbeddedPostgres>[0]> = {}) =>
  startEmbeddedPostgres({ directory, fastButUnsafe: true, ...more });

const postmasterPid = (of = directory) =>
  Number(readFileSync(join(of, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]);

async function query<Row>(url: string, sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(sql);
    return rows as Row[];
  } finally {
    await client.end();
  }
}

describe('one data folder through its life', () => {
  it('is made on the first start, clearing away a half-made database', async () => {
    mkdirSync(join(directory, 'postgres.half-made-17/base'), { recursive: true });
    const remarks: string[] = [];
    const postgres = await start({ onLog: (line) => remarks.push(line) });

    const [row] = await query(
      postgres.url,
      `SELECT current_database() AS name, current_user AS who, current_setting('listen_addresses') AS tcp,
         pg_encoding_to_char(encoding) AS encoding, lower('ÉTÉ') AS lower, 'a' > 'B' AS by_code_point
       FROM pg_database WHERE datname = current_database()`,
    );
    expect(row).toEqual({
      name: 'weir',
      who: 'weir',
      tcp: '',
      encoding: 'UTF8',
      lower: 'été',
      by_code_point: true,
    });
    await query(postgres.url, 'CREATE TABLE kept (what text)');
    await query(postgres.url, `INSERT INTO kept VALUES ('before a clean stop')`);

    await postgres.stop();
    await postgres.stop();
    expect(await postgres.exited).toBe(0);
    expect(remarks).toEqual([`Made a PostgreSQL 18 database in ${directory}.`]);
    expect(existsSync(join(directory, 'postgres.half-made-17'))).toBe(false);
    expect(existsSync(join(directory, 'weir.lock'))).toBe(false);
    expect(existsSync(join(directory, 'socket'))).toBe(false);
  });

  it('keeps its data, is refused to a second start while in use, and keeps its log quiet about failed statements', async () => {
    const postgres = await start();
    try {
      expect(await query(postgres.url, 'SELECT what FROM kept')).toEqual([{ what: 'before a clean stop' }]);
      await expect(start()).rejects.toThrow(
        `The data folder ${directory} is in use by another Weir (process ${process.pid})`,
      );
      await expect(query(postgres.url, `SELECT 'a customer' / 0`)).rejects.toThrow();
      expect(readFileSync(join(directory, 'postgres.log'), 'utf8')).not.toContain('a customer');
    } finally {
      await postgres.stop();
    }
  });

  it('answers with the reason PostgreSQL gives when it does not start, and is free again', async () => {
    const refused = start({ settings: { no_such_setting: '1' } });
    await expect(refused).rejects.toThrow(StartupError);
    await expect(refused).rejects.toThrow(/did not start: unrecognized configuration parameter "no_such_setting"/);
    expect(existsSync(join(directory, 'weir.lock'))).toBe(false);
  });

  it('resolves `exited` when PostgreSQL dies under us, and starts again after that', async () => {
    const postgres = await start();
    process.kill(postmasterPid(), 'SIGKILL');
    expect(await postgres.exited).toBeNull();
    await postgres.stop();
    await (await start()).stop();
  });

  it('survives a number in postmaster.pid that another program has got since', async () => {
    writeFileSync(join(directory, 'postgres/postmaster.pid'), `${process.pid}\n${join(directory, 'postgres')}\n`);
    await (await start()).stop();
  });

  it('takes over from a Weir that was killed and left its PostgreSQL running', async () => {
    // Without setpriv in its PATH, nobody tells PostgreSQL that its Weir died.
    const weir = await startWeir({ PATH: '/nonexistent' });
    const orphan = postmasterPid();
    weir.kill('SIGKILL');
    await once(weir, 'exit');
    await sleep(200);
    expect(isRunning(orphan)).toBe(true);

    const remarks: string[] = [];
    const postgres = await start({ onLog: (line) => remarks.push(line) });
    expect(isRunning(orphan)).toBe(false);
    expect(remarks).toEqual([`Stopping the PostgreSQL (process ${orphan}) that a killed Weir left behind.`]);
    expect(await query(postgres.url, 'SELECT what FROM kept')).toContainEqual({ what: `by Weir ${weir.pid}` });
    await postgres.stop();
  });

  onLinux('has no PostgreSQL left after its Weir was killed, where setpriv is at hand', async () => {
    const weir = await startWeir();
    const left = postmasterPid();
    weir.kill('SIGKILL');
    for (let tries = 0; tries < 300 && isRunning(left); tries++) await sleep(50);
    expect(isRunning(left)).toBe(false);
  });

  it('recovers when both were killed, with all that was committed', async () => {
    const weir = await startWeir();
    process.kill(postmasterPid(), 'SIGKILL');
    weir.kill('SIGKILL');
    await once(weir, 'exit');

    const postgres = await start();
    expect(await query(postgres.url, 'SELECT what FROM kept')).toContainEqual({ what: `by Weir ${weir.pid}` });
    await postgres.stop();
  });

  it('has no PostgreSQL left after a Weir that ends without stopping it', async () => {
    const weir = await startWeir({}, 'process.exit(3)');
    const left = postmasterPid();
    weir.stdin!.end();
    const [code] = (await once(weir, 'exit')) as [number];
    expect(code).toBe(3);
    for (let tries = 0; tries < 300 && isRunning(left); tries++) await sleep(50);
    expect(isRunning(left)).toBe(false);
    expect(existsSync(join(directory, 'weir.lock'))).toBe(false);
  });

  it('leaves Ctrl-C to Weir: PostgreSQL is in a session of its own', async () => {
    const postgres = await start();
    const session = (pid: number | string) =>
      execFileSync('ps', ['-o', 'sess=', '-p', String(pid)], { encoding: 'utf8' });
    expect(session(postmasterPid())).not.toBe(session(process.pid));
    await postgres.stop();
  });

  it('listens among the temporary files when its path is too long for a socket', async () => {
    const long = join(base, 'a'.repeat(120));
    renameSync(directory, long);
    try {
      const postgres = await start({ directory: long });
      const socket = new URL(postgres.url.replace('@/', '@host/')).searchParams.get('host')!;
      expect(dirname(socket)).toBe(tmpdir());
      expect(statSync(socket).mode & 0o777).toBe(0o700);
      expect(await query(postgres.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await postgres.stop();
      expect(existsSync(socket)).toBe(false);
    } finally {
      renameSync(long, directory);
    }
  });

  it('is refused when another version of PostgreSQL made it', async () => {
    const file = join(directory, 'postgres/PG_VERSION');
    const version = readFileSync(file, 'utf8');
    writeFileSync(file, '17\n');
    await expect(start()).rejects.toThrow(
      `The data folder ${directory} was made by PostgreSQL 17, and this Weir brings 18: start the Weir that made it`,
    );
    writeFileSync(file, version);
  });
});

describe('a folder that can not be used', () => {
  it.each`
    path               | reason                            | because
    ${'file'}          | ${'a file is in its place'}       | ${'it is a file'}
    ${'file/below'}    | ${'a part of its path is a file'} | ${'it is below a file'}
    ${'b'.repeat(300)} | ${'its path is too long'}         | ${'no file system takes the name'}
    ${'other'}         | ${'not a PostgreSQL data folder'} | ${'its postgres/ holds something else'}
  `('is refused in one line: $because', async ({ path, reason }: { path: string; reason: string }) => {
    writeFileSync(join(base, 'file'), '');
    mkdirSync(join(base, 'other/postgres/photos'), { recursive: true });
    const refused = startEmbeddedPostgres({ directory: join(base, path), fastButUnsafe: true });
    await expect(refused).rejects.toThrow(StartupError);
    await expect(refused).rejects.toThrow(reason);
    await expect(refused).rejects.toThrow(/^[^\n]*WEIR_DATA_DIR[^\n]*$/);
  });
});

describe('as root', () => {
  asRoot('runs as an account that can not reach the data folder, with just the right to pass', async () => {
    const closed = mkdtempSync(join(base, 'closed-'));
    const remarks: string[] = [];
    const postgres = await startEmbeddedPostgres({
      directory: join(closed, 'data'),
      fastButUnsafe: true,
      onLog: (line) => remarks.push(line),
    });
    const status = readFileSync(`/proc/${postmasterPid(join(closed, 'data'))}/status`, 'utf8');
    await postgres.stop();

    expect(statSync(closed).mode & 0o777).toBe(0o700);
    expect(status).not.toMatch(/^Uid:\s+0/m);
    expect(status).toMatch(/^CapEff:\s+0000000000000004$/m); // CAP_DAC_READ_SEARCH alone
    expect(remarks[0]).toContain('with the capability dac_read_search');
  });

  asRoot('says what to do where setpriv is missing and the account can not reach the folder', async () => {
    const closed = mkdtempSync(join(base, 'closed-'));
    const { PATH } = process.env;
    process.env.PATH = dirname(execFileSync('sh', ['-c', 'command -v id'], { encoding: 'utf8' }));
    const tools = mkdtempSync(join(base, 'tools-'));
    symlinkSync(join(process.env.PATH, 'id'), join(tools, 'id'));
    process.env.PATH = tools;
    try {
      await expect(startEmbeddedPostgres({ directory: join(closed, 'data'), fastButUnsafe: true })).rejects.toThrow(
        /^PostgreSQL does not run as root, and user \d+ can't reach [^\n]* set WEIR_DATA_DIR to a folder that user can reach[^\n]*$/,
      );
    } finally {
      process.env.PATH = PATH;
    }
  });

  asRoot("leaves an ordinary user's database to that user, who is not let near root's", async () => {
    const theirs = mkdtempSync(join(base, 'theirs-'));
    execFileSync('chown', ['nobody', theirs]);
    const nobody = Number(execFileSync('id', ['-u', 'nobody'], { encoding: 'utf8' }));

    const stopped = await startWeir({}, '', { directory: theirs, uid: nobody });
    stopped.kill('SIGKILL');
    await once(stopped, 'exit');
    await (await startEmbeddedPostgres({ directory: theirs, fastButUnsafe: true })).stop();
    const again = await startWeir({}, 'process.exit()', { directory: theirs, uid: nobody });
    again.stdin!.end();
    await once(again, 'exit');
    expect(statSync(join(theirs, 'postgres')).uid).toBe(nobody);

    await expect(startWeir({}, '', { directory, uid: nobody })).rejects.toThrow(
      /The data folder \S+ can't be used: this user may not write there|belongs to user \d+, and Weir runs as user/,
    );
  });
});

/** Compiles the launcher, so that a plain Node process (and an ordinary user) can run it. */
function compileFor(folder: string): void {
  const database = 'src/platform/database';
  const sources = readdirSync(join(REPOSITORY, database))
    .filter((file) => file.startsWith('embedded-') && !file.endsWith('.spec.ts'))
    .map((file) => join(database, file));
  for (const source of [...sources, 'src/platform/startup-error.ts']) {
    const output = join(folder, 'dist', source.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(output), { recursive: true });
    writeFileSync(output, transformFileSync(join(REPOSITORY, source), { cwd: REPOSITORY }).code);
  }
  symlinkSync(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'));
}

/**
 * A Node process that starts the embedded PostgreSQL, commits a row that names it, and waits.
 *
 * @param onEnd what it runs when its standard input ends
 */
async function startWeir(
  environment: Record<string, string> = {},
  onEnd = '',
  as: { directory: string; uid?: number } = { directory },
): Promise<ChildProcess> {
  const program = `
    const { startEmbeddedPostgres } = require('./dist/src/platform/database/embedded-postgres.js');
    const { Client } = require('pg');
    startEmbeddedPostgres({ directory: process.argv[1] }).then(async ({ url }) => {
      const client = new Client({ connectionString: url });
      client.on('error', () => undefined);
      await client.connect();
      await client.query('CREATE TABLE IF NOT EXISTS kept (what text)');
      await client.query('INSERT INTO kept VALUES ($1)', ['by Weir ' + process.pid]);
      process.stdin.resume().on('end', () => { ${onEnd} });
      console.log('ready');
    }, (error) => console.log(error.message));`;
  const child = spawn(process.execPath, ['-e', program, as.directory], {
    cwd: base,
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(as.uid === undefined ? {} : { uid: as.uid }),
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  if (line !== 'ready') {
    child.kill();
    throw new Error(line);
  }
  return child;
}
