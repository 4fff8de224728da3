import { createHash, randomBytes } from 'node:crypto';

/** What a key may do: send events, read, change what is sold and to whom, and with `ingest` send events of long ago. */
export const SCOPES = ['ingest', 'read', 'manage', 'backfill'] as const;
export type Scope = (typeof SCOPES)[number];

/** Every key starts with this, so that secret scanners can find one that got lost. */
const KEY_PREFIX = 'weir_';
const KEY_TEXT = /^weir_[A-Za-z0-9_-]{43}$/;

/** A new secret of 256 random bits. It is shown once and kept only as its hash. */
export function newApiKey(): string {
  return KEY_PREFIX + randomBytes(32).toString('base64url');
}

export function looksLikeApiKey(text: string): boolean {
  return KEY_TEXT.test(text);
}

/** What is stored of a key. One round of SHA-256 is enough, since the secret is random and long, not a password. */
export function hashApiKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** Enough of a key to recognise it in a list. */
export function apiKeyHint(key: string): string {
  return `${key.slice(0, 9)}…${key.slice(-4)}`;
}
