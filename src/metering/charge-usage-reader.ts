import type { MeterEntity } from '../catalog';
import { countedMeter } from '../catalog';
import { ALL_EVENTS_METER_ID, type ScheduledCharge, scheduleSwitches } from '../catalog/domain';
import { eachInStretches } from '../events';
import { Decimal, type Micros, type Period, scaledToDecimal, ZERO } from '../kernel';
import type { Queryable } from '../platform/database';
import {
  addUsage,
  byValues,
  columnsOf,
  type CompiledMeter,
  compileMeter,
  type CountedEvent,
  cutHours,
  HOUR_MICROS,
  hourOf,
  measureFor,
  NOTHING_USED,
  type PeriodWindows,
  periodWindows,
  quantityOfFolded,
  type Stretch,
  stretchesOf,
  type UsageGroup,
  type UsageTotals,
  WindowSums,
} from './domain';
import { eachEventBundle, type WantedEvents } from './persistence/event-bundles';
import { hoursWithUsage } from './persistence/hours-with-events';
import { meterTotals } from './persistence/meter-totals';
import { lastSamplesBefore } from './persistence/sample-query';
import { customersInHours, type UsageRow } from './persistence/usage-query';
import { toCountedEvent } from './usage-changes';
import { readUsageRows } from './usage-reader';

/** Whose usage is read, and when. */
export interface Reading {
  readonly organisationId: string;
  readonly customerIds: readonly string[];
  readonly periods: readonly Period[];
  /** By whose clock windows of the day are told where a charge says "the customer's". */
  readonly timeZone: string;
  /** Until when what holds for a time has held by now, and the same for customers on clocks of their own. */
  readonly now: Micros;
  readonly ownNow: ReadonlyMap<string, Micros>;
}

/** Something for each customer and, in a list, for each of the periods. */
export type PerPeriod<T> = ReadonlyMap<string, T[]>;

export function perPeriod<T>({ customerIds, periods }: Reading, empty: () => T): PerPeriod<T> {
  return new Map(customerIds.map((id) => [id, periods.map(empty)]));
}

/** An answer is as long as it is: what it is about was bounded when it was asked. */
const EVERY_ROW = 2_147_483_647;

/** The built-in meter: every event of whatever type is one. */
const ALL_EVENTS: CompiledMeter = {
  meter: { id: ALL_EVENTS_METER_ID, key: '', name: '', eventType: '', aggregation: 'count', valueField: null, timeUnit: null, filters: [], groupBy: [] }, // prettier-ignore
  matches: () => true,
  valueOf: () => undefined,
  measure: measureFor('count'),
  dimensionsOf: () => '',
};

function wholePeriods({ periods }: Reading): PeriodWindows<number>[] {
  return periodWindows(periods, ({ start }, index) => [{ at: start, part: index }]);
}

/**
 * What several meters have added up, and the built-in one of all events, by the id their usage is kept under. Whole hours
 * come from sums, by one statement for all of it; of hours that a period's edge goes through, the events are counted.
 * The quantities are what was added up: nothing is divided, and samples are not in them.
 */
export async function readTotals(
  db: Queryable,
  reading: Reading,
  meters: readonly MeterEntity[],
): Promise<ReadonlyMap<string, PerPeriod<UsageTotals>>> {
  const usageIds = [ALL_EVENTS_METER_ID, ...meters.map(({ usageId }) => usageId)];
  const totals = new Map(usageIds.map((id) => [id, perPeriod(reading, () => NOTHING_USED)]));
  // Totals are of all groups together.
  const compiled = [ALL_EVENTS, ...meters.map((meter) => compileMeter({ ...countedMeter(meter), groupBy: [] }))];
  const wanted = eventsFor(compiled);
  for (const { windows, parts } of wholePeriods(reading)) {
    const take = (usageId: string, customerId: string, window: number, usage: UsageTotals): void => {
      const period = parts[window] ?? null;
      const ofCustomer = totals.get(usageId)?.get(customerId);
      if (period !== null && ofCustomer !== undefined) ofCustomer[period] = addUsage(ofCustomer[period]!, usage);
    };
    const cut = cutHours(windows);
    const rows = await meterTotals(db, reading.organisationId, reading.customerIds, usageIds, windows, cut);
    for (const row of rows) take(row.usageId, row.customerId, row.window, row);
    if (cut.length === 0) continue;

    const stretches = await stretchesUsed(db, reading, cut, { from: windows.starts[0]!, to: windows.end });
    const sums = compiled.map((meter) => ({ meter: meter.meter, sums: new WindowSums(meter) }));
    await eachEventBundle(db, reading.organisationId, wanted, windows, stretches, (bundle) => {
      for (const { meter, sums: ofMeter } of sums)
        if (meter.id === ALL_EVENTS_METER_ID || meter.eventType === bundle.type) ofMeter.addBundle(bundle);
    });
    for (const { meter, sums: ofMeter } of sums) {
      for (const { customerId, window, quantity, cost, events, pendingEvents } of ofMeter.all()) {
        const usage = { quantity: scaledToDecimal(quantity), cost: scaledToDecimal(cost), events, pendingEvents };
        take(meter.id, customerId, window, usage);
      }
    }
  }
  return totals;
}

