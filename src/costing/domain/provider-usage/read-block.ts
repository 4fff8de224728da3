import type { FieldProblem } from '../../../kernel';
import type { Counter, UsageFormat } from './usage-format';

/** What a block says in one format. */
export interface BlockReading {
  readonly format: UsageFormat;
  /** Flat field → quantity. Totals are there when they are reported, parts when they are above zero. */
  readonly fields: ReadonlyMap<string, number>;
  /** Flat field → path of the counter it came from, the one that named it last; for messages. */
  readonly origins: ReadonlyMap<string, string>;
  /** How many numbers above zero were read. Of two formats that fit, the one that reads more fits better. */
  readonly read: number;
  /** Paths of numbers above zero that the format neither reads nor knows to be no usage. */
  readonly unread: readonly string[];
}

export type Block = Readonly<Record<string, unknown>>;

/** The largest quantity `readUsage` takes. */
const LARGEST = 1e15 - 1;
const TOTALS: ReadonlySet<string> = new Set(['input_tokens', 'output_tokens']);
/** Deeper than any provider nests; bounds what an absurd block can cost. */
const DEEPEST = 8;
/** Enough to see that something is missing and where. */
const MOST_UNREAD = 20;

/** Whether a block has the counters without which it can't be in this format. */
export function isShaped(block: Block, format: UsageFormat): boolean {
  return (
    format.shownBy.some((path) => valueAt(block, path.split('.')) !== undefined) &&
    format.counters.every((one) => !one.required || valueAt(block, one.steps) !== undefined)
  );
}

/**
 * Reads a block in one format: every number is checked, and added to each flat field it counts in.
 *
 * @param at the block's own path, such as `data.usage`, for messages
 */
export function readBlock(block: Block, format: UsageFormat, at: string): BlockReading | FieldProblem {
  const fields = new Map<string, number>();
  const origins = new Map<string, string>();
  let read = 0;
  for (const one of format.counters) {
    const quantity = one.modality === null ? numberAt(block, one, at) : numberOfModality(block, one, at);
    if (typeof quantity === 'object') {
      if (quantity !== null) return quantity;
      if (one.required) return { field: `${at}.${one.path}`, detail: `is missing from a block of ${format.name}` };
      continue;
    }
    if (quantity > 0) read += 1;
    for (const field of one.into) {
      if (quantity === 0 && !TOTALS.has(field)) continue;
      fields.set(field, (fields.get(field) ?? 0) + quantity);
      origins.set(field, `${at}.${one.path}`);
    }
  }
  return { format, fields, origins, read, unread: unreadIn(block, format) };
}

/** null when absent, a problem when it is no count. */
function numberAt(block: Block, one: Counter, at: string): number | null | FieldProblem {
  let value: unknown = block;
  for (let index = 0; index < one.steps.length; index += 1) {
    if (!isObject(value)) return { field: pathOf(at, one.steps, index), detail: 'must be an object' };
    value = value[one.steps[index]!];
    if (value === undefined || value === null) return null;
  }
  return countOf(value, `${at}.${one.path}`);
}

function numberOfModality(block: Block, one: Counter, at: string): number | null | FieldProblem {
  const list = valueAt(block, one.steps);
  if (list === undefined || list === null) return null;
  const field = `${at}.${one.path}`;
  if (!Array.isArray(list)) return { field, detail: 'must be a list' };
  let sum: number | null = null;
  for (const [index, entry] of list.entries()) {
    if (!isObject(entry)) return { field: `${field}.${index}`, detail: 'must be an object' };
    if (entry['modality'] !== one.modality) continue;
    const name = 'tokenCount' in entry ? 'tokenCount' : 'token_count';
    const value = entry[name];
    if (value === undefined || value === null) continue;
    const count = countOf(value, `${field}.${index}.${name}`);
    if (typeof count !== 'number') return count;
    sum = (sum ?? 0) + count;
  }
  return sum;
}

/** A provider counts in whole numbers and never below zero; anything else means that the block is not what it seems. */
function countOf(value: unknown, field: string): number | FieldProblem {
  if (typeof value !== 'number') return { field, detail: 'must be a whole number, as providers report it' };
  if (value < 0) return { field, detail: 'must not be negative' };
  if (!Number.isInteger(value)) return { field, detail: 'must be a whole number' };
  if (value > LARGEST) return { field, detail: 'has more than 15 digits' };
  return value + 0;
}

function unreadIn(block: Block, format: UsageFormat): string[] {
  const known = new Set([...format.ignored, ...format.counters.map((one) => one.path)]);
  const unread: string[] = [];
  const visit = (value: unknown, path: string, depth: number): void => {
    if (known.has(path) || depth > DEEPEST || unread.length === MOST_UNREAD) return;
    if (typeof value === 'number' && value > 0) unread.push(path);
    if (typeof value !== 'object' || value === null) return;
    for (const [name, inner] of Object.entries(value)) {
      if (path === format.repeats?.path && isObject(inner) && inner['type'] === format.repeats.type) continue;
      visit(inner, path === '' ? name : `${path}.${name}`, depth + 1);
    }
  };
  visit(block, '', 0);
  return unread;
}

function pathOf(at: string, steps: readonly string[], length: number): string {
  return [at, ...steps.slice(0, length)].join('.');
}

/** What stands at a path; undefined when nothing does or when something else than an object is on the way. */
export function valueAt(block: Block, steps: readonly string[]): unknown {
  let value: unknown = block;
  for (const step of steps) {
    if (!isObject(value)) return undefined;
    value = value[step];
  }
  return value;
}

export function isObject(value: unknown): value is Block {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
