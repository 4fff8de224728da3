import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { startTestServer, type TestServer } from '../support/server';
import { build, ROOT } from './demo-program';

let server: TestServer;
let folder: string;

beforeAll(async () => {
  await build();
  server = await startTestServer({ WEIR_EVENT_MAX_AGE: '36500d' });
  for (const key of ['acme', 'globex']) await server.api('POST', '/v1/customers', { key, name: key });
  folder = await mkdtemp(join(tmpdir(), 'weir-import-'));
}, 60_000);
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `weir import` as a terminal would. */
function weirImport(args: readonly string[], onProgress?: (child: { kill(signal: NodeJS.Signals): void }) => void) {
  const { INIT_CWD: _, ...env } = process.env;
  const child = spawn(process.execPath, [join(ROOT, 'bin/weir.mjs'), 'import', ...args], {
    cwd: folder,
    env: { ...env, WEIR_URL: server.url, WEIR_KEY: server.apiKey },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  onProgress?.(child);
  return new Promise<Finished>((settle, reject) => {
    child.once('error', reject);
    child.once('close', (code) => settle({ code, stdout, stderr }));
  });
}

async function storedIn(source: string): Promise<number> {
  const [row] = await server.query<{ count: string }>('SELECT count(*) FROM event WHERE source = $1', [source]);
  return Number(row!.count);
}

const MAPPED = ['--map', 'customer=account', '--set', 'type=llm.request', '--map', 'data.input_tokens=tokens'];

it('imports a CSV with mapped columns, says which rows are refused, and counts nothing twice', async () => {
  const rows = ['when,account,tokens', '2023-11-16 18:17:03.9799600,acme,12', '2023-11-16 18:17:04,nobody,1'];
  await writeFile(join(folder, 'usage.csv'), [...rows, '2023-11-16 18:17:05,globex,-5', '2023-11-16 18:17:06,globex,7', ''].join('\n')); // prettier-ignore
  const args = ['usage.csv', ...MAPPED, '--map', 'time=when', '--rejects', 'bad.ndjson'];

  const rehearsed = await weirImport([...args, '--dry-run', '--json']);
  expect(rehearsed.code).toBe(3);
  const expected = {
    rows: 4,
    counts: { accepted: 2, duplicates: 0, rejected: 2 },
    refusals: expect.arrayContaining([
      expect.objectContaining({ code: 'unknown_customer', rows: 1, lines: [3] }),
      expect.objectContaining({ rows: 1, lines: [4] }),
    ]),
  };
  expect(JSON.parse(rehearsed.stdout)).toMatchObject({ ...expected, dryRun: true });
  expect(await storedIn('import:usage.csv')).toBe(0);

  const { code, stdout } = await weirImport(args);
  expect(code).toBe(3);
  expect(stdout).toContain('accepted  2');
  expect(stdout).toContain('unknown_customer (line 3)');
  const rejects = (await readFile(join(folder, 'bad.ndjson'), 'utf8')).trim().split('\n').map((text) => JSON.parse(text)); // prettier-ignore
  expect(rejects.map(({ line, event }) => [line, event.customer])).toEqual([[3, 'nobody'], [4, 'globex']]); // prettier-ignore

  const { body } = await server.api('GET', '/v1/events/line-2?source=import:usage.csv');
  expect(body).toMatchObject({ time: '2023-11-16T18:17:03.979960Z', data: { input_tokens: '12' } });

  const again = await weirImport([...args, '--create-customers', '--json']);
  expect(JSON.parse(again.stdout)).toMatchObject({ counts: { accepted: 1, duplicates: 2, rejected: 1 } });
  expect(await storedIn('import:usage.csv')).toBe(3);
}, 60_000);

it('goes on where a killed run stopped, and where a finished file has grown', async () => {
  const rows = Array.from({ length: 30_000 }, (_, n) => JSON.stringify({ account: 'acme', tokens: n % 7 }));
  const path = join(folder, 'log.ndjson');
  await writeFile(path, `${rows.join('\n')}\n`);
  const args = ['log.ndjson', ...MAPPED, '--batch', '100', '--json'];
  const checkpoint = `${path}.weir-import`;

  const killed = await weirImport(args, (child) => {
    const look = setInterval(() => {
      if (!existsSync(checkpoint)) return;
      clearInterval(look);
      child.kill('SIGKILL');
    }, 5);
    look.unref();
  });
  expect(killed.code).toBeNull();
  const stored = await storedIn('import:log.ndjson');
  expect(stored).toBeGreaterThan(0);

  const resumed = JSON.parse((await weirImport(args)).stdout);
  expect(resumed.resumedAfter).toBeGreaterThan(0);
  expect(resumed.rows).toBe(30_000);
  expect(resumed.counts).toMatchObject({ rejected: 0 });
  expect(await storedIn('import:log.ndjson')).toBe(30_000);

  await appendFile(path, `${JSON.stringify({ account: 'acme', tokens: 1 })}\n`);
  const grown = JSON.parse((await weirImport(args)).stdout);
  expect(grown).toMatchObject({ resumedAfter: 30_000, rows: 30_001 });
  expect(await storedIn('import:log.ndjson')).toBe(30_001);

  const [sum] = await server.query<{ sum: string }>(
    `SELECT sum((data::jsonb->>'input_tokens')::numeric) FROM event WHERE source = 'import:log.ndjson'`,
  );
  const expected = Array.from({ length: 30_000 }, (_, n) => n % 7).reduce((a, b) => a + b, 1);
  expect(Number(sum!.sum)).toBe(expected);
}, 120_000);

it('stops politely, says what is wrong in a line, and needs no file it can not read', async () => {
  await writeFile(join(folder, 'zipped.csv.gz'), gzipSync('account,tokens\nacme,1\n'));
  const slip = await weirImport(['zipped.csv.gz', '--map', 'customer=acount']);
  expect(slip).toMatchObject({ code: 2, stdout: '' });
  expect(slip.stderr).toContain("no column 'acount'");
  expect(slip.stderr.trim().split('\n')).toHaveLength(1);

  const fine = await weirImport(['zipped.csv.gz', ...MAPPED]);
  expect(fine.code).toBe(0);
  expect(await storedIn('import:zipped.csv')).toBe(1);

  const nobody = await weirImport(['zipped.csv.gz', ...MAPPED, '--key', 'weir_wrong', '--restart']);
  expect(nobody.code).toBe(1);
  expect(nobody.stderr).toContain('401');
}, 60_000);
