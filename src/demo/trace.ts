import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { ProgramError } from '../client';

/** One request of a workload. */
export interface Request {
  /** When it was made, UTC, RFC 3339 with the digits of the source, such as `2023-11-16T18:15:46.6805900Z`. */
  readonly time: string;
  /** Tokens in (the context), cached ones included. */
  readonly inputTokens: number;
  /** Tokens out (generated). */
  readonly outputTokens: number;
}

export const TRACE_HEADER = 'TIMESTAMP,ContextTokens,GeneratedTokens';

/** A line beyond this is no row of such a trace: a binary file, perhaps, that is read for nothing to its end. */
const LONGEST_LINE = 500;
/** Far beyond any model's context, and safe in every sum that the demo makes. */
const MOST_TOKENS = 1_000_000_000;

const ROW_TIME = /^(19[7-9]\d|2\d{3})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2}):(\d{2})(\.\d{1,9})?(?:Z|\+00:00)?$/;

/**
 * Reads a trace from a file, plain or gzipped (told by its first bytes, not by its name).
 *
 * @param path  where the file is
 * @param limit stop after so many rows; null reads all
 * @throws      ProgramError (exit code 2) with the number of the line that can't be read
 */
export async function readTrace(path: string, limit: number | null): Promise<Request[]> {
  const requests: Request[] = [];
  const reader = traceReader(path);
  try {
    for await (const line of lines(bytesOf(path), path)) {
      const request = reader(line);
      if (request !== null) requests.push(request);
      if (requests.length === limit) break;
    }
  } catch (error) {
    throw error instanceof ProgramError ? error : unreadable(path, error);
  }
  if (requests.length === 0) throw new ProgramError(`${path} has no requests below its header line.`, 2);
  return requests;
}

/** Reads a trace that is at hand as text. @see readTrace */
export function parseTrace(text: string, name = 'trace'): Request[] {
  const reader = traceReader(name);
  return text
    .split('\n')
    .map(reader)
    .filter((request) => request !== null);
}

/** The CSV of some requests, which `readTrace` reads back as the same. */
export function traceText(requests: readonly Request[]): string {
  const rows = requests.map(
    ({ time, inputTokens, outputTokens }) => `${time.slice(0, -1).replace('T', ' ')},${inputTokens},${outputTokens}\n`,
  );
  return `${TRACE_HEADER}\n${rows.join('')}`;
}

/** A function that takes the lines in order and answers a request for each row, null for the header and the blank end. */
function traceReader(name: string): (line: string) => Request | null {
  let number = 0;
  let blankAt: number | null = null;
  return (raw) => {
    number += 1;
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    const refuse = (what: string) => new ProgramError(`${name}, line ${number}: ${what}`, 2);

    if (line.length > LONGEST_LINE)
      throw refuse(`is longer than ${LONGEST_LINE} characters, so this is no such trace.`);
    if (number === 1) {
      if (line.replace(/^\uFEFF/, '') !== TRACE_HEADER) throw refuse(`must be the header ${TRACE_HEADER}.`);
      return null;
    }
    if (line === '') {
      blankAt ??= number;
      return null;
    }
    if (blankAt !== null) throw new ProgramError(`${name}, line ${blankAt}: is blank, and rows follow it.`, 2);

    const [time = '', inputTokens = '', outputTokens = '', ...more] = line.split(',');
    if (more.length > 0 || line.split(',').length < 3) {
      throw refuse(`must have three columns, ${TRACE_HEADER}, but has ${line.split(',').length}.`);
    }
    return {
      time: readTime(time) ?? fail(refuse(`'${time}' is not a time such as 2023-11-16 18:15:46.6805900 (UTC).`)),
      inputTokens:
        readTokens(inputTokens) ?? fail(refuse(`ContextTokens must be a whole number, not '${inputTokens}'.`)),
      outputTokens:
        readTokens(outputTokens) ?? fail(refuse(`GeneratedTokens must be a whole number, not '${outputTokens}'.`)),
    };
  };
}

/** The row's time as RFC 3339. Traces write no zone: they are UTC. All the digits of the fraction are kept. */
function readTime(text: string): string | null {
  const match = ROW_TIME.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction = ''] = match;
  const toTheSecond = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const instant = new Date(`${toTheSecond}Z`);
  // `Date` moves 30 February on to March and 24:00 to the next day; a time that comes back changed was none.
  if (Number.isNaN(instant.getTime()) || !instant.toISOString().startsWith(toTheSecond)) return null;
  return `${toTheSecond}${fraction}Z`;
}

function readTokens(text: string): number | null {
  if (!/^\d{1,10}$/.test(text)) return null;
  const tokens = Number(text);
  return tokens <= MOST_TOKENS ? tokens : null;
}

function fail(error: ProgramError): never {
  throw error;
}

async function* bytesOf(path: string): AsyncGenerator<Buffer> {
  const magic = await firstBytes(path, 2);
  const gzipped = magic[0] === 0x1f && magic[1] === 0x8b;
  const file = createReadStream(path);
  if (!gzipped) {
    yield* file as AsyncIterable<Buffer>;
    return;
  }
  const gunzip = createGunzip();
  // `pipe` does not hand errors on, and the reader below waits at the gunzip end.
  file.on('error', (error) => gunzip.destroy(error));
  try {
    yield* file.pipe(gunzip) as AsyncIterable<Buffer>;
  } finally {
    file.destroy();
  }
}

async function firstBytes(path: string, count: number): Promise<Buffer> {
  for await (const chunk of createReadStream(path, { end: count - 1 }) as AsyncIterable<Buffer>) return chunk;
  return Buffer.alloc(0);
}

/** Cuts bytes into lines. A line that never ends is handed on at once, for the reader above to refuse. */
async function* lines(chunks: AsyncIterable<Buffer>, path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rest = '';
  for await (const chunk of chunks) {
    let text: string;
    try {
      text = decoder.decode(chunk, { stream: true });
    } catch {
      throw new ProgramError(`${path} is neither a CSV text nor a gzipped one.`, 2);
    }
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
    if (rest.length > LONGEST_LINE) break;
  }
  if (rest !== '') yield rest;
}

function unreadable(path: string, error: unknown): ProgramError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return new ProgramError(`There is no file ${path}.`, 2);
  if (code === 'EISDIR') return new ProgramError(`${path} is a folder, not a trace.`, 2);
  if (code?.startsWith('Z_') === true) return new ProgramError(`${path} is a damaged gzip file (${message}).`, 2);
  return new ProgramError(`${path} can not be read (${message}).`, 2);
}
