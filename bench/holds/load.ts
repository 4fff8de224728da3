import { connect, type Socket } from 'node:net';
import { quantile } from '../statistics';
import { type Crowd, holdBody, SETTLE_BODY } from './workload';

/** What the benchmark tells this process: send so many pairs of a hold and its settling, over so many connections. */
export interface HoldsCommand {
  readonly ports: readonly number[];
  readonly connections: number;
  readonly crowd: Crowd;
  /** Begins the keys of the holds. */
  readonly run: string;
  readonly pairs: number;
  readonly apiKey: string;
}

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface HoldsResult {
  /** From the first byte sent to the last answer received. */
  readonly seconds: number;
  /** Holds and settlements, each answered as it should be. */
  readonly requests: number;
  readonly all: Latency;
  readonly hold: Latency;
  readonly settle: Latency;
}

export type HoldsAnswer = { readonly result: HoldsResult } | { readonly failure: string };

const HEAD_END = Buffer.from('\r\n\r\n');
const CONNECTED_WITHIN_MS = 10_000;

/** On bare sockets, because the load shares its cores with what it measures. Each connection waits for its answers. */
async function run(command: HoldsCommand): Promise<HoldsResult> {
  const { ports, connections, crowd, pairs } = command;
  const sockets = await Promise.all(
    Array.from({ length: connections }, (_, index) => opened(ports[index % ports.length]!)),
  );
  const head = (path: string, length: number): string =>
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${command.apiKey}\r\n` +
    `content-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;

  const holds = new Float64Array(pairs);
  const settles = new Float64Array(pairs);
  let next = 0;
  const startedAt = performance.now();
  await Promise.all(
    sockets.map(async (socket) => {
      const ask = asking(socket);
      while (next < pairs) {
        const number = next;
        next += 1;
        const body = holdBody(crowd, command.run, number);
        const heldFrom = performance.now();
        const held = await ask(head('/v1/holds', body.length) + body);
        holds[number] = performance.now() - heldFrom;

        const id = idOfAllowed(held);
        const settledFrom = performance.now();
        const settled = await ask(head(`/v1/holds/${id}/settle`, SETTLE_BODY.length) + SETTLE_BODY);
        settles[number] = performance.now() - settledFrom;
        if (!settled.includes('"status":"settled"')) throw new Error(`a settlement was answered: ${settled}`);
      }
    }),
  ).finally(() => sockets.forEach((socket) => socket.destroy()));
  const seconds = (performance.now() - startedAt) / 1_000;

  const all = new Float64Array(2 * pairs);
  all.set(holds);
  all.set(settles, pairs);
  return { seconds, requests: 2 * pairs, all: latency(all), hold: latency(holds), settle: latency(settles) };
}

function idOfAllowed(answer: string): string {
  const id = /"hold":"([^"]+)"/.exec(answer)?.[1];
  if (id === undefined || !answer.includes('"decision":"allow"')) throw new Error(`a hold was answered: ${answer}`);
  return id;
}

function latency(all: Float64Array): Latency {
  all.sort();
  return { p50Ms: quantile(all, 0.5), p99Ms: quantile(all, 0.99) };
}

function opened(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, timeout: CONNECTED_WITHIN_MS });
    socket.once('timeout', () => reject(new Error(`port ${port} does not answer`)));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.setTimeout(0);
      resolve(socket);
    });
  });
}

/** @returns a function that writes a request and resolves with the body of its answer, which has a content-length */
function asking(socket: Socket): (request: string) => Promise<string> {
  let held: Buffer | null = null;
  let resolve: (body: string) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  socket.on('data', (chunk) => {
    const bytes: Buffer = held === null ? chunk : Buffer.concat([held, chunk]);
    held = bytes;
    const headEnd = bytes.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = bytes.toString('latin1', 0, headEnd).toLowerCase();
    const length = Number(/\r\ncontent-length: *(\d+)/.exec(head)?.[1]);
    const bodyStart = headEnd + HEAD_END.length;
    if (bytes.length < bodyStart + length) return;
    held = null;
    const body = bytes.toString('latin1', bodyStart);
    if (/^http\/1\.1 20[01] /.test(head)) resolve(body);
    else reject(new Error(`an answer was: ${head.split('\r\n')[0]} ${body.slice(0, 400)}`));
  });
  socket.once('error', (error) => reject(error));
  socket.once('close', () => reject(new Error('a connection was closed')));
  return (request) =>
    new Promise((resolved, rejected) => {
      resolve = resolved;
      reject = rejected;
      socket.write(request, 'latin1');
    });
}

process.on('message', (command: HoldsCommand) => {
  void run(command)
    .then((result): HoldsAnswer => ({ result }))
    .catch((error: unknown): HoldsAnswer => ({ failure: (error as Error).message }))
    .then((answer) => process.send?.(answer));
});
process.once('disconnect', () => process.exit(0));
