import { valueOf, type Match } from '../../catalog/domain';

/** A group in a sentence: `model gpt-4o, region eu`. What an event doesn't say is named as such. */
export function shownGroup(dimensions: readonly string[], values: readonly (string | null)[]): string {
  return dimensions.map((dimension, index) => `${nameOf(dimension)} ${values[index] ?? '(none)'}`).join(', ');
}

/** What a cell or a rule is for, in a sentence; dimensions that it leaves out aren't told. */
export function shownMatch(dimensions: readonly string[], match: Match): string {
  const named = dimensions.filter((dimension) => valueOf(match, dimension) !== null);
  return shownGroup(
    named,
    named.map((dimension) => valueOf(match, dimension)),
  );
}

/** The values of a match in the order of the dimensions; null where any value will do. */
export function valuesOfMatch(dimensions: readonly string[], match: Match): (string | null)[] {
  return dimensions.map((dimension) => valueOf(match, dimension));
}

/** `data.region` is read as `region`. */
function nameOf(dimension: string): string {
  return dimension.slice(dimension.lastIndexOf('.') + 1);
}
