import { type ChildProcess, execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartupError } from '../startup-error';
import type { PostgresBinaries } from './embedded-binaries';
import { type ClusterPaths, ended, lastWords, openLog } from './embedded-cluster';
import type { Launcher } from './embedded-launcher';
import { FAST_SHUTDOWN_MS, readPostmaster } from './embedded-leftover';

/** Recovery after a crash reads at most `max_wal_size` of log; minutes on a slow disk. */
const READY_WITHIN_MS = 10 * 60_000;
/** Processes of a killed PostgreSQL may hold its shared memory for a moment. */
const MEMORY_FREE_WITHIN_MS = 10_000;

/** A PostgreSQL that accepts connections. */
export interface RunningServer {
  readonly child: ChildProcess;
  /** Its exit code; null when a signal ended it. */
  readonly exited: Promise<number | null>;
}

/**
 * Starts PostgreSQL on a cluster that nobody serves, and waits until it accepts connections.
 *
 * @throws StartupError with PostgreSQL's own reason when it does not
 */
export async function startServer(
  paths: ClusterPaths,
  launcher: Launcher,
  binaries: PostgresBinaries,
  settings: Record<string, string>,
  onLog: (line: string) => void,
): Promise<RunningServer> {
  const args = [
    '-D',
    paths.cluster,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  const retryUntil = Date.now() + MEMORY_FREE_WITHIN_MS;
  for (;;) {
    const { log, from } = await openLog(paths, launcher.account);
    const child = launcher.spawn(binaries.postgres, args, ['ignore', log.fd, log.fd]);
    const exited = ended(child);
    await log.close();
    endWithUs(child, exited);
    if (await becomesReady(child, exited, paths, onLog)) {
      // A script that forgets to stop us may end all the same.
      child.unref();
      return { child, exited };
    }

    const reason = (await lastWords(paths.log, from)) ?? 'it gave no reason';
    if (reason.startsWith('pre-existing shared memory block') && Date.now() < retryUntil) {
      await sleep(250);
      continue;
    }
    throw new StartupError(
      `The embedded PostgreSQL in ${paths.directory} did not start: ${reason}. More is in ${paths.log}; ` +
        'put that right, or set DATABASE_URL to a PostgreSQL of your own.',
    );
  }
}

/** The last moment of a process that ends without `stop`: PostgreSQL gets its word, the waiting is left to the next start. */
function endWithUs(child: ChildProcess, exited: Promise<number | null>): void {
  const onExit = () => child.kill('SIGINT');
  process.once('exit', onExit);
  const forget = () => process.removeListener('exit', onExit);
  exited.then(forget, forget);
}

/** @returns false when the server ended instead @throws StartupError when it takes too long */
async function becomesReady(
  child: ChildProcess,
  exited: Promise<number | null>,
  paths: ClusterPaths,
  onLog: (line: string) => void,
): Promise<boolean> {
  const startedAt = Date.now();
  let nextRemarkAt = startedAt + 10_000;
  while (Date.now() < startedAt + READY_WITHIN_MS) {
    if (await endedBy(exited, 20)) return false;
    const postmaster = await readPostmaster(paths.cluster);
    if (postmaster?.pid === child.pid && postmaster?.ready === true) return true;
    if (Date.now() > nextRemarkAt) {
      onLog('PostgreSQL is still recovering from a crash; this can take some minutes.');
      nextRemarkAt += 30_000;
    }
  }
  child.kill('SIGQUIT');
  throw new StartupError(
    `The embedded PostgreSQL in ${paths.directory} was not ready after ${READY_WITHIN_MS / 60_000} minutes: ` +
      `see ${paths.log}, or set DATABASE_URL to a PostgreSQL of your own.`,
  );
}

/** Ends open sessions and writes everything out; the hard way, which the next start recovers from, when that takes too long. */
export async function stopServer(
  server: RunningServer,
  paths: ClusterPaths,
  binaries: PostgresBinaries,
): Promise<void> {
  const { child, exited } = server;
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  if (process.platform === 'win32') {
    // There are no signals on Windows; pg_ctl has a channel of its own to the server.
    execFile(binaries.pgCtl, ['stop', '-m', 'fast', '-D', paths.cluster]);
  } else {
    child.kill('SIGINT');
  }
  const impatience = setTimeout(() => child.kill('SIGQUIT'), FAST_SHUTDOWN_MS);
  await exited.finally(() => clearTimeout(impatience));
}

/** @returns whether the process ended within some time @throws when it could not be started at all */
async function endedBy(exited: Promise<number | null>, withinMs: number): Promise<boolean> {
  return Promise.race([exited.then(() => true), sleep(withinMs, false)]);
}