/** What has to be read of events so that these meters can count them. */
function eventsFor(meters: readonly CompiledMeter[]): WantedEvents {
  const looking = meters.filter((meter) => columnsOf(meter).length > 0);
  return {
    type: null,
    lookedAt: [...new Set(looking.map(({ meter }) => meter.eventType))],
    columns: [...new Set(looking.flatMap(columnsOf))],
  };
}

async function stretchesUsed(
  db: Queryable,
  { organisationId, customerIds }: Reading,
  hours: readonly Micros[],
  asked: Stretch,
): Promise<{ customerId: string; from: Micros; to: Micros }[]> {
  const used = await customersInHours(db, { organisationId, usageId: ALL_EVENTS_METER_ID, customerIds }, hours);
  return [...used].flatMap(([customerId, ofCustomer]) =>
    stretchesOf(ofCustomer, asked).map((stretch) => ({ customerId, ...stretch })),
  );
}

/** The usage of a meter whose quantity comes from samples, or is divided; where there is no value to tell, it is zero. */
export async function readQuantities(
  db: Queryable,
  reading: Reading,
  meter: MeterEntity,
): Promise<PerPeriod<UsageTotals>> {
  const usage = perPeriod(reading, () => NOTHING_USED);
  for (const set of wholePeriods(reading)) {
    for (const row of await rowsOf(db, reading, meter, set, [])) {
      const period = set.parts[row.window] ?? null;
      if (period !== null) usage.get(row.customerId!)![period] = toTotals(row);
    }
  }
  return usage;
}

/**
 * The level of a meter of levels (its last, largest or smallest value) in each period, where what was told before the
 * period holds until it is told otherwise.
 *
 * @param totals what the events of the period alone tell
 */
export async function readHeldLevels(
  db: Queryable,
  { organisationId, customerIds, periods }: Reading,
  meter: MeterEntity,
  totals: PerPeriod<UsageTotals>,
): Promise<PerPeriod<UsageTotals>> {
  const starts = periods.map(({ start }) => start.getTime() * 1_000);
  const before = await lastSamplesBefore(db, organisationId, meter.usageId, customerIds, starts);
  const levels = new Map([...totals].map(([customerId, ofCustomer]) => [customerId, [...ofCustomer]]));
  for (const { customerId, instant, quantity: held } of before) {
    const ofCustomer = levels.get(customerId)!;
    const told = ofCustomer[instant]!;
    ofCustomer[instant] = { ...told, quantity: told.events === 0 ? held : levelWith(meter, told.quantity, held) };
  }
  return levels;
}

function levelWith({ aggregation }: MeterEntity, told: Decimal, held: Decimal): Decimal {
  if (aggregation === 'max') return Decimal.max(told, held);
  return aggregation === 'min' ? Decimal.min(told, held) : told;
}

