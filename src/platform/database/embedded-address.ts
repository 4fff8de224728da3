import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readFile, readlink, rm, symlink } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { StartupError } from '../startup-error';
import type { ClusterPaths } from './embedded-cluster';
import type { Launcher } from './embedded-launcher';

/** A socket's path must fit in 104 bytes on macOS, 108 on Linux. */
const SOCKET_PATH_MAX = 100;
const SOCKET_NAME = '/.s.PGSQL.5432';
const TEMPORARY_PREFIX = 'weir-socket-';

/** Where an embedded PostgreSQL is reached. */
export interface Address {
  readonly setting: { readonly socketDirectory: string } | { readonly port: number };
  urlOf(database: string): string;
  remove(): Promise<void>;
}

/**
 * Picks the place, private to the owner of the data, where PostgreSQL will listen.
 *
 * @throws StartupError when every folder at hand has too long a path
 */
export async function chooseAddress(paths: ClusterPaths, launcher: Launcher): Promise<Address> {
  if (process.platform === 'win32') return portAddress(paths);

  const inside = join(paths.directory, 'socket');
  await removeOldSocket(inside);
  const directory = await socketDirectory(inside);
  await chmod(directory, 0o700);
  if (launcher.account !== null) await chown(directory, launcher.account.uid, launcher.account.gid);
  return {
    setting: { socketDirectory: directory },
    // `sslmode` because PGSSLMODE in the environment would otherwise ask the socket for TLS.
    urlOf: (database) =>
      `postgresql://weir@/${database}?host=${encodeURIComponent(directory)}&port=5432&sslmode=disable`,
    remove: async () => {
      await rm(directory, { recursive: true, force: true });
      await rm(inside, { recursive: true, force: true });
    },
  };
}

/** In the data folder if its path is short and plain enough, else in the folder for temporary files. */
async function socketDirectory(inside: string): Promise<string> {
  if (fitsSocket(inside)) {
    await mkdir(inside, { mode: 0o700 });
    return inside;
  }
  for (const base of [tmpdir(), '/tmp']) {
    const prefix = join(base, TEMPORARY_PREFIX);
    if (fitsSocket(`${prefix}XXXXXX`) && existsSync(base)) {
      const directory = await mkdtemp(prefix);
      // So that people find it, and the next start if we are killed.
      await symlink(directory, inside);
      return directory;
    }
  }
  throw new StartupError(
    `The path ${inside} does not fit PostgreSQL's socket, and so is that of the folder for temporary files: ` +
      'set WEIR_DATA_DIR or TMPDIR to a shorter one.',
  );
}

/** PostgreSQL reads its socket's folder as a list with commas and quotes. */
function fitsSocket(directory: string): boolean {
  return Buffer.byteLength(directory + SOCKET_NAME) < SOCKET_PATH_MAX && !/[,"]/.test(directory);
}

/**
 * Clears away what a killed Weir left: a socket with a lock file that names a process, by now perhaps another one, and
 * where it was among the temporary files, its folder there.
 */
async function removeOldSocket(inside: string): Promise<void> {
  const elsewhere = await readlink(inside).catch(() => null);
  if (elsewhere !== null && basename(elsewhere).startsWith(TEMPORARY_PREFIX)) {
    await rm(elsewhere, { recursive: true, force: true });
  }
  await rm(inside, { recursive: true, force: true });
}

async function portAddress(paths: ClusterPaths): Promise<Address> {
  const password = (await readFile(paths.password, 'utf8')).trim();
  const port = await freePort();
  return {
    setting: { port },
    urlOf: (database) => `postgresql://weir:${password}@127.0.0.1:${port}/${database}`,
    remove: () => Promise.resolve(),
  };
}

async function freePort(): Promise<number> {
  return new Promise((resolvePort, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolvePort(port));
    });
  });
}
