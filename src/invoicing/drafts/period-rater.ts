import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Tenant } from '../../access';
import { periodOf, type Segment, segmentsOf, type SubscriptionWithPlan } from '../../customers';
import { ChargeUsageService, type SegmentUsage } from '../../metering';
import { loadBefore } from './billing-history';
import { type PeriodToRate, type RatedPeriod, ratePeriod } from './rated-period';

/** Rates a billing period of a subscription on its usage as it is now: for drafts, and again for periods that were billed. */
@Injectable()
export class PeriodRater {
  constructor(@Inject(ChargeUsageService) private readonly usage: ChargeUsageService) {}

  /**
   * Rates each segment of a billing period on its own usage. Writes nothing.
   *
   * @param again earlier periods that were rated again just now: what they leave isn't stored yet
   */
  async rate(
    db: EntityManager,
    tenant: Tenant,
    about: SubscriptionWithPlan,
    periodIndex: number,
    again: readonly RatedPeriod[] = [],
  ): Promise<RatedPeriod> {
    return ratePeriod(await this.load(db, tenant, about, periodIndex, again));
  }

  /** What a billing period's charges are computed from, as it is now. */
  async load(
    db: EntityManager,
    tenant: Tenant,
    about: SubscriptionWithPlan,
    periodIndex: number,
    again: readonly RatedPeriod[] = [],
  ): Promise<PeriodToRate> {
    const segments = segmentsOf(about, periodOf(about, periodIndex));
    const before = await loadBefore(db, about, periodIndex, segments, again);
    const usages: SegmentUsage[] = [];
    // One after the other: they share the transaction's connection.
    for (const segment of segments) usages.push(await this.usageOf(tenant, about, segment));
    return { periodIndex, segments, before, usages };
  }

  private usageOf(
    tenant: Tenant,
    { customer }: SubscriptionWithPlan,
    { plan, period }: Segment,
  ): Promise<SegmentUsage> {
    const wanted = plan.prices.flatMap(({ meterId, charge }) => (meterId === null ? [] : [{ meterId, charge }]));
    return this.usage.inPeriod(tenant, customer.id, period, wanted, customer.timeZone);
  }
}
