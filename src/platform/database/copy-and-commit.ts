import type { Connection, PoolClient, Submittable } from 'pg';

/** Rows for one table, in the binary format that `BinaryRows` makes. */
export interface Copy {
  /** `COPY … FROM STDIN (FORMAT binary)` */
  readonly sql: string;
  readonly data: Buffer;
}

/**
 * Stores rows by several COPYs and commits the open transaction, all in one round trip: the statements go out as one
 * message and the data right behind it, without waiting to be asked. PostgreSQL takes the data when a COPY is ready for
 * it; when a statement fails it drops what follows, and nothing is committed.
 *
 * @throws the first error, with PostgreSQL's code; the transaction is then to be rolled back
 * @see https://www.postgresql.org/docs/current/protocol-flow.html, "COPY Operations"
 */
export function copyAndCommit(client: PoolClient, copies: readonly Copy[]): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query(new CopyAndCommit(copies, resolve, reject));
  });
}

const QUERY = 0x51; // 'Q'
const COPY_DATA = 0x64; // 'd'
const COPY_DONE = Buffer.from([0x63, 0, 0, 0, 4]); // 'c'
const HEADER = 5;

/** What `pg` calls while the statement runs. */
class CopyAndCommit implements Submittable {
  constructor(
    private readonly copies: readonly Copy[],
    private readonly resolve: () => void,
    private readonly reject: (error: Error) => void,
  ) {}

  submit(connection: Connection): void {
    const { stream } = connection;
    stream.cork(); // one write to the socket
    stream.write(queryMessage([...this.copies.map((copy) => copy.sql), 'COMMIT'].join('; ')));
    for (const { data } of this.copies) {
      const header = Buffer.allocUnsafe(HEADER);
      header.writeUInt8(COPY_DATA, 0);
      header.writeInt32BE(data.length + 4, 1);
      stream.write(header);
      stream.write(data);
      stream.write(COPY_DONE);
    }
    stream.uncork();
  }

  handleError(error: Error): void {
    this.reject(error);
  }

  handleReadyForQuery(): void {
    this.resolve();
  }

  handleCopyInResponse(): void {
    // The data is on its way already.
  }

  handleCommandComplete(): void {
    // One for each statement; what counts is the last, and then PostgreSQL is ready again.
  }
}

function queryMessage(sql: string): Buffer {
  const length = Buffer.byteLength(sql);
  const message = Buffer.allocUnsafe(HEADER + length + 1);
  message.writeUInt8(QUERY, 0);
  message.writeInt32BE(length + 5, 1);
  message.write(sql, HEADER, 'utf8');
  message.writeUInt8(0, HEADER + length);
  return message;
}
