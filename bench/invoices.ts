import { writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { grouped } from '../src/client/text-table';
import { BenchError } from './bench-error';
import { advanceTo, openBillingBooks, PRICES, subscribeAll } from './billing-books';
import { BenchDatabase } from './database';
import { measureOneCustomer } from './one-customer';
import { oneOf, wholeNumber } from './options';
import { PlainInserts } from './plain-inserts';
import { startWeir, stopWeirs } from './processes';
import { monotonicMicros, summarize, type Window } from './profile';
import { spreadOf } from './statistics';
import { storeEvents } from './store-events';

const HELP = `Measures how fast billing periods are closed and invoices are finalized, against plainly inserting the same rows; and
whether an invoice of a customer with millions of events is made as fast as that of one with few.

  npm run bench:invoices [-- flags]

  --only PART          run (of many subscriptions), or one-customer; both without it
  --subscriptions N    due at the same minute, with five prices each (10000)
  --usage N            events of each in a period (20)
  --rounds N           periods, after one that is not counted (3)
  --few N, --many N    events in the period of the one customer and of the other (100000 and 5000000)
  --times N            how often each customer's invoice is made (20)
  --profile FOLDER     profile the server's CPU in the run, and print its most expensive functions
  --json FILE          write every figure as JSON
  --help               show this
`;

interface Options {
  readonly parts: readonly ('run' | 'one-customer')[];
  readonly subscriptions: number;
  readonly usage: number;
  readonly rounds: number;
  readonly few: number;
  readonly many: number;
  readonly times: number;
  readonly profile: string | null;
  readonly json: string | null;
}

function readOptions(args: string[]): Options | 'help' {
  const text = { type: 'string' } as const;
  const options = { only: text, subscriptions: text, usage: text, rounds: text, few: text, many: text, times: text };
  const { values } = parseArgs({
    args,
    options: { ...options, profile: text, json: text, help: { type: 'boolean' } },
    strict: true,
  });
  if (values.help === true) return 'help';
  const parts = ['run', 'one-customer'] as const;
  return {
    parts: values.only === undefined ? parts : [oneOf('--only', values.only, parts)],
    subscriptions: wholeNumber('--subscriptions', values.subscriptions ?? '10000', 1, 1_000_000),
    usage: wholeNumber('--usage', values.usage ?? '20', 1, 10_000),
    rounds: wholeNumber('--rounds', values.rounds ?? '3', 1, 100),
    few: wholeNumber('--few', values.few ?? '100000', 1_000, 100_000_000),
    many: wholeNumber('--many', values.many ?? '5000000', 1_000, 100_000_000),
    times: wholeNumber('--times', values.times ?? '20', 1, 10_000),
    profile: values.profile ?? null,
    json: values.json ?? null,
  };
}

/** The first of a month, some months after January 2025, at the minute at which everything falls due. */
const dueAt = (month: number): Date => new Date(Date.UTC(2025, month, 1));
const DAY_MS = 86_400_000;

/** Invoices a second in one round. */
interface Round {
  readonly closed: number;
  readonly finalized: number;
  /** From due to final. */
  readonly both: number;
  readonly oneByOne: number;
  readonly manyAtOnce: number;
  /** Milliseconds an invoice, in the server and in PostgreSQL, of both steps together. */
  readonly serverCpu: number | null;
  readonly postgresCpu: number | null;
}

async function measureRun(options: Options): Promise<Round[]> {
  const { subscriptions, rounds } = options;
  const weir = await startWeir(options.profile === null ? null : { folder: options.profile, name: 'invoices.cpuprofile' }); // prettier-ignore
  const windows: Window[] = [];
  let database: BenchDatabase | null = null;
  try {
    await openBillingBooks(weir);
    const keys = Array.from({ length: subscriptions }, (_, index) => `customer-${String(index).padStart(6, '0')}`);
    const clock = await subscribeAll(weir, keys, dueAt(0));
    database = await BenchDatabase.connect(weir.dataFolder, 0);
    const periods = rounds + 1;
    const within = { from: dueAt(0), to: dueAt(periods) };
    await database.run((client) => storeEvents(client, [{ count: subscriptions * options.usage * periods, within }]));
    const baseline = await database.run((client) => PlainInserts.prepare(client));

    const found: Round[] = [];
    for (let round = 0; round < periods; round += 1) {
      const before = weir.cpu();
      const from = monotonicMicros();
      const closing = await advanceTo(weir, clock, dueAt(round + 1));
      const finalizing = await advanceTo(weir, clock, new Date(dueAt(round + 1).getTime() + DAY_MS));
      windows.push({ from, to: monotonicMicros() });
      const after = weir.cpu();

      const stored = await baseline.read(dueAt(round));
      refuseUnlessWhole(stored.invoices.rows.length, stored.lines.rows.length, subscriptions);
      const oneByOne = await baseline.oneByOne(stored);
      await baseline.empty(stored);
      const manyAtOnce = await baseline.manyAtOnce(stored);
      await baseline.empty(stored);
      const rates = {
        closed: subscriptions / closing,
        finalized: subscriptions / finalizing,
        both: subscriptions / (closing + finalizing),
        oneByOne: subscriptions / oneByOne,
        manyAtOnce: subscriptions / manyAtOnce,
        serverCpu: before && after && ((after.server - before.server) * 1_000) / subscriptions,
        postgresCpu: before && after && ((after.postgres - before.postgres) * 1_000) / subscriptions,
      };
      const name = round === 0 ? 'warming up' : `round ${round}`;
      process.stdout.write(
        `  ${name}: closed ${whole(rates.closed)}/s, finalized ${whole(rates.finalized)}/s, from due to final ${whole(rates.both)}/s; ` +
          `plain inserts ${whole(rates.oneByOne)}/s one by one, ${whole(rates.manyAtOnce)}/s many at once\n`,
      );
      if (round > 0) found.push(rates);
    }
    await refuseUnlessFinal(database, subscriptions * periods);
    return found;
  } finally {
    await database?.close();
    await weir.stop();
    if (options.profile !== null && windows.length > 0) await tellProfile(options.profile, windows.slice(1));
  }
}

function refuseUnlessWhole(invoices: number, lines: number, subscriptions: number): void {
  if (invoices === subscriptions && lines === subscriptions * PRICES.length) return;
  throw new BenchError(
    `${subscriptions} invoices of ${PRICES.length} lines should be there: ${invoices} with ${lines} are.`,
  );
}

/** Every invoice has a number, none is left out, and the books balance: what was quick was also right. */
async function refuseUnlessFinal(database: BenchDatabase, invoices: number): Promise<void> {
  const { rows } = await database.run((client) =>
    client.query<{ numbered: number; last: number; billed: string; booked: string; same: boolean }>(
      `SELECT count(DISTINCT number)::int AS numbered, (SELECT invoices_numbered::int FROM organisation) AS last,
              sum(total)::text AS billed, booked.amount::text AS booked, sum(total) = booked.amount AS same
         FROM invoice,
              (SELECT sum(amount) AS amount FROM ledger_entry WHERE account = 'accounts_receivable') AS booked
        GROUP BY booked.amount`,
    ),
  );
  const { numbered, last, billed, booked, same } = rows[0]!;
  if (numbered === invoices && last === invoices && same) return;
  throw new BenchError(`Of ${invoices} invoices ${numbered} have a number; ${billed} is billed and ${booked} booked.`);
}

async function tellProfile(folder: string, windows: readonly Window[]): Promise<void> {
  const { functions, inclusive } = await summarize(join(folder, 'invoices.cpuprofile'), windows, 30);
  for (const [title, spent] of [
    ['In themselves', functions],
    ['With all they call', inclusive],
  ] as const) {
    process.stdout.write(`${title}\n`);
    for (const { name, place, seconds, share } of spent)
      process.stdout.write(`  ${(share * 100).toFixed(1).padStart(5)} %  ${seconds.toFixed(2)} s  ${name}  ${place}\n`);
  }
}

function tellRun(rounds: readonly Round[], subscriptions: number): object {
  const ratio = (step: 'closed' | 'finalized' | 'both', plain: 'oneByOne' | 'manyAtOnce') =>
    spreadOf(rounds.map((round) => round[step] / round[plain]));
  const rate = (name: keyof Round): string => spread(rounds.map((round) => round[name] ?? Number.NaN), whole); // prettier-ignore
  const lines = [
    `${grouped(subscriptions)} subscriptions of ${PRICES.length} prices, due at the same minute`,
    `  plain inserts of the same rows  ${rate('oneByOne')}/s one by one, ${rate('manyAtOnce')}/s a hundred at once`,
    ...(['closed', 'finalized', 'both'] as const).map((step) => {
      const name = step === 'both' ? 'from due to final' : step;
      const [plain, quick] = [ratio(step, 'oneByOne'), ratio(step, 'manyAtOnce')];
      return `  ${name.padEnd(30)}  ${rate(step)}/s; ratio ${twoDecimals(plain)} to one by one, ${twoDecimals(quick)} to a hundred at once`;
    }),
    `  CPU of an invoice               ${spread(rounds.map(({ serverCpu }) => serverCpu ?? Number.NaN), decimals)} ms in the server, ` + // prettier-ignore
      `${spread(
        rounds.map(({ postgresCpu }) => postgresCpu ?? Number.NaN),
        decimals,
      )} ms in PostgreSQL`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return { rounds, ratio: { oneByOne: ratio('both', 'oneByOne'), manyAtOnce: ratio('both', 'manyAtOnce') } };
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') return void process.stdout.write(HELP);
  const load = loadavg()[0]!.toFixed(1);
  const found: Record<string, object> = {};
  if (options.parts.includes('run')) found['run'] = tellRun(await measureRun(options), options.subscriptions);
  if (options.parts.includes('one-customer')) found['oneCustomer'] = await measureOneCustomer(options);
  process.stdout.write(
    `${availableParallelism()} cores, Node ${process.versions.node}; load average before the start ${load}\n`,
  );
  if (options.json === null) return;
  await writeFile(options.json, `${JSON.stringify({ at: new Date().toISOString(), options, ...found }, null, 2)}\n`);
}

function spread(values: readonly number[], text: (value: number) => string): string {
  const { median, least, most } = spreadOf(values);
  return `${text(median)} [${text(least)}–${text(most)}]`;
}

const whole = (value: number): string => grouped(Math.round(value));
const decimals = (value: number): string => value.toFixed(2);
const twoDecimals = ({ median, least, most }: ReturnType<typeof spreadOf>): string =>
  `${decimals(median)} [${decimals(least)}–${decimals(most)}]`;

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void stopWeirs().finally(() => process.exit(130)));

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`bench: ${error instanceof BenchError ? error.message : String((error as Error).stack)}\n`);
    process.exit(1);
  },
);
