import { hash } from 'node:crypto';
import { uuidOfHex } from '../../kernel';

/** 16 bytes as a string of 16 characters from 0 to 255: compares and sorts like the bytes, and is a cheap map key. */
export type EventKey = string;

/**
 * The key under which an event is stored once: the first 16 bytes of SHA-256 over organisation, source and id. The
 * source's length stands before it, so that no two pairs run into the same text. Two different events would share a key
 * by chance once in about 2^64; they would then be told apart as a conflict, never merged.
 */
export function eventKey(organisationId: string, source: string, id: string): EventKey {
  return hash('sha256', `${organisationId}${source.length}:${source}${id}`, 'binary').slice(0, 16);
}

/** The key as a uuid, as SQL takes it. */
export function eventKeyToUuid(key: EventKey): string {
  const hex = Buffer.from(key, 'latin1').toString('hex');
  return uuidOfHex(hex);
}

export function eventKeyFromUuid(uuid: string): EventKey {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex').toString('latin1');
}

/** So many bits of the place in a list; what is left of a safe integer holds the beginning of a key. */
const PLACES = 2 ** 20;

/**
 * Keys in the order in which PostgreSQL compares them, as `keys.sort()` gives it, at a third of the time: their first
 * four bytes and their place are sorted as one number, and what these leave undecided afterwards.
 */
export function inKeyOrder(keys: readonly EventKey[]): EventKey[] {
  if (keys.length > PLACES) return keys.toSorted();
  const order = new Float64Array(keys.length);
  for (let place = 0; place < keys.length; place += 1) {
    const key = keys[place]!;
    const start = ((key.charCodeAt(0) * 256 + key.charCodeAt(1)) * 256 + key.charCodeAt(2)) * 256 + key.charCodeAt(3);
    order[place] = start * PLACES + place;
  }
  order.sort();
  const sorted: EventKey[] = [];
  for (const number of order) {
    const key = keys[number % PLACES]!;
    let at = sorted.length;
    for (; at > 0 && sorted[at - 1]! > key; at -= 1) sorted[at] = sorted[at - 1]!;
    sorted[at] = key;
  }
  return sorted;
}
