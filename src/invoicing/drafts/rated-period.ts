import type { Segment } from '../../customers';
import type { SegmentUsage } from '../../metering';
import { NO_USAGE, type PoolBalance } from '../../rating/domain';
import { type Before, draftInvoice, type DraftInvoice, poolsAfter, rateSegments, type SegmentToRate } from '../domain';

/** What a period's invoice should say, and what the period leaves of its pools. */
export interface RatedPeriod {
  readonly periodIndex: number;
  readonly segments: readonly Segment[];
  readonly draft: DraftInvoice;
  readonly pools: readonly PoolBalance[];
  /** All events of the customer that count in the period, metered or not. */
  readonly events: number;
}

/** Everything that the charges of a billing period are computed from. */
export interface PeriodToRate {
  readonly periodIndex: number;
  readonly segments: readonly Segment[];
  readonly before: Before;
  /** Of each segment, in their order. */
  readonly usages: readonly SegmentUsage[];
}

/** Rates each segment of a billing period on its own usage, whoever loaded that. */
export function ratePeriod(period: PeriodToRate): RatedPeriod {
  const { periodIndex, segments, before, usages } = period;
  const rated = rateSegments(segmentsToRate(period), before);
  const allEvents = usages.map((usage) => usage.allEvents);
  return {
    periodIndex,
    segments,
    draft: draftInvoice(rated, allEvents),
    pools: poolsAfter(rated),
    events: allEvents.reduce((count, { events }) => count + events, 0),
  };
}

/** The segments with what was used in each. */
export function segmentsToRate({ segments, usages }: PeriodToRate): SegmentToRate[] {
  return segments.map((segment, index) => {
    const usage = usages[index]!;
    return {
      ...segment,
      usage: { of: ({ meterId, charge }) => (meterId === null ? NO_USAGE : usage.of(meterId, charge)) },
    };
  });
}
