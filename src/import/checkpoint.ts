import { createHash } from 'node:crypto';
import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { ProgramError } from '../client';

/** How far an import of one file got, so that the next run goes on from there. */
export interface Checkpoint {
  /** Which file it was, and read how: another one begins anew. */
  readonly fingerprint: string;
  /** Rows from the first on that are answered. */
  readonly rows: number;
  readonly counts: Counts;
}

/** What became of rows. */
export interface Counts {
  accepted: number;
  duplicates: number;
  rejected: number;
}

const FINGERPRINTED_BYTES = 65_536;

/**
 * Tells whether a file is the one that a checkpoint is about: its beginning, and all that decides which events its
 * rows become. The size isn't part of it, so that a log that has grown since goes on where it ended.
 */
export async function fingerprintOf(path: string, settings: readonly unknown[]): Promise<string> {
  const { size } = await stat(path);
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(FINGERPRINTED_BYTES), 0, FINGERPRINTED_BYTES, 0);
    // A file that is shorter than the beginning would change its fingerprint when it grows; it is sent again then,
    // which is quick and counts nothing twice.
    return createHash('sha256')
      .update(buffer.subarray(0, Math.min(bytesRead, size)))
      .update(JSON.stringify(settings))
      .digest('hex');
  } finally {
    await file.close();
  }
}

/** The checkpoint of an earlier run of the same import, or null. */
export async function readCheckpoint(path: string, fingerprint: string): Promise<Checkpoint | null> {
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    const checkpoint = JSON.parse(text) as Checkpoint;
    return checkpoint.fingerprint === fingerprint && Number.isSafeInteger(checkpoint.rows) ? checkpoint : null;
  } catch {
    return null; // half a file, or somebody else's
  }
}

/** Written beside and renamed, so that a run that is killed leaves the old one or the new one. */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(draft, JSON.stringify(checkpoint));
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw new ProgramError(
      `${path}, which remembers how far the import is, can not be written (${(error as Error).message}).`,
    );
  }
}

export async function removeCheckpoint(path: string): Promise<void> {
  await rm(path, { force: true });
}
