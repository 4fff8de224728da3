import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { EVERY_CUSTOMER_ID } from '../src/metering/domain';
import { BenchError } from './bench-error';
import { EVENT_TYPE } from './events';

/** Rows that the baseline puts into one transaction. */
export const ROWS_A_COMMIT = 5_000;

/** Header of a binary COPY (signature, flags, extension) and its trailer. */
const HEADER_BYTES = 19;
const TRAILER = Buffer.from([0xff, 0xff]);

/** A second way into the server's own PostgreSQL: for the baseline, and to look at what was stored. */
export class BenchDatabase {
  private constructor(
    private readonly client: Client,
    /** The baseline's. */
    private readonly writers: readonly Client[],
  ) {}

  /** Connects through the socket in the server's data folder, and makes the baseline's table. */
  static async connect(dataFolder: string, copyConnections: number): Promise<BenchDatabase> {
    if (process.platform === 'win32') throw new BenchError('The benchmark needs a Unix socket to reach PostgreSQL.');
    const host = await realpath(join(dataFolder, 'socket'));
    const connected = async (): Promise<Client> => {
      const client = new Client({ host, port: 5432, user: 'weir', database: 'weir', application_name: 'weir-bench' });
      client.on('error', () => undefined);
      await client.connect();
      return client;
    };
    const client = await connected();
    await client.query('CREATE TABLE event_copy (LIKE event INCLUDING ALL)');
    const writers = await Promise.all(Array.from({ length: copyConnections }, connected));
    return new BenchDatabase(client, writers);
  }

  async close(): Promise<void> {
    await Promise.all([this.client, ...this.writers].map((client) => client.end()));
  }

  /** Lets somebody else use this connection. */
  async run<T>(work: (client: Client) => Promise<T>): Promise<T> {
    return work(this.client);
  }

  async lastBatch(): Promise<number> {
    return this.count('SELECT coalesce(max(batch), 0) FROM event');
  }

  /** Transactions that stored events since. */
  async commitsAfter(batch: number): Promise<number> {
    return this.count('SELECT count(DISTINCT batch) FROM event WHERE batch > $1', [batch]);
  }

  async pendingRows(): Promise<number> {
    return this.count('SELECT count(*) FROM usage_pending');
  }

  /** Waits until every pending sum is in the totals. */
  async folded(): Promise<void> {
    const giveUpAt = performance.now() + 120_000;
    while ((await this.pendingRows()) > 0) {
      if (performance.now() > giveUpAt) throw new BenchError('Pending sums are not folded.');
      await sleep(20);
    }
  }

  /**
   * The rows that the server stored after a batch, as the bodies of binary COPYs of 5,000 rows: in the order in which
   * they were stored, within a body in the order of their keys, which suits the index best.
   */
  async encodedRows(afterBatch: number): Promise<Buffer[]> {
    const chunks: Buffer[] = [];
    const out = this.client.query(
      copyTo(
        `COPY (SELECT event.* FROM event JOIN (
                 SELECT ctid AS place, (row_number() OVER (ORDER BY batch, key) - 1) / ${ROWS_A_COMMIT} AS body
                   FROM event WHERE batch > ${afterBatch}) AS numbered ON event.ctid = numbered.place
                ORDER BY body, key) TO STDOUT (FORMAT binary)`,
      ),
    );
    for await (const chunk of out as AsyncIterable<Buffer>) chunks.push(chunk);
    return bodiesOf(Buffer.concat(chunks));
  }

  /** The baseline: each body a COPY and a transaction. @returns seconds */
  async copy(bodies: readonly Buffer[]): Promise<number> {
    const startedAt = performance.now();
    let next = 0;
    const write = async (writer: Client): Promise<void> => {
      while (next < bodies.length) {
        const body = bodies[next]!;
        next += 1;
        const sink = writer.query(copyFrom('COPY event_copy FROM STDIN (FORMAT binary)'));
        await pipeline(Readable.from([body]), sink);
      }
    };
    await Promise.all(this.writers.map(write));
    return (performance.now() - startedAt) / 1_000;
  }

  /** Bytes per row of both tables and of their indexes. */
  async sizes(): Promise<{ event: Size; copy: Size }> {
    const of = async (table: string): Promise<Size> => {
      const { rows } = await this.client.query<{ heap: string; indexes: string; rows: string }>(
        `SELECT pg_relation_size('${table}') AS heap, pg_indexes_size('${table}') AS indexes, (SELECT count(*) FROM ${table}) AS rows`,
      );
      const { heap, indexes, rows: count } = rows[0]!;
      return { heap: Number(heap) / Number(count), indexes: Number(indexes) / Number(count) };
    };
    return { event: await of('event'), copy: await of('event_copy') };
  }

  /** Ids of all stored events. */
  async *ids(): AsyncIterable<string> {
    await this.client.query(`BEGIN; DECLARE ids CURSOR FOR SELECT id FROM event`);
    for (;;) {
      const { rows } = await this.client.query<{ id: string }>('FETCH 20000 FROM ids');
      if (rows.length === 0) break;
      for (const { id } of rows) yield id;
    }
    await this.client.query('COMMIT');
  }

