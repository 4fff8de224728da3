import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { PassThrough, pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { parse as parseCsv } from 'csv-parse';
import { ProgramError } from '../client';
import { parseJson } from '../kernel';
import type { FileFormat } from './options';

/** One row of a file: what it holds, or why it can't be read. */
export type Row =
  | { readonly line: number; readonly values: Readonly<Record<string, unknown>> }
  | { readonly line: number; readonly problem: string };

/** A file that is being read. */
export interface RowSource {
  readonly format: FileFormat;
  /** Size of the file as it lies there, in bytes. */
  readonly size: number;
  /** How many of those bytes are read. */
  bytesRead(): number;
  /** Columns of a CSV, once its header is read; null for NDJSON. */
  columns(): readonly string[] | null;
  rows(): AsyncGenerator<Row>;
}

/** A line beyond this is no event: the server takes 65,536 characters of data. */
const LONGEST_LINE = 1_000_000;
const GZIP = Buffer.from([0x1f, 0x8b]);

/**
 * Opens a file, plain or gzipped, CSV or NDJSON: told by its first bytes, not by its name. It is read as it is needed,
 * so its size doesn't matter.
 *
 * @param format when the first bytes can't tell
 * @throws       ProgramError (exit code 2) when the file can't be read at all
 */
export async function openRows(path: string, format: FileFormat | null, delimiter: string): Promise<RowSource> {
  const size = await stat(path).then(
    (stats) => (stats.isFile() ? stats.size : fail(path, 'it is no file')),
    (error: unknown) => fail(path, (error as Error).message),
  );
  const found = format ?? (await guessFormat(path));
  const file = createReadStream(path);
  const columns: string[] = [];
  return {
    format: found,
    size,
    bytesRead: () => file.bytesRead,
    columns: () => (found === 'csv' ? columns : null),
    rows: async function* () {
      const zipped = (await firstBytes(path, 2)).equals(GZIP);
      const text = zipped ? unzipped(file) : file;
      try {
        yield* found === 'csv' ? csvRows(text, delimiter, columns) : ndjsonRows(text);
      } catch (error) {
        throw readingFailed(path, error);
      } finally {
        file.destroy();
      }
    },
  };
}

/** An object's brace first: NDJSON; else CSV, which begins with its header. */
async function guessFormat(path: string): Promise<FileFormat> {
  const start = await firstBytes(path, 2);
  const source = createReadStream(path, { end: 65_535 });
  const text = start.equals(GZIP) ? unzipped(source) : source;
  try {
    for await (const chunk of text as AsyncIterable<Buffer>) {
      const beginning = chunk.toString('utf8').replace(/^\ufeff/, '').trimStart(); // prettier-ignore
      if (beginning !== '') return beginning.startsWith('{') ? 'ndjson' : 'csv';
    }
  } catch (error) {
    // The beginning alone is no whole gzip file; what was needed of it has been read by then, or there is none.
    throw readingFailed(path, error);
  } finally {
    source.destroy();
  }
  throw new ProgramError(`${path} is empty.`, 2);
}

async function firstBytes(path: string, count: number): Promise<Buffer> {
  const file = await open(path).catch((error: unknown) => fail(path, (error as Error).message));
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function unzipped(file: Readable): Readable {
  // A pipe alone would leave an error of the one unheard by the other.
  return pipeline(file, createGunzip(), new PassThrough(), () => undefined);
}

async function* csvRows(text: Readable, delimiter: string, columns: string[]): AsyncGenerator<Row> {
  const skipped: Row[] = [];
  const parser = parseCsv({
    bom: true,
    delimiter,
    columns: (header: string[]) => {
      columns.push(...header.map((name) => name.trim()));
      return columns;
    },
    info: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: LONGEST_LINE,
    on_skip: (error) => {
      skipped.push({ line: Number(error?.['lines'] ?? 0), problem: error?.message ?? 'can not be read' });
      return undefined;
    },
  });
  pipeline(text, parser, () => undefined);
  for await (const { record, info } of parser as AsyncIterable<{
    record: Record<string, string>;
    info: { lines: number };
  }>) {
    while (skipped.length > 0) yield skipped.shift()!;
    yield { line: info.lines, values: record };
  }
  yield* skipped;
}

async function* ndjsonRows(text: Readable): AsyncGenerator<Row> {
  let line = 0;
  for await (const bytes of linesOf(text)) {
    line += 1;
    if (bytes === null) {
      yield { line, problem: `is longer than ${LONGEST_LINE} bytes` };
      continue;
    }
    const content = bytes.toString('utf8').replace(/^\ufeff/, ''); // prettier-ignore
    if (content.trim() === '') continue;
    yield readObject(content, line);
  }
}

function readObject(text: string, line: number): Row {
  try {
    const values = parseJson(text);
    if (typeof values === 'object' && values !== null && !Array.isArray(values))
      return { line, values: values as Record<string, unknown> };
    return { line, problem: 'is not a JSON object' };
  } catch (error) {
    return { line, problem: (error as Error).message.replace('The body', 'The line') };
  }
}

/** Lines without their ends; null for one that is too long, which is read past without being kept. */
async function* linesOf(text: Readable): AsyncGenerator<Buffer | null> {
  let parts: Buffer[] = [];
  let length = 0;
  const whole = (): Buffer | null => {
    const line = length > LONGEST_LINE ? null : Buffer.concat(parts);
    parts = [];
    length = 0;
    return line;
  };
  for await (const chunk of text as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      parts.push(chunk.subarray(start, end));
      length += end - start;
      yield whole();
      start = end + 1;
    }
    length += chunk.length - start;
    if (length <= LONGEST_LINE) parts.push(chunk.subarray(start));
    else parts = [];
  }
  if (length > 0) yield whole();
}

function fail(path: string, why: string): never {
  throw new ProgramError(`${path} can not be read (${why}).`, 2);
}

/** What was read until then has been sent and stays; the next run goes on after it. */
function readingFailed(path: string, error: unknown): unknown {
  if (error instanceof ProgramError) return error;
  const { code, message } = error as { code?: string; message: string };
  const why = code === 'Z_BUF_ERROR' ? 'the gzip stream ends in the middle' : message;
  return new ProgramError(`${path} can not be read to its end (${why}).`);
}
