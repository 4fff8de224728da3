import fc from 'fast-check';
import { Decimal, sum } from '../../kernel';
import type { CustomerOutcome } from './simulate-customer';
import { NO_CUSTOMERS, summarise, type Summary } from './summarise';

const d = (text: string) => new Decimal(text);
const outcome = (now: string | null, then: string | null, more: Partial<CustomerOutcome> = {}): CustomerOutcome => ({
  ...{ customerId: 'c', costNow: d('1'), costThen: d('2'), pendingEvents: 0, events: 1, lines: [], included: [] },
  ...{ problem: null, revenueNow: now === null ? null : d(now), revenueThen: then === null ? null : d(then) },
  ...more,
});
const all = (outcomes: readonly CustomerOutcome[], above = d('10')): Summary =>
  outcomes.reduce((before, each) => summarise(before, each, above), NO_CUSTOMERS);

it.each`
  now      | then        | above   | rises    | because
  ${'100'} | ${'110'}    | ${'10'} | ${false} | ${'exactly 10 % is not above it'}
  ${'100'} | ${'110.01'} | ${'10'} | ${true}  | ${'a cent beyond'}
  ${'3'}   | ${'3.3'}    | ${'10'} | ${false} | ${'no cut fraction moves the edge'}
  ${'0'}   | ${'0.01'}   | ${'10'} | ${true}  | ${'something after nothing always is'}
  ${'0'}   | ${'0'}      | ${'0'}  | ${false} | ${'nothing after nothing never is'}
  ${'100'} | ${'50'}     | ${'0'}  | ${false} | ${'a fall is no rise'}
  ${'100'} | ${'100'}    | ${'0'}  | ${false} | ${'nothing changed'}
`('$now → $then, above $above %: $because', ({ now, then, above, rises }) => {
  expect(all([outcome(now as string, then as string)], d(above as string)).above).toBe(rises ? 1 : 0);
});

it('customers that can’t be compared count in what would be charged, those that can’t be charged in nothing', () => {
  const summary = all([
    outcome('10', '12'),
    outcome(null, '5', { costThen: null, pendingEvents: 3 }),
    outcome('7', null, { problem: 'No cell.' }),
  ]);
  expect(summary).toMatchObject({
    customers: 3,
    notRated: 1,
    compared: 1,
    withoutCost: 1,
    pendingEvents: 3,
    losers: 1,
  });
  expect([summary.revenueThen, summary.revenueNow, summary.revenueThenCompared, summary.costThen]).toEqual([
    ...[d('17'), d('10'), d('12'), d('2')],
  ]);
});

const amount = fc.integer({ min: 0, max: 100_000 }).map((cents) => new Decimal(cents).dividedBy(100));
const anyOutcome = fc
  .record({ now: fc.option(amount), then: fc.option(amount), used: amount })
  .map(({ now, then, used }): CustomerOutcome => ({
    ...outcome(null, null),
    ...{ revenueNow: now, revenueThen: then },
    included: then === null ? [] : [{ kind: 'pool', key: 'p', granted: d('100'), used }],
  }));

it('the order in which customers come changes nothing', () => {
  fc.assert(
    fc.property(fc.array(anyOutcome, { maxLength: 20 }), (outcomes) => {
      expect(all([...outcomes].reverse())).toEqual(all(outcomes));
    }),
  );
});

it('every customer is somewhere: bars, gainers, losers and the unchanged add up to those compared', () => {
  fc.assert(
    fc.property(fc.array(anyOutcome, { maxLength: 20 }), (outcomes) => {
      const { bars, compared, gainers, losers, unchanged, customers, notRated, included, revenueThen } = all(outcomes);
      expect(bars.reduce((sumOfBars, bar) => sumOfBars + bar, 0)).toBe(compared);
      expect(gainers + losers + unchanged).toBe(compared);
      expect(customers).toBe(outcomes.length);
      expect(compared + notRated).toBeLessThanOrEqual(customers);
      const rated = outcomes.filter(({ revenueThen: then }) => then !== null);
      expect(revenueThen).toEqual(sum(rated.map((each) => each.revenueThen!)));
      if (rated.length > 0) expect(included[0]!.used).toEqual(sum(rated.map((each) => each.included[0]!.used)));
    }),
  );
});
