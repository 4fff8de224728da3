import { constants } from 'node:fs';
import { access, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { grouped, listenForSignals, ProgramError, Progress, tell } from '../client';
import { type DemoOptions, HELP, readOptions } from './options';
import { reportText } from './report';
import { resultJson } from './result';
import { runDemo, type RunTarget } from './run';
import { periodOf } from './scenario';
import { type DemoServer, makeTemporaryFolder, startServer } from './server';
import { readTrace, type Request, traceText } from './trace';
import { DEFAULT_ROWS, makeWorkload } from './workload';

/** Where `--keep` puts a server's data, below the working folder. */
const KEPT_FOLDER = '.weir-demo';
/** A server of our own answers or has ended; one elsewhere may be starting anew. */
const OWN_SERVER_PATIENCE_MS = 15_000;
const OTHER_SERVER_PATIENCE_MS = 60_000;

const progress = new Progress(process.stderr, () => performance.now());

/** Everything that must be put away when the demo ends, however it ends; the last opened goes first. */
const closers: (() => Promise<void>)[] = [];

async function demo(options: DemoOptions, signal: AbortSignal): Promise<void> {
  if (options.json !== null) await refuseUnwritable(options.json);
  if (options.saveTrace !== null) await refuseUnwritable(options.saveTrace);
  const requests = await workload(options);

  const { target, server } = await reach(options, signal);
  const result = await runDemo(target, requests, {
    step: (name, what) => progress.step(name, what),
    uploading: ({ sent }, total, elapsedMs) => progress.uploading(sent, total, elapsedMs),
  });

  process.stdout.write(`\n${reportText(result, emphasis)}`);
  if (options.json !== null) await writeWhole(options.json, resultJson(result));
  if (options.keep && server !== null) await stayUp(server, signal);
}

async function workload(options: DemoOptions): Promise<readonly Request[]> {
  const requests =
    options.trace === null
      ? makeWorkload(options.rows ?? DEFAULT_ROWS, options.seed)
      : await readTrace(options.trace, options.rows);
  // Refuses a trace longer than a month now, rather than after a server was started for it.
  periodOf(requests);
  const source = options.trace === null ? `made up (seed ${options.seed})` : `of ${basename(options.trace)}`;
  progress.step('workload', `${grouped(requests.length)} requests ${source}`);
  if (options.saveTrace !== null) await writeWhole(options.saveTrace, traceText(requests));
  return requests;
}

async function reach(
  options: DemoOptions,
  signal: AbortSignal,
): Promise<{ target: RunTarget; server: DemoServer | null }> {
  if (options.server !== null) {
    progress.step('server', options.server.url);
    return { target: { ...options.server, patienceMs: OTHER_SERVER_PATIENCE_MS, signal }, server: null };
  }

  const folder = options.keep || options.resume ? await keptFolder(options) : await temporaryFolder();
  const startedAt = performance.now();
  const server = await startServer({
    folder,
    signal,
    onLog: (text) => {
      progress.clearBar();
      process.stderr.write(text);
    },
  });
  closers.push(() => server.stop());
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  progress.step('server', `${server.url} with its own PostgreSQL, ready in ${seconds} s`);

  // A server that ends under us is told at once, rather than after the patience.
  const ended = new AbortController();
  void server.ended.then((why) => ended.abort(new ProgramError(`The server ended unexpectedly. ${why}`)));
  const { url, apiKey } = server;
  const either = AbortSignal.any([signal, ended.signal]);
  return { target: { url, apiKey, patienceMs: OWN_SERVER_PATIENCE_MS, signal: either }, server };
}

async function temporaryFolder(): Promise<string> {
  const folder = await makeTemporaryFolder();
  closers.push(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

async function keptFolder({ resume }: DemoOptions): Promise<string> {
  const folder = resolve(KEPT_FOLDER);
  const exists = await stat(folder).then(
    () => true,
    () => false,
  );
  if (resume && !exists) {
    throw new ProgramError(`There is no ${KEPT_FOLDER}/ here to go on with: run the demo with --keep first.`, 2);
  }
  await mkdir(folder, { recursive: true });
  // Data and a key lie in it: it keeps itself out of a repository.
  await writeFile(join(folder, '.gitignore'), '*\n');
  return folder;
}

async function stayUp(server: DemoServer, signal: AbortSignal): Promise<void> {
  process.stdout.write(
    `\nThe server stays up, its data in ${KEPT_FOLDER}/. Press Ctrl-C to stop it.\n\n` +
      `  address    ${server.url}\n` +
      `  reference  ${server.url}/reference\n` +
      `  API key    ${server.apiKey}\n\n` +
      `  curl -H 'Authorization: Bearer ${server.apiKey}' ${server.url}/v1/customers\n`,
  );
  const stopped = new Promise<null>((settle) => signal.addEventListener('abort', () => settle(null), { once: true }));
  if (signal.aborted) return;
  const why = await Promise.race([server.ended, stopped]);
  if (why !== null) throw new ProgramError(`The server ended unexpectedly. ${why}`);
}

/** Notices before the work, rather than after it, that its result could not be written. */
async function refuseUnwritable(file: string): Promise<void> {
  try {
    await access(dirname(file), constants.W_OK);
  } catch (error) {
    throw new ProgramError(`${file} can not be written (${(error as Error).message}).`, 2);
  }
}

/** Writes beside the file and renames, so that no reader sees half of it. */
async function writeWhole(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(draft, text);
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw new ProgramError(`${file} can not be written (${(error as Error).message}).`);
  }
}

function emphasis(text: string): string {
  const bold = process.stdout.isTTY && process.env.NO_COLOR === undefined;
  return bold ? `\u001b[1m${text}\u001b[22m` : text;
}

/** Paths on the command line are relative to where it was typed; npm itself changes to the package's folder. */
function fromWhereTyped(options: DemoOptions): DemoOptions {
  const typedIn = process.env.INIT_CWD ?? process.cwd();
  const located = (path: string | null) => (path === null ? null : resolve(typedIn, path));
  return {
    ...options,
    trace: located(options.trace),
    json: located(options.json),
    saveTrace: located(options.saveTrace),
  };
}

async function main(args: readonly string[]): Promise<number> {
  const stop = new AbortController();
  const signalled = listenForSignals(stop);
  try {
    const options = readOptions(args);
    if (options === 'help') {
      process.stdout.write(HELP);
      return 0;
    }
    await demo(fromWhereTyped(options), stop.signal);
    return 0;
  } catch (error) {
    progress.clearBar();
    return signalled() ?? tell('demo', error);
  } finally {
    for (const close of closers.reverse()) await close().catch((error: unknown) => tell('demo', error));
  }
}

// A reader that went away (`npm run demo | head`) is no reason to leave a server behind.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
