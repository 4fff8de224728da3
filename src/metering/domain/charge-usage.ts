import type { Charge, MeterDefinition } from '../../catalog/domain';
import { type Decimal, type Micros, ZERO } from '../../kernel';

/** What a price needs to know: its meter and its charge, from which `usageNeeds` tells in how much detail. */
export interface UsageWanted {
  readonly meterId: string;
  readonly charge: Charge;
}

/** Usage added up. */
export interface UsageTotals {
  /** In the meter's unit. */
  readonly quantity: Decimal;
  /** What these events cost us, as far as it is known. */
  readonly cost: Decimal;
  readonly events: number;
  /** Events among them whose cost is not known yet. Their cost is not in `cost`: unknown is never zero. */
  readonly pendingEvents: number;
}

/** Usage of one combination of values of a charge's dimensions, in the order of the dimensions; null where there is none. */
export interface UsageOfGroup extends UsageTotals {
  readonly values: readonly (string | null)[];
}

/** One event that is charged by itself. */
export interface UsageTransaction {
  readonly value: Decimal;
  readonly time: Micros;
  /** In hex; of transactions of one instant the smaller key is the earlier. */
  readonly key: string;
}

/** An attempt with its verdict, or a reversal. */
export interface UsageOutcome {
  readonly key: string;
  readonly time: Micros;
  readonly task: string | null;
  readonly type: string | null;
  readonly success: boolean;
  readonly reversal: boolean;
  /** As the sender chose it. */
  readonly id: string;
}

/** What a price's charge is rated by, in as much detail as its model needs. */
export interface ChargeUsage extends UsageTotals {
  readonly measured?: Pick<MeterDefinition, 'aggregation' | 'timeUnit'> | undefined;
  /** One for each combination of values that has usage, in the order of their values; null comes first. */
  readonly groups?: readonly UsageOfGroup[] | undefined;
  /** One for each window of the schedule, and the last for all other times. */
  readonly windows?: readonly UsageTotals[] | undefined;
  readonly transactions?: readonly UsageTransaction[] | undefined;
  readonly outcomes?: readonly UsageOutcome[] | undefined;
  /** What an outcome's floor compares with. */
  readonly floorCost?: { readonly cost: Decimal; readonly pendingEvents: number } | undefined;
}

/** A customer's usage in one segment of a period: of everything they did, and for each price that was asked for. */
export interface SegmentUsage {
  readonly allEvents: UsageTotals;
  /** For a meter and charge that were asked for. */
  of(meterId: string, charge: Charge): ChargeUsage;
}

/** Usage where nothing happened. */
export const NOTHING_USED: UsageTotals = { quantity: ZERO, cost: ZERO, events: 0, pendingEvents: 0 };

/** Usage of one part and another. */
export function addUsage(a: UsageTotals, b: UsageTotals): UsageTotals {
  return {
    quantity: a.quantity.plus(b.quantity),
    cost: a.cost.plus(b.cost),
    events: a.events + b.events,
    pendingEvents: a.pendingEvents + b.pendingEvents,
  };
}

export function sumOfUsage(parts: Iterable<UsageTotals>): UsageTotals {
  let total = NOTHING_USED;
  for (const part of parts) total = addUsage(total, part);
  return total;
}

/** Groups in the order of their values, by UTF-16 code units, place by place; a value that isn't there comes first. */
export function byValues(a: UsageOfGroup, b: UsageOfGroup): number {
  for (const [place, one] of a.values.entries()) {
    const other = b.values[place] ?? null;
    if (one === other) continue;
    if (one === null) return -1;
    if (other === null) return 1;
    return one < other ? -1 : 1;
  }
  return 0;
}
