import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PlanDocument, readPlanFile } from '../../src/plans/plan-file';
import { startTestServer, type TestServer } from '../support/server';
import { build, ROOT } from './demo-program';

let server: TestServer;
let folder: string;
/** Of an organisation that each test has to itself. */
let apiKey: string;

beforeAll(async () => {
  await build();
  server = await startTestServer();
  folder = await mkdtemp(join(tmpdir(), 'weir-plans-'));
}, 60_000);
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  apiKey = (await server.organisation('Prices in a file')).apiKey;
});

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `weir plans` as a terminal would, in the folder of the files. */
function plans(args: readonly string[], stdin = '', more: Record<string, string> = {}): Promise<Finished> {
  const { INIT_CWD: _, ...env } = process.env;
  const child = spawn(process.execPath, [join(ROOT, 'bin/weir.mjs'), 'plans', ...args], {
    cwd: folder,
    env: { ...env, WEIR_URL: server.url, WEIR_KEY: apiKey, ...more },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.end(stdin);
  return new Promise((settle, reject) => {
    child.once('error', reject);
    child.once('close', (code) => settle({ code, stdout, stderr }));
  });
}

const FILE = `# Two plans that share a meter.
meters:
  - key: calls
    name: Calls
    eventType: api.call
    aggregation: count
plans:
  - key: small
    name: Small
    currency: USD
    interval: month
    prices: &prices
      - key: calls
        name: Calls
        meter: calls
        allowance: 1000
        charge: {model: unit, unitPrice: 0.10}
  - key: large
    name: Large
    currency: USD
    interval: month
    prices: *prices
    commitment: {amount: 1200.00, periods: 12}
`;

const file = (name: string, text: string) => writeFile(join(folder, name), text);

/** An export has everything in the order of keys; prices stay in the plan's, which decides. */
function byKey(document: PlanDocument): object {
  const sorted = (things: { key: string }[]) => things.toSorted((one, other) => (one.key < other.key ? -1 : 1));
  return Object.fromEntries(
    Object.entries(document).map(([name, things]) => [name, sorted(things as { key: string }[])]),
  );
}

describe('weir plans', () => {
  it('lists templates, and makes a file of one that can be applied, exported and applied again', async () => {
    const list = await plans(['templates']);
    expect(list).toMatchObject({ code: 0, stderr: '' });
    const names = list.stdout.split('\n').slice(2, -1).map((line) => line.split(' ')[0]!); // prettier-ignore
    expect(names).toHaveLength(3);

    for (const name of names) {
      ({ apiKey } = await server.organisation(name));
      const template = await plans(['templates', name]);
      await file('template.yaml', template.stdout);
      expect(await plans(['apply', 'template.yaml'])).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('\nDone: '),
      });

      expect(await plans(['export', 'export.yaml'])).toMatchObject({ code: 0, stdout: 'Written to export.yaml.\n' });
      const exported = await readFile(join(folder, 'export.yaml'), 'utf8');
      const documents = [template.stdout, exported].map((text) => byKey(readPlanFile(text, 'f').document));
      expect(documents[1]).toEqual(documents[0]);
      expect((await plans(['apply', 'export.yaml'])).stdout).toMatch(/^Nothing to change: \d+ there already\.\n$/);
      expect((await plans(['export'])).stdout).toBe(exported);
    }
  }, 120_000);

  it('shows what would change, changes nothing, then does it', async () => {
    await file('plans.yaml', FILE);
    const dry = await plans(['apply', 'plans.yaml', '--dry-run']);
    expect(dry).toMatchObject({ code: 0, stderr: '' });
    expect(dry.stdout).toMatch(/meter calls +made\nplan small +made as version 1\nplan large +made as version 1\n/);
    expect(dry.stdout).toContain('Dry run, nothing was changed. It would be: 3 made, 0 published');
    expect((await server.api('GET', '/v1/plans', undefined, apiKey)).body.items).toEqual([]);

    expect((await plans(['apply', 'plans.yaml'])).stdout).toContain('Done: 3 made, 0 published as a new version');
    await file('plans.yaml', FILE.replace('0.10', '0.12'));
    const changed = await plans(['apply', '-', '--dry-run'], FILE.replace('0.10', '0.12').replace('1200.00', '1500'));
    expect(changed.stdout).toMatch(/^plan large +published as version 2$/m);
    expect(changed.stdout).toMatch(/^ {2}prices\.calls\.charge\.unitPrice +0\.1 +0\.12$/m);
    expect(changed.stdout).toMatch(/^ {2}commitment\.amount +1200 +1500$/m);

    expect((await plans(['apply', 'plans.yaml'])).stdout).toContain(
      '0 made, 2 published as a new version, 1 unchanged',
    );
    const { body } = await server.api('GET', '/v1/plans/small', undefined, apiKey);
    expect(body).toMatchObject({ version: 2, prices: [{ allowance: '1000', charge: { unitPrice: '0.12' } }] });
  });

  it('keeps every digit on the way there and back', async () => {
    const digits = '0.123456789012';
    await file('plans.yaml', FILE.replace('0.10', digits).replace('1000', '900719925474099.3'));
    expect(await plans(['apply', 'plans.yaml'])).toMatchObject({ code: 0 });
    const { stdout } = await plans(['export']);
    expect(stdout).toContain(`unitPrice: "${digits}"`);
    expect(stdout).toContain('allowance: "900719925474099.3"');
  });

  it.each([['--dry-run'], ['']])(
    'tells the lines of what the server refuses, and nothing is done by halves %s',
    async (flag) => {
      await file('wrong.yaml', FILE.replace('large', 'bad key').replace('unitPrice: 0.10', 'unitPrice: -0.10'));
      const before = await server.rowCounts();
      const refused = await plans(['apply', 'wrong.yaml', flag].filter((each) => each !== ''));
      expect(refused).toMatchObject({ code: 2, stdout: '' });
      expect(refused.stderr).toMatch(/^wrong\.yaml:18: plans\[1\]\.key: /m);
      expect(refused.stderr).toMatch(/^plans: The server refused the file \(\w+\) for .+; nothing was changed\.$/m);
      expect(await server.rowCounts()).toEqual(before);

      await file(
        'wrong.yaml',
        FILE.replace('interval: month\n    prices: *prices', 'interval: month\n    minimum: -1\n    prices: *prices'),
      );
      const second = await plans(['apply', 'wrong.yaml', flag].filter((each) => each !== ''));
      expect(second.stderr).toMatch(/^wrong\.yaml:22: plans\[1\]\.minimum: /m);
      expect(await server.rowCounts()).toEqual(before);
    },
  );

  it.each([
    ['a file that isn’t there', ['apply', 'none.yaml'], {}, 2, /none\.yaml can not be read/],
    ['a file that isn’t YAML', ['apply', '-'], {}, 2, /^plans: -:1: /],
    ['a file that says more than plans', ['apply', 'more.yaml'], {}, 2, /^plans: more\.yaml:2: 'dryRun' is none of /],
    ['a key that isn’t known', ['export'], { WEIR_KEY: 'weir_no' }, 2, /401/],
    ['a template that isn’t there', ['templates', 'none'], {}, 2, /There is no template 'none'; there are /],
    ['no command', [], {}, 2, /Say what to do/],
    ['a server that isn’t there', ['export'], { WEIR_URL: 'http://127.0.0.1:1' }, 1, /does not answer/],
  ])('says what is wrong with %s', async (_, args, env, code, says) => {
    await file('more.yaml', 'plans: []\ndryRun: false\n');
    expect(await plans(args, 'a: [', env)).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(says) });
  });

  it('tells its flags', async () => {
    expect(await plans(['--help'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('npx weir plans apply FILE'),
    });
  });
});

/** A block of the page: a file to write, or commands with what they print. */
const BLOCK = /^```(yaml|console)\n(.*?)^```$/gms;

it('docs/plans-as-code.md shows what its commands print', async () => {
  const page = await readFile(join(ROOT, 'docs/plans-as-code.md'), 'utf8');
  let commands = 0;
  for (const [, kind, text = ''] of page.matchAll(BLOCK)) {
    if (kind === 'yaml') await file('plans.yaml', text);
    for (const [, command = '', shown] of text.matchAll(/^\$ npx weir plans (\w[^\n>#]*)\n((?:(?!\$ ).*\n)*)/gm)) {
      if (shown === '') continue;
      const { stdout, stderr } = await plans(command.trim().split(/ +/));
      expect({ command, shown: `${stderr}${stdout}` }).toEqual({ command, shown });
      commands += 1;
    }
  }
  expect(commands).toBe(7);
}, 60_000);
