import { ATTRIBUTION_FIELDS, type AttributionField } from '../../catalog/domain';
import type { CompiledMeter, MeteredEvent } from './compile-meter';
import { ONE_QUANTITY } from './quantity-of';
import type { CountedCost } from './usage-sums';

/** Usage of one meter by one customer in one window and group. Amounts count 10^-24. */
export interface WindowSum {
  /** Counted from 0. */
  readonly window: number;
  readonly customerId: string;
  readonly dimensions: string;
  quantity: bigint;
  cost: bigint;
  events: number;
  pendingEvents: number;
}

/** What some events of one customer, window and type add up to, and each of them where it has to be looked at. */
export interface EventBundle {
  readonly window: number;
  readonly customerId: string;
  readonly type: string;
  readonly cost: bigint;
  readonly events: number;
  readonly pendingEvents: number;
  /** The single events, with the fields that were asked for; for a type of which none were, it is never called. */
  readonly each: () => readonly MeteredEvent[];
  /** What one of them costs, by its place. */
  readonly costOf: (place: number) => CountedCost;
}

/** Where a field of an event lies: in a column of its own, or in its data. */
export type EventColumn = AttributionField | 'data';

/** What has to be known of an event beside its type so that a meter can count it; none for one that counts them all. */
export function columnsOf({ meter: { filters, valueField, groupBy } }: CompiledMeter): EventColumn[] {
  const fields = [...filters.map(({ field }) => field), ...(valueField === null ? [] : [valueField]), ...groupBy];
  return [...new Set(fields.map((field) => ATTRIBUTION_FIELDS.find((name) => name === field) ?? 'data'))];
}

/** Adds up one meter's usage in windows that are not whole hours, from events. */
export class WindowSums {
  private readonly sums = new Map<string, WindowSum>();
  /** Each event of the type is one, whatever it says. */
  private readonly countsAll: boolean;

  constructor(private readonly meter: CompiledMeter) {
    this.countsAll = columnsOf(meter).length === 0;
  }

  /** @param bundle of the meter's type */
  addBundle(bundle: EventBundle): void {
    const { window, customerId } = bundle;
    if (this.meter.meter.groupBy.length === 0) this.addWhole(bundle);
    else bundle.each().forEach((event, place) => this.add(customerId, window, event, bundle.costOf(place)));
  }

  /** @param event of the meter's type */
  add(customerId: string, window: number, event: MeteredEvent, cost: CountedCost): void {
    const quantity = this.measured(event);
    if (quantity === null) return;
    const sum = this.sumOf(customerId, window, this.meter.dimensionsOf(event));
    sum.quantity += quantity;
    sum.cost += cost.amount ?? 0n;
    sum.events += 1;
    if (cost.pending) sum.pendingEvents += 1;
  }

  all(): WindowSum[] {
    return [...this.sums.values()];
  }

  /** The cost of all, less that of those that don't count: these are few, and the others' need not be known one by one. */
  private addWhole(bundle: EventBundle): void {
    let { cost, events, pendingEvents } = bundle;
    let quantity = 0n;
    if (this.countsAll) quantity = BigInt(events) * ONE_QUANTITY;
    else {
      bundle.each().forEach((event, place) => {
        const measured = this.measured(event);
        if (measured !== null) {
          quantity += measured;
          return;
        }
        const { amount, pending } = bundle.costOf(place);
        cost -= amount ?? 0n;
        events -= 1;
        if (pending) pendingEvents -= 1;
      });
    }
    if (events === 0) return;
    const sum = this.sumOf(bundle.customerId, bundle.window, '');
    sum.quantity += quantity;
    sum.cost += cost;
    sum.events += events;
    sum.pendingEvents += pendingEvents;
  }

  /** What an event adds; null when it does not count. */
  private measured(event: MeteredEvent): bigint | null {
    const { matches, measure, valueOf } = this.meter;
    return matches(event) ? (measure.of(valueOf(event))?.quantity ?? null) : null;
  }

  private sumOf(customerId: string, window: number, dimensions: string): WindowSum {
    const key = `${window} ${customerId} ${dimensions}`;
    let sum = this.sums.get(key);
    if (sum === undefined) {
      sum = { window, customerId, dimensions, quantity: 0n, cost: 0n, events: 0, pendingEvents: 0 };
      this.sums.set(key, sum);
    }
    return sum;
  }
}
