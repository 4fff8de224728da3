import fc from 'fast-check';
import { matchProblems } from './charges/match-problems';
import { compileMatch, type Match } from './match';

const rule = (match: Match): { match: Match } => ({ match });
const DIMENSIONS = ['model', 'data.region'];

describe('the rule of a group', () => {
  const ANY_A = rule({ model: 'a' });
  const A_IN_EU = rule({ model: 'a', 'data.region': 'eu' });
  const ANY_IN_US = rule({ 'data.region': 'us' });
  const find = compileMatch(DIMENSIONS, [ANY_A, A_IN_EU, ANY_IN_US]);

  it.each`
    group            | expected     | because
    ${['a', 'eu']}   | ${A_IN_EU}   | ${'the one that names most wins, wherever it stands'}
    ${['a', 'asia']} | ${ANY_A}     | ${'a dimension left out has any value'}
    ${['a', null]}   | ${ANY_A}     | ${'or none at all'}
    ${['b', 'us']}   | ${ANY_IN_US} | ${'the other way round'}
    ${['b', 'eu']}   | ${null}      | ${'no rule'}
    ${['A', 'eu']}   | ${null}      | ${'letters are compared as they are'}
    ${[null, 'eu']}  | ${null}      | ${'nothing is no value, so no rule that names one'}
    ${[null, null]}  | ${null}      | ${'nor here'}
    ${['a,eu', '']}  | ${null}      | ${'values are not joined into one text'}
  `('$group: $because', ({ group, expected }) => {
    expect(find(group)).toBe(expected);
  });

  it('knows no inherited names', () => {
    const odd = compileMatch(['constructor', 'toString'], [rule({ constructor: 'x' })]);
    expect(odd(['x', 'y'])).not.toBeNull();
    expect(odd(['y', 'function toString() { [native code] }'])).toBeNull();
  });

  it('is found at once among two thousand', () => {
    const many = Array.from({ length: 2_000 }, (_, index) => rule({ model: `m${index}` }));
    const findMany = compileMatch(DIMENSIONS, many);
    expect(findMany(['m1999', 'eu'])).toBe(many[1_999]);
  });
});

describe('rules that can’t be told apart are refused', () => {
  const problems = (...matches: Match[]): string[] =>
    matchProblems('charge.cells', DIMENSIONS, matches.map(rule), 'the fallback').map(
      ({ field, detail }) => `${field} ${detail}`,
    );

  it.each`
    matches                                                                           | expected                                                                                                                  | because
    ${[{ model: 'a' }, { 'data.region': 'eu', model: 'a' }]}                          | ${[]}                                                                                                                     | ${'one names more'}
    ${[{ model: 'a' }, { model: 'b' }]}                                               | ${[]}                                                                                                                     | ${'no group has both'}
    ${[{ model: 'a' }, { model: 'a' }]}                                               | ${['charge.cells[1].match is the same as that of entry 0']}                                                               | ${'the second is never reached'}
    ${[{ model: 'a', 'data.region': 'x' }, { 'data.region': 'x', model: 'a' }]}       | ${['charge.cells[1].match is the same as that of entry 0']}                                                               | ${'whatever the order of their names'}
    ${[{ model: 'a' }, { 'data.region': 'eu' }]}                                      | ${['charge.cells[1].match meets the same usage as entry 0 and names as many dimensions: add an entry for both together']} | ${'a in eu has two prices'}
    ${[{ model: 'a' }, { 'data.region': 'eu' }, { model: 'a', 'data.region': 'eu' }]} | ${[]}                                                                                                                     | ${'and here a third decides'}
    ${[{}]}                                                                           | ${['charge.cells[0].match must name a dimension: all other usage has the fallback']}                                      | ${'for everything there is the fallback'}
    ${[{ colour: 'red' }]}                                                            | ${["charge.cells[0].match names 'colour', which is not among the dimensions"]}                                            | ${'usage isn’t kept apart by colour'}
  `('$matches: $because', ({ matches, expected }) => {
    expect(problems(...matches)).toEqual(expected);
  });
});

it('finds what a search through all rules finds', () => {
  const dimensions = ['a', 'b', 'c'];
  const value = fc.constantFrom('1', '2', '3');
  const match = fc.record({ a: value, b: value, c: value }, { requiredKeys: [] });
  const group = fc.tuple(...dimensions.map(() => fc.option(value)));
  fc.assert(
    fc.property(
      fc.array(match, { minLength: 1, maxLength: 12 }),
      fc.array(group, { maxLength: 10 }),
      (matches, groups) => {
        const rules = matches.map((found) => rule(found as Match));
        fc.pre(matchProblems('at', dimensions, rules, 'the rest').length === 0);
        const find = compileMatch(dimensions, rules);
        for (const values of groups) {
          const meeting = rules.filter((of) => dimensions.every((name, index) => of.match[name] === undefined || of.match[name] === values[index])); // prettier-ignore
          const most = Math.max(...meeting.map((of) => Object.keys(of.match).length));
          const best = meeting.filter((of) => Object.keys(of.match).length === most);
          expect(best.length).toBeLessThanOrEqual(1);
          expect(find(values)).toBe(best[0] ?? null);
        }
      },
    ),
    { numRuns: 2_000 },
  );
});
