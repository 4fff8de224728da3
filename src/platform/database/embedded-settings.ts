import { totalmem } from 'node:os';

const MEBIBYTE = 1024 * 1024;

/**
 * How PostgreSQL is set when it runs inside Weir. Given on its command line rather than in postgresql.conf, so that a
 * new Weir brings new settings to an old data folder.
 */
export interface EmbeddedSettings {
  /** Bytes this machine, or this container, may use. */
  readonly memoryBytes: number;
  /** Where the socket goes, or the port on 127.0.0.1 on Windows. */
  readonly address: { readonly socketDirectory: string } | { readonly port: number };
  /** No waiting for the disk: a crash of the machine loses the database. For tests. */
  readonly fastButUnsafe: boolean;
  /** Wins over everything else here. */
  readonly overrides: Readonly<Record<string, string>>;
}

/** @returns the settings by PostgreSQL's own names */
export function embeddedSettings(from: EmbeddedSettings): Record<string, string> {
  return {
    ...addressSettings(from.address),
    max_connections: '100',
    password_encryption: 'scram-sha-256',
    shared_buffers: `${sharedBuffersMebibytes(from.memoryBytes)}MB`,
    max_wal_size: '4GB',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Statements that fail are answered to Weir, which says so where it matters. In PostgreSQL's log they would be
    // noise (a repeated event is found by a failed COPY) and would copy customers' data into it.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    fsync: from.fastButUnsafe ? 'off' : 'on',
    synchronous_commit: from.fastButUnsafe ? 'off' : 'on',
    full_page_writes: from.fastButUnsafe ? 'off' : 'on',
    ...from.overrides,
  };
}

/** An eighth of the memory, from 16 MB to 256 MB: Weir itself and the operating system's cache want the rest. */
export function sharedBuffersMebibytes(memoryBytes: number): number {
  return Math.min(256, Math.max(16, Math.floor(memoryBytes / MEBIBYTE / 8)));
}

/** The machine's memory, or the container's where that is less. */
export function usableMemoryBytes(): number {
  const limit = process.constrainedMemory();
  // 0 and huge numbers are ways to say that there is no limit.
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

function addressSettings(address: EmbeddedSettings['address']): Record<string, string> {
  if ('port' in address) return { listen_addresses: '127.0.0.1', port: String(address.port) };
  return {
    listen_addresses: '',
    port: '5432',
    unix_socket_directories: address.socketDirectory,
    unix_socket_permissions: '0700',
  };
}
