import type { FieldProblem } from '../../../kernel';
import { valueOf, type Match } from '../match';

/** A meter groups by no more fields. */
const MOST_DIMENSIONS = 5;
/** More cells or rules than this are taken for a mistake. */
export const MAX_MATCHES = 2_000;

/** What is wrong with the fields by which a charge tells usage apart: one to five, none twice. */
export function dimensionProblems(at: string, dimensions: readonly string[]): FieldProblem[] {
  if (dimensions.length === 0) return [{ field: at, detail: 'must name at least one field' }];
  if (dimensions.length > MOST_DIMENSIONS) return [{ field: at, detail: 'must name at most five fields' }];
  return dimensions.flatMap((dimension, index) =>
    dimensions.indexOf(dimension) === index ? [] : [{ field: `${at}[${index}]`, detail: 'is there twice' }],
  );
}

/**
 * What is wrong with rules that are chosen by `compileMatch`: a rule names a dimension, knows no other ones, and for
 * every group it is clear which rule it has. It isn't where two rules name as many dimensions, match the same group,
 * and none that names more decides between them.
 *
 * @param at   the list of rules, such as `charge.cells`
 * @param rest what has the groups that no rule matches, for the message
 */
export function matchProblems(
  at: string,
  dimensions: readonly string[],
  rules: readonly { readonly match: Match }[],
  rest: string,
): FieldProblem[] {
  if (rules.length > MAX_MATCHES) return [{ field: at, detail: 'must have at most 2,000 entries' }];

  const ofEach = rules.flatMap(({ match }, index) => problemsOfMatch(`${at}[${index}].match`, dimensions, match, rest));
  return ofEach.length > 0 ? ofEach : ambiguous(at, dimensions, rules);
}

function problemsOfMatch(field: string, dimensions: readonly string[], match: Match, rest: string): FieldProblem[] {
  const named = Object.keys(match);
  if (named.length === 0) return [{ field, detail: `must name a dimension: all other usage has ${rest}` }];
  const unknown = named.find((name) => !dimensions.includes(name));
  return unknown === undefined ? [] : [{ field, detail: `names '${unknown}', which is not among the dimensions` }];
}

interface Compared {
  readonly values: readonly (string | null)[];
  readonly key: string;
}

function ambiguous(
  at: string,
  dimensions: readonly string[],
  rules: readonly { readonly match: Match }[],
): FieldProblem[] {
  const compared = rules.map(({ match }): Compared => {
    const values = dimensions.map((dimension) => valueOf(match, dimension));
    return { values, key: JSON.stringify(values) };
  });
  const placeOf = new Map<string, number>();
  const problems: FieldProblem[] = [];
  for (const [index, { key }] of compared.entries()) {
    const before = placeOf.get(key);
    if (before === undefined) placeOf.set(key, index);
    else problems.push({ field: `${at}[${index}].match`, detail: `is the same as that of entry ${before}` });
  }
  if (problems.length > 0) return problems;

  for (let size = 1; size <= dimensions.length; size += 1) {
    const places = [...compared.keys()].filter((index) => named(compared[index]!.values) === size);
    for (const [position, later] of places.entries()) {
      const rival = places.slice(0, position).find((earlier) => undecided(compared, earlier, later));
      if (rival === undefined) continue;
      const detail = `meets the same usage as entry ${rival} and names as many dimensions: add an entry for both together`;
      problems.push({ field: `${at}[${later}].match`, detail });
    }
  }
  return problems;
}

/** Whether some group matches both rules, and no rule that names more dimensions has all such groups. */
function undecided(rules: readonly Compared[], one: number, other: number): boolean {
  const [values, others] = [rules[one]!.values, rules[other]!.values];
  const both: (string | null)[] = [];
  for (const [index, value] of values.entries()) {
    const otherValue = others[index] ?? null;
    if (value !== null && otherValue !== null && value !== otherValue) return false;
    both.push(value ?? otherValue);
  }
  const size = named(values);
  return !rules.some(
    (rule) => named(rule.values) > size && rule.values.every((value, index) => value === null || value === both[index]),
  );
}

function named(values: readonly (string | null)[]): number {
  return values.filter((value) => value !== null).length;
}
