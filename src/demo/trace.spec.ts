import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ProgramError } from '../client';
import { parseTrace, readTrace, TRACE_HEADER } from './trace';

const ROW = '2023-11-16 18:15:46.6805900,374,44';
const REQUEST = { time: '2023-11-16T18:15:46.6805900Z', inputTokens: 374, outputTokens: 44 };

describe('a row of a trace', () => {
  it.each`
    row                                       | time                              | because
    ${'2023-11-16 18:15:46.6805900,1,2'}      | ${'2023-11-16T18:15:46.6805900Z'} | ${'no zone means UTC, and no digit is lost'}
    ${'2023-11-16 18:15:46,1,2'}              | ${'2023-11-16T18:15:46Z'}         | ${'a fraction may be missing'}
    ${'2024-05-10 00:00:00.009930+00:00,1,2'} | ${'2024-05-10T00:00:00.009930Z'}  | ${'the traces of 2024 write the zone'}
    ${'2023-11-16T18:15:46Z,1,2'}             | ${'2023-11-16T18:15:46Z'}         | ${'RFC 3339 is fine too'}
    ${'2024-02-29 23:59:59,1,2'}              | ${'2024-02-29T23:59:59Z'}         | ${'a leap day'}
  `('$row: $because', ({ row, time }) => {
    expect(parseTrace(`${TRACE_HEADER}\n${row}\n`)).toEqual([{ time, inputTokens: 1, outputTokens: 2 }]);
  });

  it.each`
    row                                           | says                      | because
    ${'2023-11-16 18:15:46,374'}                  | ${'three columns'}        | ${'a column is missing'}
    ${'2023-11-16 18:15:46,374,44,1'}             | ${'three columns'}        | ${'there is one too many'}
    ${'yesterday,374,44'}                         | ${'not a time'}           | ${'that is no time'}
    ${'2023-02-30 18:15:46,374,44'}               | ${'not a time'}           | ${'there is no such day'}
    ${'2023-11-16 24:00:00,374,44'}               | ${'not a time'}           | ${'there is no such hour'}
    ${'2023-11-16 18:15:46+02:00,374,44'}         | ${'not a time'}           | ${'another zone than UTC would be misread'}
    ${'2023-11-16 18:15:46,-1,44'}                | ${'ContextTokens must'}   | ${'tokens are not negative'}
    ${'2023-11-16 18:15:46,1.5,44'}               | ${'ContextTokens must'}   | ${'tokens are whole'}
    ${'2023-11-16 18:15:46,1,'}                   | ${'GeneratedTokens must'} | ${'nothing is not zero'}
    ${'2023-11-16 18:15:46,1,1e3'}                | ${'GeneratedTokens must'} | ${'an exponent is no plain number'}
    ${'2023-11-16 18:15:46,1,9999999999'}         | ${'GeneratedTokens must'} | ${'no request has so many'}
    ${`2023-11-16 18:15:46,1,${'1'.repeat(600)}`} | ${'longer than 500'}      | ${'this is no such trace'}
  `('is refused with its line number when $because', ({ row, says }) => {
    const read = () => parseTrace(`${TRACE_HEADER}\n${ROW}\n${row}\n${ROW}\n`, 'trace.csv');
    expect(read).toThrow(ProgramError);
    expect(read).toThrow(`trace.csv, line 3: `);
    expect(read).toThrow(says);
  });

  it.each`
    text                                     | says                     | because
    ${''}                                    | ${'line 1: must be the'} | ${'the file is empty'}
    ${`a,b,c\n${ROW}\n`}                     | ${'line 1: must be the'} | ${'the header is another'}
    ${`${TRACE_HEADER}\n${ROW}\n\n${ROW}\n`} | ${'line 3: is blank'}    | ${'rows follow a blank line'}
  `('a text is refused when $because', ({ text, says }) => {
    expect(() => parseTrace(text)).toThrow(says);
  });

  it('lines may end as Windows ends them, begin with a byte order mark and end with blank ones', () => {
    expect(parseTrace(`\uFEFF${TRACE_HEADER}\r\n${ROW}\r\n\r\n\r\n`)).toEqual([REQUEST]);
  });
});

describe('a trace file', () => {
  let folder: string;
  const file = (name: string, content: string | Buffer) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'weir-trace-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const text = `${TRACE_HEADER}\n${`${ROW}\n`.repeat(10_000)}`;

  it('is read whole, plain or gzipped whatever its name, also without a last line end', async () => {
    expect(await readTrace(file('plain.csv', text), null)).toHaveLength(10_000);
    expect(await readTrace(file('plain.gz', gzipSync(text)), null)).toHaveLength(10_000);
    expect(await readTrace(file('zipped.csv', gzipSync(text.trimEnd())), null)).toHaveLength(10_000);
  });

  it('is read to the rows asked for, and no further', async () => {
    const path = file('bad-later.csv', `${TRACE_HEADER}\n${ROW}\n${ROW}\nrubbish\n`);
    expect(await readTrace(path, 2)).toEqual([REQUEST, REQUEST]);
    expect(await readTrace(path, 1)).toEqual([REQUEST]);
    await expect(readTrace(path, null)).rejects.toThrow('line 4');
  });

  it.each`
    name             | content                            | says                            | because
    ${'empty.csv'}   | ${''}                              | ${'has no requests'}            | ${'it is empty'}
    ${'header.csv'}  | ${`${TRACE_HEADER}\n`}             | ${'has no requests'}            | ${'it ends after its header'}
    ${'cut.gz'}      | ${gzipSync(text).subarray(0, 300)} | ${'is a damaged gzip file'}     | ${'it was cut off'}
    ${'noise.csv'}   | ${Buffer.alloc(5_000_000, 0xfe)}   | ${'neither a CSV text nor a'}   | ${'it is no text'}
    ${'endless.csv'} | ${'x'.repeat(5_000_000)}           | ${'line 1: is longer than 500'} | ${'it has no lines'}
  `('is refused in one line when $because', async ({ name, content, says }) => {
    const reading = readTrace(file(name, content), null);
    await expect(reading).rejects.toThrow(ProgramError);
    await expect(reading).rejects.toThrow(says);
  });

  it('is refused when there is none, or a folder', async () => {
    await expect(readTrace(join(folder, 'absent.csv'), null)).rejects.toThrow('There is no file');
    await expect(readTrace(folder, null)).rejects.toThrow('is a folder');
  });
});
