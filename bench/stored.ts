import { writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { grouped } from '../src/client/text-table';
import { BenchError } from './bench-error';
import { openBooks } from './books';
import { BenchDatabase } from './database';
import { customerKey, type IdKind, type Workload } from './events';
import { oneOf, wholeNumber } from './options';
import { LoadGenerator, startWeir, stopWeirs, type Weir } from './processes';
import { storeEvents } from './store-events';
import { quantile, type Spread, spreadOf } from './statistics';

const HELP = `Measures whether Weir is as fast with millions of stored events as with few: how it takes in batches, and how long a
query for a month's usage takes. Two servers, one with many events and one with few, take turns.

  npm run bench:stored [-- flags]

  --stored N    events in the one server (5000000)
  --few N       events in the other (100000)
  --rounds N    rounds of batches for each, after one that is not counted (5)
  --events N    events in a round (50000)
  --queries N   times that each question is asked of each server (100)
  --ids KIND    of the events sent: ordered (UUID version 7, the default) or random (version 4)
  --json FILE   write every figure as JSON
  --help        show this
`;

const CONNECTIONS = 8;
const EVENTS_A_REQUEST = 500;

interface Options {
  readonly stored: number;
  readonly few: number;
  readonly rounds: number;
  readonly events: number;
  readonly queries: number;
  readonly ids: IdKind;
  readonly json: string | null;
}

function readOptions(args: string[]): Options | 'help' {
  const text = { type: 'string' } as const;
  const options = { stored: text, few: text, rounds: text, events: text, queries: text, ids: text, json: text };
  const { values } = parseArgs({ args, options: { ...options, help: { type: 'boolean' } }, strict: true });
  if (values.help === true) return 'help';
  return {
    stored: wholeNumber('--stored', values.stored ?? '5000000', 1_000, 100_000_000),
    few: wholeNumber('--few', values.few ?? '100000', 1_000, 100_000_000),
    rounds: wholeNumber('--rounds', values.rounds ?? '5', 1, 1_000),
    events: wholeNumber('--events', values.events ?? '50000', 5_000, 10_000_000),
    queries: wholeNumber('--queries', values.queries ?? '100', 1, 100_000),
    ids: oneOf('--ids', values.ids ?? 'ordered', ['ordered', 'random']),
    json: values.json ?? null,
  };
}

/** One of the two servers. */
class Side {
  private sent = 0;

  private constructor(
    readonly stored: number,
    private readonly weir: Weir,
    private readonly database: BenchDatabase,
    private readonly load: LoadGenerator,
    private readonly workload: Workload,
  ) {}

  static async open(stored: number, ids: IdKind, load: LoadGenerator): Promise<Side> {
    const weir = await startWeir(null);
    await openBooks(weir, []);
    const database = await BenchDatabase.connect(weir.dataFolder, 0);
    const startedAt = performance.now();
    await database.run((client) => storeEvents(client, stored));
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    process.stdout.write(`  ${grouped(stored)} events stored in ${seconds} seconds\n`);
    return new Side(stored, weir, database, load, { startedAtMs: Date.now(), ids });
  }

  /** @returns events a second, and microseconds of CPU an event in PostgreSQL */
  async ingest(events: number): Promise<{ rate: number; postgresCpu: number | null }> {
    await this.load.prepare({
      workload: this.workload,
      first: this.sent,
      count: events,
      eventsPerRequest: EVENTS_A_REQUEST,
      body: 'list',
      apiKey: this.weir.apiKey,
    });
    this.sent += events;
    const before = this.weir.cpu();
    const { accepted, seconds } = await this.load.run([this.weir.port], CONNECTIONS);
    await this.database.folded();
    const after = this.weir.cpu();
    if (accepted !== events) throw new BenchError(`Of ${events} events ${accepted} were accepted.`);
    const postgresCpu = before === null || after === null ? null : ((after.postgres - before.postgres) * 1e6) / events;
    return { rate: accepted / seconds, postgresCpu };
  }

  /** @returns milliseconds until the answer was there */
  async ask(path: string): Promise<number> {
    const startedAt = performance.now();
    const response = await fetch(this.weir.url + path, { headers: { authorization: `Bearer ${this.weir.apiKey}` } });
    const answer = await response.text();
    if (!response.ok) throw new BenchError(`GET ${path} was answered: ${response.status} ${answer}`);
    return performance.now() - startedAt;
  }

  async check(): Promise<void> {
    const { events, uncosted, counted } = await this.database.totals();
    const expected = this.stored + this.sent;
    if (events !== expected || uncosted > 0)
      throw new BenchError(`${expected} events should be stored, with a cost: ${events} are, ${uncosted} without.`);
    if (!counted) throw new BenchError('Usage, by customer or of all, is not what the events add up to.');
    process.stdout.write(`  Checked: ${grouped(events)} events, each with a cost; usage adds up to the same\n`);
  }

  async close(): Promise<void> {
    await this.database.close();
    await this.weir.stop();
  }
}

/** This month so far, so that the query's last hours get new events all the while. */
function month(): { from: string; to: string } {
  const now = new Date();
  const first = (months: number) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months, 1));
  return { from: first(0).toISOString(), to: first(1).toISOString() };
}