  /** What the stored events add up to, by the database's own arithmetic. */
  async recount(): Promise<{ events: number; outputTokens: number; uncosted: number }> {
    const { rows } = await this.client.query<{ events: string; tokens: string; uncosted: string }>(
      `SELECT count(*) AS events, coalesce(sum((data::jsonb ->> 'output_tokens')::numeric), 0) AS tokens,
              count(*) FILTER (WHERE cost IS NULL OR cost <= 0) AS uncosted
         FROM event`,
    );
    const { events, tokens, uncosted } = rows[0]!;
    return { events: Number(events), outputTokens: Number(tokens), uncosted: Number(uncosted) };
  }

  /**
   * Counts every event again for each meter, customer (and all customers together), hour and group, with its cost, and
   * compares that with the usage that the server keeps (totals and pending sums together).
   *
   * @returns how many sums there are, and how many of them differ
   */
  async compareUsage(): Promise<{ sums: number; differing: number }> {
    const { rows } = await this.client.query<{ sums: string; differing: string }>(
      `WITH pending (customer_id, meter_id, hour, dimensions, quantity, cost, events) AS (
         SELECT u.* FROM usage_pending, unnest(customer_ids, meter_ids, hours, dimensions, quantities, costs, events) AS u
       ), kept AS (
         SELECT customer_id, meter_id, hour, dimensions, sum(quantity) AS quantity, sum(cost) AS cost, sum(events) AS events
           FROM (SELECT customer_id, meter_id, hour, dimensions, quantity, cost, events FROM usage
                 UNION ALL SELECT * FROM pending
                 -- What is pending counts for its customer and for all customers.
                 UNION ALL SELECT '${EVERY_CUSTOMER_ID}', meter_id, hour, dimensions, quantity, cost, events FROM pending) AS both_tables
          GROUP BY 1, 2, 3, 4
       ), all_meters AS (
         SELECT id, event_type, aggregation, group_by FROM meter
         UNION ALL SELECT '00000000-0000-0000-0000-000000000000', '${EVENT_TYPE}', 'count', '{}'
       ), recounted AS (
         SELECT coalesce(customer_id, '${EVERY_CUSTOMER_ID}') AS customer_id, m.id AS meter_id,
                date_trunc('hour', time, 'UTC') AS hour,
                CASE WHEN m.group_by = '{}' THEN '' ELSE
                  '[' || (SELECT string_agg(to_json(to_jsonb(event) ->> field)::text, ',' ORDER BY place)
                            FROM unnest(m.group_by) WITH ORDINALITY AS fields (field, place)) || ']' END AS dimensions,
                sum(CASE m.aggregation WHEN 'count' THEN 1 ELSE (data::jsonb ->> 'output_tokens')::numeric END) AS quantity,
                sum(cost) AS cost, count(*) AS events
           FROM event JOIN all_meters AS m ON m.event_type = event.type
          GROUP BY GROUPING SETS ((customer_id, 2, 3, 4), (2, 3, 4))
       )
       SELECT count(*) AS sums,
              count(*) FILTER (WHERE (kept.quantity, kept.cost, kept.events)
                     IS DISTINCT FROM (recounted.quantity, recounted.cost, recounted.events)) AS differing
         FROM kept FULL JOIN recounted USING (customer_id, meter_id, hour, dimensions)`,
    );
    return { sums: Number(rows[0]!.sums), differing: Number(rows[0]!.differing) };
  }

  /** What all events add up to, and whether usage says the same: by customer together, and of all customers. */
  async totals(): Promise<{ events: number; uncosted: number; counted: boolean }> {
    const { rows } = await this.client.query<{ events: string; uncosted: string; counted: boolean }>(
      `WITH all_events AS (
         SELECT count(*) AS events, sum(cost) AS cost, count(*) FILTER (WHERE cost IS NULL OR cost <= 0) AS uncosted FROM event
       ), kept AS (
         SELECT customer_id = '${EVERY_CUSTOMER_ID}' AS of_all, sum(events) AS events, sum(cost) AS cost
           FROM usage WHERE meter_id = '00000000-0000-0000-0000-000000000000' GROUP BY 1
       )
       SELECT events, uncosted, (SELECT count(*) FROM kept WHERE (kept.events, kept.cost) = (all_events.events, all_events.cost)) = 2 AS counted
         FROM all_events`,
    );
    const { events, uncosted, counted } = rows[0]!;
    return { events: Number(events), uncosted: Number(uncosted), counted };
  }

  async version(): Promise<string> {
    const { rows } = await this.client.query<{ server_version: string }>('SHOW server_version');
    return rows[0]!.server_version;
  }

  private async count(sql: string, parameters: unknown[] = []): Promise<number> {
    const { rows } = await this.client.query<Record<string, string>>(sql, parameters);
    return Number(Object.values(rows[0]!)[0]);
  }
}

export interface Size {
  readonly heap: number;
  readonly indexes: number;
}

/** Cuts the output of one binary COPY into several that are whole by themselves. */
function bodiesOf(copy: Buffer): Buffer[] {
  const header = copy.subarray(0, HEADER_BYTES);
  const bodies: Buffer[] = [];
  let start = HEADER_BYTES;
  let at = HEADER_BYTES;
  let rows = 0;
  const cut = (): void => {
    if (rows > 0) bodies.push(Buffer.concat([header, copy.subarray(start, at), TRAILER]));
    start = at;
    rows = 0;
  };
  for (let columns = copy.readInt16BE(at); columns >= 0; columns = copy.readInt16BE(at)) {
    at += 2;
    for (let column = 0; column < columns; column += 1) at += 4 + Math.max(0, copy.readInt32BE(at));
    rows += 1;
    if (rows === ROWS_A_COMMIT) cut();
  }
  cut();
  return bodies;
}
