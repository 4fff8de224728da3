import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const ROOT = join(__dirname, '../..');
export const SERVER_PROGRAM = join(ROOT, 'dist/src/main.js');
const DEMO_PROGRAM = join(ROOT, 'dist/src/demo/main.js');

/** The stories run what users run, so they build first. A build beside another one, or under a running server, is safe. */
export async function build(): Promise<void> {
  await promisify(execFile)(process.execPath, [join(ROOT, 'scripts/build.mjs')], { cwd: ROOT });
}

export interface FinishedDemo {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningDemo {
  readonly finished: Promise<FinishedDemo>;
  /** Waits until one of the streams shows the text; what it showed so far. */
  shows(text: string): Promise<string>;
  kill(signal: NodeJS.Signals): void;
}

/**
 * Starts the built demo as a terminal would, with a temporary folder of its own.
 *
 * @param cwd where it is typed
 * @param temporary where temporary files go, so that a story can see what is left of them
 */
export function startDemo(args: readonly string[], cwd: string, temporary: string): RunningDemo {
  const { INIT_CWD: _, ...env } = process.env;
  const child = spawn(process.execPath, ['--enable-source-maps', DEMO_PROGRAM, ...args], {
    cwd,
    env: { ...env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const finished = new Promise<FinishedDemo>((settle, reject) => {
    child.once('error', reject);
    child.once('close', (code) => settle({ code, stdout, stderr }));
  });
  let over = false;
  void finished.finally(() => (over = true)).catch(() => undefined);

  return {
    finished,
    kill: (signal) => void child.kill(signal),
    shows: async (text) => {
      while (!stdout.includes(text) && !stderr.includes(text)) {
        if (over) throw new Error(`The demo ended without showing '${text}':\n${stdout}\n${stderr}`);
        await new Promise((soon) => setTimeout(soon, 20));
      }
      return stdout + stderr;
    },
  };
}
