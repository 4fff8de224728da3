import { writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { grouped } from '../src/client/text-table';
import { BenchError } from './bench-error';
import { checkHolds } from './holds/check';
import { openBooks, socketFolder } from './holds/books';
import type { HoldsResult } from './holds/load';
import { holdsReport, type HoldsPart, type HoldsRound, ratioOf, type Side } from './holds/report';
import type { Crowd } from './holds/workload';
import { oneOf, wholeNumber } from './options';
import { HoldsGenerator, type SecondWeir, startBareServer, startBeside, startWeir, stopWeirs, type Weir } from './processes'; // prettier-ignore
import { monotonicMicros, summarize, type Window } from './profile';
import { profileReport } from './report';

const HELP = `Measures how many holds and settlements a second Weir answers, against a bare Fastify and a lock for each request.

  npm run bench:holds [-- flags]

  --rounds N        rounds of each side, interleaved (5), after one that is not counted
  --pairs N         pairs of a hold and its settling in a round (10000); the lock per request gets a quarter
  --connections N   keep-alive connections (64)
  --only WHAT       hot (one customer) or spread (10,000 customers)
  --processes N     1 or 2 server processes (both)
  --json FILE       write every figure as JSON
  --profile FOLDER  profile the first server's CPU, and show its most expensive functions
  --help            show this
`;

const WARM_UP_PAIRS = 3_000;
const ROWS_SHOWN = 25;
const PROFILE = 'holds.cpuprofile';

interface Options {
  readonly rounds: number;
  readonly pairs: number;
  readonly connections: number;
  readonly crowds: readonly Crowd[];
  readonly processes: readonly (1 | 2)[];
  readonly json: string | null;
  readonly profile: string | null;
}

/** All servers of the run. Those of one kind share the connections when two processes are asked for. */
interface Servers {
  readonly weir: Weir;
  readonly second: SecondWeir | null;
  readonly bare: readonly { readonly port: number }[];
  readonly locking: readonly { readonly port: number }[];
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(HELP);
    return;
  }
  const loadAverage = loadavg()[0]!;
  const profileFolder = options.profile === null ? null : resolve(options.profile);
  const stops: (() => unknown)[] = [];
  let result: { parts: HoldsPart[]; windows: Window[] };
  try {
    const weir = await startWeir(profileFolder === null ? null : { folder: profileFolder, name: PROFILE });
    stops.push(() => weir.stop());
    const database = new Client({ host: await socketFolder(weir), port: 5432, user: 'weir', database: 'weir' });
    database.on('error', () => undefined);
    await database.connect();
    stops.push(() => database.end());
    await openBooks(weir, database);

    const count = Math.max(...options.processes);
    const second = count === 2 ? await startBeside(weir) : null;
    if (second !== null) stops.push(() => second.stop());
    const several = async (file: string, parameters: string[]) => {
      const servers = await Promise.all(Array.from({ length: count }, () => startBareServer(file, parameters)));
      stops.push(...servers.map((server) => () => server.stop()));
      return servers;
    };
    const bare = await several(join('holds', 'bare.js'), []);
    const locking = await several(join('holds', 'lock-per-request.js'), [await socketFolder(weir)]);
    const load = new HoldsGenerator();
    stops.push(() => load.stop());

    result = await measureAll(options, { weir, second, bare, locking }, load);
    const sent = result.parts.reduce((pairs, part) => pairs + part.pairsSent, 0);
    const checked = await checkHolds(database, sent);
    process.stdout.write(
      `\nChecked: ${grouped(checked.holds)} holds, each settled once; ${grouped(checked.counters)} counters say what the holds add up to, and hold nothing.\n` +
        `${availableParallelism()} cores, Node ${process.versions.node}; load average before the start ${loadAverage.toFixed(1)}\n`,
    );
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
  if (profileFolder !== null) {
    const summary = await summarize(join(profileFolder, PROFILE), result.windows, ROWS_SHOWN);
    process.stdout.write(`\n${profileReport(summary)}\n`);
  }
  if (options.json !== null) {
    const { parts } = result;
    await writeFile(options.json, `${JSON.stringify({ at: new Date().toISOString(), options, parts }, null, 2)}\n`);
  }
}

async function measureAll(
  options: Options,
  servers: Servers,
  load: HoldsGenerator,
): Promise<{ parts: HoldsPart[]; windows: Window[] }> {
  const parts: HoldsPart[] = [];
  const windows: Window[] = [];
  for (const processes of options.processes)
    for (const crowd of options.crowds) {
      const rounds: HoldsRound[] = [];
      let pairsSent = 0;
      for (let number = 0; number <= options.rounds; number += 1) {
        const pairs = number === 0 ? Math.min(WARM_UP_PAIRS, options.pairs) : options.pairs;
        const run = `${processes}-${crowd}-${number}-${Date.now().toString(36)}`;
        const from = monotonicMicros();
        const round = await measure({ crowd, run, pairs, processes, connections: options.connections }, servers, load);
        pairsSent += pairs;
        if (number === 0) continue; // warms up
        windows.push({ from, to: from + round.weir.seconds * 1e6 });
        rounds.push(round);
        process.stdout.write(
          `  ${crowd}, ${processes === 1 ? 'one process' : 'two processes'}, round ${number}: Weir ${rate(round.weir)}, ` +
            `bare ${rate(round.bare)}, lock per request ${rate(round.locking)}; ratio ${ratioOf(round).toFixed(2)}\n`,
        );
      }
      const part: HoldsPart = { crowd, processes, connections: options.connections, rounds, pairsSent };
      process.stdout.write(`\n${holdsReport(part)}\n\n`);
      parts.push(part);
    }
  return { parts, windows };
}

interface RoundOfPart {
  readonly crowd: Crowd;
  readonly run: string;
  readonly pairs: number;
  readonly processes: 1 | 2;
  readonly connections: number;
}

/** Weir, the bare server and the lock per request, one after the other, by the same sender. */
async function measure(round: RoundOfPart, servers: Servers, load: HoldsGenerator): Promise<HoldsRound> {
  const { crowd, run, processes, connections } = round;
  const { weir, second } = servers;
  const send = (of: readonly { readonly port: number }[], pairs: number): Promise<HoldsResult> =>
    load.run({
      ports: of.slice(0, processes).map(({ port }) => port),
      connections,
      crowd,
      run,
      pairs,
      apiKey: weir.apiKey,
    });

  const before = { ...weir.cpu(), second: second?.cpu() ?? 0 };
  const ours = await send(second === null ? [weir] : [weir, second], round.pairs);
  const after = { ...weir.cpu(), second: second?.cpu() ?? 0 };
  const micros = (seconds: number): number => (seconds * 1e6) / ours.requests;
  return {
    weir: {
      ...sideOf(ours),
      hold: ours.hold,
      settle: ours.settle,
      serverCpu: micros((after.server ?? 0) + after.second - (before.server ?? 0) - before.second),
      postgresCpu: micros((after.postgres ?? 0) - (before.postgres ?? 0)),
    },
    bare: sideOf(await send(servers.bare, round.pairs)),
    locking: sideOf(await send(servers.locking, Math.ceil(round.pairs / 4))),
  };
}

function sideOf({ seconds, requests, all }: HoldsResult): Side {
  return { seconds, requestsPerSecond: requests / seconds, ...all };
}

function rate({ requestsPerSecond }: Side): string {
  return `${grouped(Math.round(requestsPerSecond))}/s`;
}

/** @throws BenchError */
function readOptions(args: readonly string[]): Options | 'help' {
  const text = { type: 'string' } as const;
  const flags = {
    rounds: text,
    pairs: text,
    connections: text,
    only: text,
    processes: text,
    json: text,
    profile: text,
  };
  const { values } = parseArgs({ args: [...args], options: { ...flags, help: { type: 'boolean' } }, strict: true });
  if (values.help === true) return 'help';
  return {
    rounds: wholeNumber('--rounds', values.rounds ?? '5', 1, 1_000),
    pairs: wholeNumber('--pairs', values.pairs ?? '10000', 1_000, 10_000_000),
    connections: wholeNumber('--connections', values.connections ?? '64', 1, 1_000),
    crowds: values.only === undefined ? ['hot', 'spread'] : [oneOf('--only', values.only, ['hot', 'spread'])],
    processes: values.processes === undefined ? [1, 2] : [values.processes === '1' ? 1 : 2],
    json: values.json ?? null,
    profile: values.profile ?? null,
  };
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
