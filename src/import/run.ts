import { Client, ProgramError } from '../client';
import type { Counts } from './checkpoint';
import { type EventToSend, type MappingOptions, missingColumns, toEvent } from './mapping';
import type { Row, RowSource } from './rows';

/** A row that did not become an event, and why. */
export interface Refusal {
  readonly line: number;
  readonly code: string;
  readonly field: string | null;
  readonly detail: string;
  readonly event: EventToSend | null;
}

export interface RunOptions {
  readonly mapping: MappingOptions;
  readonly batch: number;
  readonly backfill: boolean;
  readonly dryRun: boolean;
  readonly createCustomers: boolean;
  /** Rows that an earlier run has had answered. */
  readonly skip: number;
}

/** Told as the import goes on. */
export interface Listener {
  /** After each answered batch, in the order of the file: rows answered so far, and what became of all of them. */
  answered(rows: number, counts: Counts): Promise<void>;
  refused(refusals: readonly Refusal[]): Promise<void>;
}

interface BatchAnswer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly results: readonly {
    readonly status: 'accepted' | 'duplicate' | 'rejected';
    readonly code?: string;
    readonly field?: string;
    readonly detail?: string;
  }[];
  readonly closedPeriods?: readonly unknown[];
}

interface Batch {
  readonly rows: readonly Row[];
  readonly events: readonly { readonly line: number; readonly event: EventToSend }[];
}

const IN_FLIGHT = 4;

/**
 * Sends the rows of a file in batches, several under way at once, and tells what became of them in the order of the
 * file. Safe to break off and to repeat: an event is counted by its id.
 *
 * @throws ProgramError when the server can't be reached or says no to a request as a whole
 */
export async function importRows(
  client: Client,
  source: RowSource,
  options: RunOptions,
  listener: Listener,
): Promise<Counts> {
  const counts: Counts = { accepted: 0, duplicates: 0, rejected: 0 };
  const customers = options.createCustomers && !options.dryRun ? new CustomerMaker(client) : null;
  const waiting = batches(source, options);
  /** What is under way, oldest first, so that it is told in order. */
  const underWay: Promise<{ batch: Batch; answer: BatchAnswer | null }>[] = [];
  let rows = options.skip;

  const settleOldest = async (): Promise<void> => {
    const { batch, answer } = await underWay.shift()!;
    const refusals = refusalsOf(batch, answer);
    counts.accepted += answer?.accepted ?? 0;
    counts.duplicates += answer?.duplicates ?? 0;
    counts.rejected += refusals.length;
    rows += batch.rows.length;
    if (refusals.length > 0) await listener.refused(refusals);
    await listener.answered(rows, { ...counts });
  };

  try {
    for await (const batch of waiting) {
      if (underWay.length === IN_FLIGHT) await settleOldest();
      const sending = send(client, batch, options, customers).then((answer) => ({ batch, answer }));
      sending.catch(() => undefined); // told when its turn comes
      underWay.push(sending);
    }
    while (underWay.length > 0) await settleOldest();
  } finally {
    await Promise.allSettled(underWay);
  }
  return counts;
}

async function send(
  client: Client,
  batch: Batch,
  { backfill, dryRun }: RunOptions,
  customers: CustomerMaker | null,
): Promise<BatchAnswer | null> {
  if (batch.events.length === 0) return null;
  const events = batch.events.map(({ event }) => event);
  await customers?.make(events);
  const query = new URLSearchParams({ ...(backfill && { backfill: 'true' }), ...(dryRun && { dryRun: 'true' }) });
  const path = query.size === 0 ? '/v1/events' : `/v1/events?${query.toString()}`;
  const answer = await client.post<BatchAnswer>(path, { events });
  if (answer.results.length !== events.length) {
    throw new ProgramError(`${events.length} events were sent, and the server answered ${answer.results.length}.`);
  }
  return answer;
}

async function* batches(source: RowSource, { mapping, batch: size, skip }: RunOptions): AsyncGenerator<Batch> {
  let seen = 0;
  let rows: Row[] = [];
  let events: { line: number; event: EventToSend }[] = [];
  for await (const row of source.rows()) {
    if (seen === 0) refuseMissingColumns(source, mapping);
    seen += 1;
    if (seen <= skip) continue;
    rows.push(row);
    if ('values' in row) events.push({ line: row.line, event: toEvent(row.values, row.line, mapping) });
    if (rows.length < size) continue;
    yield { rows, events };
    rows = [];
    events = [];
  }
  if (rows.length > 0) yield { rows, events };
}

function refuseMissingColumns(source: RowSource, { mapping }: MappingOptions): void {
  const columns = source.columns();
  const [missing] = columns === null ? [] : missingColumns(mapping, columns);
  if (missing !== undefined && columns !== null) {
    throw new ProgramError(
      `The file has no column '${missing}', which --map names. It has: ${columns.join(', ')}.`.slice(0, 500),
      2,
    );
  }
}

function refusalsOf(batch: Batch, answer: BatchAnswer | null): Refusal[] {
  const unreadable = batch.rows.flatMap((row): Refusal[] =>
    'problem' in row ? [{ line: row.line, code: 'unreadable_row', field: null, detail: row.problem, event: null }] : [],
  );
  const refused = (answer?.results ?? []).flatMap((result, index): Refusal[] => {
    if (result.status !== 'rejected') return [];
    const { line, event } = batch.events[index]!;
    const { code = 'no_code', field = null, detail = '' } = result;
    return [{ line, code, field, detail, event }];
  });
  return [...unreadable, ...refused].sort((a, b) => a.line - b.line);
}

/** Makes customers that a file names, each once; one that is there already is left as it is. */
class CustomerMaker {
  private readonly known = new Map<string, Promise<unknown>>();

  constructor(private readonly client: Client) {}

  async make(events: readonly EventToSend[]): Promise<void> {
    const names = new Set<string>();
    for (const { customer } of events) if (typeof customer === 'string') names.add(customer);
    await Promise.all([...names].map((name) => this.makeOnce(name)));
  }

  private makeOnce(name: string): Promise<unknown> {
    let made = this.known.get(name);
    if (made === undefined) {
      made = this.client
        .find(`/v1/customers/${encodeURIComponent(name)}`)
        .then((found) => found ?? this.client.post('/v1/customers', { key: name, name }));
      this.known.set(name, made);
    }
    return made;
  }
}
