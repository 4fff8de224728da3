import type { Connection, PoolClient, Submittable } from 'pg';
import { BinaryValues, ELEMENT_OIDS } from './binary-rows';

/** A statement that each connection prepares once, when it first needs it. */
export interface Statement {
  /** Unique in the process; at most 63 letters of ASCII. */
  readonly name: string;
  readonly sql: string;
  /** How many `$n` there are. */
  readonly parameters: number;
}

/** A row as it came: each column as text, or null. */
export type TextRow = readonly (string | null)[];

const CLOSE = 0x43; // 'C'
const PARSE = 0x50; // 'P'
const BIND = 0x42; // 'B'
const EXECUTE = 0x45; // 'E'
const SYNC = 0x53; // 'S'

/** Statements that a connection has prepared. */
const prepared = new WeakMap<PoolClient, Set<string>>();

/**
 * Several prepared statements in one message, for one round trip: PostgreSQL runs them one after the other, and where one
 * fails it leaves out those behind it. Parameters go in their binary form, lists of thousands without being turned into
 * text, and rows come back as text.
 *
 * ```ts
 * const pipeline = new Pipeline();
 * pipeline.add(LOCK_COUNTERS).uuids(ids);
 * pipeline.add(COMMIT);
 * const [counters] = await pipeline.run(client);
 * ```
 *
 * @see https://www.postgresql.org/docs/current/protocol-flow.html, "Extended Query"
 */
export class Pipeline {
  private readonly messages = new Messages();
  private readonly statements: Statement[] = [];

  /** Appends a statement. Its parameters have to follow, all of them, before the next one. */
  add(statement: Statement): Parameters {
    this.messages.end();
    this.statements.push(statement);
    this.messages.bind(statement);
    return this.messages;
  }

  /**
   * Sends what was added. @returns the rows of each statement
   * @throws the first error, with PostgreSQL's code; nothing behind that statement was run
   */
  run(client: PoolClient): Promise<TextRow[][]> {
    this.messages.end();
    return new Promise((resolve, reject) => {
      client.query(new RunningPipeline(client, this.statements, this.messages.whole(), resolve, reject));
    });
  }
}

/** Takes the parameters of a statement, in order. */
export interface Parameters {
  uuid(bytes: Uint8Array): void;
  text(value: string | null): void;
  bigint(value: number): void;
  timestamptz(micros: number): void;
  uuids(values: readonly string[]): void;
  texts(values: readonly string[]): void;
  /** NULL where there is none. */
  nullableTexts(values: readonly (string | null)[]): void;
  /** Amounts that count 10^-24. */
  numerics(values: readonly bigint[]): void;
  /** In microseconds since 1970. */
  timestamptzs(values: readonly number[]): void;
  nullableTimestamptzs(values: readonly (number | null)[]): void;
  nullableUuids(values: readonly (string | null)[]): void;
}

/** Messages of PostgreSQL's protocol, one behind the other. */
class Messages extends BinaryValues implements Parameters {
  /** Where the length of the statement's Bind goes, -1 when none is begun. */
  private begunAt = -1;

  bind({ name, parameters }: Statement): void {
    this.openMessage(BIND, 64 + name.length);
    this.zeroEnded(''); // portal
    this.zeroEnded(name);
    this.int16(1); // one format for all parameters
    this.int16(1); // binary
    this.int16(parameters);
  }

  /** Ends the statement that was begun, if one was. */
  end(): void {
    if (this.begunAt < 0) return;
    this.int16(0); // results as text
    this.closeMessage();
    this.openMessage(EXECUTE, 16);
    this.zeroEnded('');
    this.int32(0); // all rows
    this.closeMessage();
  }

  whole(): Buffer {
    this.openMessage(SYNC, 8);
    this.closeMessage();
    return this.buffer.subarray(0, this.length);
  }

  uuids(values: readonly string[]): void {
    this.array(ELEMENT_OIDS.uuid, values, (value) => this.uuidText(value));
  }

  texts(values: readonly string[]): void {
    this.array(ELEMENT_OIDS.text, values, (value) => this.text(value));
  }

  nullableTexts(values: readonly (string | null)[]): void {
    this.nullableArray(ELEMENT_OIDS.text, values, (value) => this.text(value));
  }

  numerics(values: readonly bigint[]): void {
    this.array(ELEMENT_OIDS.numeric, values, (value) => this.numeric(value));
  }

