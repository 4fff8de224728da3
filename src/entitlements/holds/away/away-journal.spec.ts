import { appendFile, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AwayJournal } from './away-journal';
import { fromAwayLine, organisationOfLine } from './away-line';

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'weir-away-')), 'made', 'when', 'needed');
});
afterEach(() => rm(join(folder, '../../..'), { recursive: true, force: true }));

describe('the journal of holds that were let pass', () => {
  it('has a line on the disk when it is told so, in the order of asking', async () => {
    const journal = new AwayJournal(folder);
    await expect(readdir(folder)).rejects.toThrow();
    await Promise.all(['a', 'b', 'c'].map((line) => journal.append(line)));
    const [name] = await readdir(folder);
    expect(await readFile(join(folder, name!), 'utf8')).toBe('a\nb\nc\n');
    await journal.append('d');
    expect((await journal.files()).map(({ lines }) => lines)).toEqual([['a', 'b', 'c', 'd']]);
    await journal.close();
  });

  it('drops its file once all of it is brought, and begins another', async () => {
    const journal = new AwayJournal(folder);
    await journal.append('a');
    const [file] = await journal.files();
    await journal.append('b');
    expect(await journal.drop(file!)).toBe(false);
    expect(await journal.drop((await journal.files())[0]!)).toBe(true);
    expect(await journal.files()).toEqual([]);
    await journal.append('c');
    expect((await journal.files()).map(({ lines }) => lines)).toEqual([['c']]);
    await journal.close();
  });

  it('reads what another process left, and drops it only where that doesn’t live any more', async () => {
    const left = new AwayJournal(folder);
    await left.append('a');
    await left.close();
    const journal = new AwayJournal(folder);
    const [file] = await journal.files();
    expect(file!.lines).toEqual(['a']);
    expect(await journal.drop(file!)).toBe(false);

    const longAgo = new Date(Date.now() - 120_000);
    await utimes(file!.path, longAgo, longAgo);
    expect(await journal.drop(file!)).toBe(true);
    expect(await readdir(folder)).toEqual([]);
  });

  it('says so when it can’t be written', async () => {
    await writeFile(join(folder, '../../../file'), '');
    await expect(new AwayJournal(join(folder, '../../../file/folder')).append('a')).rejects.toThrow();
  });

  it('leaves out a line that a crash cut off: it was never answered', async () => {
    const journal = new AwayJournal(folder);
    await journal.append('{"organisationId":"org"}');
    const [file] = await journal.files();
    await appendFile(file!.path, '{"organisationId":"or');
    const { lines } = (await journal.files())[0]!;
    expect(lines.map(organisationOfLine)).toEqual(['org', null]);
    expect(fromAwayLine(lines[1]!, () => new Map())).toBeNull();
    await journal.close();
  });
});
