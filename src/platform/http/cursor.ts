import { z } from 'zod';
import { InvalidRequestError } from '../../kernel';

/** A page of a list and where the next one begins. */
export interface Page<Item> {
  readonly items: Item[];
  readonly nextCursor: string | null;
}

/** Where a page ended, as text the caller hands back unread. */
export function encodeCursor(position: readonly string[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** @throws InvalidRequestError when the text is not a cursor of that many parts */
export function decodeCursor(cursor: string | undefined, parts: readonly RegExp[]): string[] | null {
  if (cursor === undefined) return null;
  try {
    const position = z.array(z.string()).parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
    if (position.length === parts.length && parts.every((part, index) => part.test(position[index]!))) return position;
  } catch {
    // Falls through: whatever is wrong with it, the answer is the same.
  }
  throw new InvalidRequestError('invalid_cursor', 'The cursor is not one that a list gave out.', [
    { field: 'cursor', detail: 'must be the nextCursor of the page before' },
  ]);
}

export const UUID_TEXT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Cuts rows fetched with `limit + 1` to a page whose cursor is the last row's position. */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  positionOf: (row: Row) => readonly string[],
  toItem: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(toItem),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(positionOf(last)) : null,
  };
}
