import { type Charge, type Meter, type Plan, scheduleSwitches, usageNeeds } from '../../catalog/domain';
import { Decimal, decimalText, invariant, type Micros, type Period } from '../../kernel';
import {
  addUsage,
  byValues,
  isAddedUp,
  NOTHING_USED,
  periodWindows,
  type UsageGroup,
  type UsageTotals,
  windowAt,
} from '../../metering/domain';
import type { UsageToRate } from '../../rating/domain';
import { type Before, rateSegments, type SegmentToRate } from './rate-segments';

/** What an event adds to its line's usage. */
export interface AddedUsage {
  readonly time: Micros;
  readonly quantity: Decimal;
  readonly cost: Decimal | null;
  readonly pending: boolean;
  /** The values of the meter's group-by fields as a JSON array; '' for a meter without. */
  readonly dimensions: string;
}

/** What a line is told from. */
export interface LineOfUsage {
  readonly meter: Meter;
  readonly charge: Charge;
  readonly period: Period;
  readonly timeZone: string;
}

/** A longer state isn't handed on. */
const LONGEST_STATE = 1_500;

/** Whether usage up to an event says what it charges: where events are added up, and none is charged by itself. */
export function runs(meter: Meter, charge: Charge): boolean {
  const { transactions, outcomes } = usageNeeds(charge);
  return isAddedUp(meter.aggregation) && !transactions && outcomes === null && charge.model !== 'recurring';
}

/**
 * A line's usage from the period's beginning up to an event, in the detail that its charge needs. What a page of events
 * comes to is handed on to the next as text.
 */
export class RunningUsage {
  private totals: UsageTotals = NOTHING_USED;
  private readonly groups = new Map<string, UsageTotals>();
  private readonly windows: UsageTotals[];
  private readonly windowOf: ((time: Micros) => number) | null;
  private readonly places: readonly number[];
  private readonly measured: UsageToRate['measured'];

  constructor({ meter, charge, period, timeZone }: LineOfUsage) {
    this.measured = { aggregation: meter.aggregation, timeUnit: meter.timeUnit };
    const { dimensions, schedule } = usageNeeds(charge);
    this.places = dimensions.map((field) => meter.groupBy.indexOf(field));
    this.windows = schedule === null ? [] : [...schedule.windows, null].map(() => NOTHING_USED);
    this.windowOf = null;
    if (schedule !== null) {
      const [set] = periodWindows([period], () =>
        scheduleSwitches(schedule, period, timeZone).map(({ at, window }) => ({ at, part: window })),
      );
      this.windowOf = (time) => set!.parts[windowAt(set!.windows, time)]!;
    }
  }

  /** @returns null where the text isn't a state of this line */
  static from(line: LineOfUsage, state: string): RunningUsage | null {
    const running = new RunningUsage(line);
    try {
      running.restore(state);
      return running;
    } catch {
      return null;
    }
  }

  add(event: AddedUsage): void {
    const { time, quantity, cost, pending, dimensions } = event;
    const usage = { quantity, cost: cost ?? NOTHING_USED.cost, events: 1, pendingEvents: pending ? 1 : 0 };
    this.totals = addUsage(this.totals, usage);
    if (this.places.length > 0) {
      const all = JSON.parse(dimensions) as (string | null)[];
      const name = JSON.stringify(this.places.map((place) => all[place] ?? null));
      this.groups.set(name, addUsage(this.groups.get(name) ?? NOTHING_USED, usage));
    }
    if (this.windowOf !== null) {
      const window = this.windowOf(time);
      this.windows[window] = addUsage(this.windows[window]!, usage);
    }
  }

  usage(): UsageToRate {
    const groups = [...this.groups].map(([name, totals]): UsageGroup => ({
      ...totals,
      values: JSON.parse(name) as (string | null)[],
    }));
    return {
      ...this.totals,
      measured: this.measured,
      ...(this.places.length === 0 ? {} : { groups: groups.sort(byValues) }),
      ...(this.windowOf === null ? {} : { windows: [...this.windows] }),
    };
  }

  /** To go on with from here; null where it is too long to be handed on. */
  state(): string | null {
    const text = JSON.stringify([
      toText(this.totals),
      [...this.groups].map(([name, totals]) => [name, ...toText(totals)]),
      this.windows.map(toText),
    ]);
    return text.length > LONGEST_STATE ? null : text;
  }

  private restore(state: string): void {
    const [totals, groups, windows] = JSON.parse(state) as [Totals, [string, ...Totals][], Totals[]];
    this.totals = fromText(totals);
    for (const [name, ...of] of groups) this.groups.set(name, fromText(of));
    windows.forEach((of, index) => (this.windows[index] = fromText(of)));
  }
}

/**
 * What a price charges in a segment for other usage than its own, everything else as it is. Prices that have nothing to
 * do with it are left out, and so is what is agreed for the plan as a whole: no line of a price depends on that.
 *
 * @param segments of the billing period, up to the one that is asked for
 */
export function chargeFor(
  segments: readonly SegmentToRate[],
  before: Before,
  key: string,
  usage: UsageToRate,
): { readonly quantity: Decimal; readonly amount: Decimal } {
  const last = segments.at(-1);
  const reduced = segments.map((segment): SegmentToRate => {
    const own = { of: (price: Plan['prices'][number]) => (price.key === key ? usage : segment.usage.of(price)) };
    return { ...segment, plan: alone(segment.plan, key), ...(segment === last ? { usage: own } : {}) };
  });
  const line = rateSegments(reduced, { ...before, term: null })
    .at(-1)!
    .rated.lines.find((each) => each.key === key)!;
  return { quantity: line.quantity, amount: line.amount };
}

/** A plan of one price, and of those that share pools or hand units on to each other. */
function alone(plan: Plan, key: string): Plan {
  const shares = plan.prices.some(({ terms }) => terms?.pool !== undefined || terms?.beyond !== undefined);
  return {
    ...plan,
    prices: shares ? plan.prices : plan.prices.filter((price) => price.key === key),
    terms: { ...plan.terms, discounts: undefined, minimum: undefined, maximum: undefined, commitment: undefined },
  };
}

type Totals = [quantity: string, cost: string, events: number, pendingEvents: number];

function toText({ quantity, cost, events, pendingEvents }: UsageTotals): Totals {
  return [decimalText(quantity), decimalText(cost), events, pendingEvents];
}

function fromText([quantity, cost, events, pendingEvents]: Totals): UsageTotals {
  const read = { quantity: new Decimal(quantity), cost: new Decimal(cost), events, pendingEvents };
  invariant(read.quantity.isFinite() && read.cost.isFinite(), 'what was handed on are numbers');
  return read;
}
