import { hash } from 'node:crypto';

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
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export function eventKeyFromUuid(uuid: string): EventKey {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex').toString('latin1');
}
