import { type Charge, compileOutcome, type MeterDefinition, scheduleSwitches, usageNeeds } from '../../catalog/domain';
import { invariant, type Micros, type Period, scaledToDecimal, sum, ZERO } from '../../kernel';
import {
  byValues,
  compileField,
  compileMeter,
  type CountedCost,
  foldHeldLevel,
  foldSamples,
  isLevel,
  keepsSamples,
  type Measured,
  type MeteredEvent,
  periodWindows,
  quantityOfFolded,
  type UsageGroup,
  type UsageTotals,
  windowAt,
} from '../../metering/domain';
import type { Transaction, UsageToRate } from './usage';

/** An event that is not stored, as it would be. */
export interface ListedEvent {
  /** Sets events of one instant in an order. */
  readonly key: string;
  readonly id: string;
  readonly time: Micros;
  readonly event: MeteredEvent;
  readonly cost: CountedCost;
}

/** One that the meter counts, with what it adds. */
interface CountedEvent extends ListedEvent {
  readonly measured: Measured;
  /** A value for each of the meter's group-by fields, as text. */
  readonly dimensions: string;
}

/**
 * The usage that a list of events comes to, in the detail that a charge needs: what would be read if they were stored.
 * One by one and without sums by the hour, so that the two can be held against each other.
 *
 * @param events   in any order; some of before the period too, where a value holds or an outcome is reversed later
 * @param timeZone the customer's, for windows of the day
 */
export function usageOfEvents(
  meter: MeterDefinition,
  charge: Charge,
  events: readonly ListedEvent[],
  period: Period,
  timeZone: string,
): UsageToRate {
  const { dimensions, schedule, transactions, outcomes } = usageNeeds(charge);
  const counted = countedBy(meter, events);
  const [from, to] = [micros(period.start), micros(period.end)];
  const inside = counted.filter(({ time }) => from <= time && time < to);
  const holds = charge.model === 'recurring' && isLevel(meter.aggregation);
  const total = (of: readonly CountedEvent[]): UsageTotals => totals(meter, of, period, holds);

  return {
    ...total(counted),
    measured: { aggregation: meter.aggregation, timeUnit: meter.timeUnit },
    ...(dimensions.length === 0 ? {} : { groups: groupsOf(meter, dimensions, counted, total) }),
    ...(schedule === null ? {} : { windows: windowsOf(schedule, inside, period, timeZone, total) }),
    ...(transactions ? { transactions: transactionsOf(inside) } : {}),
    ...(outcomes === null || charge.model !== 'outcome'
      ? {}
      : { outcomes: outcomesOf(charge, counted, { from: from - outcomes.lookBackMs * 1_000, to }) }),
    ...(charge.model !== 'outcome' || charge.costFloor === undefined
      ? {}
      : { floorCost: costOf(events.filter(({ time }) => from <= time && time < to)) }),
  };
}

function countedBy(meter: MeterDefinition, events: readonly ListedEvent[]): CountedEvent[] {
  const { matches, measure, valueOf, dimensionsOf } = compileMeter({ ...meter, id: '', key: '', name: '' });
  return events.flatMap((listed) => {
    if (listed.event.type !== meter.eventType || !matches(listed.event)) return [];
    const measured = measure.of(valueOf(listed.event));
    return measured === null ? [] : [{ ...listed, measured, dimensions: dimensionsOf(listed.event) }];
  });
}

/** @param holds what was told before the period holds in it */
function totals(meter: MeterDefinition, counted: readonly CountedEvent[], period: Period, holds: boolean): UsageTotals {
  const [from, to] = [micros(period.start), micros(period.end)];
  const inside = counted.filter(({ time }) => from <= time && time < to);
  const folded = keepsSamples(meter.aggregation)
    ? (holds ? foldHeldLevel : foldSamples)(meter, counted.map(toSample), { from, to })
    : sum(inside.map(({ measured }) => scaledToDecimal(measured.quantity)));
  const quantity = quantityOfFolded(meter, { folded, events: inside.length }) ?? ZERO;
  return { quantity, events: inside.length, ...costOf(inside) };
}

function toSample({ time, key, dimensions, measured }: CountedEvent) {
  invariant(measured.sample !== null, 'a meter that keeps samples measures one of each event');
  return { time, key, series: dimensions, ...measured.sample };
}

function costOf(events: readonly ListedEvent[]): { cost: UsageTotals['cost']; pendingEvents: number } {
  return {
    cost: sum(events.map(({ cost }) => (cost.amount === null ? ZERO : scaledToDecimal(cost.amount)))),
    pendingEvents: events.filter(({ cost }) => cost.pending).length,
  };
}

function groupsOf(
  meter: MeterDefinition,
  dimensions: readonly string[],
  counted: readonly CountedEvent[],
  total: (of: readonly CountedEvent[]) => UsageTotals,
): UsageGroup[] {
  const places = dimensions.map((field) => meter.groupBy.indexOf(field));
  invariant(!places.includes(-1), 'a meter keeps apart what a price charges by');
  const groups = new Map<string, CountedEvent[]>();
  for (const event of counted) {
    const all = JSON.parse(event.dimensions) as (string | null)[];
    const name = JSON.stringify(places.map((place) => all[place]));
    const known = groups.get(name);
    if (known === undefined) groups.set(name, [event]);
    else known.push(event);
  }
  return [...groups]
    .map(([name, of]) => ({ ...total(of), values: JSON.parse(name) as (string | null)[] }))
    .filter(({ events, quantity }) => events > 0 || !quantity.isZero())
    .sort(byValues);
}

function windowsOf(
  schedule: Parameters<typeof scheduleSwitches>[0],
  inside: readonly CountedEvent[],
  period: Period,
  timeZone: string,
  total: (of: readonly CountedEvent[]) => UsageTotals,
): UsageTotals[] {
  const [set] = periodWindows([period], () =>
    scheduleSwitches(schedule, period, timeZone).map(({ at, window }) => ({ at, part: window })),
  );
  const windows = [...schedule.windows, null].map((): CountedEvent[] => []);
  for (const event of inside) windows[set!.parts[windowAt(set!.windows, event.time)]!]!.push(event);
  return windows.map(total);
}

function outcomesOf(
  charge: Extract<Charge, { model: 'outcome' }>,
  counted: readonly CountedEvent[],
  { from, to }: { from: Micros; to: Micros },
) {
  const verdictOf = compileOutcome<MeteredEvent>(charge, compileField);
  return counted
    .filter(({ time }) => from <= time && time < to)
    .map(({ key, time, id, event }) => ({ key, time, id, ...verdictOf(event) }))
    .sort(inTime);
}

function transactionsOf(inside: readonly CountedEvent[]): Transaction[] {
  return inside
    .map(({ measured, time, key }) => ({ value: scaledToDecimal(measured.quantity), time, key }))
    .sort(inTime);
}

function inTime(a: { time: Micros; key: string }, b: { time: Micros; key: string }): number {
  return a.time - b.time || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
}

function micros(at: Date): Micros {
  return at.getTime() * 1_000;
}
