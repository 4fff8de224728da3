import { chmod, mkdir, realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Client } from 'pg';
import { StartupError } from '../startup-error';
import { chooseAddress } from './embedded-address';
import { locateBinaries, type PostgresBinaries } from './embedded-binaries';
import { type ClusterPaths, clusterOwner, clusterPaths, prepareCluster } from './embedded-cluster';
import { type Account, chooseLauncher, unprivilegedAccount } from './embedded-launcher';
import { stopLeftover } from './embedded-leftover';
import { type DirectoryLock, lockDirectory } from './embedded-lock';
import { startServer, stopServer } from './embedded-server';
import { embeddedSettings, usableMemoryBytes } from './embedded-settings';

export interface EmbeddedPostgresOptions {
  /** The data folder; made if missing. Holds `postgres/` (the database), `weir.lock`, `postgres.log`. */
  readonly directory: string;
  /** Hears the few things an operator should know, a sentence each. PostgreSQL's own log goes to `postgres.log`. */
  readonly onLog?: (line: string) => void;
  /** PostgreSQL settings by name, over ours. */
  readonly settings?: Record<string, string>;
  /** Never waits for the disk, so a crash of the machine may lose everything. For tests. */
  readonly fastButUnsafe?: boolean;
}

export interface EmbeddedPostgres {
  /** Connection string of the database `weir`: a Unix socket, on Windows 127.0.0.1 with a password. */
  readonly url: string;
  /** Resolves when PostgreSQL has ended, by `stop` or by itself, with its exit code (null: ended by a signal). */
  readonly exited: Promise<number | null>;
  /** Ends open sessions, writes everything out, and gives the folder free. Safe to repeat. */
  stop(): Promise<void>;
}

/**
 * Starts a PostgreSQL of our own over a data folder, making its database on the first start. It serves this process
 * and whoever may enter its socket's folder, and ends with this process wherever that is possible.
 *
 * A folder that a killed Weir left behind is taken over: an orphaned PostgreSQL is stopped first, a crashed one
 * recovers; nothing committed is lost.
 *
 * @throws StartupError with one line that says what is wrong and what to do; nothing is left running then
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = await locateBinaries();
  const paths = clusterPaths(await openDirectory(resolve(options.directory)));
  const lock = await foreseeable(paths.directory, () => lockDirectory(paths.directory));
  try {
    return await foreseeable(paths.directory, () => startLocked(options, binaries, paths, lock));
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function startLocked(
  options: EmbeddedPostgresOptions,
  binaries: PostgresBinaries,
  paths: ClusterPaths,
  lock: DirectoryLock,
): Promise<EmbeddedPostgres> {
  const { fastButUnsafe = false, onLog = () => undefined } = options;
  const account = await accountFor(paths);
  const launcher = await chooseLauncher(binaries, account.reach, account.runAs);
  if (launcher.remark !== null) onLog(launcher.remark);

  const made = await prepareCluster(paths, launcher, binaries.initdb, fastButUnsafe);
  if (made) onLog(`Made a PostgreSQL ${launcher.majorVersion} database in ${paths.directory}.`);
  await stopLeftover(paths.cluster, onLog);

  const address = await chooseAddress(paths, launcher);
  const settings = embeddedSettings({
    memoryBytes: usableMemoryBytes(),
    address: address.setting,
    fastButUnsafe,
    overrides: options.settings ?? {},
  });
  const server = await startServer(paths, launcher, binaries, settings, onLog).catch(async (error: unknown) => {
    await address.remove();
    throw error;
  });

  let stopping: Promise<void> | undefined;
  const stop = async () => {
    await stopServer(server, paths, binaries);
    await address.remove();
    lock.release();
  };
  try {
    await ensureDatabase(address.urlOf('postgres'));
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: address.urlOf('weir'), exited: server.exited, stop: () => (stopping ??= stop()) };
}

async function ensureDatabase(url: string): Promise<void> {
  const client = new Client({ connectionString: url, application_name: 'weir-setup' });
  // The server may end while we are connected; the query in hand tells us, an event without a listener would end Weir.
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rowCount } = await client.query(`SELECT FROM pg_database WHERE datname = 'weir'`);
    if (rowCount === 0) await client.query('CREATE DATABASE weir');
  } finally {
    await client.end();
  }
}

/** @returns the folder without symbolic links, as PostgreSQL will see it */
async function openDirectory(directory: string): Promise<string> {
  return foreseeable(directory, async () => {
    // PostgreSQL's account must be able to pass through a folder that root makes; to list it, it need not.
    const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
    const made = await mkdir(directory, { recursive: true, mode });
    if (made !== undefined) await chmod(directory, mode);
    return realpath(directory);
  });
}

/**
 * As root, an existing database stays with its owner, so that one start with sudo does not lock its owner out.
 *
 * @returns whom PostgreSQL runs as (null: ourselves) and the folder that it has to be able to enter
 */
async function accountFor(paths: ClusterPaths): Promise<{ runAs: Account | null; reach: string }> {
  const owner = await clusterOwner(paths);
  const uid = process.getuid?.();
  if (uid === 0) {
    if (owner !== null && owner.uid !== 0) return { runAs: owner, reach: paths.cluster };
    return { runAs: await unprivilegedAccount(), reach: paths.directory };
  }
  if (uid !== undefined && owner !== null && owner.uid !== uid) {
    throw new StartupError(
      `The database in ${paths.directory} belongs to user ${owner.uid}, and Weir runs as user ${uid}: ` +
        `start Weir as that user or as root, or set WEIR_DATA_DIR to another folder.`,
    );
  }
  return { runAs: null, reach: paths.directory };
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'its disk is read-only',
  ENOSPC: 'its disk is full',
  EDQUOT: "this user's share of its disk is full",
  ENOTDIR: 'a part of its path is a file',
  EEXIST: 'a file is in its place',
  ENOENT: 'its path can not be made',
  ENAMETOOLONG: 'its path is too long',
};

/** Turns what the file system says into the one line of a StartupError. */
async function foreseeable<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StartupError) throw error;
    const { code = '', message, path } = error as NodeJS.ErrnoException;
    const reason = REASONS[code];
    const what =
      reason === undefined
        ? `The embedded PostgreSQL in ${directory} can't be used (${message})`
        : `The data folder ${directory} can't be used: ${reason}${path !== undefined && path !== directory ? ` (${path})` : ''}`;
    throw new StartupError(
      `${what}. Set WEIR_DATA_DIR to another folder, or DATABASE_URL to a PostgreSQL of your own.`,
      {
        cause: error,
      },
    );
  }
}
