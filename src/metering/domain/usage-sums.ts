import { ALL_EVENTS_METER_ID } from '../../catalog/domain';
import type { EventProblem } from '../../events/domain';
import { type Micros, SCALE } from '../../kernel';
import type { CompiledMeter, MeteredEvent } from './compile-meter';
import { quantityOf } from './quantity-of';

export const HOUR_MICROS = 3_600_000_000;
const ONE = 10n ** BigInt(SCALE);

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
 * Why an event can't be counted, or null when it can: a value that a meter would sum is there but is not a quantity.
 * Refusing it here is kinder than a sum that silently lacks it. An event without the value is not the meter's business.
 */
export function meteringProblem(event: MeteredEvent, meters: MetersByType): EventProblem | null {
  for (const { meter, matches, valueOf } of meters.get(event.type) ?? []) {
    if (meter.valueField === null || !matches(event)) continue;
    const value = valueOf(event);
    if (value === undefined || value === null || quantityOf(value) !== null) continue;
    return {
      code: 'invalid_event',
      field: meter.valueField,
      detail: `must be a number or decimal string of 0 or more, with at most 15 digits before and 12 after the point: the meter '${meter.key}' sums it`,
    };
  }
  return null;
}

/**
 * Adds up usage in memory: of each event its quantity by every meter that matches, its cost and its count, by hour.
 * The order in which events are added doesn't change the sums.
 */
export class UsageSums {
  private readonly byCustomer = new Map<string, Map<string, UsageSum>>();

  add(customerId: string, time: Micros, event: MeteredEvent, meters: MetersByType, cost: CountedCost): void {
    const hour = Math.floor(time / HOUR_MICROS) * HOUR_MICROS;
    let sums = this.byCustomer.get(customerId);
    if (sums === undefined) this.byCustomer.set(customerId, (sums = new Map<string, UsageSum>()));

    this.count(sums, customerId, ALL_EVENTS_METER_ID, hour, '', ONE, cost);
    for (const compiled of meters.get(event.type) ?? []) {
      if (!compiled.matches(event)) continue;
      const quantity = compiled.meter.aggregation === 'count' ? ONE : quantityOf(compiled.valueOf(event));
      if (quantity === null) continue; // no value to sum
      this.count(sums, customerId, compiled.meter.id, hour, compiled.dimensionsOf(event), quantity, cost);
    }
  }

  /** Adds what other sums hold. They may not be used afterwards: what is new here is taken over, not copied. */
  merge(others: UsageSums): void {
    for (const [customerId, theirs] of others.byCustomer) {
      const ours = this.byCustomer.get(customerId);
      if (ours === undefined) {
        this.byCustomer.set(customerId, theirs);
        continue;
      }
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
  }

  all(): UsageSum[] {
    return [...this.byCustomer.values()].flatMap((sums) => [...sums.values()]);
  }

  private count(
    sums: Map<string, UsageSum>,
    customerId: string,
    meterId: string,
    hour: Micros,
    dimensions: string,
    quantity: bigint,
    cost: CountedCost,
  ): void {
    const key = `${meterId}${hour}${dimensions}`;
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
}
