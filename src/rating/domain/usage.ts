import { ZERO, type Decimal, type Micros } from '../../kernel';
import type { MeterDefinition } from '../../catalog/domain';

/** Usage added up over some events. */
export interface UsageTotals {
  /** In the meter's unit. */
  readonly quantity: Decimal;
  /** What these events cost us, in the price's currency, as far as it is known. */
  readonly cost: Decimal;
  readonly events: number;
  /** Events among them whose cost is not known yet. Their cost is not in `cost`: unknown is never zero. */
  readonly pendingEvents: number;
}

/**
 * What the price's meter holds for one customer and one period. The totals are always there; the rest only where the
 * charge needs it, which `usageNeeds` of the catalog says.
 */
export interface UsageToRate extends UsageTotals {
  /** How the quantity comes about; without it, events were counted or their values added up. */
  readonly measured?: Pick<MeterDefinition, 'aggregation' | 'timeUnit'> | undefined;
  /** One for each combination of the charge's dimensions, sorted by their values; they add up to the totals. */
  readonly groups?: readonly UsageGroup[] | undefined;
  /** One for each window of the charge's schedule and a last one for all other hours; they add up to the totals. */
  readonly windows?: readonly UsageTotals[] | undefined;
  /** Single events by value, for prices that look at each; their values add up to the quantity. */
  readonly transactions?: readonly Transaction[] | undefined;
  /** Single attempts with their verdict; from before the period too, as far back as the charge looks. */
  readonly outcomes?: readonly OutcomeEvent[] | undefined;
  /** The cost below which an outcome charge must not fall. */
  readonly floorCost?: { readonly cost: Decimal; readonly pendingEvents: number } | undefined;
}

/** Usage as the pipeline begins with it. */
export interface MeteredUsage extends UsageToRate {
  /** Units in the quantity that earlier prices of the plan leave to this one. */
  readonly movedIn?: Decimal | undefined;
}

/** Usage of one combination of values; null stands for events that have none. */
export interface UsageGroup extends UsageTotals {
  readonly values: readonly (string | null)[];
}

/** One event as a transaction: its value in the price's currency. */
export interface Transaction {
  readonly value: Decimal;
  readonly time: Micros;
  /** Sets transactions of the same moment in an order that never changes. */
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

/** For a price without a meter. */
export const NO_USAGE: UsageToRate = { quantity: ZERO, cost: ZERO, events: 0, pendingEvents: 0 };
