import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startTestServer, type TestServer } from '../support/server';

const run = promisify(execFile);
const ROOT = join(__dirname, '../..');
/** Pages whose commands are run. One that doesn't define `post` and `get` itself uses the README's. */
const PAGES = [
  'README.md',
  'docs/quick-start.md',
  'docs/meters.md',
  'docs/usage.md',
  'docs/changing-meters.md',
  'docs/cloudevents.md',
  'docs/openmeter.md',
  'docs/opentelemetry.md',
  'docs/attribution.md',
  'docs/price-book.md',
  'docs/provider-usage.md',
  'docs/exchange-rates.md',
  'docs/plans.md',
  'docs/preview.md',
  'docs/corrections.md',
  'docs/recosting.md',
  'docs/simulations.md',
  'docs/taxes.md',
  'docs/one-off-invoices.md',
  'docs/documents.md',
  'docs/audit-log.md',
  'docs/caps.md',
  'docs/prepaid-credit.md',
  'docs/runaway-agents.md',
];
const FUNCTIONS = 'post() {';
const BETWEEN_BLOCKS = '=== the next block ===';

/** A block of shell commands of a page, and the answer that is shown below it, if any. */
interface Step {
  readonly commands: string;
  shown: unknown;
}

/** What a page tells its reader to type, but for what installs or starts something or has a placeholder for the key. */
function stepsOf(page: string): { steps: Step[]; programs: string[] } {
  const steps: Step[] = [];
  const programs: string[] = [];
  for (const [, language, text] of readFileSync(join(ROOT, page), 'utf8').matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)) {
    if (language === 'sh' && !/\bnpm\b|weir_…/.test(text!)) steps.push({ commands: text!, shown: undefined });
    if (language === 'json') steps.at(-1)!.shown = JSON.parse(text!);
    if (language === 'js') programs.push(text!);
  }
  return { steps, programs };
}

function readmeFunctions(): Step {
  return stepsOf('README.md').steps.find(({ commands }) => commands.includes(FUNCTIONS))!;
}

/** Runs the blocks in one shell, as a reader does. @returns the last line that each printed */
async function type(steps: readonly Step[], server: TestServer): Promise<string[]> {
  const script = steps.map(({ commands }) => commands).join(`\necho '${BETWEEN_BLOCKS}'\n`);
  const environment = { ...process.env, WEIR: server.url, KEY: server.apiKey };
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', script], { env: environment });
  return stdout.split(`${BETWEEN_BLOCKS}\n`).map((output) => output.trim().split('\n').at(-1)!);
}

function canType(): boolean {
  try {
    execFileSync('bash', ['-c', 'curl --version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const describeWithShell = canType() ? describe : describe.skip;

describeWithShell('what the pages tell a newcomer to type (skipped without bash and curl)', () => {
  let server: TestServer;

  beforeEach(async () => {
    server = await startTestServer();
  });
  afterEach(() => server.stop());

  it.each(PAGES)('%s: every command works and answers what is shown', async (page) => {
    const { steps: own, programs } = stepsOf(page);
    const steps = own.some(({ commands }) => commands.includes(FUNCTIONS)) ? own : [readmeFunctions(), ...own];
    expect(steps.some(({ shown }) => shown !== undefined)).toBe(true);

    const answers = await type(steps, server);
    for (const [index, { commands, shown }] of steps.entries()) {
      if (shown === undefined) continue;
      const answer: unknown = JSON.parse(answers[index]!);
      expect({ commands, answer }).toMatchObject({ commands, answer: shown });
    }

    for (const program of programs) {
      // A program that has an answer shows it; one of another's client has none, and fails if that does.
      const answers = program.includes('const answer =');
      const all = answers ? `${program}\nconsole.log(answer.status, await answer.text());` : program;
      const { stdout } = await run(process.execPath, ['--input-type=module', '-e', all], {
        cwd: ROOT,
        env: { ...process.env, WEIR: server.url, KEY: server.apiKey },
      });
      if (answers) expect(stdout).toContain('200 {"accepted":1,"duplicates":0,"rejected":0');
    }
  });
});
