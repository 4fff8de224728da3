import { isDeepStrictEqual } from 'node:util';

/** One field that two definitions don't agree on; null where one of them doesn't have it. */
export interface FieldChange {
  /** Such as `prices.tokens.charge.unitPrice`; things with a key go by their key, others by their number. */
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
}

/**
 * Says what differs between two definitions in JSON, field by field, in the order of the fields.
 *
 * Things with keys (prices, pools, discounts) are compared by key, so that one more at the top of a list is one change;
 * if only their order differs, the list of keys is the change.
 */
export function documentDiff(before: unknown, after: unknown, field = ''): FieldChange[] {
  if (isDeepStrictEqual(before, after)) return [];
  const [mine, theirs] = [partsOf(before), partsOf(after)];
  if (mine === null || theirs === null) return [{ field, before: before ?? null, after: after ?? null }];

  const names = [...new Set([...mine.keys(), ...theirs.keys()])];
  const changes = names.flatMap((name) =>
    documentDiff(mine.get(name), theirs.get(name), field === '' ? name : `${field}.${name}`),
  );
  if (changes.length > 0) return changes;
  return [{ field, before: [...mine.keys()], after: [...theirs.keys()] }];
}

/** What a thing consists of, by name; null for what is compared whole. */
function partsOf(value: unknown): Map<string, unknown> | null {
  if (typeof value !== 'object' || value === null) return null;
  if (!Array.isArray(value)) return new Map(Object.entries(value));
  if (!value.every(hasKey)) return null;
  return new Map(value.map((item) => [item.key, item]));
}

function hasKey(item: unknown): item is { readonly key: string } {
  return typeof item === 'object' && item !== null && 'key' in item && typeof item.key === 'string';
}
