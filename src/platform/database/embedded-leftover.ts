import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartupError } from '../startup-error';
import { errorCode } from './embedded-files';
import { isRunning } from './embedded-lock';

/** How long a PostgreSQL is given to write its memory out before it is stopped the hard way (which loses nothing). */
export const FAST_SHUTDOWN_MS = 60_000;
const HARD_SHUTDOWN_MS = 10_000;

/** What PostgreSQL writes to postmaster.pid while it runs. */
export interface Postmaster {
  readonly pid: number;
  readonly ready: boolean;
}

/**
 * Stops the PostgreSQL that a killed Weir left behind. Only call this with the folder's lock in hand: then whatever
 * still serves the cluster is nobody's.
 *
 * @throws StartupError when it can't be stopped
 */
export async function stopLeftover(cluster: string, remark: (line: string) => void): Promise<void> {
  const left = await readPostmaster(cluster);
  if (left === null) return;

  if (isRunning(left.pid) && servesCluster(left.pid, cluster)) {
    remark(`Stopping the PostgreSQL (process ${left.pid}) that a killed Weir left behind.`);
    await stopProcess(left.pid, cluster);
  }
  // With its first process killed, the others end by themselves, but not at once.
  await until(() => othersIn(cluster).length === 0, HARD_SHUTDOWN_MS);
  // PostgreSQL takes any process with that number for a postmaster and refuses to start. It may be another program by
  // now, or, in a container without an init process, what remains of the one that was killed.
  const after = await readPostmaster(cluster);
  if (process.platform === 'linux' && after !== null && isTaken(after.pid) && othersIn(cluster).length === 0) {
    await rm(join(cluster, 'postmaster.pid'), { force: true });
  }
}

function isTaken(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

/** @returns null when no postmaster.pid is there, or it is still being written */
export async function readPostmaster(cluster: string): Promise<Postmaster | null> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '');
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return null;
  return { pid, ready: (lines[7] ?? '').trim() === 'ready' };
}

/** @returns true when it was so in time */
async function until(condition: () => boolean | Promise<boolean>, forMs: number, everyMs = 25): Promise<boolean> {
  const end = Date.now() + forMs;
  while (!(await condition())) {
    if (Date.now() > end) return false;
    await sleep(everyMs);
  }
  return true;
}

async function stopProcess(pid: number, cluster: string): Promise<void> {
  for (const [signal, patienceMs] of [
    ['SIGINT', FAST_SHUTDOWN_MS],
    ['SIGQUIT', HARD_SHUTDOWN_MS],
  ] as const) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (errorCode(error) === 'ESRCH') return;
      break;
    }
    if (await until(() => !isRunning(pid), patienceMs)) return;
  }
  throw new StartupError(
    `A PostgreSQL (process ${pid}) still serves ${cluster} and can't be stopped: stop it, then start Weir again.`,
  );
}

/** Whether a process is a PostgreSQL of this cluster, and not a later one that got its number. */
function servesCluster(pid: number, cluster: string): boolean {
  try {
    if (process.platform === 'linux') return readlinkSync(`/proc/${pid}/cwd`) === cluster;
    // Windows: PostgreSQL itself will refuse to start beside another, and say so.
    if (process.platform === 'win32') return false;
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes(cluster);
  } catch {
    return false;
  }
}

/** Processes that work in the cluster, by number. Each of PostgreSQL's has the cluster as its working directory. */
function othersIn(cluster: string): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && servesCluster(pid, cluster) && isRunning(pid) && isPostgres(pid));
}

function isPostgres(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('postgres');
  } catch {
    return false;
  }
}
