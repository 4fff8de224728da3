import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { openRows, type Row } from './rows';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-rows-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(content: string | Buffer, delimiter = ','): Promise<{ format: string; rows: Row[] }> {
  const path = join(folder, 'file');
  await writeFile(path, content);
  const source = await openRows(path, null, delimiter);
  const rows: Row[] = [];
  for await (const row of source.rows()) rows.push(row);
  expect(source.bytesRead()).toBe(source.size);
  return { format: source.format, rows };
}

// Excel breaks lines within a cell by a line feed alone.
const CSV = 'id,customer,note\r\n1,acme,"two\nlines, one cell"\r\n\r\n2,"say ""hi""",\r\n';
const FROM_CSV = [
  { line: 3, values: { id: '1', customer: 'acme', note: 'two\nlines, one cell' } },
  { line: 5, values: { id: '2', customer: 'say "hi"', note: '' } },
];

it.each`
  content                           | delimiter | because
  ${CSV}                            | ${','}    | ${'quotes, line breaks in cells, empty lines'}
  ${`\ufeff${CSV}`}                 | ${','}    | ${'a byte order mark, as Excel writes it'}
  ${CSV.replaceAll('\r\n', '\n')}   | ${','}    | ${'line feeds alone'}
  ${gzipSync(CSV)}                  | ${','}    | ${'gzipped'}
  ${CSV.replace(/,(?! one)/g, ';')} | ${';'}    | ${'semicolons'}
`('reads CSV: $because', async ({ content, delimiter }) => {
  const { format, rows } = await read(content, delimiter);
  expect(format).toBe('csv');
  expect(rows).toEqual(FROM_CSV);
});

it('tells of a row with too many cells, and reads on', async () => {
  const { rows } = await read('id,customer\n1,acme\n2,acme,stray\n3,acme\n');
  expect(rows.filter((row) => 'values' in row).map((row) => row.line)).toEqual([2, 4]);
  expect(rows.filter((row) => 'problem' in row)).toEqual([{ line: 3, problem: expect.stringContaining('Length') }]);
});

it('reads NDJSON without losing digits, and tells of lines that are none', async () => {
  const { format, rows } = await read(
    gzipSync('{"id":"1","data":{"n":12345678901234567890}}\r\n\n[1]\n{"id":\n{"id":"5"}'),
  );
  expect(format).toBe('ndjson');
  expect(rows).toEqual([
    { line: 1, values: { id: '1', data: { n: '12345678901234567890' } } },
    { line: 3, problem: 'is not a JSON object' },
    { line: 4, problem: expect.stringContaining('not valid JSON') },
    { line: 5, values: { id: '5' } },
  ]);
});

it('skips a line that is far too long without keeping it', async () => {
  const { rows } = await read(`{"id":"1"}\n{"id":"${'x'.repeat(2_000_000)}"}\n{"id":"3"}\n`);
  expect(rows).toEqual([
    { line: 1, values: { id: '1' } },
    { line: 2, problem: 'is longer than 1000000 bytes' },
    { line: 3, values: { id: '3' } },
  ]);
});

it('gives the rows of half a gzip file before it says so', async () => {
  const path = join(folder, 'half.gz');
  const lines = Array.from({ length: 50_000 }, (_, n) => `{"id":"${n}","random":${Math.sin(n)}}`).join('\n');
  const whole = gzipSync(lines);
  await writeFile(path, whole.subarray(0, whole.length >> 1));
  const source = await openRows(path, null, ',');
  let rows = 0;
  const reading = (async () => {
    for await (const row of source.rows()) if ('values' in row) rows += 1;
  })();
  await expect(reading).rejects.toThrow('the gzip stream ends in the middle');
  expect(rows).toBeGreaterThan(10_000);
});

it.each`
  make                             | message              | because
  ${() => join(folder, 'nowhere')} | ${'can not be read'} | ${'not there'}
  ${() => folder}                  | ${'it is no file'}   | ${'a folder'}
`('refuses what it can not read: $because', async ({ make, message }) => {
  await expect(openRows(make(), null, ',')).rejects.toThrow(message);
});
