import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BenchError } from './bench-error';
import type { HoldsAnswer, HoldsCommand, HoldsResult } from './holds/load';
import type { LoadAnswer, LoadCommand, LoadResult } from './load';

/** The flags of `npm start` and of the container. */
const AS_STARTED = ['--enable-source-maps', '--max-semi-space-size=64'];
const READY_WITHIN_MS = 120_000;

/** Processes under way, which must not outlive this one. */
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGTERM')));

/** How to stop each server and remove its data. */
const weirs = new Set<() => Promise<void>>();

/** For an early end: stops the servers and removes their data. */
export async function stopWeirs(): Promise<void> {
  await Promise.all([...weirs].map((stop) => stop()));
}

function kept(child: ChildProcess): ChildProcess {
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** The real server on an embedded PostgreSQL with fresh data, both set as they are when nothing is set. */
export interface Weir {
  readonly url: string;
  readonly port: number;
  readonly apiKey: string;
  readonly dataFolder: string;
  /** Seconds of CPU that the server and its PostgreSQL have used so far; null where the system does not tell. */
  cpu(): { readonly server: number; readonly postgres: number } | null;
  /** Bytes of memory that the server occupies right now; null where the system does not tell. */
  memory(): number | null;
  /** Stops it (which writes the profile) and removes its data. */
  stop(): Promise<void>;
}

/** One more server on the database of another. */
export interface SecondWeir {
  readonly port: number;
  /** Seconds of CPU used so far. */
  cpu(): number | null;
  stop(): Promise<void>;
}

export async function startBeside(first: Weir): Promise<SecondWeir> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-bench-'));
  const readyFile = join(folder, 'ready.json');
  const socket = encodeURIComponent(await realpath(join(first.dataFolder, 'socket')));
  const child = startServer([], {
    DATABASE_URL: `postgresql://weir@localhost:5432/weir?host=${socket}`,
    WEIR_READY_FILE: readyFile,
  });
  const { stop } = stopping(child, folder);
  try {
    const { url } = await readiness(readyFile, child);
    return { port: Number(new URL(url).port), cpu: () => cpuSeconds([child.pid ?? 0]), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** @param profile folder and file name for a CPU profile of the server, or null */
export async function startWeir(profile: { folder: string; name: string } | null): Promise<Weir> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-bench-'));
  // Started as root, PostgreSQL runs as another user, who has to pass through to its data.
  await chmod(folder, 0o711);
  const dataFolder = join(folder, 'data');
  const readyFile = join(folder, 'ready.json');
  if (profile !== null) await mkdir(profile.folder, { recursive: true });

  const profiling =
    profile === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile.folder}`, `--cpu-prof-name=${profile.name}`];
  const child = startServer(profiling, { WEIR_DATA_DIR: dataFolder, WEIR_READY_FILE: readyFile });
  const { stop } = stopping(child, folder);
  try {
    const { url, apiKey } = await readiness(readyFile, child);
    const postmaster = Number((await readFile(join(dataFolder, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0]);
    return {
      url,
      apiKey,
      dataFolder,
      port: Number(new URL(url).port),
      cpu: () => {
        const server = cpuSeconds([child.pid ?? 0]);
        const postgres = cpuSeconds(withChildren(postmaster));
        return server === null || postgres === null ? null : { server, postgres };
      },
      memory: () => residentBytes(child.pid ?? 0),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The program as it is started by anybody, with nothing set but what is given. */
function startServer(flags: readonly string[], settings: Readonly<Record<string, string>>): ChildProcess {
  const foreign = /^(?:WEIR_|DATABASE_URL$|REDIS_URL$|PG)/;
  return kept(
    spawn(process.execPath, [...AS_STARTED, ...flags, join(__dirname, '..', 'src', 'main.js')], {
      env: {
        ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name))),
        WEIR_PORT: '0',
        WEIR_LOG_LEVEL: 'warn',
        ...settings,
      },
      stdio: ['ignore', 'ignore', 'inherit'],
      // A group of its own: Ctrl-C in the terminal reaches the benchmark only, which then stops the server in order.
      detached: true,
    }),
  );
}

/** How to stop a server and remove its folder, also at an early end. */
function stopping(child: ChildProcess, folder: string): { stop: () => Promise<void> } {
  const stopOnce = async () => {
    const gone = child.exitCode !== null || child.signalCode !== null ? null : once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
    await rm(folder, { recursive: true, force: true });
    weirs.delete(stop);
  };
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= stopOnce());
  weirs.add(stop);
  return { stop };
}

async function readiness(readyFile: string, child: ChildProcess): Promise<{ url: string; apiKey: string }> {
  const giveUpAt = performance.now() + READY_WITHIN_MS;
  while (performance.now() < giveUpAt && child.exitCode === null) {
    const text = await readFile(readyFile, 'utf8').catch(() => null);
    if (text !== null) return JSON.parse(text) as { url: string; apiKey: string };
    await sleep(50);
  }
  throw new BenchError('The server did not start.');
}

/** A Fastify that does nothing with what it gets, in a process of its own. */
export interface BareServer {
  readonly port: number;
  cpu(): number | null;
  stop(): void;
}

/** @param file compiled, in this folder; it tells its port as its first message */
export async function startBareServer(
  file = 'bare-fastify.js',
  parameters: readonly string[] = [],
): Promise<BareServer> {
  const child = kept(fork(join(__dirname, file), [...parameters]));
  const [port] = (await once(child, 'message')) as [number];
  return { port, cpu: () => cpuSeconds([child.pid ?? 0]), stop: () => void child.kill() };
}

/** The process that sends the load. */
export class LoadGenerator {
  private readonly child = kept(fork(join(__dirname, 'load.js')));

  /** @returns bytes of JSON per event */
  async prepare(command: Omit<LoadCommand & { kind: 'prepare' }, 'kind'>): Promise<number> {
    const answer = await this.ask({ kind: 'prepare', ...command });
    if (answer.kind === 'prepared') return answer.bytesPerEvent;
    throw new BenchError('The load generator is out of step.');
  }

  /** @param ports of one server, or of several that share the connections */
  async run(ports: readonly number[], connections: number): Promise<LoadResult> {
    const answer = await this.ask({ kind: 'run', ports, connections });
    if (answer.kind === 'ran') return answer;
    throw new BenchError('The load generator is out of step.');
  }

  stop(): void {
    this.child.kill();
  }

  private async ask(command: LoadCommand): Promise<LoadAnswer> {
    const answer = await askChild<LoadAnswer>(this.child, command);
    if (answer.kind === 'failed') throw new BenchError(`The load generator failed: ${answer.reason}`);
    return answer;
  }
}

/** The process that sends holds and settles them. */
export class HoldsGenerator {
  private readonly child = kept(fork(join(__dirname, 'holds', 'load.js')));

  async run(command: HoldsCommand): Promise<HoldsResult> {
    const answer = await askChild<HoldsAnswer>(this.child, command);
    if ('failure' in answer) throw new BenchError(`The load generator failed: ${answer.failure}`);
    return answer.result;
  }

  stop(): void {
    this.child.kill();
  }
}

/** Sends a process of ours a command. @returns its answer @throws BenchError when it ends instead */
async function askChild<Answer>(child: ChildProcess, command: object): Promise<Answer> {
  const answered = new AbortController();
  const ended = once(child, 'exit', { signal: answered.signal }).then(() => {
    throw new BenchError('The load generator failed: it ended.');
  });
  child.send(command);
  const message = once(child, 'message', { signal: answered.signal }).then(([answer]) => answer as Answer);
  message.catch(() => undefined);
  ended.catch(() => undefined);
  const answer = await Promise.race([message, ended]);
  answered.abort();
  return answer;
}

const TICKS_A_SECOND = 100;

/** CPU of processes and of their children that have ended. Only Linux tells. */
function cpuSeconds(pids: readonly number[]): number | null {
  if (process.platform !== 'linux') return null;
  let ticks = 0;
  for (const pid of pids) {
    const fields = statOf(pid);
    // utime and stime, and those of children waited for
    if (fields !== null) for (const place of [11, 12, 13, 14]) ticks += Number(fields[place]);
  }
  return ticks / TICKS_A_SECOND;
}

function withChildren(parent: number): number[] {
  if (process.platform !== 'linux') return [];
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return [parent, ...pids.map(Number).filter((pid) => Number(statOf(pid)?.[1]) === parent)];
}

/** The fields of /proc/…/stat from the third on (state, parent, …); null when the process is gone. */
function statOf(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

function residentBytes(pid: number): number | null {
  if (process.platform !== 'linux') return null;
  try {
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    return kibibytes === undefined ? null : Number(kibibytes) * 1024;
  } catch {
    return null;
  }
}
