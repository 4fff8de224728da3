import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build, ROOT } from './demo-program';

const STORY_MS = 180_000;
const PROGRAM = join(ROOT, 'dist/src/demo/caps/main.js');

let temporary: string;
beforeAll(async () => {
  await build();
  temporary = mkdtempSync(join(tmpdir(), 'weir-caps-demo-'));
}, STORY_MS);
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

/** The program itself stops with an error where the sums of events, holds and caps differ, or anything is still held. */
it(
  'npm run demo:caps: the loop is caught, the cap raised, the work finished, everything booked',
  async () => {
    const env = { ...process.env, TMPDIR: temporary };
    const { stdout } = await promisify(execFile)(process.execPath, ['--enable-source-maps', PROGRAM], { env });
    expect(stdout).toMatch(/weir +pause: The session is paused: 'search_flights' was called 4 times/);
    expect(stdout).toMatch(/operator +puts the date right and resumes the session/);
    expect(stdout).toMatch(/weir +pause: The cap 'acme-session' has \S+ USD left of 1/);
    expect(stdout).toContain('22 steps, 4 of them in the loop before it was caught.');
    // 22 requests of 14,000 to 31,000 tokens at 2.50 a million in and 10.00 out, added up by hand from the steps.
    expect(stdout).toContain('The events cost 1.35145 USD; the holds were booked with 1.35145 USD.');
    expect(stdout).toContain('acme-session: settled 1.35145, held 0');
    expect(stdout).toContain('acme-month: settled 1.35145, held 0');
  },
  STORY_MS,
);
