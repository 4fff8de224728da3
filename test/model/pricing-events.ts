import fc from 'fast-check';
import { DIMENSIONS, said } from './pricing-charges';
import { decimals } from './rating-arbitraries';
import type { ReferenceCharge, ReferenceEvent, ReferenceSegment } from './rating-reference/definitions';
import { asLine, isLess, minus, of, NOTHING } from './rating-reference/rational';

/** Random usage for a price: events that sit on the price's edges more often than chance would have it. */

const HOUR_MS = 3_600_000;

/** The first four months of two summers' ends: the clocks of Berlin and New York change in each. */
const MONTHS = [2, 9].map((month) => [0, 1, 2, 3].map((later) => Date.UTC(2026, month + later, 1)));

/** Consecutive calendar months, some of them in two segments, cut at a whole second. */
export const segments = (options: {
  maxPeriods: number;
  cuts: boolean;
  trials: boolean;
}): fc.Arbitrary<ReferenceSegment[]> =>
  fc
    .record({
      edges: fc.constantFrom(...MONTHS),
      periods: fc.array(
        fc.record({
          cut: options.cuts
            ? fc.option(fc.double({ min: 0.01, max: 0.99, noNaN: true }), { freq: 2 })
            : fc.constant(null),
        }),
        { minLength: 1, maxLength: options.maxPeriods },
      ),
      trial: options.trials
        ? fc.option(fc.constantFrom('base_fee' as const, 'everything' as const), { freq: 2 })
        : fc.constant(null),
      firstIndex: fc.constantFrom(0, 0, 3),
      timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kolkata', 'America/New_York'),
    })
    .map(({ edges, periods, trial, firstIndex, timeZone }) => {
      // The months before, which were rated whole.
      const earlier = [5, 4, 3, 2, 1].map((months) => monthsBefore(edges[0]!, months));
      const time = periods.flatMap(({ cut }, index) => {
        const [start, end] = [edges[index]!, edges[index + 1]!];
        const at = cut === null ? null : start + Math.round(((end - start) * cut) / 1_000) * 1_000;
        const stretches =
          at === null
            ? [[start, end]]
            : [
                [start, at],
                [at, end],
              ];
        return stretches.map(([from, to], place): ReferenceSegment => ({
          start: from!,
          end: to!,
          share: at === null ? { part: 1, whole: 1 } : { part: to! - from!, whole: end - start },
          periodIndex: firstIndex + index,
          first: place === 0,
          last: place === stretches.length - 1,
          // A trial is over at the end of the first segment.
          trial: index === 0 && place === 0 ? trial : null,
          timeZone,
          stretches: [],
        }));
      });
      const starts = [...earlier, ...time.map(({ start }) => start)];
      return time.map((segment) => ({ ...segment, stretches: starts.filter((start) => start <= segment.start) }));
    });

function monthsBefore(at: number, months: number): number {
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - months, 1);
}

const fields = fc
  .record({
    model: fc.constantFrom(...DIMENSIONS['model']!, null),
    'data.region': fc.constantFrom(...DIMENSIONS['data.region']!, null),
    task: fc.constantFrom('t1', 't2', null),
    'data.outcome': fc.constantFrom('solved', 'escalated', null),
    'data.verdict': fc.constantFrom('ok', 'ok', 'wrong'),
    'data.accepted': fc.constantFrom(true, true, false, null),
    'data.score': fc.constantFrom(0.25, 0.5, 0.75, 1),
    'data.reversed': fc.constantFrom(true, false, null, null),
  })
  .map((drawn) => said(drawn));

/** Between two instants, often on a whole hour, so that edges of windows are met. */
const instants = (from: number, to: number): fc.Arbitrary<number> =>
  fc.oneof(
    fc.integer({ min: from, max: to - 1 }),
    fc.integer({ min: Math.ceil(from / HOUR_MS), max: Math.floor((to - 1) / HOUR_MS) }).map((hour) => hour * HOUR_MS),
  );

const event = (at: fc.Arbitrary<number>, values: fc.Arbitrary<string>): fc.Arbitrary<ReferenceEvent> =>
  fc.record({ at, value: values, cost: decimals(50), fields, id: fc.uuid() });

/** Quantities at which the price of a charge may change. */
export function edgesOf(charge: ReferenceCharge): string[] {
  switch (charge.model) {
    case 'graduated':
    case 'volume':
    case 'graduated_percentage':
      return charge.tiers.flatMap(({ upTo }) => upTo ?? []);
    case 'stair_step':
      return charge.steps.flatMap(({ upTo }) => upTo ?? []);
    case 'package':
      return [charge.packageSize];
    case 'percentage':
      return charge.freeAmount === undefined ? [] : [charge.freeAmount];
    case 'scheduled':
      return [charge.otherwise, ...charge.windows.map((window) => window.charge)].flatMap(edgesOf);
    case 'per_group':
      return edgesOf(charge.charge);
    default:
      return [];
  }
}

/** Usage of one price over some time, as events; those of an outcome price begin before. */
export function eventsFor(
  charge: ReferenceCharge,
  allowance: string | null,
  from: number,
  to: number,
): fc.Arbitrary<ReferenceEvent[]> {
  // An event is known by its id: no two are the same, however small a failing case becomes.
  const named = (events: ReferenceEvent[]): ReferenceEvent[] =>
    events.map((drawn, index) => ({ ...drawn, id: `${drawn.id} ${from} ${index}` }));
  const begin = charge.model === 'outcome' ? from - 20 * 24 * HOUR_MS : from;
  const anyEvents = fc.array(event(instants(begin, to), decimals(30)), {
    maxLength: charge.model === 'outcome' ? 12 : 8,
  });
  const edges = [...edgesOf(charge), ...(allowance === null ? [] : [allowance])];
  if (edges.length === 0) return anyEvents.map(named);

  // Right on an edge: all of it at once, or in two.
  const onEdge = fc
    .tuple(
      fc.constantFrom(...edges),
      decimals(10),
      event(instants(begin, to), fc.constant('0')),
      event(instants(begin, to), fc.constant('0')),
    )
    .map(([edge, first, one, other]) => {
      const rest = minus(of(edge), of(first));
      if (isLess(rest, NOTHING)) return [{ ...one, value: edge }];
      return [
        { ...one, value: first },
        { ...other, fields: one.fields, value: asLine(rest, 12) },
      ];
    });
  return fc.oneof({ weight: 3, arbitrary: anyEvents }, { weight: 1, arbitrary: onEdge }).map(named);
}
