import type { ReferenceEvent } from './definitions';

/** What an event says in each of the fields. */
export const valuesOf = (event: ReferenceEvent, dimensions: readonly string[]): (string | null)[] =>
  dimensions.map((dimension) => {
    const value = event.fields[dimension] ?? null;
    return value === null ? null : String(value);
  });

/** The rule that fits and names most dimensions; `null` in a field fits only where the field isn't named. */
export function mostSpecific<R extends { readonly match: Readonly<Record<string, string>> }>(
  rules: readonly R[],
  event: ReferenceEvent,
): R | null {
  let best: R | null = null;
  for (const rule of rules) {
    const named = Object.entries(rule.match);
    const fits = named.every(([dimension, value]) => valuesOf(event, [dimension])[0] === value);
    if (fits && (best === null || named.length > Object.keys(best.match).length)) best = rule;
  }
  return best;
}
