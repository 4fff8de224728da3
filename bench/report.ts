import { grouped, table } from '../src/client';
import type { Checked } from './check';
import type { Size } from './database';
import type { Part } from './options';
import type { ProfileSummary, Spent, Window } from './profile';
import type { Round } from './rounds';
import { type Spread, spreadOf } from './statistics';

const WIDTH = 120;
/** Load average. */
const NOISY_ABOVE = 0.5;

/** Everything that one part found. */
export interface PartResult {
  readonly part: Part;
  readonly events: number;
  readonly bytesPerEvent: number;
  readonly machine: {
    readonly cores: number;
    /** Of the last minute before the start: how many wanted to run. Above 0.5 others disturb what is measured. */
    readonly loadAverage: number;
    readonly node: string;
    readonly postgres: string;
  };
  readonly copyConnections: number;
  readonly rounds: readonly Round[];
  /** Weir's rate as a share of the baseline's, round by round: COPY for batches, the bare server for single events. */
  readonly ratio: Spread;
  /** How many times the bare server's p99 Weir's is. */
  readonly p99Ratio: Spread;
  readonly checked: Checked;
  /** When Weir was under load, the round that is not counted aside. */
  readonly windows: readonly Window[];
  readonly bytesPerRow: { readonly event: Size; readonly copy: Size } | null;
}

/** Weir's rate as a share of what the part is measured against. */
export function ratioOf({ weir, copy, bare }: Round): number {
  return weir.eventsPerSecond / (copy?.rowsPerSecond ?? bare.eventsPerSecond);
}

export function titleOf(part: Part, events: number): string {
  return part === 'batch'
    ? `Batches of 500 over 8 connections, ${grouped(events)} events a round, against a binary COPY of the same rows`
    : `Single events over 64 connections, ${grouped(events)} events a round, against a bare Fastify`;
}

/** A line as soon as a round is over, for people who watch. */
export function roundLine(number: number, round: Round): string {
  const { weir, copy, bare } = round;
  const against =
    copy === null
      ? `bare Fastify ${rate(bare.eventsPerSecond)}/s`
      : `COPY ${rate(copy.rowsPerSecond)}/s, bare Fastify ${rate(bare.eventsPerSecond)}/s`;
  return (
    `  round ${number}: Weir ${rate(weir.eventsPerSecond)}/s, ${against}, ratio ${ratioOf(round).toFixed(2)}; ` +
    `${weir.commits} commits, pending sums of ${weir.commits - weir.pendingAtEnd} folded meanwhile`
  );
}

export function report(result: PartResult): string {
  const { rounds, part } = result;
  const of = (pick: (round: Round) => number | null): (number | null)[] => rounds.map(pick);
  const rows: string[][] = [
    row('Weir', of((round) => round.weir.eventsPerSecond), of((round) => round.weir.p50Ms), of((round) => round.weir.p99Ms),
      of((round) => round.weir.serverCpu), of((round) => round.weir.postgresCpu)),
    ...(part === 'batch'
      ? [row(`binary COPY${result.copyConnections === 1 ? '' : ` over ${result.copyConnections}`}`, of((round) => round.copy!.rowsPerSecond), [], [], [], of((round) => round.copy!.postgresCpu))]
      : []),
    row('bare Fastify', of((round) => round.bare.eventsPerSecond), of((round) => round.bare.p50Ms), of((round) => round.bare.p99Ms),
      of((round) => round.bare.cpu), []),
  ]; // prettier-ignore
  const lines = table(
    ['median [range]', 'events/s', 'p50 ms', 'p99 ms', 'server CPU µs', 'PostgreSQL CPU µs'].map((title, index) => ({
      title,
      align: index === 0 ? ('left' as const) : ('right' as const),
    })),
    rows,
    WIDTH,
  );
  const { cores, loadAverage, node, postgres } = result.machine;
  const commits = rounds.reduce((total, { weir }) => total + weir.commits, 0);
  const left = rounds.reduce((total, { weir }) => total + weir.pendingAtEnd, 0);
  return [
    ...lines,
    '',
    `Ratio to ${part === 'batch' ? 'COPY' : 'bare Fastify'}: ${spread(result.ratio, 2)}; p99 to bare Fastify's: ${spread(result.p99Ratio, 1)}`,
    `CPU is per event, and includes folding. ${grouped(commits)} commits left as many rows of pending sums; ` +
      `${grouped(commits - left)} were folded within the rounds.`,
    ...memoryLines(rounds),
    ...(result.bytesPerRow === null
      ? []
      : [`Bytes per row: event ${size(result.bytesPerRow.event)}, COPY's table ${size(result.bytesPerRow.copy)}`]),
    `Checked: ${grouped(result.checked.events)} events of ${Math.round(result.bytesPerEvent)} bytes sent, each stored once; ` +
      `${grouped(result.checked.usageSums)} usage sums equal a recount.`,
    `${cores} cores, Node ${node}, PostgreSQL ${postgres}; load average before the start ${loadAverage.toFixed(1)}` +
      (loadAverage > NOISY_ABOVE ? ': others were busy here, so these figures are noisy.' : '.'),
  ].join('\n');
}

/** The server's memory over the rounds, which should not grow. */
function memoryLines(rounds: readonly Round[]): string[] {
  const sizes = rounds.flatMap(({ weir }) => (weir.memory === null ? [] : [weir.memory]));
  if (sizes.length === 0) return [];
  const text = sizes.map((bytes) => Math.round(bytes / 1024 ** 2)).join(', ');
  return [`Server's memory in MiB after each round: ${text}`];
}

export function profileReport({ functions, files, inclusive }: ProfileSummary): string {
  return [
    spentTable('function, time in itself', functions),
    spentTable('file, time in itself', files),
    spentTable('function of ours, time with all it calls', inclusive),
  ].join('\n\n');
}

function spentTable(title: string, rows: readonly Spent[]): string {
  return table(
    [
      { title, align: 'left' },
      { title: 'where', align: 'left' },
      { title: 'seconds', align: 'right' },
      { title: 'share %', align: 'right' },
    ],
    rows.map(({ name, place, seconds, share }) => [name, place, seconds.toFixed(2), (share * 100).toFixed(1)]),
    WIDTH,
  ).join('\n');
}

function row(
  name: string,
  rates: readonly (number | null)[],
  p50: readonly (number | null)[],
  p99: readonly (number | null)[],
  serverCpu: readonly (number | null)[],
  postgresCpu: readonly (number | null)[],
): string[] {
  const cell = (values: readonly (number | null)[], decimals: number): string => {
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? '' : spread(spreadOf(known), decimals);
  };
  return [name, cell(rates, 0), cell(p50, 1), cell(p99, 1), cell(serverCpu, 1), cell(postgresCpu, 1)];
}

function spread({ median, least, most }: Spread, decimals: number): string {
  const text = (value: number): string => (decimals === 0 ? rate(value) : value.toFixed(decimals));
  return `${text(median)} [${text(least)}-${text(most)}]`;
}

function rate(value: number): string {
  return grouped(Math.round(value));
}

function size({ heap, indexes }: Size): string {
  return `${Math.round(heap)} + ${Math.round(indexes)} of indexes`;
}
