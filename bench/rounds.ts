import type { BenchDatabase } from './database';
import type { Workload } from './events';
import type { LoadResult } from './load';
import type { Part } from './options';
import { monotonicMicros, type Window } from './profile';
import type { BareServer, LoadGenerator, Weir } from './processes';

/** How each part sends its events. */
export const SHAPES = {
  batch: { connections: 8, eventsPerRequest: 500, body: 'list' },
  single: { connections: 64, eventsPerRequest: 1, body: 'single' },
} as const;

/** One side of a round. CPU is in microseconds an event, null where the system does not tell. */
export interface Side {
  readonly eventsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface WeirSide extends Side {
  readonly serverCpu: number | null;
  /** Of PostgreSQL with all its processes, until the last pending sum was folded. */
  readonly postgresCpu: number | null;
  /** Transactions, each of which left a row of pending sums, and how many of these rows were not folded at the last answer. */
  readonly commits: number;
  readonly pendingAtEnd: number;
  /** Bytes of memory that the server occupies at the end; null where the system does not tell. */
  readonly memory: number | null;
}

export interface CopySide {
  readonly rowsPerSecond: number;
  readonly postgresCpu: number | null;
}

/** Weir and its baselines with the same events, one after the other. */
export interface Round {
  readonly weir: WeirSide;
  /** Batches only. */
  readonly copy: CopySide | null;
  readonly bare: Side & { readonly cpu: number | null };
}

/** Runs the rounds of one part. */
export class Rounds {
  /** Events sent so far; they have the numbers below this. */
  sent = 0;
  bytesPerEvent = 0;
  /** When Weir was under load, until it had folded the last pending sum. */
  readonly windows: Window[] = [];

  constructor(
    private readonly part: Part,
    private readonly workload: Workload,
    private readonly weir: Weir,
    private readonly database: BenchDatabase,
    private readonly load: LoadGenerator,
    private readonly bareServer: BareServer,
  ) {}

  /** @param events how many each side takes in */
  async run(events: number): Promise<Round> {
    const { eventsPerRequest, body } = SHAPES[this.part];
    const { workload, weir } = this;
    const batchBefore = await this.database.lastBatch();
    this.bytesPerEvent = await this.load.prepare({
      workload,
      first: this.sent,
      count: events,
      eventsPerRequest,
      body,
      apiKey: weir.apiKey,
    });
    this.sent += events;

    const ours = await this.throughWeir(events, batchBefore);
    const copy = this.part === 'batch' ? await this.copied(events, batchBefore) : null;
    return { weir: ours, copy, bare: await this.throughBareServer(events) };
  }

  private async throughWeir(events: number, batchBefore: number): Promise<WeirSide> {
    const { weir, database } = this;
    const before = weir.cpu();
    const from = monotonicMicros();
    const result = await this.load.run([weir.port], SHAPES[this.part].connections);
    const pendingAtEnd = await database.pendingRows();
    // Folding what is left is Weir's work, and must not slow down the baseline.
    await database.folded();
    this.windows.push({ from, to: monotonicMicros() });
    const after = weir.cpu();
    return {
      ...sideOf(result),
      serverCpu: microseconds(before?.server, after?.server, events),
      postgresCpu: microseconds(before?.postgres, after?.postgres, events),
      commits: await database.commitsAfter(batchBefore),
      pendingAtEnd,
      memory: weir.memory(),
    };
  }

  private async copied(events: number, batchBefore: number): Promise<CopySide> {
    const bodies = await this.database.encodedRows(batchBefore);
    const before = this.weir.cpu();
    const seconds = await this.database.copy(bodies);
    const after = this.weir.cpu();
    return {
      rowsPerSecond: events / seconds,
      postgresCpu: microseconds(before?.postgres, after?.postgres, events),
    };
  }

  private async throughBareServer(events: number): Promise<Round['bare']> {
    const before = this.bareServer.cpu();
    const result = await this.load.run([this.bareServer.port], SHAPES[this.part].connections);
    return { ...sideOf(result), cpu: microseconds(before, this.bareServer.cpu(), events) };
  }
}

function sideOf({ accepted, seconds, p50Ms, p99Ms }: LoadResult): Side {
  return { eventsPerSecond: accepted / seconds, p50Ms, p99Ms };
}

function microseconds(
  before: number | null | undefined,
  after: number | null | undefined,
  events: number,
): number | null {
  if (before === null || before === undefined || after === null || after === undefined) return null;
  return ((after - before) * 1e6) / events;
}
