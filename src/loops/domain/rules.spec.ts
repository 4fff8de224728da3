import fc from 'fast-check';
import {
  DEFAULT_LOOP_RULES,
  LARGEST_RULE,
  matchesPattern,
  NO_LOOP_RULES,
  pollingAllowance,
  rulesFor,
  ruleSetOf,
} from './rules';
import { MOST } from './state';

it.each`
  pattern       | name            | matches
  ${'get'}      | ${'get'}        | ${true}
  ${'get'}      | ${'get_job'}    | ${false}
  ${'get_*'}    | ${'get_job'}    | ${true}
  ${'get_*'}    | ${'get_'}       | ${true}
  ${'*_status'} | ${'job_status'} | ${true}
  ${'*_status'} | ${'status'}     | ${false}
  ${'a*b*c'}    | ${'a_b_b_c'}    | ${true}
  ${'a*b*c'}    | ${'a_c_b'}      | ${false}
  ${'*'}        | ${''}           | ${true}
  ${''}         | ${'x'}          | ${false}
  ${'get.job'}  | ${'get_job'}    | ${false}
`("'$pattern' and '$name': $matches", ({ pattern, name, matches }) => {
  expect(matchesPattern(pattern, name)).toBe(matches);
});

it('matches as a regular expression would', () => {
  const letters = fc.array(fc.constantFrom('a', 'b', '*'), { maxLength: 8 }).map((all) => all.join(''));
  const names = fc.array(fc.constantFrom('a', 'b'), { maxLength: 10 }).map((all) => all.join(''));
  fc.assert(
    fc.property(letters, names, (pattern, name) => {
      expect(matchesPattern(pattern, name)).toBe(new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(name));
    }),
  );
});

it('ends soon for a pattern of many stars', () => {
  expect(matchesPattern(`${'*a'.repeat(100)}b`, 'a'.repeat(100_000))).toBe(false);
});

it('takes the first allowance that names a tool', () => {
  const rules = { ...DEFAULT_LOOP_RULES, polling: [{ tool: 'get_job', perMinute: 2 }, { tool: 'get_*', perMinute: 9 }] }; // prettier-ignore
  expect(pollingAllowance(rules, 'get_job')?.perMinute).toBe(2);
  expect(pollingAllowance(rules, 'get_user')?.perMinute).toBe(9);
  expect(pollingAllowance(rules, 'put_user')).toBeNull();
  expect(pollingAllowance(rules, null)).toBeNull();
});

describe('which rules hold', () => {
  it("a class's own words come first, then those for all, then our defaults", () => {
    const depth = { deepest: 9, action: 'stop' } as const;
    const rules = ruleSetOf({ depth }, new Map([['batch', { repeat: null }]]));
    expect(rulesFor(rules, 'batch')).toEqual({ ...DEFAULT_LOOP_RULES, depth, repeat: null });
    expect(rulesFor(rules, 'chat')).toEqual({ ...DEFAULT_LOOP_RULES, depth });
    expect(rulesFor(rules, null)).toEqual({ ...DEFAULT_LOOP_RULES, depth });
  });

  it('where nothing is said for all, only classes that are named are looked at', () => {
    const rules = ruleSetOf(null, new Map([['batch', { depth: null }]]));
    expect(rulesFor(rules, 'batch')).toEqual({ ...DEFAULT_LOOP_RULES, depth: null });
    expect(rulesFor(rules, 'chat')).toBe(NO_LOOP_RULES);
  });
});

it('a state keeps enough for the largest rule', () => {
  expect(LARGEST_RULE.calls).toBeLessThanOrEqual(MOST.moments);
  expect(LARGEST_RULE.perMinute).toBeLessThan(MOST.moments);
  expect(LARGEST_RULE.rounds * 2).toBeLessThanOrEqual(MOST.order);
  expect(LARGEST_RULE.minutes).toBeLessThanOrEqual(MOST.minutes);
  expect(LARGEST_RULE.deepest).toBeLessThan(MOST.nodes);
});
