import fc from 'fast-check';
import type { Meter } from '../../catalog/domain';
import { compileMeter, type MeteredEvent } from './compile-meter';
import { HOUR_MICROS } from './usage-sums';
import { cutHours, hourOf, stretchesOf, type UsageWindows, windowAt } from './usage-windows';
import { WindowSums } from './window-sums';

const HALF = HOUR_MICROS / 2;
const hours = (...numbers: number[]): number[] => numbers.map((number) => number * HOUR_MICROS);

it.each`
  starts                     | end    | cut       | because
  ${[0]}                     | ${3}   | ${[]}     | ${'whole hours'}
  ${[0, 1, 2]}               | ${3}   | ${[]}     | ${'windows of an hour'}
  ${[0.5]}                   | ${3}   | ${[0]}    | ${'it begins at half past'}
  ${[0]}                     | ${2.5} | ${[2]}    | ${'it ends at half past'}
  ${[0.25]}                  | ${0.5} | ${[0]}    | ${'all of it in one hour, which is cut once'}
  ${[0, 1.5, 2.5]}           | ${4}   | ${[1, 2]} | ${'hours of a zone that is half an hour off'}
  ${[0, 0.25, 0.5, 0.75, 1]} | ${2}   | ${[0]}    | ${'quarters'}
`('windows from $starts to $end cut the hours $cut: $because', ({ starts, end, cut }) => {
  expect(cutHours({ starts: hours(...starts), end: end * HOUR_MICROS })).toEqual(hours(...cut));
});

it('the parts of cut hours that lie within are read, those that touch in one go', () => {
  expect(stretchesOf(hours(1, 2, 5), { from: HOUR_MICROS + HALF, to: 5 * HOUR_MICROS + 1 })).toEqual([
    { from: HOUR_MICROS + HALF, to: 3 * HOUR_MICROS },
    { from: 5 * HOUR_MICROS, to: 5 * HOUR_MICROS + 1 },
  ]);
  expect(stretchesOf([], { from: 0, to: 1 })).toEqual([]);
});

const windows: fc.Arbitrary<UsageWindows> = fc
  .uniqueArray(fc.integer({ min: 0, max: 40 * 4 }), { minLength: 2, maxLength: 20 })
  .map((quarters) => quarters.sort((a, b) => a - b).map((quarter) => (quarter * HOUR_MICROS) / 4))
  .map((edges) => ({ starts: edges.slice(0, -1), end: edges.at(-1)! }));

it('every instant within is in one window, and counted once: with its hour, or from the events', () => {
  fc.assert(
    fc.property(windows, fc.double({ min: 0, max: 0.999, noNaN: true }), (cut, share) => {
      const from = cut.starts[0]!;
      const at = Math.floor(from + share * (cut.end - from));
      const window = windowAt(cut, at);
      expect(cut.starts[window]!).toBeLessThanOrEqual(at);
      expect(cut.starts[window + 1] ?? cut.end).toBeGreaterThan(at);

      const hour = hourOf(at);
      const isCut = cutHours(cut).includes(hour);
      const read = stretchesOf(cutHours(cut), { from, to: cut.end }).filter((part) => part.from <= at && at < part.to);
      expect(read).toHaveLength(isCut ? 1 : 0);
      // An hour that isn't cut lies in this window as a whole, and no part of it outside.
      if (!isCut) {
        expect(hour).toBeGreaterThanOrEqual(cut.starts[window]!);
        expect(hour + HOUR_MICROS).toBeLessThanOrEqual(cut.starts[window + 1] ?? cut.end);
      }
    }),
  );
});

it('sums of windows are by window, customer and group, with what the events cost', () => {
  const meter: Meter = {
    id: 'm',
    key: 'm',
    name: 'M',
    eventType: 't',
    aggregation: 'sum',
    valueField: 'data.x',
    timeUnit: null,
    filters: [{ field: 'data.x', operator: 'less_than', value: 100 }],
    groupBy: ['feature'],
  };
  const sums = new WindowSums(compileMeter(meter));
  const event = (x: unknown, feature: string): MeteredEvent => ({ type: 't', feature, data: { x } }) as never;
  sums.add('ada', 0, event(1, 'a'), { amount: 5n, pending: false });
  sums.add('ada', 0, event(2, 'a'), { amount: null, pending: true });
  sums.add('ada', 1, event(4, 'a'), { amount: null, pending: false });
  sums.add('ada', 0, event(8, 'b'), { amount: null, pending: false });
  sums.add('ben', 0, event(16, 'a'), { amount: null, pending: false });
  sums.add('ben', 0, event(100, 'a'), { amount: 1n, pending: false }); // the filter
  sums.add('ben', 0, event(undefined, 'a'), { amount: 1n, pending: false }); // no value
  const one = 10n ** 24n;
  const none = { cost: 0n, events: 1, pendingEvents: 0 };
  expect(sums.all()).toEqual([
    { window: 0, customerId: 'ada', dimensions: '["a"]', quantity: 3n * one, cost: 5n, events: 2, pendingEvents: 1 },
    { window: 1, customerId: 'ada', dimensions: '["a"]', quantity: 4n * one, ...none },
    { window: 0, customerId: 'ada', dimensions: '["b"]', quantity: 8n * one, ...none },
    { window: 0, customerId: 'ben', dimensions: '["a"]', quantity: 16n * one, ...none },
  ]);
});

it('adds bundles as it adds their events one by one, less those that do not count', () => {
  const meter: Meter = {
    id: 'm',
    key: 'm',
    name: 'M',
    eventType: 't',
    aggregation: 'sum',
    valueField: 'data.x',
    timeUnit: null,
    filters: [],
    groupBy: [],
  };
  const event = (x: unknown): MeteredEvent => ({ type: 't', feature: 'a', data: { x } }) as never;
  const costs = [
    { amount: 5n, pending: false },
    { amount: null, pending: true },
    { amount: 7n, pending: false },
    { amount: null, pending: true },
  ];
  const all = { window: 1, customerId: 'ada', type: 't', cost: 12n, events: 4, pendingEvents: 2 };
  const bundle = {
    ...all,
    each: () => [event(1), event('2'), event('many'), event(null)],
    costOf: (place: number) => costs[place]!,
  };
  const one = 10n ** 24n;
  const place = { window: 1, customerId: 'ada' };
  const counted = { quantity: 3n * one, cost: 5n, events: 2, pendingEvents: 1 };

  const sums = new WindowSums(compileMeter(meter));
  sums.addBundle(bundle);
  sums.addBundle({
    ...bundle,
    events: 1,
    cost: 7n,
    pendingEvents: 0,
    each: () => [event('many')],
    costOf: () => costs[2]!,
  });
  expect(sums.all()).toEqual([{ ...place, dimensions: '', ...counted }]);

  const inGroups = new WindowSums(compileMeter({ ...meter, groupBy: ['feature'] }));
  inGroups.addBundle(bundle);
  expect(inGroups.all()).toEqual([{ ...place, dimensions: '["a"]', ...counted }]);

  const whole = new WindowSums(compileMeter({ ...meter, aggregation: 'count', valueField: null }));
  whole.addBundle({ ...bundle, each: () => [] });
  expect(whole.all()).toEqual([
    { ...place, dimensions: '', quantity: 4n * one, cost: 12n, events: 4, pendingEvents: 2 },
  ]);
});
