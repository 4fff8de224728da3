import { grouped, table } from '../../src/client/text-table';
import { type Spread, spreadOf } from '../statistics';
import type { Latency } from './load';
import type { Crowd } from './workload';

const WIDTH = 130;

export interface Side extends Latency {
  readonly seconds: number;
  readonly requestsPerSecond: number;
}

export interface HoldsRound {
  /** CPU in microseconds a request. */
  readonly weir: Side & {
    readonly hold: Latency;
    readonly settle: Latency;
    readonly serverCpu: number;
    readonly postgresCpu: number;
  };
  readonly bare: Side;
  readonly locking: Side;
}

/** One crowd on one or two processes. */
export interface HoldsPart {
  readonly crowd: Crowd;
  readonly processes: 1 | 2;
  readonly connections: number;
  readonly rounds: readonly HoldsRound[];
  /** The round that is not counted included. */
  readonly pairsSent: number;
}

/** Weir's rate as a share of the bare server's, request by request. */
export function ratioOf({ weir, bare }: HoldsRound): number {
  return weir.requestsPerSecond / bare.requestsPerSecond;
}

export function holdsReport({ crowd, processes, connections, rounds }: HoldsPart): string {
  const who = crowd === 'hot' ? 'One hot customer' : '10,000 customers';
  const on = processes === 1 ? 'one process' : 'two processes';
  const over = (of: (round: HoldsRound) => number, decimals: number): string => spread(spreadOf(rounds.map(of)), decimals); // prettier-ignore
  const cells = (name: string, of: (round: HoldsRound) => Latency, rate: string): string[] => [
    name,
    rate,
    over((round) => of(round).p50Ms, 1),
    over((round) => of(round).p99Ms, 1),
  ];
  const rateOf = (of: (round: HoldsRound) => Side): string => over((round) => of(round).requestsPerSecond, 0);
  const columns = ['median [range]', 'requests/s', 'p50 ms', 'p99 ms'];
  return [
    `${who}, ${on}, ${connections} connections`,
    ...table(
      columns.map((title, index) => ({ title, align: index === 0 ? 'left' : 'right' })),
      [
        cells(
          'Weir',
          ({ weir }) => weir,
          rateOf(({ weir }) => weir),
        ),
        cells('  holds', ({ weir }) => weir.hold, ''),
        cells('  settlements', ({ weir }) => weir.settle, ''),
        cells(
          'bare Fastify',
          ({ bare }) => bare,
          rateOf(({ bare }) => bare),
        ),
        cells(
          'lock per request',
          ({ locking }) => locking,
          rateOf(({ locking }) => locking),
        ),
      ],
      WIDTH,
    ),
    '',
    `Ratio to bare Fastify: ${over(ratioOf, 2)}; p99 to bare Fastify's: ${over(({ weir, bare }) => weir.p99Ms / bare.p99Ms, 1)}; ` +
      `times the lock per request: ${over(({ weir, locking }) => weir.requestsPerSecond / locking.requestsPerSecond, 1)}`,
    `CPU µs a request: server ${over(({ weir }) => weir.serverCpu, 0)}, PostgreSQL ${over(({ weir }) => weir.postgresCpu, 0)}`,
  ].join('\n');
}

function spread({ median, least, most }: Spread, decimals: number): string {
  const text = (value: number): string => (decimals === 0 ? grouped(Math.round(value)) : value.toFixed(decimals));
  return `${text(median)} [${text(least)}–${text(most)}]`;
}