/** A meter's usage for each combination of some of the fields it is grouped by, in the order of their values. */
export async function readGroups(
  db: Queryable,
  reading: Reading,
  meter: MeterEntity,
  places: readonly number[],
): Promise<PerPeriod<UsageGroup[]>> {
  const groups = perPeriod<UsageGroup[]>(reading, () => []);
  for (const set of wholePeriods(reading)) {
    for (const row of await rowsOf(db, reading, meter, set, places)) {
      const period = set.parts[row.window] ?? null;
      if (period !== null) groups.get(row.customerId!)![period]!.push({ ...toTotals(row), values: row.group });
    }
  }
  for (const ofCustomer of groups.values()) for (const ofPeriod of ofCustomer) ofPeriod.sort(byValues);
  return groups;
}

/** A meter's usage in each window of a schedule, the last for all other times. */
export async function readScheduled(
  db: Queryable,
  reading: Reading,
  meter: MeterEntity,
  schedule: ScheduledCharge,
): Promise<PerPeriod<UsageTotals[]>> {
  const usage = perPeriod(reading, () => [...schedule.windows, null].map(() => NOTHING_USED));
  const sets = periodWindows(reading.periods, (period, index) =>
    scheduleSwitches(schedule, period, reading.timeZone).map(({ at, window }) => ({
      at,
      part: { period: index, window },
    })),
  );
  for (const set of sets) {
    for (const row of await rowsOf(db, reading, meter, set, [])) {
      const part = set.parts[row.window] ?? null;
      if (part === null) continue;
      const ofPeriod = usage.get(row.customerId!)![part.period]!;
      ofPeriod[part.window] = addUsage(ofPeriod[part.window]!, toTotals(row));
    }
  }
  return usage;
}

async function rowsOf(
  db: Queryable,
  { organisationId, customerIds, now, ownNow }: Reading,
  meter: MeterEntity,
  { windows }: PeriodWindows<unknown>,
  groupBy: readonly number[],
): Promise<UsageRow[]> {
  const question = {
    organisationId,
    usageId: meter.usageId,
    meter,
    customerIds,
    windows,
    byCustomer: true,
    groupBy,
    filters: [],
    now,
    ownNow,
    withEmpty: false,
  };
  return readUsageRows(db, question, compileMeter(countedMeter(meter)), null, EVERY_ROW);
}

function toTotals({ quantity, cost, events, pendingEvents }: UsageRow): UsageTotals {
  return { quantity: quantity ?? ZERO, cost, events, pendingEvents };
}

/** The quantity of a meter that adds up or counts, or divides what it added up; not of one that keeps samples. */
export function quantityOfTotals(meter: MeterEntity, { quantity, ...counted }: UsageTotals): UsageTotals {
  return { ...counted, quantity: quantityOfFolded(meter, { folded: quantity, events: counted.events }) ?? ZERO };
}

/**
 * Hands over the single events that a meter counts, from so long before each period up to its end, a page at a time and
 * in no order. Where there are none is known from sums, so that a customer's other events aren't looked at.
 */
export async function readEvents(
  db: Queryable,
  reading: Reading,
  meter: MeterEntity,
  lookBackMs: number,
  onEvent: (event: CountedEvent & { readonly id: string; readonly measured: bigint }) => void,
): Promise<void> {
  const asked = reading.periods
    .filter(({ start, end }) => start < end)
    .map(({ start, end }) => ({ from: Math.floor((start.getTime() - lookBackMs) * 1_000), to: end.getTime() * 1_000 }));
  if (asked.length === 0) return;
  const all = { from: Math.min(...asked.map(({ from }) => from)), to: Math.max(...asked.map(({ to }) => to)) };
  const isAsked = (hour: Micros): boolean => asked.some(({ from, to }) => hour + HOUR_MICROS > from && hour < to);
  const { organisationId, customerIds } = reading;
  const used = await hoursWithUsage(db, organisationId, meter.usageId, customerIds, hourOf(all.from), all.to);
  const stretches = [...used].flatMap(([customerId, hours]) =>
    stretchesOf(hours.filter(isAsked), all).map((stretch) => ({ customerId, ...stretch })),
  );

  const { matches, measure, valueOf } = compileMeter(countedMeter(meter));
  await eachInStretches(db, organisationId, meter.eventType, stretches, (events) => {
    for (const stored of events) {
      if (!matches(stored)) continue;
      const measured = measure.of(valueOf(stored));
      if (measured !== null) onEvent({ ...toCountedEvent(stored), id: stored.id, measured: measured.quantity });
    }
  });
}
