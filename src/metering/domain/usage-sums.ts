import { ALL_EVENTS_METER_ID } from '../../catalog/domain';
import type { EventKey, EventProblem } from '../../events/domain';
import type { Micros } from '../../kernel';
import type { CompiledMeter, MeteredEvent } from './compile-meter';
import { ONE_QUANTITY } from './quantity-of';

export const HOUR_MICROS = 3_600_000_000;

/** An organisation's meters by the type of event they look at. */
export type MetersByType = ReadonlyMap<string, readonly CompiledMeter[]>;

/** Usage of one meter by one customer in one hour and group. Amounts count 10^-24. */
export interface UsageSum {
  readonly customerId: string;
  readonly meterId: string;
  /** Start of the hour (UTC). */
  readonly hour: Micros;
  readonly dimensions: string;
  quantity: bigint;
  cost: bigint;
  events: number;
  /** Events whose cost is not known yet; it is in `cost` with nothing. */
  pendingEvents: number;
}

/** One event's value for a meter that no sum can tell: the smallest, the last, how many different ones, … */
export interface MeterSample {
  readonly customerId: string;
  readonly meterId: string;
  readonly dimensions: string;
  readonly time: Micros;
  /** Of the event. Among samples of one instant the one with the greatest key is the last. */
  readonly key: EventKey;
  /** As a count of 10^-24; null for a unique count. */
  readonly quantity: bigint | null;
  /** The value of a unique count, as JSON; null for all others. */
  readonly value: string | null;
}

/** What an event costs, for its sums: `amount` null and `pending` true while that is not known. */
export interface CountedCost {
  readonly amount: bigint | null;
  readonly pending: boolean;
}

export function metersByType(meters: readonly CompiledMeter[]): MetersByType {
  const byType = new Map<string, CompiledMeter[]>();
  for (const compiled of meters) {
    const list = byType.get(compiled.meter.eventType) ?? [];
    list.push(compiled);
    byType.set(compiled.meter.eventType, list);
  }
  return byType;
}

/**
 * Why an event can't be counted, or null when it can: a value that a meter would take is there but is of no use to it.
 * Refusing it here is kinder than a sum that silently lacks it. An event without the value is not the meter's business.
 */
export function meteringProblem(event: MeteredEvent, meters: MetersByType): EventProblem | null {
  for (const { meter, matches, valueOf, measure } of meters.get(event.type) ?? []) {
    if (meter.valueField === null || !matches(event)) continue;
    const value = valueOf(event);
    if (value === undefined || value === null || measure.of(value) !== null) continue;
    return {
      code: 'invalid_event',
      field: meter.valueField,
      detail: `${measure.demand}: the meter '${meter.key}' ${measure.verb}`,
    };
  }
  return null;
}

/** Sums of one customer in one hour. A meter without groups has one, under its id alone; a group's stands under both. */
type HourSums = Map<string, UsageSum>;

/** What one customer used. Events of one customer mostly share an hour, so the last one is at hand. */
class CustomerSums {
  readonly byHour = new Map<Micros, HourSums>();
  private lastHour: Micros = Number.NaN;
  private last: HourSums = new Map();

  ofHour(hour: Micros): HourSums {
    if (hour === this.lastHour) return this.last;
    let sums = this.byHour.get(hour);
    if (sums === undefined) this.byHour.set(hour, (sums = new Map<string, UsageSum>()));
    this.lastHour = hour;
    this.last = sums;
    return sums;
  }
}

/**
 * Adds up usage in memory: of each event its quantity by every meter that matches, its cost and its count, by hour.
 * The order in which events are added doesn't change the sums.
 */
export class UsageSums {
  private readonly byCustomer = new Map<string, CustomerSums>();

  /** Values of single events, for the meters that keep them. */
  readonly samples: MeterSample[] = [];

  /** @param key the event's */
  add(
    customerId: string,
    time: Micros,
    key: EventKey,
    event: MeteredEvent,
    meters: MetersByType,
    cost: CountedCost,
  ): void {
    const hour = Math.floor(time / HOUR_MICROS) * HOUR_MICROS;
    const sums = this.ofCustomer(customerId).ofHour(hour);

    count(sums, customerId, ALL_EVENTS_METER_ID, hour, '', ONE_QUANTITY, cost);
    const ofType = meters.get(event.type);
    if (ofType === undefined) return;
    for (const { meter, matches, valueOf, measure, dimensionsOf } of ofType) {
      if (!matches(event)) continue;
      const measured = measure.of(valueOf(event));
      if (measured === null) continue; // no value to take
      const dimensions = dimensionsOf(event);
      count(sums, customerId, meter.id, hour, dimensions, measured.quantity, cost);
      if (measured.sample !== null) this.samples.push({ customerId, meterId: meter.id, dimensions, time, key, ...measured.sample }); // prettier-ignore
    }
  }

  /**
   * Adds what other sums hold, not their samples, which are stored once and never folded. They may not be used
   * afterwards: what is new here is taken over, not copied.
   */
  merge(others: UsageSums): void {
    for (const [customerId, theirs] of others.byCustomer) {
      const ours = this.byCustomer.get(customerId);
      if (ours === undefined) {
        this.byCustomer.set(customerId, theirs);
        continue;
      }
      for (const [hour, theirSums] of theirs.byHour) mergeHour(ours.ofHour(hour), theirSums);
    }
  }

  /** How many sums there are. */
  get size(): number {
    let size = 0;
    for (const { byHour } of this.byCustomer.values()) for (const sums of byHour.values()) size += sums.size;
    return size;
  }

  all(): UsageSum[] {
    const all: UsageSum[] = [];
    for (const { byHour } of this.byCustomer.values()) {
      for (const sums of byHour.values()) for (const sum of sums.values()) all.push(sum);
    }
    return all;
  }

  private ofCustomer(customerId: string): CustomerSums {
    let ofCustomer = this.byCustomer.get(customerId);
    if (ofCustomer === undefined) this.byCustomer.set(customerId, (ofCustomer = new CustomerSums()));
    return ofCustomer;
  }
}

function count(
  sums: HourSums,
  customerId: string,
  meterId: string,
  hour: Micros,
  dimensions: string,
  quantity: bigint,
  cost: CountedCost,
): void {
  // Without groups no text is put together: a map knows the meter's id by its stored hash.
  const key = dimensions === '' ? meterId : meterId + dimensions;
  let sum = sums.get(key);
  if (sum === undefined) {
    sum = { customerId, meterId, hour, dimensions, quantity: 0n, cost: 0n, events: 0, pendingEvents: 0 };
    sums.set(key, sum);
  }
  sum.quantity += quantity;
  if (cost.amount !== null) sum.cost += cost.amount;
  sum.events += 1;
  if (cost.pending) sum.pendingEvents += 1;
}

function mergeHour(ours: HourSums, theirs: HourSums): void {
  for (const [key, their] of theirs) {
    const our = ours.get(key);
    if (our === undefined) {
      ours.set(key, their);
      continue;
    }
    our.quantity += their.quantity;
    our.cost += their.cost;
    our.events += their.events;
    our.pendingEvents += their.pendingEvents;
  }
}
