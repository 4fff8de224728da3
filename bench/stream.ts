import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { grouped } from '../src/client/text-table';
import { BenchError } from './bench-error';
import { openBooks } from './books';
import { check } from './check';
import { BenchDatabase } from './database';
import { eventOf, type Workload } from './events';
import { wholeNumber } from './options';
import { startWeir, stopWeirs, type Weir } from './processes';

const HELP = `Sends events as one stream of lines, and tells the server's memory on the way: it must not grow with the stream.

  npm run bench:stream [-- flags]

  --lines N  lines of the stream (2000000)
  --every N  results between two looks at the memory (200000)
  --help     show this
`;

/** How much more memory the second half may take than the first, which heaps do by themselves. */
const MOST_GROWTH = 1.25;
/** Lines written at once. */
const LINES_A_CHUNK = 200;

/** What was seen when so many lines had their result. */
interface Look {
  readonly lines: number;
  readonly seconds: number;
  readonly bytes: number;
}

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { lines: text, every: text, help: { type: 'boolean' } }, strict: true });
  if (values.help === true) {
    process.stdout.write(HELP);
    return;
  }
  const every = wholeNumber('--every', values.every ?? '200000', 1_000, 100_000_000);
  const lines = wholeNumber('--lines', values.lines ?? '2000000', 4 * every, 100_000_000);

  const loadAverage = loadavg()[0]!;
  const workload: Workload = { startedAtMs: Date.now(), ids: 'ordered' };
  const weir = await startWeir(null);
  let database: BenchDatabase | null = null;
  try {
    await openBooks(weir, []);
    database = await BenchDatabase.connect(weir.dataFolder, 0);
    const looks = await stream(weir, workload, lines, every);
    await database.folded();
    const { events, usageSums } = await check(database, workload, lines);

    const half = looks.length >> 1;
    const [first, second] = [peak(looks.slice(0, half)), peak(looks.slice(half))];
    process.stdout.write(
      `At most ${mebibytes(first)} in the first half of the stream, ${mebibytes(second)} in the second.\n` +
        `Checked: ${grouped(events)} events sent, each stored once; ${grouped(usageSums)} usage sums equal a recount.\n` +
        `${availableParallelism()} cores, Node ${process.versions.node}; load average before the start ${loadAverage.toFixed(1)}\n`,
    );
    if (second > first * MOST_GROWTH) throw new BenchError('Memory grew with the stream.');
  } finally {
    await database?.close();
    await weir.stop();
  }
}

/** Sends all lines in one request, reading the results meanwhile, and looks at the memory after every so many of them. */
async function stream(weir: Weir, workload: Workload, lines: number, every: number): Promise<Look[]> {
  const startedAt = performance.now();
  const looks: Look[] = [];
  const look = (done: number): void => {
    const seconds = (performance.now() - startedAt) / 1_000;
    const bytes = weir.memory();
    if (bytes === null) throw new BenchError('This system does not tell how much memory a process has.');
    looks.push({ lines: done, seconds, bytes });
    process.stdout.write(
      `  ${grouped(done)} lines answered, ${grouped(Math.round(done / seconds))}/s: ${mebibytes(bytes)}\n`,
    );
  };

  const headers = { authorization: `Bearer ${weir.apiKey}`, 'content-type': 'application/x-ndjson' };
  const sent = request(`${weir.url}/v1/events`, { method: 'POST', headers });
  const broken = once(sent, 'error').then(([error]) => {
    throw error;
  });
  const reading = once(sent, 'response').then(([response]) => readResults(response as IncomingMessage, every, look));
  await Promise.race([broken, Promise.all([write(sent, workload, lines), reading])]);

  const end = JSON.parse(await reading) as { accepted: number; complete: boolean };
  if (end.accepted !== lines || !end.complete) throw new BenchError(`The stream ended with ${JSON.stringify(end)}`);
  return looks;
}

async function write(sent: ReturnType<typeof request>, workload: Workload, lines: number): Promise<void> {
  for (let first = 0; first < lines; first += LINES_A_CHUNK) {
    const nowMs = Date.now();
    let chunk = '';
    for (let number = first; number < Math.min(first + LINES_A_CHUNK, lines); number += 1)
      chunk += `${eventOf(workload, number, nowMs).json}\n`;
    if (!sent.write(chunk, 'latin1')) await once(sent, 'drain');
  }
  sent.end();
}

/** @returns the last line */
async function readResults(response: IncomingMessage, every: number, look: (done: number) => void): Promise<string> {
  let done = 0;
  let last = '';
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
    const whole = (last + chunk).split('\n');
    last = whole.pop()!;
    for (const line of whole) {
      if (!line.startsWith('{"line":')) return line;
      if (!line.endsWith('"status":"accepted"}')) throw new BenchError(`A result was: ${line}`);
      done += 1;
      if (done % every === 0) look(done);
    }
  }
  throw new BenchError(`The answer broke off after ${done} results.`);
}

function peak(looks: readonly Look[]): number {
  return Math.max(...looks.map(({ bytes }) => bytes));
}

function mebibytes(bytes: number): string {
  return `${grouped(Math.round(bytes / 1_048_576))} MiB`;
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
