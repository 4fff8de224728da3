import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartupError } from '../startup-error';
import { errorCode, readIfPresent } from './embedded-files';

/** A living holder renews its lock this often; one in another container is given up on after that long without. */
const RENEW_EVERY_MS = 2_000;
const GIVEN_UP_AFTER_MS = 10_000;
/** A lock this old need not be watched first. */
const OLD_MS = 60_000;
const BREAKING_MS = 5_000;

/** Who holds a data folder. */
interface Holder {
  readonly pid: number;
  /** When that process started, in the operating system's own words; tells it from a later one with the same number. */
  readonly startedAt: string | null;
  /** The space in which the process number means something: a running kernel and a container on it. */
  readonly place: string;
}

export interface DirectoryLock {
  /** Also happens when the process ends. Safe to repeat. */
  release(): void;
}

/** How long to wait in the rare cases that need it. Tests shorten it. */
export interface LockTimes {
  readonly renewEveryMs: number;
  readonly givenUpAfterMs: number;
}

const DEFAULT_TIMES: LockTimes = { renewEveryMs: RENEW_EVERY_MS, givenUpAfterMs: GIVEN_UP_AFTER_MS };

/**
 * Takes `weir.lock` in a data folder for this process. A lock whose holder no longer lives is replaced, so a killed
 * Weir leaves nothing to clean up by hand. PostgreSQL's own lock stands behind this one; ours is there to answer in
 * a sentence, and to tell an orphaned PostgreSQL (stop it) from one in use (leave it alone).
 *
 * @throws StartupError when a living process holds the folder
 */
export async function lockDirectory(directory: string, times: LockTimes = DEFAULT_TIMES): Promise<DirectoryLock> {
  const path = join(directory, 'weir.lock');
  const mine = JSON.stringify(myself());

  for (;;) {
    const created = await writeFile(path, mine, { flag: 'wx', mode: 0o644 }).then(() => true, existsAlready);
    if (created) return held(path, mine, times);

    const found = await readIfPresent(path);
    if (found === null) continue; // released just now
    if (await lives(path, found, times)) {
      throw new StartupError(
        `The data folder ${directory} is in use by another Weir (process ${holderIn(found)?.pid ?? 'unknown'}): ` +
          'stop that one, or set WEIR_DATA_DIR to another folder.',
      );
    }
    await removeDead(path, found);
  }
}

/** @returns the process id of the living Weir that holds the folder, null when there is none */
export async function holderOf(directory: string): Promise<number | null> {
  const path = join(directory, 'weir.lock');
  const found = await readIfPresent(path);
  if (found === null || !(await lives(path, found, DEFAULT_TIMES))) return null;
  return holderIn(found)?.pid ?? null;
}

/**
 * Whether a process with this number runs. A zombie doesn't: it holds nothing any more, and in a container without an
 * init process it may stay for ever.
 *
 * @param startedAt if known, only the process that started then counts
 */
export function isRunning(pid: number, startedAt: string | null = null): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return false;
  }
  const now = startOf(pid);
  if (now === 'zombie') return false;
  return startedAt === null || now === null || now === startedAt;
}

function myself(): Holder {
  return { pid: process.pid, startedAt: startOf(process.pid), place: place() };
}

/** @returns when a process started, `zombie` if it only waits to be collected, null where that can't be told */
function startOf(pid: number): string | null {
  try {
    if (process.platform === 'linux') {
      // The name, in parentheses, may hold spaces; after it come the state (field 3) … and the start (field 22).
      const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' || fields[0] === 'X' ? 'zombie' : (fields[19] ?? null);
    }
    if (process.platform === 'win32') return null;
    const options = { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' }, stdio: 'pipe' } as const;
    const [state = '', ...start] = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], options)
      .trim()
      .split(/\s+/);
    return state.startsWith('Z') ? 'zombie' : start.join(' ') || null;
  } catch {
    return null;
  }
}

function place(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

async function lives(path: string, found: string, times: LockTimes): Promise<boolean> {
  const holder = holderIn(found);
  if (holder !== null && holder.place === place()) return isRunning(holder.pid, holder.startedAt);

  // Another container or a machine that was restarted since, or a lock that was cut off while it was written:
  // the number says nothing here, but a living holder renews its lock.
  const before = await stat(path).catch(() => null);
  if (before === null) return false;
  if (Date.now() - before.mtimeMs > OLD_MS) return false;
  const end = Date.now() + times.givenUpAfterMs;
  while (Date.now() < end) {
    await sleep(Math.min(200, times.renewEveryMs));
    const now = await stat(path).catch(() => null);
    if (now === null) return false;
    if (now.mtimeMs !== before.mtimeMs) return true;
  }
  return false;
}

/**
 * Removes the lock of a dead holder, and only that: another start may have judged it too, removed it and taken its own.
 * So one at a time looks again and removes, under a lock for just that, within one turn of the event loop.
 */
async function removeDead(path: string, judged: string): Promise<void> {
  const breaking = `${path}.breaking`;
  try {
    writeFileSync(breaking, '', { flag: 'wx' });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    const { mtimeMs } = await stat(breaking).catch(() => ({ mtimeMs: Date.now() }));
    // Held for microseconds; an old one was left by a process killed in just that moment.
    if (Date.now() - mtimeMs > BREAKING_MS) rmSync(breaking, { force: true });
    await sleep(20);
    return;
  }
  try {
    if (readFileSync(path, 'utf8') === judged) unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  } finally {
    rmSync(breaking, { force: true });
  }
}

function held(path: string, mine: string, times: LockTimes): DirectoryLock {
  const renewal = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, times.renewEveryMs);
  renewal.unref();

  const release = () => {
    clearInterval(renewal);
    process.removeListener('exit', release);
    try {
      if (readFileSync(path, 'utf8') === mine) unlinkSync(path);
    } catch {
      // Gone already, or the folder is: nothing is held either way.
    }
  };
  process.once('exit', release);
  return { release };
}

function holderIn(text: string): Holder | null {
  try {
    const value = JSON.parse(text) as Partial<Holder> | null;
    if (typeof value?.pid !== 'number' || typeof value.place !== 'string') return null;
    return { pid: value.pid, startedAt: value.startedAt ?? null, place: value.place };
  } catch {
    return null;
  }
}

function existsAlready(error: unknown): false {
  if (errorCode(error) === 'EEXIST') return false;
  throw error;
}
