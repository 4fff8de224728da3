import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type DemoServer, startServer } from '../../src/demo/server';
import { traceText } from '../../src/demo/trace';
import { makeWorkload } from '../../src/demo/workload';
import { build, type FinishedDemo, ROOT, SERVER_PROGRAM, startDemo } from './demo-program';
import { recompute } from './recompute-trace';

/**
 * The main job end to end: the built demo starts the built server, and what it writes equals what a few lines of whole
 * numbers make of the same CSV.
 */
const AZURE_TRACE = join(ROOT, '../shared/data/azure_llm_2023_conv.csv.gz');
const STORY_MS = 180_000;

interface DemoJson {
  readonly events: { sent: number; accepted: number; duplicates: number };
  readonly customers: {
    key: string;
    cost: string;
    revenue: string;
    margin: string;
    invoice: {
      number: string;
      currency: string;
      total: string;
      lines: { description: string; quantity: string; amount: string }[];
    };
  }[];
}

let folder: string;
let temporary: string;
beforeAll(async () => {
  await build();
}, STORY_MS);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-story-'));
  temporary = mkdtempSync(join(tmpdir(), 'weir-story-tmp-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(temporary, { recursive: true, force: true });
});

const file = (name: string, content: string | Buffer) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as DemoJson;
const run = (...args: string[]): Promise<FinishedDemo> => startDemo(args, folder, temporary).finished;

/** The same decimal in its shortest text: "20.00" and "20" say the same. */
const shortest = (decimal: string) => (decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal);
const cents = (amount: string) => BigInt(amount.replace(/^(\d+)\.(\d\d)$/, '$1$2'));

function expectRecomputed(result: DemoJson, csv: string, rows?: number): void {
  const expected = recompute(csv, rows);
  expect(result.events.sent).toBe(expected.events);
  expect(
    result.customers.map(({ key, cost, revenue, margin, invoice }) => ({
      key,
      cost: shortest(cost),
      revenue: shortest(revenue),
      margin: shortest(margin),
      total: invoice.total,
      lines: invoice.lines.map(({ quantity, amount }) => ({ quantity: shortest(quantity), amount })),
    })),
  ).toEqual(
    expected.customers.map(({ lines, ...figures }) => ({
      ...figures,
      lines: lines.map(({ quantity, amount }) => ({ quantity, amount })),
    })),
  );
  for (const { invoice } of result.customers) {
    expect(invoice.currency).toBe('USD');
    expect(invoice.number).toMatch(/^[A-Z]+-\d{6}$/);
    const ofLines = invoice.lines.reduce((total, { amount }) => total + cents(amount), 0n);
    expect(ofLines).toBe(cents(invoice.total));
  }
}

/** One line on standard error after the steps, no result, and nothing left behind. */
function expectRefusal({ code, stdout, stderr }: FinishedDemo, says: string): void {
  expect(code).toBe(2);
  expect(stdout).toBe('');
  const complaints = stderr.split('\n').filter((line) => line.startsWith('demo: '));
  expect(complaints).toHaveLength(1);
  expect(complaints[0]).toContain(says);
  expect(stderr.trimEnd().endsWith(complaints[0]!)).toBe(true);
  expect(stderr).not.toMatch(/^server/m);
  expect(readdirSync(temporary)).toEqual([]);
}

describe('the demo on its own server', () => {
  it(
    'bills a generated trace to the last digit, tells it in words, and leaves nothing behind',
    async () => {
      const csv = traceText(makeWorkload(12_000, 11));
      const trace = file('trace.csv.gz', gzipSync(csv));
      const { code, stdout, stderr } = await run('--trace', trace, '--json', 'out.json');

      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('12,800 accepted, 0 duplicates') });
      const result = readJson(join(folder, 'out.json'));
      expect(result.events).toEqual({ sent: 12_800, accepted: 12_800, duplicates: 0 });
      expectRecomputed(result, csv);
      for (const { key, cost, invoice } of result.customers) {
        expect(stdout).toContain(key);
        expect(stdout).toContain(cost);
        expect(stdout).toContain(invoice.number);
        expect(stdout).toContain(`USD ${invoice.total}`);
      }
      expect(stdout.match(/explained/g)).toHaveLength(3);
      expect(stdout.match(/row-0000\d\d/g)!.length).toBeGreaterThanOrEqual(6);
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
      expect(readdirSync(temporary)).toEqual([]);
    },
    STORY_MS,
  );

  it(
    'bills three rows: no task is complete, nothing exceeds the allowance, the base fee is due all the same',
    async () => {
      const csv = 'TIMESTAMP,ContextTokens,GeneratedTokens\n' + '2024-02-29 23:59:59.9999999,1999,1\n'.repeat(3);
      const { code } = await run('--trace', file('three.csv', csv), '--json', 'out.json');
      expect(code).toBe(0);
      expectRecomputed(readJson(join(folder, 'out.json')), csv);
    },
    STORY_MS,
  );

  it(
    'makes up a workload that --save-trace lets anyone recompute; --keep leaves the server up until Ctrl-C, and --resume finds all events there already',
    async () => {
      const asked = ['--rows', '600', '--seed', '5', '--save-trace', 'made.csv'];
      const kept = startDemo([...asked, '--keep', '--json', 'first.json'], folder, temporary);
      const shown = await kept.shows('curl -H');
      const [, url, key] = /address +(\S+)[\s\S]*API key +(\S+)/.exec(shown)!;
      const answer = await fetch(`${url!}/v1/customers`, { headers: { authorization: `Bearer ${key!}` } });
      const { items } = (await answer.json()) as { items: { key: string }[] };
      expect(items.map((customer) => customer.key).sort()).toEqual(['hybrid', 'margin', 'outcome']);
      kept.kill('SIGINT');
      expect((await kept.finished).code).toBe(0);
      await expect(fetch(`${url!}/healthz`)).rejects.toThrow();

      const csv = readFileSync(join(folder, 'made.csv'), 'utf8');
      expect(csv).toBe(traceText(makeWorkload(600, 5)));
      expectRecomputed(readJson(join(folder, 'first.json')), csv);

      const again = await run(...asked, '--resume', '--json', 'second.json');
      expect(again.code).toBe(0);
      const [first, second] = ['first.json', 'second.json'].map((name) => readJson(join(folder, name)));
      expect(first!.events).toEqual({ sent: 640, accepted: 640, duplicates: 0 });
      expect(second!.events).toEqual({ sent: 640, accepted: 0, duplicates: 640 });
      expect(second!.customers).toEqual(first!.customers);
    },
    STORY_MS,
  );

  it(
    'Ctrl-C stops the server and removes its data',
    async () => {
      const demo = startDemo(['--rows', '500000'], folder, temporary);
      await demo.shows('catalog');
      demo.kill('SIGINT');
      const { code, stdout, stderr } = await demo.finished;
      expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
      expect(stderr).not.toContain('was killed');
      expect(readdirSync(temporary)).toEqual([]);
    },
    STORY_MS,
  );
});

