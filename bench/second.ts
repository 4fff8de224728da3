import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { grouped } from '../src/client/text-table';
import { BenchError } from './bench-error';
import { openBooks } from './books';
import { check } from './check';
import { BenchDatabase } from './database';
import type { Workload } from './events';
import { wholeNumber } from './options';
import { LoadGenerator, type SecondWeir, startBeside, startWeir, stopWeirs } from './processes';
import { spreadOf } from './statistics';

const HELP = `Measures what a second process on the same database adds, and that it loses nothing: single events, taken in by one
process and by two, in turns.

  npm run bench:second [-- flags]

  --rounds N  rounds of each (5), after one that is not counted
  --events N  events in a round (30000)
  --help      show this
`;

const CONNECTIONS = 64;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { rounds: { type: 'string' }, events: { type: 'string' }, help: { type: 'boolean' } },
    strict: true,
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return;
  }
  const rounds = wholeNumber('--rounds', values.rounds ?? '5', 1, 1_000);
  const events = wholeNumber('--events', values.events ?? '30000', 1_000, 10_000_000);

  const loadAverage = loadavg()[0]!;
  const workload: Workload = { startedAtMs: Date.now(), ids: 'ordered' };
  const load = new LoadGenerator();
  const first = await startWeir(null);
  let second: SecondWeir | null = null;
  let database: BenchDatabase | null = null;
  try {
    await openBooks(first, []);
    second = await startBeside(first);
    database = await BenchDatabase.connect(first.dataFolder, 0);
    let sent = 0;
    const rate = async (ports: readonly number[]): Promise<number> => {
      await load.prepare({
        workload,
        first: sent,
        count: events,
        eventsPerRequest: 1,
        body: 'single',
        apiKey: first.apiKey,
      });
      sent += events;
      const { accepted, seconds } = await load.run(ports, CONNECTIONS);
      await database!.folded();
      return accepted / seconds;
    };

    const alone: number[] = [];
    const together: number[] = [];
    for (let number = 0; number <= rounds; number += 1) {
      const one = await rate([first.port]);
      const both = await rate([first.port, second.port]);
      if (number === 0) continue; // warms up
      alone.push(one);
      together.push(both);
      process.stdout.write(
        `  round ${number}: ${grouped(Math.round(one))}/s with one process, ${grouped(Math.round(both))}/s with two\n`,
      );
    }
    const { events: stored, usageSums } = await check(database, workload, sent);
    const ratio = spreadOf(together.map((both, index) => both / alone[index]!));
    process.stdout.write(
      `Two processes took in ${ratio.median.toFixed(2)} [${ratio.least.toFixed(2)}–${ratio.most.toFixed(2)}] times what one did.\n` +
        `Checked: ${grouped(stored)} events sent, each stored once; ${grouped(usageSums)} usage sums equal a recount.\n` +
        `${availableParallelism()} cores, Node ${process.versions.node}; load average before the start ${loadAverage.toFixed(1)}\n`,
    );
  } finally {
    await database?.close();
    load.stop();
    await second?.stop();
    await first.stop();
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