function questions(): Record<string, string> {
  const period = new URLSearchParams(month()).toString();
  return {
    'one customer, one meter': `/v1/usage?meter=output-tokens&customer=${customerKey(7)}&${period}`,
    'one customer, all meters': `/v1/customers/${customerKey(7)}/usage?${period}`,
    'the whole organisation, one meter': `/v1/usage?meter=output-tokens&${period}`,
    'the whole organisation, by day': `/v1/usage?meter=output-tokens&window=day&${period}`,
  };
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(HELP);
    return;
  }
  const load = new LoadGenerator();
  const sides: Side[] = [];
  const loadAverage = loadavg()[0]!;
  try {
    const few = await Side.open(options.few, options.ids, load);
    sides.push(few);
    const many = await Side.open(options.stored, options.ids, load);
    sides.push(many);

    const rounds = await ingestRounds(few, many, options);
    const asked = await queryRounds(few, many, options);
    for (const side of sides) await side.check();

    process.stdout.write(
      `${availableParallelism()} cores, Node ${process.versions.node}; load average before the start ${loadAverage.toFixed(1)}\n`,
    );
    if (options.json !== null) {
      await writeFile(
        options.json,
        `${JSON.stringify({ at: new Date().toISOString(), options, rounds, asked }, null, 2)}\n`,
      );
    }
  } finally {
    load.stop();
    for (const side of sides) await side.close();
  }
}

async function ingestRounds(few: Side, many: Side, { rounds, events, ids }: Options): Promise<object> {
  const ratios: number[] = [];
  const rates: { few: number[]; many: number[] } = { few: [], many: [] };
  const cpus: { few: number[]; many: number[] } = { few: [], many: [] };
  for (let number = 0; number <= rounds; number += 1) {
    const here = await few.ingest(events);
    const there = await many.ingest(events);
    if (number === 0) continue; // warms up
    rates.few.push(here.rate);
    rates.many.push(there.rate);
    cpus.few.push(here.postgresCpu ?? Number.NaN);
    cpus.many.push(there.postgresCpu ?? Number.NaN);
    ratios.push(there.rate / here.rate);
    process.stdout.write(
      `  round ${number}: ${whole(here.rate)}/s with few, ${whole(there.rate)}/s with many, ratio ${(there.rate / here.rate).toFixed(2)}\n`,
    );
  }
  process.stdout.write(
    `Batches of ${EVENTS_A_REQUEST}, ${ids} ids: ${spread(rates.few, whole)}/s with few, ${spread(rates.many, whole)}/s with many; ` +
      `ratio ${spread(ratios, decimals)}; PostgreSQL's CPU ${spread(cpus.few, tenths)} and ${spread(cpus.many, tenths)} µs an event\n`,
  );
  return { rates, cpus, ratio: spreadOf(ratios) };
}

async function queryRounds(few: Side, many: Side, { queries }: Options): Promise<object> {
  const results: Record<string, { few: Spread; many: Spread; ratio: number }> = {};
  for (const [name, path] of Object.entries(questions())) {
    const here: number[] = [];
    const there: number[] = [];
    for (let number = -10; number < queries; number += 1) {
      const [a, b] = [await few.ask(path), await many.ask(path)];
      if (number < 0) continue; // warms up
      here.push(a);
      there.push(b);
    }
    const middle = (times: number[]): number =>
      quantile(
        times.toSorted((a, b) => a - b),
        0.5,
      );
    results[name] = { few: spreadOf(here), many: spreadOf(there), ratio: middle(there) / middle(here) };
    process.stdout.write(
      `A month of ${name}: ${middle(here).toFixed(1)} ms with few, ${middle(there).toFixed(1)} ms with many; ratio ${(middle(there) / middle(here)).toFixed(2)}\n`,
    );
  }
  return results;
}

function spread(values: readonly number[], text: (value: number) => string): string {
  const { median, least, most } = spreadOf(values);
  return `${text(median)} [${text(least)}–${text(most)}]`;
}

const whole = (value: number): string => grouped(Math.round(value));
const decimals = (value: number): string => value.toFixed(2);
const tenths = (value: number): string => value.toFixed(1);

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void stopWeirs().finally(() => process.exit(130)));

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`bench: ${error instanceof BenchError ? error.message : String((error as Error).stack)}\n`);
    process.exit(1);
  },
);
