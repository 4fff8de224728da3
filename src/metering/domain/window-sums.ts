import type { Micros } from '../../kernel';
import type { CompiledMeter, MeteredEvent } from './compile-meter';
import type { CountedCost } from './usage-sums';
import { type UsageWindows, windowAt } from './usage-windows';

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

/** Adds up one meter's usage in windows that are not whole hours, from single events. */
export class WindowSums {
  private readonly sums = new Map<string, WindowSum>();

  constructor(
    private readonly meter: CompiledMeter,
    private readonly windows: UsageWindows,
  ) {}

  /** @param event of the meter's type */
  add(customerId: string, time: Micros, event: MeteredEvent, cost: CountedCost): void {
    const { matches, measure, valueOf, dimensionsOf } = this.meter;
    if (!matches(event)) return;
    const measured = measure.of(valueOf(event));
    if (measured === null) return;

    const window = windowAt(this.windows, time);
    const dimensions = dimensionsOf(event);
    const key = `${window} ${customerId} ${dimensions}`;
    let sum = this.sums.get(key);
    if (sum === undefined) {
      sum = { window, customerId, dimensions, quantity: 0n, cost: 0n, events: 0, pendingEvents: 0 };
      this.sums.set(key, sum);
    }
    sum.quantity += measured.quantity;
    if (cost.amount !== null) sum.cost += cost.amount;
    sum.events += 1;
    if (cost.pending) sum.pendingEvents += 1;
  }

  all(): WindowSum[] {
    return [...this.sums.values()];
  }
}
