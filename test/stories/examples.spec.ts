import { execFile, execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startTestServer, type TestServer } from '../support/server';

/** What is in `examples/`, run as its reader would. */
const FOLDER = join(__dirname, '../../examples');
const README = readFileSync(join(FOLDER, 'README.md'), 'utf8');

/** What README.md shows of their output, in its order. */
const SHOWN = [...README.matchAll(/```text\n([\s\S]*?)\n```/g)].map(([, text]) => text!.split('\n'));

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await server.api('POST', '/v1/customers', { key: 'acme', name: 'Acme' });
});
afterAll(() => server.stop());

/** @returns what it printed, line by line */
async function run(program: string, ...args: string[]): Promise<string[]> {
  const env = { ...process.env, WEIR: server.url, KEY: server.apiKey };
  const { stdout, stderr } = await promisify(execFile)(program, args, { cwd: FOLDER, env });
  expect(stderr).toBe('');
  return stdout.trimEnd().split('\n');
}
const node = (file: string) => run(process.execPath, file);

async function storedIn(source: string): Promise<number> {
  return (await server.query('SELECT 1 FROM event WHERE source = $1', [source])).length;
}

function canTypeShell(): boolean {
  try {
    execFileSync('sh', ['-c', 'curl --version && gzip --version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

it('README.md lists each file', () => {
  const files = readdirSync(FOLDER).filter((file) => file !== 'README.md');
  expect(files.filter((file) => !README.includes(`](${file})`))).toEqual([]);
});

it('opentelemetry.mjs: the request is costed, its tokens are counted once', async () => {
  expect(await node('opentelemetry.mjs')).toEqual([
    'gen_ai.invoke_agent: no cost of its own',
    'gen_ai.chat: 0.0049975',
  ]);
  expect(await storedIn('otel')).toBe(2);
});

it('openmeter.mjs: the retry counts once', async () => {
  expect(await node('openmeter.mjs')).toEqual(['ticket-4711-answer-1: 0.0049975 USD']);
  expect(await storedIn('support-desk')).toBe(1);
});

it('simulate.mjs: prints what README.md shows, the second time as well', async () => {
  expect(await node('simulate.mjs')).toEqual(SHOWN[1]);
  expect(await node('simulate.mjs')).toEqual(SHOWN[1]);
});

it('provider-usage.mjs: prints what README.md shows, the second time as well', async () => {
  expect(await node('provider-usage.mjs')).toEqual(SHOWN[0]);
  expect(await node('provider-usage.mjs')).toEqual(SHOWN[0]);
});

it('agent.mjs: the step that would pass the cap is not taken', async () => {
  expect(await node('agent.mjs')).toEqual([
    'step 1: done',
    'step 2: done',
    'step 3: done',
    "step 4: deny: The cap 'agent-example' has 0.005 USD left of 0.05; 0.02 were asked for.",
  ]);
});

(canTypeShell() ? it : it.skip)('agent.sh: the event settles the hold (skipped without curl)', async () => {
  expect(JSON.parse((await run('sh', 'agent.sh')).at(-1)!)).toMatchObject({ accepted: 1 });
  const { items } = (await server.api('GET', '/v1/holds?customer=acme&limit=1')).body;
  expect(items[0]).toMatchObject({ status: 'settled', booked: { cost: '0.015' } });
});

(canTypeShell() ? it : it.skip)('ndjson.sh: says which line was refused (skipped without curl and gzip)', async () => {
  const sent = await run('sh', 'ndjson.sh', 'events.ndjson');
  expect(sent.map((line) => JSON.parse(line) as unknown)).toEqual([
    expect.objectContaining({ line: 3, id: 'page-3', status: 'rejected', code: 'unknown_customer' }),
    { accepted: 3, duplicates: 0, rejected: 1, complete: true },
  ]);
  const again = await run('sh', 'ndjson.sh', 'events.ndjson');
  expect(JSON.parse(again.at(-1)!)).toMatchObject({ accepted: 0, duplicates: 3, rejected: 1 });
  expect(await storedIn('reader')).toBe(3);
});
