import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import { basename, resolve } from 'node:path';
import { Client, grouped, listenForSignals, ProgramError, Progress, tell } from '../client';
import { fingerprintOf, readCheckpoint, removeCheckpoint, writeCheckpoint } from './checkpoint';
import { HELP, type ImportOptions, readOptions } from './options';
import { Refusals, reportText } from './report';
import { openRows, type RowSource } from './rows';
import { importRows } from './run';

/** How long the server may be away, such as for a restart, before an import gives up. */
const PATIENCE_MS = 60_000;
const SAVE_EVERY_MS = 1_000;
/** All rows were sent and some refused: not a failure of the run, and not a success either. */
const SOME_REFUSED = 3;

const progress = new Progress(process.stderr, () => performance.now());

async function run(options: ImportOptions, signal: AbortSignal): Promise<number> {
  // npm and npx change to the package's folder; paths are relative to where they were typed.
  const typedIn = process.env['INIT_CWD'] ?? process.cwd();
  const file = resolve(typedIn, options.file);
  const source = await openRows(file, options.format, options.delimiter);
  const { url, apiKey, mapping, timeFormat, timeZone } = options;
  const named = options.source ?? `import:${basename(file).replace(/\.gz$/, '')}`;

  const settings = [url, source.format, options.delimiter, timeFormat, timeZone, named];
  const mapped = [[...mapping.columns], [...mapping.constants], mapping.onlyMapped];
  const fingerprint = await fingerprintOf(file, [...settings, mapped]);
  const checkpointPath = `${file}.weir-import`;
  const found = options.dryRun || options.restart ? null : await readCheckpoint(checkpointPath, fingerprint);
  const before = found?.counts ?? { accepted: 0, duplicates: 0, rejected: 0 };
  const skip = found?.rows ?? 0;

  const refusals = new Refusals();
  const rejects = options.rejects === null ? null : await openRejects(resolve(typedIn, options.rejects), skip > 0);
  const startedAt = performance.now();
  let savedAt = startedAt;
  let rows = skip;
  const total = { ...before };
  const save = (): Promise<void> =>
    options.dryRun ? Promise.resolve() : writeCheckpoint(checkpointPath, { fingerprint, rows, counts: total });

  const client = new Client({ url, apiKey, patienceMs: PATIENCE_MS, signal });
  try {
    await importRows(
      client,
      source,
      { ...options, mapping: { mapping, timeFormat, timeZone, source: named }, skip },
      {
        answered: async (answered, counts) => {
          rows = answered;
          total.accepted = before.accepted + counts.accepted;
          total.duplicates = before.duplicates + counts.duplicates;
          total.rejected = before.rejected + counts.rejected;
          show(source, rows - skip, performance.now() - startedAt);
          if (performance.now() - savedAt < SAVE_EVERY_MS) return;
          savedAt = performance.now();
          await save();
        },
        refused: async (refused) => {
          for (const refusal of refused) {
            refusals.add(refusal);
            if (rejects !== null && !rejects.write(`${JSON.stringify(refusal)}\n`)) await once(rejects, 'drain');
          }
        },
      },
    );
  } catch (error) {
    await save();
    throw error;
  } finally {
    progress.clearBar();
    if (rejects !== null) await new Promise((done) => rejects.end(done));
  }
  // A whole file is remembered too: a log that has grown goes on where it ended.
  await save();
  if (total.rejected > 0 && !options.dryRun) await removeCheckpoint(checkpointPath);

  const report = { file, dryRun: options.dryRun, rows, resumedAfter: skip, counts: total, refusals: refusals.all() };
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
  return total.rejected > 0 ? SOME_REFUSED : 0;
}

function show(source: RowSource, rows: number, elapsedMs: number): void {
  const done = source.bytesRead();
  const percent = source.size === 0 ? 100 : Math.floor((done / source.size) * 100);
  const perSecond = elapsedMs > 0 ? Math.round((rows / elapsedMs) * 1_000) : 0;
  const text = `${String(percent).padStart(3)} %  ${grouped(rows)} rows  ${grouped(perSecond)} rows/s`;
  progress.draw('import', done, source.size, text);
}

/** Opened before the first row is sent, so that a folder that isn't there is noticed then. */
async function openRejects(path: string, append: boolean): Promise<WriteStream> {
  const stream = createWriteStream(path, { flags: append ? 'a' : 'w' });
  try {
    await once(stream, 'open');
  } catch (error) {
    throw new ProgramError(`${path} can not be written (${(error as Error).message}).`, 2);
  }
  return stream;
}

async function main(args: readonly string[]): Promise<number> {
  const stop = new AbortController();
  const signalled = listenForSignals(stop);
  try {
    const options = readOptions(args, process.env);
    if (options === 'help') {
      process.stdout.write(HELP);
      return 0;
    }
    return await run(options, stop.signal);
  } catch (error) {
    return signalled() ?? tell('import', error);
  }
}

// A reader that went away (`weir import … | head`) is no reason to stop in the middle.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
