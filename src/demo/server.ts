import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProgramError } from '../client';

/** The server's program, beside this one in the build. */
const SERVER_PROGRAM = join(__dirname, '..', 'main.js');
/** Making a database cluster takes some seconds, on a slow disk some more. */
const READY_WITHIN_MS = 120_000;
const STOPPED_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 50;
const LAST_WORDS_WITHIN_MS = 300;
/** Of what the server says on standard error, so much is kept to explain its end. */
const LOG_KEPT = 4_000;

/** A running server of the demo's own. */
export interface DemoServer {
  readonly url: string;
  readonly apiKey: string;
  readonly pid: number;
  /** Settles when the server's process ended, asked or not, with a sentence about it. Never rejects. */
  readonly ended: Promise<string>;
  /** Asks it to stop, waits, and kills it where it doesn't. Safe to call twice. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Holds the server's data in `data` and its key in `api-key`; is made where it is missing. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Lines the server logs (warnings and errors). */
  readonly onLog: (text: string) => void;
  /** A port to listen on; 0 takes a free one. */
  readonly port?: number;
  readonly program?: string;
}

/** A new folder for a server's data that nobody else can list. */
export async function makeTemporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-demo-'));
  // Started as root, PostgreSQL runs as another user, who has to pass through to its data.
  await chmod(folder, 0o711);
  return folder;
}

/**
 * Starts the real server on embedded PostgreSQL and waits until it is ready. Its settings are the demo's alone:
 * a DATABASE_URL or WEIR_… of the caller's environment is not passed on, so no demo event lands in a real database.
 *
 * @throws ProgramError with the server's own last line when it ends before it is ready
 */
export async function startServer(options: StartOptions): Promise<DemoServer> {
  const { folder, signal, onLog, port = 0, program = SERVER_PROGRAM } = options;
  const hidden = join(folder, 'private');
  await mkdir(hidden, { recursive: true, mode: 0o700 });
  const readyFile = join(hidden, 'ready.json');
  await rm(readyFile, { force: true });
  signal.throwIfAborted();

  const child = spawn(process.execPath, ['--enable-source-maps', program], {
    env: {
      ...environmentWithoutSettings(),
      WEIR_PORT: String(port),
      WEIR_DATA_DIR: join(folder, 'data'),
      WEIR_EVENT_MAX_AGE: '36500d',
      WEIR_LOG_LEVEL: 'warn',
      WEIR_READY_FILE: readyFile,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
    // A group of its own: Ctrl-C in the terminal reaches the demo only, which then stops the server in order.
    detached: true,
  });
  const log = keepLog(child, onLog);
  const ended = endOf(child, log);
  const stop = stopper(child, ended, onLog);
  // Whatever ends this process, the server does not outlive it for long.
  const killAtExit = () => void stop();
  process.once('exit', killAtExit);
  void ended.then(() => process.off('exit', killAtExit));

  try {
    const ready = await readiness(readyFile, ended, signal);
    const apiKey = await keyOf(folder, hidden, ready.apiKey);
    return { url: ready.url, apiKey, pid: child.pid ?? 0, ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Ready {
  readonly url: string;
  readonly apiKey?: string;
}

async function readiness(readyFile: string, ended: Promise<string>, signal: AbortSignal): Promise<Ready> {
  const ends: string[] = [];
  void ended.then((why) => ends.push(why));
  const giveUpAt = performance.now() + READY_WITHIN_MS;
  while (performance.now() < giveUpAt) {
    signal.throwIfAborted();
    if (ends.length > 0) throw new ProgramError(`The server did not start. ${ends.join()}`);
    const ready = parseReady(await readFile(readyFile, 'utf8').catch(() => ''));
    if (ready !== null) return ready;
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
  throw new ProgramError(`The server was not ready within ${READY_WITHIN_MS / 1000} seconds.`);
}

/** The file's one line, or null while it is not written to its end. */
function parseReady(text: string): Ready | null {
  try {
    return JSON.parse(text) as Ready;
  } catch {
    return null;
  }
}

/** The server says its key on the first start only; for the later ones of a kept folder it is put by. */
async function keyOf(folder: string, hidden: string, fresh: string | undefined): Promise<string> {
  const file = join(hidden, 'api-key');
  if (fresh !== undefined) {
    await writeFile(file, fresh, { mode: 0o600 });
    return fresh;
  }
  const kept = await readFile(file, 'utf8').catch(() => null);
  if (kept !== null) return kept.trim();
  throw new ProgramError(`The key to the data in ${folder} is lost: remove that folder and start the demo again.`);
}

function environmentWithoutSettings(): NodeJS.ProcessEnv {
  const settings = /^(?:WEIR_|DATABASE_URL$|REDIS_URL$|PG)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !settings.test(name)));
}

function keepLog(child: ChildProcess, onLog: (text: string) => void): () => string {
  let kept = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    kept = (kept + text).slice(-LOG_KEPT);
    onLog(text);
  });
  return () => kept;
}

function endOf(child: ChildProcess, log: () => string): Promise<string> {
  return new Promise((settle) => {
    child.once('error', (error) => settle(`It can not be run: ${error.message}`));
    child.once('exit', (code, by) => {
      const tell = () => {
        const lastLine = log().split('\n').findLast(isSentence) ?? '';
        const how = by === null ? `exit code ${code ?? 'unknown'}` : `ended by ${by}`;
        settle(lastLine === '' ? `It said nothing (${how}).` : `It says: ${lastLine} (${how})`);
      };
      // Its last words may still be in the pipe; `close` comes after them, but never while a child of the server's
      // own (an orphaned PostgreSQL) holds the pipe open.
      child.once('close', tell);
      setTimeout(tell, LAST_WORDS_WITHIN_MS);
    });
  });
}

/** What a server says last may be where a fault happened; what happened stands above it. */
function isSentence(line: string): boolean {
  return line.trim() !== '' && !/^\s+at |^\s*}|^Node\.js v/.test(line);
}

function stopper(child: ChildProcess, ended: Promise<string>, onLog: StartOptions['onLog']): () => Promise<void> {
  let stopping: Promise<void> | null = null;
  const stop = async () => {
    child.kill('SIGTERM');
    const waiting = new AbortController();
    const timeout = sleep(STOPPED_WITHIN_MS, 'late', { signal: waiting.signal }).catch(() => 'stopped');
    if ((await Promise.race([ended, timeout])) === 'late') {
      onLog(`The server did not stop within ${STOPPED_WITHIN_MS / 1000} seconds and was killed.\n`);
      child.kill('SIGKILL');
    }
    waiting.abort();
    await ended;
  };
  return () => (stopping ??= stop());
}
