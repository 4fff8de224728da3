import type { NumberedPeriod, Segment, SubscriptionWithPlan } from '../../customers';
import type { SegmentUsage } from '../../metering';
import type { Before, UsageCharges } from '../domain';

/** A billing period that isn't finalized, with all that its charges for usage are computed from. */
export interface OpenPeriod {
  readonly about: SubscriptionWithPlan;
  readonly periodIndex: number;
  readonly period: NumberedPeriod['period'];
  /** With plans that charge for usage alone. */
  readonly segments: readonly Segment[];
  /** Whether some price charges for usage in it, be it free for a while. */
  readonly isPriced: boolean;
}

/** Where a customer stands in one billing period. */
export interface Position {
  readonly open: OpenPeriod;
  readonly before: Before;
  readonly usages: readonly SegmentUsage[];
  readonly charged: UsageCharges;
}

/** What is known of a customer's open periods: all positions, or as many as could be rated, and why not the others. */
export interface Standing {
  readonly positions: readonly Position[];
  readonly unknown: string | null;
}
