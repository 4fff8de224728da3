import { compileMatch, type Match } from '../../catalog/domain';

/** Finds the rule of a group among many. */
export interface Matcher<R> {
  readonly find: (group: readonly (string | null)[]) => R | null;
  /** Puts rules in the order of their list, and what stands for all others, null, last. */
  readonly inOrder: (one: R | null, other: R | null) => number;
}

/** By the list of rules: a charge rates many customers, so its two thousand cells are looked through once. */
const MATCHERS = new WeakMap<readonly object[], unknown>();

/** The matcher of a charge's cells or rules, made once for each list of them. */
export function matcherOf<R extends { readonly match: Match }>(
  dimensions: readonly string[],
  rules: readonly R[],
): Matcher<R> {
  const known = MATCHERS.get(rules) as Matcher<R> | undefined;
  if (known !== undefined) return known;

  const places = new Map<R | null, number>(rules.map((rule, place) => [rule, place]));
  const placeOf = (rule: R | null): number => places.get(rule) ?? rules.length;
  const matcher: Matcher<R> = {
    find: compileMatch(dimensions, rules),
    inOrder: (one, other) => placeOf(one) - placeOf(other),
  };
  MATCHERS.set(rules, matcher);
  return matcher;
}
