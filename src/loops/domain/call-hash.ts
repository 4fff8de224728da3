import { hash } from 'node:crypto';

/** Longest hash that a sender may state, in UTF-16 units: a hash of 512 bits as text, with room to spare. */
export const LONGEST_STATED_HASH = 200;

/**
 * The hash of parts of a call: 16 hexadecimal digits, the first 8 bytes of sha256. Parts can't run into each other,
 * since each is preceded by its length.
 */
export function hashParts(...parts: readonly string[]): string {
  let all = '';
  for (const part of parts) all += `${part.length}:${part}`;
  return hash('sha256', all, 'hex').slice(0, 16);
}

/**
 * A value of JSON as one text, the same for every order of its fields. A text that holds JSON of its own, as models
 * write the arguments of a call, is read first, so that `{"a": 1}` and `{"a":1}` are one.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(typeof value === 'string' ? parsed(value) : value));
}

/** Texts that nest deeper are compared as they are: reading them would need a deep stack. */
const DEEPEST_TEXT = 64;

function parsed(text: string): unknown {
  if (!/^\s*[[{]/.test(text) || nesting(text) > DEEPEST_TEXT) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** How deep brackets open. Those within strings count too, which only sends a text the simpler way. */
function nesting(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '[' || character === '{') deepest = Math.max(deepest, (depth += 1));
    else if (character === ']' || character === '}') depth -= 1;
  }
  return deepest;
}

/** An event's data nests at most 32 deep, so this ends soon. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  // A list of pairs, so that a field named `__proto__` is a field like any other.
  return { fields: fields.map(([name, field]) => [name, sorted(field)]) };
}
