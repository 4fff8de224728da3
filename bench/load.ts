import { connect, type Socket } from 'node:net';
import { eventOf, type Workload } from './events';
import { quantile } from './statistics';

/** What the benchmark tells this process. `prepare` makes the requests of a round, `run` sends the same bytes anywhere. */
export type LoadCommand =
  | {
      readonly kind: 'prepare';
      readonly workload: Workload;
      readonly first: number;
      readonly count: number;
      readonly eventsPerRequest: number;
      /** `single`: the body is the event itself. */
      readonly body: 'single' | 'list';
      readonly apiKey: string;
    }
  | { readonly kind: 'run'; readonly ports: readonly number[]; readonly connections: number };

/** What this process answers to each command. */
export type LoadAnswer =
  | { readonly kind: 'prepared'; readonly bytesPerEvent: number }
  | ({ readonly kind: 'ran' } & LoadResult)
  | { readonly kind: 'failed'; readonly reason: string };

export interface LoadResult {
  /** From the first byte sent to the last answer received. */
  readonly seconds: number;
  readonly requests: number;
  /** Events that the answers say were accepted. */
  readonly accepted: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const CONNECTED_WITHIN_MS = 10_000;

let requests: Buffer[] = [];

function prepare(command: LoadCommand & { kind: 'prepare' }): LoadAnswer {
  const { workload, first, count, eventsPerRequest, body: form, apiKey } = command;
  const nowMs = Date.now();
  requests = [];
  let bytes = 0;
  for (let start = first; start < first + count; start += eventsPerRequest) {
    const events: string[] = [];
    for (let number = start; number < Math.min(start + eventsPerRequest, first + count); number += 1) {
      const { json } = eventOf(workload, number, nowMs);
      bytes += json.length;
      events.push(json);
    }
    const body = form === 'single' ? events.join('') : `[${events.join(',')}]`;
    const head =
      `POST /v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${apiKey}\r\n` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    requests.push(Buffer.from(head + body, 'latin1'));
  }
  return { kind: 'prepared', bytesPerEvent: bytes / count };
}

/**
 * Sends all prepared requests over keep-alive connections, one at a time on each, as fast as they are answered. On bare
 * sockets, because the load shares its cores with what it measures.
 */
async function run({ ports, connections }: LoadCommand & { kind: 'run' }): Promise<LoadAnswer> {
  const sockets = await Promise.all(
    Array.from({ length: connections }, (_, index) => opened(ports[index % ports.length]!)),
  );
  const latencies = new Float64Array(requests.length);
  let next = 0;
  let accepted = 0;
  const startedAt = performance.now();
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve, reject) => {
          let sent = 0;
          let sentAt = 0;
          const send = (): void => {
            if (next === requests.length) {
              resolve();
              return;
            }
            sent = next;
            next += 1;
            sentAt = performance.now();
            socket.write(requests[sent]!);
          };
          readAnswers(
            socket,
            (count) => {
              latencies[sent] = performance.now() - sentAt;
              accepted += count;
              send();
            },
            reject,
          );
          send();
        }),
    ),
  ).finally(() => sockets.forEach((socket) => socket.destroy()));
  const seconds = (performance.now() - startedAt) / 1_000;
  latencies.sort();
  return {
    kind: 'ran',
    seconds,
    requests: requests.length,
    accepted,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
  };
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

/** Reads HTTP answers with a content-length, of which both servers' are, and of each the count it begins with. */
function readAnswers(socket: Socket, onAnswer: (accepted: number) => void, onProblem: (error: Error) => void): void {
  let held: Buffer | null = null;
  let accepted = 0;
  /** Bytes of the current answer that are still to come, -1 while its head is not whole. */
  let missing = -1;
  socket.on('data', (chunk) => {
    if (missing >= 0) {
      missing -= chunk.length;
    } else {
      const bytes: Buffer = held === null ? chunk : Buffer.concat([held, chunk]);
      held = null;
      const headEnd = bytes.indexOf(HEAD_END);
      const head = headEnd < 0 ? '' : bytes.toString('latin1', 0, headEnd).toLowerCase();
      const length = Number(/\r\ncontent-length: *(\d+)/.exec(head)?.[1]);
      const bodyStart = headEnd + HEAD_END.length;
      // What is counted stands in the first bytes of the body.
      if (headEnd < 0 || bytes.length < bodyStart + Math.min(length, 32)) {
        held = bytes;
        return;
      }
      const beginning = bytes.toString('latin1', bodyStart, bodyStart + 400);
      const count = /^\{"accepted":(\d+)/.exec(beginning)?.[1];
      if (!head.startsWith('http/1.1 200 ') || count === undefined) {
        onProblem(new Error(`an answer was: ${head.split('\r\n')[0]} ${beginning}`));
        return;
      }
      accepted = Number(count);
      missing = bodyStart + length - bytes.length;
    }
    if (missing === 0) {
      missing = -1;
      onAnswer(accepted);
    }
  });
  socket.once('error', onProblem);
  socket.once('close', () => onProblem(new Error('a connection was closed')));
}

process.on('message', (command: LoadCommand) => {
  const answer = command.kind === 'prepare' ? Promise.resolve(prepare(command)) : run(command);
  void answer
    .catch((error: unknown): LoadAnswer => ({ kind: 'failed', reason: (error as Error).message }))
    .then((result) => process.send?.(result));
});
process.once('disconnect', () => process.exit(0));
