/** Which groups something is for: value by dimension. A dimension that is left out may have any value, or none. */
export type Match = Readonly<Record<string, string>>;

/**
 * Makes rules ready to be asked which of them a group has. A rule matches when the group has each value that the rule
 * names; of those that match, the one that names most dimensions wins. With rules for `{model: a}` and
 * `{model: a, region: eu}`, the group (a, eu) has the second and (a, us) the first.
 *
 * A group without a value for a dimension is matched only by rules that leave it out. Asking takes a look-up for each
 * set of dimensions that some rule names, 31 at most, however many rules there are.
 *
 * @param dimensions in the order of a group's values
 * @param rules      of which no two name as many dimensions and match the same group, as `matchProblems` demands
 */
export function compileMatch<R extends { readonly match: Match }>(
  dimensions: readonly string[],
  rules: readonly R[],
): (group: readonly (string | null)[]) => R | null {
  const byMask = new Map<number, Map<string, R>>();
  for (const rule of rules) {
    const values = dimensions.map((dimension) => valueOf(rule.match, dimension));
    const mask = values.reduce((bits, value, index) => (value === null ? bits : bits | (1 << index)), 0);
    const ofMask = byMask.get(mask) ?? new Map<string, R>();
    byMask.set(mask, ofMask);
    ofMask.set(keyOf(values, mask)!, rule);
  }
  const masks = [...byMask].sort(([one], [other]) => specificity(other) - specificity(one));

  return (group) => {
    for (const [mask, ofMask] of masks) {
      const key = keyOf(group, mask);
      const rule = key === null ? undefined : ofMask.get(key);
      if (rule !== undefined) return rule;
    }
    return null;
  };
}

/** The value a rule demands of a dimension; null when it leaves it out. Names such as `constructor` are not inherited. */
export function valueOf(match: Match, dimension: string): string | null {
  return Object.hasOwn(match, dimension) ? match[dimension]! : null;
}

/** The values of the dimensions in a mask as one text; null when the group lacks one of them. */
function keyOf(values: readonly (string | null)[], mask: number): string | null {
  const named: string[] = [];
  for (let index = 0; index < values.length; index += 1) {
    if ((mask & (1 << index)) === 0) continue;
    const value = values[index] ?? null;
    if (value === null) return null;
    named.push(value);
  }
  return JSON.stringify(named);
}

/** How many dimensions a mask names. */
function specificity(mask: number): number {
  let count = 0;
  for (let bits = mask; bits > 0; bits >>= 1) count += bits & 1;
  return count;
}