describe('the demo on a server that runs already', () => {
  let server: DemoServer;
  let home: string;
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'weir-story-server-'));
    const never = new AbortController().signal;
    server = await startServer({ folder: home, signal: never, onLog: () => undefined, program: SERVER_PROGRAM });
  }, STORY_MS);
  afterAll(async () => {
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  }, STORY_MS);
  const onServer = () => ['--url', server.url, '--key', server.apiKey];

  it(
    'a second upload with the same ids changes nothing but the duplicates, and another workload is refused',
    async () => {
      const csv = traceText(makeWorkload(3_000, 3));
      const trace = file('trace.csv', csv);
      for (const name of ['first.json', 'second.json']) {
        expect(await run('--trace', trace, ...onServer(), '--json', name)).toMatchObject({ code: 0 });
      }
      const [first, second] = ['first.json', 'second.json'].map((name) => readJson(join(folder, name)));
      expectRecomputed(first!, csv);
      expect(first!.events).toEqual({ sent: 3_200, accepted: 3_200, duplicates: 0 });
      expect(second!.events).toEqual({ sent: 3_200, accepted: 0, duplicates: 3_200 });
      expect(second!.customers).toEqual(first!.customers);

      const other = await run('--rows', '600', '--seed', '4', ...onServer());
      expect(other).toMatchObject({ code: 1, stdout: '' });
      expect(other.stderr).toContain('the demo of another workload');
    },
    STORY_MS,
  );

  it(
    'a wrong key is refused in one line',
    async () => {
      const { code, stderr } = await run('--rows', '3', '--url', server.url, '--key', 'weir_wrong');
      expect(code).toBe(1);
      expect(stderr.split('\n').at(-2)).toMatch(/^demo: The server refused POST \/v1\/meters \(401 /);
    },
    STORY_MS,
  );
});

describe('the demo refuses in one line, before it starts anything,', () => {
  const HEADER = 'TIMESTAMP,ContextTokens,GeneratedTokens';
  it('an unknown flag', async () => {
    expectRefusal(await run('--trase', 'x'), "Unknown option '--trase'");
  });
  it('a bad row, with its line', async () => {
    const trace = file('bad.csv', `${HEADER}\n2023-11-16 18:15:46.68,374,44\n2023-11-16 18:15:47,many,44\n`);
    expectRefusal(await run('--trace', trace), 'line 3: ContextTokens must be a whole number');
  });
  it('a trace that is not there', async () => {
    expectRefusal(await run('--trace', 'absent.csv'), 'There is no file');
  });
  it('a trace longer than a month', async () => {
    const trace = file('long.csv', `${HEADER}\n2023-11-16 00:00:00,1,1\n2023-12-16 00:00:00,1,1\n`);
    expectRefusal(await run('--trace', trace), 'longer than the one month');
  });
  it('a JSON file in a folder that is not there', async () => {
    expectRefusal(await run('--json', 'absent/out.json'), 'can not be written');
  });
  it('--resume where nothing was kept', async () => {
    expectRefusal(await run('--resume'), 'run the demo with --keep first');
  });
});

const onAzureTrace = existsSync(AZURE_TRACE) ? describe : describe.skip;
onAzureTrace('the demo on the Azure conversation trace of 2023 (Patel et al., Splitwise, ISCA 2024; CC-BY 4.0)', () => {
  it(
    'bills all 19,366 requests to the last digit',
    async () => {
      const { code, stderr } = await run('--trace', AZURE_TRACE, '--json', 'out.json');
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('20,657 accepted, 0 duplicates') });
      const result = readJson(join(folder, 'out.json'));
      expect(result.events).toEqual({ sent: 20_657, accepted: 20_657, duplicates: 0 });
      expectRecomputed(result, gunzipSync(readFileSync(AZURE_TRACE)).toString());
    },
    STORY_MS,
  );
});