  timestamptzs(values: readonly number[]): void {
    this.array(ELEMENT_OIDS.timestamptz, values, (value) => this.timestamptz(value));
  }

  nullableTimestamptzs(values: readonly (number | null)[]): void {
    this.nullableArray(ELEMENT_OIDS.timestamptz, values, (value) => this.timestamptz(value));
  }

  nullableUuids(values: readonly (string | null)[]): void {
    this.nullableArray(ELEMENT_OIDS.uuid, values, (value) => this.uuidText(value));
  }

  private nullableArray<T>(oid: number, values: readonly (T | null)[], write: (value: T) => void): void {
    const start = this.length;
    this.array(oid, values, (value) => {
      if (value === null) this.null();
      else write(value);
    });
    this.view.setInt32(start + 8, 1); // there may be NULLs
  }

  private openMessage(kind: number, room: number): void {
    this.reserve(room);
    this.buffer[this.length] = kind;
    this.begunAt = this.length + 1;
    this.length += 5;
  }

  private closeMessage(): void {
    this.view.setInt32(this.begunAt, this.length - this.begunAt);
    this.begunAt = -1;
  }

  private zeroEnded(ascii: string): void {
    for (let index = 0; index < ascii.length; index += 1) this.buffer[this.length + index] = ascii.charCodeAt(index);
    this.buffer[this.length + ascii.length] = 0;
    this.length += ascii.length + 1;
  }

  private int16(value: number): void {
    this.reserve(2);
    this.view.setInt16(this.length, value);
    this.length += 2;
  }

  private int32(value: number): void {
    this.reserve(4);
    this.view.setInt32(this.length, value);
    this.length += 4;
  }
}

/** What `pg` calls while the statements run. */
class RunningPipeline implements Submittable {
  private readonly results: TextRow[][] = [];
  private rows: TextRow[] = [];
  private failed = false;

  constructor(
    private readonly client: PoolClient,
    private readonly statements: readonly Statement[],
    private readonly bytes: Buffer,
    private readonly resolve: (results: TextRow[][]) => void,
    private readonly reject: (error: Error) => void,
  ) {}

  submit(connection: Connection): void {
    const { stream } = connection;
    const unknown = this.unprepared();
    if (unknown === null) {
      stream.write(this.bytes);
      return;
    }
    stream.cork(); // one write to the socket
    stream.write(unknown);
    stream.write(this.bytes);
    stream.uncork();
  }

  /** Parse messages for what this connection has not prepared yet; null: it has everything. */
  private unprepared(): Buffer | null {
    let known = prepared.get(this.client);
    if (known === undefined) prepared.set(this.client, (known = new Set()));
    const missing = this.statements.filter(({ name }) => !known.has(name));
    if (missing.length === 0) return null;
    const messages = new Map(missing.map((statement) => [statement.name, parseMessage(statement)]));
    for (const name of messages.keys()) known.add(name);
    return Buffer.concat([...messages.values()]);
  }

  handleDataRow({ fields }: { fields: TextRow }): void {
    this.rows.push(fields);
  }

  handleCommandComplete(): void {
    this.results.push(this.rows);
    this.rows = [];
  }

  handleError(error: Error): void {
    this.failed = true;
    // What was to be prepared behind the failure was left out.
    prepared.set(this.client, new Set());
    this.reject(error);
  }

  handleReadyForQuery(): void {
    if (!this.failed) this.resolve(this.results);
  }

  handleRowDescription(): void {
    // Whoever wrote the statement knows its columns.
  }

  handlePortalSuspended(): void {
    // Not asked for: each statement gives all of its rows.
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete();
  }
}

/** Forgets what the connection may know by this name, which is no error when it knows nothing, and prepares it. */
function parseMessage({ name, sql }: Statement): Buffer {
  const closeLength = 4 + 1 + name.length + 1;
  const parseLength = 4 + name.length + 1 + Buffer.byteLength(sql) + 1 + 2;
  const message = Buffer.alloc(2 + closeLength + parseLength);
  message.writeUInt8(CLOSE, 0);
  message.writeInt32BE(closeLength, 1);
  message.write(`S${name}`, 5, 'latin1');
  const parseAt = 1 + closeLength;
  message.writeUInt8(PARSE, parseAt);
  message.writeInt32BE(parseLength, parseAt + 1);
  message.write(name, parseAt + 5, 'latin1');
  message.write(sql, parseAt + 5 + name.length + 1, 'utf8');
  return message;
}
