import { readFile } from 'node:fs/promises';

/** @returns the operating system's code for an error, such as `ENOENT`; an empty text when it has none */
export function errorCode(error: unknown): string {
  return (error as NodeJS.ErrnoException | null)?.code ?? '';
}

/** @returns the text of a file, null when there is no such file */
export async function readIfPresent(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}
