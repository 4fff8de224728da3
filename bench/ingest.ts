import { writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { BenchError } from './bench-error';
import { openBooks } from './books';
import { check } from './check';
import { BenchDatabase } from './database';
import type { Workload } from './events';
import { type BenchOptions, HELP, type Part, readOptions } from './options';
import { LoadGenerator, startBareServer, startWeir, stopWeirs } from './processes';
import { summarize } from './profile';
import { type PartResult, profileReport, ratioOf, report, roundLine, titleOf } from './report';
import { type Round, Rounds } from './rounds';
import { spreadOf } from './statistics';

const WARM_UP_EVENTS = { batch: 50_000, single: 10_000 } as const;
const ROWS_SHOWN = 20;

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(HELP);
    return;
  }
  const parts: PartResult[] = [];
  for (const part of options.parts) {
    const profile = options.profile === null ? null : { folder: resolve(options.profile), name: `${part}.cpuprofile` };
    const result = await measure(part, options, profile);
    process.stdout.write(`\n${report(result)}\n\n`);
    if (profile !== null) {
      const summary = await summarize(join(profile.folder, profile.name), result.windows, ROWS_SHOWN);
      process.stdout.write(`${profileReport(summary)}\n\n`);
    }
    parts.push(result);
  }
  if (options.json !== null) {
    await writeFile(options.json, `${JSON.stringify({ at: new Date().toISOString(), options, parts }, null, 2)}\n`);
  }
}

/** One part on a fresh server: a round that is not counted, then those that are, and what was stored is checked. */
async function measure(
  part: Part,
  options: BenchOptions,
  profile: { folder: string; name: string } | null,
): Promise<PartResult> {
  const events = part === 'batch' ? options.events : Math.floor(options.events / 5);
  process.stdout.write(`${titleOf(part, events)}\n`);
  const loadAverage = loadavg()[0]!;
  const workload: Workload = { startedAtMs: Date.now(), ids: options.ids };
  const weir = await startWeir(profile);
  const load = new LoadGenerator();
  let database: BenchDatabase | null = null;
  const bare = await startBareServer();
  try {
    database = await BenchDatabase.connect(weir.dataFolder, options.copyConnections);
    await openBooks(weir, options.groupBy);
    const all = new Rounds(part, workload, weir, database, load, bare);

    await all.run(Math.min(events, WARM_UP_EVENTS[part]));
    const rounds: Round[] = [];
    for (let number = 1; number <= options.rounds; number += 1) {
      const round = await all.run(events);
      rounds.push(round);
      process.stdout.write(`${roundLine(number, round)}\n`);
    }

    return {
      part,
      events,
      bytesPerEvent: all.bytesPerEvent,
      machine: {
        cores: availableParallelism(),
        loadAverage,
        node: process.versions.node,
        postgres: await database.version(),
      },
      copyConnections: options.copyConnections,
      rounds,
      windows: all.windows.slice(1),
      ratio: spreadOf(rounds.map(ratioOf)),
      p99Ratio: spreadOf(rounds.map((round) => round.weir.p99Ms / round.bare.p99Ms)),
      checked: await check(database, workload, all.sent),
      bytesPerRow: part === 'batch' ? await database.sizes() : null,
    };
  } finally {
    await database?.close();
    load.stop();
    bare.stop();
    await weir.stop();
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void stopWeirs().finally(() => process.exit(130)));

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`bench: ${error instanceof BenchError ? error.message : String((error as Error).stack)}\n`);
    process.exit(1);
  },
);
