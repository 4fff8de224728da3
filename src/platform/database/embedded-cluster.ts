import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmod,
  chown,
  constants,
  type FileHandle,
  lchown,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { StartupError } from '../startup-error';
import { errorCode, readIfPresent } from './embedded-files';
import type { Account, Launcher } from './embedded-launcher';

/** Where `initdb` works; the folder gets its real name when it is done, so a database is whole or not there. */
const HALF_MADE_PREFIX = 'postgres.half-made-';

const LOG_BYTES_MAX = 10 * 1024 * 1024;

/** The files of one embedded PostgreSQL, below the data folder. */
export interface ClusterPaths {
  readonly directory: string;
  /** PostgreSQL's own data directory. */
  readonly cluster: string;
  readonly log: string;
  /** Only on Windows, where there is no socket whose folder could be closed to others. */
  readonly password: string;
}

export function clusterPaths(directory: string): ClusterPaths {
  return {
    directory,
    cluster: join(directory, 'postgres'),
    log: join(directory, 'postgres.log'),
    password: join(directory, 'postgres.password'),
  };
}

/** @returns who owns the cluster, null when there is none yet */
export async function clusterOwner(paths: ClusterPaths): Promise<Account | null> {
  try {
    const { uid, gid } = await stat(paths.cluster);
    return { uid, gid };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Makes the cluster if there is none, and clears away one that was left half made.
 *
 * @returns whether one was made
 * @throws StartupError when there is one that this PostgreSQL can't serve, or none can be made
 */
export async function prepareCluster(
  paths: ClusterPaths,
  launcher: Launcher,
  initdb: string,
  fastButUnsafe: boolean,
): Promise<boolean> {
  await removeHalfMade(paths.directory);
  if ((await clusterOwner(paths)) !== null) {
    await refuseOtherVersion(paths, launcher.majorVersion);
    if (launcher.account !== null) await giveTo(launcher.account, paths.cluster);
    return false;
  }

  const halfMade = await mkdtemp(join(paths.directory, HALF_MADE_PREFIX));
  if (launcher.account !== null) await chown(halfMade, launcher.account.uid, launcher.account.gid);
  await runInitdb(paths, halfMade, launcher, initdb, fastButUnsafe);
  await rename(halfMade, paths.cluster);
  if (!fastButUnsafe) await flushFolder(paths.directory);
  return true;
}

/**
 * Opens PostgreSQL's log for appending; a log that has grown is put aside first, and the one put aside before it dropped.
 *
 * @returns the file, and where what is written from now on begins
 */
export async function openLog(
  paths: ClusterPaths,
  account: Account | null,
): Promise<{ log: FileHandle; from: number }> {
  const { size } = await stat(paths.log).catch(() => ({ size: 0 }));
  if (size > LOG_BYTES_MAX) await rename(paths.log, `${paths.log}.1`);

  // Root must not be led elsewhere by a link that the folder's owner put there.
  const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW } = constants;
  const log = await open(paths.log, O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW, 0o600);
  if (account !== null) await log.chown(account.uid, account.gid);
  return { log, from: (await log.stat()).size };
}

/** @returns the reason PostgreSQL gave for ending, in its own words; null when it gave none */
export async function lastWords(log: string, from: number): Promise<string | null> {
  const written = await readFile(log).catch(() => Buffer.alloc(0));
  const reasons = written
    .subarray(from)
    .toString('utf8')
    .split('\n')
    .flatMap((line) => /(?:FATAL|PANIC|initdb: error|error while loading[^:]*):\s*(.*)/.exec(line)?.[1] ?? []);
  // The first reason is the cause; what follows comes of it.
  return reasons[0] ?? null;
}

/** An `initdb` that outlived its Weir may still write there; its folder going away ends it, hence the retries. */
async function removeHalfMade(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.startsWith(HALF_MADE_PREFIX)) continue;
    await rm(join(directory, name), { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

async function refuseOtherVersion(paths: ClusterPaths, majorVersion: number): Promise<void> {
  const version = await readIfPresent(join(paths.cluster, 'PG_VERSION'));
  if (version === null) {
    throw new StartupError(
      `${paths.cluster} is not a PostgreSQL data folder (no PG_VERSION): move it away, or set WEIR_DATA_DIR to another folder.`,
    );
  }
  if (Number(version.trim()) !== majorVersion) {
    throw new StartupError(
      `The data folder ${paths.directory} was made by PostgreSQL ${version.trim()}, and this Weir brings ${majorVersion}: ` +
        'start the Weir that made it, or move the data as docs/running.md says under Upgrades.',
    );
  }
}

async function runInitdb(
  paths: ClusterPaths,
  halfMade: string,
  launcher: Launcher,
  initdb: string,
  fastButUnsafe: boolean,
): Promise<void> {
  const args = ['--pgdata', halfMade, '--username', 'weir', '--encoding', 'UTF8', '--no-instructions'];
  // Sorted by code point and with Unicode's letters, whatever the machine has: an index made on one stays right on another.
  args.push('--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8');
  if (process.platform === 'win32') {
    await writeFile(paths.password, randomBytes(24).toString('hex'), { mode: 0o600 });
    args.push('--auth', 'scram-sha-256', '--pwfile', paths.password);
  } else {
    // Whoever may enter the socket's folder is the owner of the data or root, and needs no password.
    args.push('--auth-local', 'trust', '--auth-host', 'reject');
  }
  if (fastButUnsafe) args.push('--no-sync');

  const { log, from } = await openLog(paths, launcher.account);
  try {
    const child = launcher.spawn(initdb, args, ['ignore', log.fd, log.fd]);
    const code = await ended(child);
    if (code === 0) return;
    const reason = (await lastWords(paths.log, from)) ?? `initdb ended with code ${code}`;
    throw new StartupError(
      `PostgreSQL could not make a database in ${paths.directory}: ${reason}. More is in ${paths.log}; ` +
        'put that right, set WEIR_DATA_DIR to another folder, or set DATABASE_URL to a PostgreSQL of your own.',
    );
  } finally {
    await log.close();
  }
}

/** @returns the exit code, null when a signal ended it @throws what kept the program from being started at all */
export async function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code));
  });
}

/** Hands a folder that root owns (a copy or a backup made by root) to the account that PostgreSQL runs as. */
async function giveTo(account: Account, folder: string): Promise<void> {
  const { uid } = await stat(folder);
  if (uid === account.uid) return;
  for (const entry of await readdir(folder, { recursive: true })) {
    await lchown(join(folder, entry), account.uid, account.gid);
  }
  await chmod(folder, 0o700);
  await chown(folder, account.uid, account.gid);
}

/** A rename is on disk when its folder is. */
async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}
