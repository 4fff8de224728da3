import { type ChildProcess, execFile, spawn, type StdioOptions } from 'node:child_process';
import { promisify } from 'node:util';
import { StartupError } from '../startup-error';
import type { PostgresBinaries } from './embedded-binaries';

const run = promisify(execFile);

/** An account of the operating system, by its numbers. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** A way to start PostgreSQL's programs that was seen to work here. */
export interface Launcher {
  /** Whose the cluster's files must be; null when PostgreSQL runs as the user that Weir runs as. */
  readonly account: Account | null;
  /** Major version of the binaries, such as 18. */
  readonly majorVersion: number;
  /** A sentence for the log when the way is an unusual one. */
  readonly remark: string | null;
  spawn(program: string, args: readonly string[], stdio: StdioOptions): ChildProcess;
}

/** One way to start a program: words in front of it, and what Node is asked to do itself. */
interface Way {
  readonly prefix: readonly string[];
  readonly account?: Account;
  readonly remark?: string;
}

/**
 * Finds how to start PostgreSQL here, by trying: the first way that can enter the folder, read the installation and
 * run the program is taken.
 *
 * @param reach   the innermost folder that PostgreSQL must be able to enter
 * @param account whom to run it as; null for ourselves
 * @throws StartupError when no way works
 */
export async function chooseLauncher(
  binaries: PostgresBinaries,
  reach: string,
  account: Account | null,
): Promise<Launcher> {
  const failures: string[] = [];
  for (const way of waysToStart(account)) {
    const version = await probe(way, binaries, reach).catch((error: unknown) => {
      failures.push(reasonOf(error));
      return null;
    });
    if (version === null) continue;
    return {
      account,
      majorVersion: majorVersionIn(version),
      remark: way.remark ?? null,
      spawn: (program, args, stdio) => spawnIn(way, program, args, stdio),
    };
  }
  throw new StartupError(whyNot(account, reach, failures));
}

/**
 * PostgreSQL refuses to run as root, so root hands it to an account without rights.
 *
 * @returns null unless we are root; else the first of `postgres` and `nobody` that exists
 * @throws StartupError when neither does
 */
export async function unprivilegedAccount(): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null;
  for (const name of ['postgres', 'nobody']) {
    const account = await accountNamed(name);
    if (account !== null && account.uid !== 0) return account;
  }
  throw new StartupError(
    'PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it as: ' +
      'start Weir as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own.',
  );
}

async function accountNamed(name: string): Promise<Account | null> {
  try {
    const [uid, gid] = await Promise.all(['-u', '-g'].map(async (of) => Number((await run('id', [of, name])).stdout)));
    if (!Number.isInteger(uid) || !Number.isInteger(gid)) return null;
    // macOS gives `nobody` a number that only fits when read as negative.
    return { uid: uid! | 0, gid: gid! | 0 };
  } catch {
    return null;
  }
}

function waysToStart(account: Account | null): Way[] {
  // With setpriv, PostgreSQL is told by the kernel when Weir dies, even by SIGKILL, and shuts down by itself.
  const setpriv = ['setpriv', '--pdeathsig', 'INT'];
  if (account === null) {
    return process.platform === 'linux' ? [{ prefix: setpriv }, { prefix: [] }] : [{ prefix: [] }];
  }
  if (process.platform !== 'linux') return [{ prefix: [], account }];

  const become = [...setpriv, '--reuid', String(account.uid), '--regid', String(account.gid), '--clear-groups'];
  // Without no_setuid_fixup the kernel leaves the capability out when a program asks access(2), as PostgreSQL does to
  // find its own path.
  const withCapability = (name: string): Way => ({
    prefix: [...become, '--securebits=+no_setuid_fixup', `--inh-caps=+${name}`, `--ambient-caps=+${name}`],
    remark:
      `PostgreSQL runs as user ${account.uid} with the capability ${name}, because that user can't reach the data ` +
      'folder or node_modules. docs/running.md says how to do without.',
  });
  return [
    { prefix: become },
    { prefix: [], account },
    // A clone under /root: reading and entering folders is enough …
    withCapability('dac_read_search'),
    // … unless npm installed with a umask that lets nobody else run the programs.
    withCapability('dac_override'),
  ];
}

async function probe(way: Way, binaries: PostgresBinaries, reach: string): Promise<string> {
  if (process.platform === 'win32') return (await run(binaries.postgres, ['--version'])).stdout;

  // `test -r` would ask access(2), which is not what counts; entering and opening is.
  const script = 'cd "$1" && : < "$2" && exec "$3" --version';
  const words = [...way.prefix, '/bin/sh', '-c', script, 'sh', reach, binaries.catalog, binaries.postgres];
  const options = { ...identity(way), env: environment(), cwd: '/', encoding: 'utf8' as const };
  const { stdout } = await run(words[0]!, words.slice(1), options);
  return stdout;
}

function spawnIn(way: Way, program: string, args: readonly string[], stdio: StdioOptions): ChildProcess {
  const words = [...way.prefix, program, ...args];
  return spawn(words[0]!, words.slice(1), {
    ...identity(way),
    env: environment(),
    // Our own working directory may be out of reach for the account.
    ...(process.platform === 'win32' ? {} : { cwd: '/' }),
    stdio,
    // A session of its own: Ctrl-C in a terminal goes to every process of the session's foreground group, and would
    // stop PostgreSQL while Weir still has requests to answer.
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
}

function identity(way: Way): Partial<Account> {
  return way.account === undefined ? {} : { uid: way.account.uid, gid: way.account.gid };
}

/** Just what PostgreSQL needs: Weir's own settings and secrets stay out of another account's process. */
function environment(): Record<string, string> {
  const kept = ['PATH', 'SystemRoot', 'TEMP', 'TMP'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), LC_ALL: 'C', TZ: 'UTC' };
}

/** @param version as `postgres --version` says it: "postgres (PostgreSQL) 18.4" */
function majorVersionIn(version: string): number {
  const major = /\)\s*(\d+)/.exec(version)?.[1];
  if (major === undefined) throw new StartupError(`The embedded PostgreSQL has no readable version: ${version}`);
  return Number(major);
}

function reasonOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message?: string };
  const lines = (stderr?.trim() || message || String(error)).split('\n');
  return lines[lines.length - 1]!;
}

function whyNot(account: Account | null, reach: string, failures: readonly string[]): string {
  if (account === null) {
    return `The embedded PostgreSQL does not run on this machine (${failures[failures.length - 1]}): set DATABASE_URL to a PostgreSQL of your own.`;
  }
  const noSetpriv = failures.some((failure) => failure.includes('setpriv ENOENT'));
  const reason = failures.find((failure) => !failure.includes('setpriv ENOENT')) ?? 'no reason was given';
  return (
    `PostgreSQL does not run as root, and user ${account.uid} can't reach ${reach} or Weir's node_modules (${reason}): ` +
    (noSetpriv ? 'install setpriv (of util-linux), ' : '') +
    'set WEIR_DATA_DIR to a folder that user can reach, start Weir as an ordinary user, ' +
    'or set DATABASE_URL to a PostgreSQL of your own.'
  );
}
