import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../access';
import type { Period } from '../kernel';
import type { SegmentUsage, UsageWanted } from './domain';
import { UsageService } from './usage.service';

/** Reads the usage that prices are rated by: totals, and where a charge needs them groups, windows and single events. */
@Injectable()
export class ChargeUsageService {
  constructor(@Inject(UsageService) private readonly usage: UsageService) {}

  /** One customer in one segment of a period, for invoices. */
  async inPeriod(
    tenant: Tenant,
    customerId: string,
    period: Period,
    wanted: readonly UsageWanted[],
    timeZone: string,
  ): Promise<SegmentUsage> {
    void wanted;
    void timeZone;
    const usage = await this.usage.inPeriod(tenant, customerId, period);
    return { allEvents: usage.allEvents, of: (meterId) => usage.of(meterId) };
  }

  /** Many customers in many periods, for simulations: a list for each customer, in the order of the periods. */
  async ofCustomers(
    tenant: Tenant,
    customerIds: readonly string[],
    periods: readonly Period[],
    wanted: readonly UsageWanted[],
    timeZone: string,
  ): Promise<ReadonlyMap<string, readonly SegmentUsage[]>> {
    const usage = new Map<string, readonly SegmentUsage[]>();
    for (const customerId of customerIds) {
      const ofCustomer: SegmentUsage[] = [];
      for (const period of periods) ofCustomer.push(await this.inPeriod(tenant, customerId, period, wanted, timeZone));
      usage.set(customerId, ofCustomer);
    }
    return usage;
  }
}
