import type { Charge, MeterDefinition } from '../../catalog/domain';
import { type Decimal, type Micros, ZERO } from '../../kernel';

/** What a price needs to know: its meter and its charge, from which `usageNeeds` tells in how much detail. */
export interface UsageWanted {
  readonly meterId: string;
  readonly charge: Charge;
}

/** Usage added up over some events. */
export interface UsageTotals {
  /** In the meter's unit. */
  readonly quantity: Decimal;
  /** What these events cost us, as far as it is known, in the currency that costs are kept in. */
  readonly cost: Decimal;
  readonly events: number;
  /** Events among them whose cost is not known yet. Their cost is not in `cost`: unknown is never zero. */
  readonly pendingEvents: number;
}

/** Usage of one combination of values of a charge's dimensions, in the order of the dimensions; null where an event has none. */
export interface UsageGroup extends UsageTotals {
  readonly values: readonly (string | null)[];
}

/** One event that is charged by itself. */
export interface Transaction {
  readonly value: Decimal;
  readonly time: Micros;
  /** Of transactions of one instant the smaller key is the earlier: an order that never changes. */
  readonly key: string;
}

/** One attempt, or the reversal of an outcome, with the verdict taken already. */
export interface OutcomeEvent {
  readonly key: string;
  readonly time: Micros;
  readonly task: string | null;
  readonly type: string | null;
  readonly success: boolean;
  readonly reversal: boolean;
  /** The sender's id, to name the event in an explanation. */
  readonly id: string;
}

/**
 * What a price's meter holds for one customer and one period. The totals are always there; the rest only where the
 * charge needs it, which `usageNeeds` of the catalog says.
 */
export interface ChargeUsage extends UsageTotals {
  /** How the quantity comes about; without it, events were counted or their values added up. */
  readonly measured?: Pick<MeterDefinition, 'aggregation' | 'timeUnit'> | undefined;
  /** One for each combination of the charge's dimensions, sorted by their values; they add up to the totals. */
  readonly groups?: readonly UsageGroup[] | undefined;
  /** One for each window of the charge's schedule and a last one for all other times; they add up to the totals. */
  readonly windows?: readonly UsageTotals[] | undefined;
  /** Single events by value, for charges that look at each; their values add up to the quantity. */
  readonly transactions?: readonly Transaction[] | undefined;
  /** Single attempts with their verdict; from before the period too, as far back as the charge looks. */
  readonly outcomes?: readonly OutcomeEvent[] | undefined;
  /** The cost below which an outcome charge must not fall. */
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
export function byValues(a: UsageGroup, b: UsageGroup): number {
  for (const [place, one] of a.values.entries()) {
    const other = b.values[place] ?? null;
    if (one === other) continue;
    if (one === null) return -1;
    if (other === null) return 1;
    return one < other ? -1 : 1;
  }
  return 0;
}
