import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const ENDING = '.journal';
/** A process that lives writes its own journal down as soon as the database is back; one this old was left behind. */
const LEFT_BEHIND_MS = 60_000;

/** Lines of a file, of this process or of one that ended. */
export interface JournalFile {
  readonly path: string;
  readonly lines: readonly string[];
}

/**
 * What was let pass while the database was away, in a file of this process's own: a line is on the disk before it is
 * answered. Files stay until everything in them is in the database; writing a line there twice is the same as once.
 */
export class AwayJournal {
  private readonly path: string;
  private file: Promise<FileHandle> | null = null;
  /** Lines that wait for the next write, which is one for all of them. */
  private waiting: { readonly line: string; readonly done: (error: Error | null) => void }[] = [];
  /** Writing and dropping the file, one after the other. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly folder: string) {
    this.path = join(folder, `${process.pid}-${randomUUID()}${ENDING}`);
  }

  /** @returns once the line is on the disk */
  append(line: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (error: Error | null): void => {
        if (error === null) resolve();
        else reject(error);
      };
      this.waiting.push({ line, done });
      if (this.waiting.length === 1) void this.inTurn(() => this.write());
    });
  }

  private async write(): Promise<void> {
    const lines = this.waiting;
    this.waiting = [];
    let problem: Error | null = null;
    try {
      this.file ??= this.open();
      const file = await this.file;
      await file.appendFile(lines.map(({ line }) => `${line}\n`).join(''));
      await file.datasync();
    } catch (error) {
      problem = error instanceof Error ? error : new Error(String(error));
      this.file = null;
    }
    for (const { done } of lines) done(problem);
  }

  private async open(): Promise<FileHandle> {
    await mkdir(this.folder, { recursive: true });
    return open(this.path, 'a');
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => undefined);
    return result;
  }

  /** All journals of the folder that have lines: this process's, and those of others. */
  async files(): Promise<JournalFile[]> {
    const names = await readdir(this.folder).catch(() => []);
    const files = names.filter((name) => name.endsWith(ENDING)).map((name) => join(this.folder, name));
    return Promise.all(files.sort().map(async (path) => ({ path, lines: await linesOf(path) })));
  }

  /**
   * Drops a file whose lines are all in the database, unless it has got more since, or its process may live.
   * @returns whether it is gone
   */
  drop({ path, lines }: JournalFile): Promise<boolean> {
    return this.inTurn(async () => {
      if (path !== this.path && !(await isLeftBehind(path))) return false;
      if ((await linesOf(path)).length > lines.length) return false;
      if (path === this.path) await this.closeFile();
      await rm(path, { force: true });
      return true;
    });
  }

  close(): Promise<void> {
    return this.inTurn(() => this.closeFile());
  }

  private async closeFile(): Promise<void> {
    const file = await this.file;
    this.file = null;
    await file?.close();
  }
}

async function linesOf(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}

async function isLeftBehind(path: string): Promise<boolean> {
  const written = await stat(path).catch(() => null);
  return written !== null && written.mtimeMs < Date.now() - LEFT_BEHIND_MS;
}
