import { ALL_EVENTS_METER_ID } from '../../catalog/domain';
import type { EventProblem } from '../../events/domain';
import { Decimal, decimalProblem, type Micros } from '../../kernel';
import { SCALE, scaledFromDecimal } from '../../kernel';
import type { CompiledMeter, MeteredEvent } from './compile-meter';

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
    if (value === undefined || value === null || summable(value) !== null) continue;
    return {
      code: 'invalid_event',
      field: meter.valueField,
      detail: `must be a number or decimal string of 0 or more, with at most 15 digits before and 12 after the point: the meter '${meter.key}' sums it`,
    };
  }
  return null;
}

/** The value as a count of 10^-24, or null when it is no quantity. */
function summable(value: unknown): bigint | null {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value < 1e15)
    return BigInt(value) * ONE;
  if (typeof value !== 'number' && typeof value !== 'string') return null;
  const text = String(value);
  if (decimalProblem(text) !== null) return null;
  const decimal = new Decimal(text);
  return decimal.lessThan(0) ? null : scaledFromDecimal(decimal);
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
      const quantity = compiled.meter.aggregation === 'count' ? ONE : summable(compiled.valueOf(event));
      if (quantity === null) continue; // no value to sum
      this.count(sums, customerId, compiled.meter.id, hour, compiled.dimensionsOf(event), quantity, cost);
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
