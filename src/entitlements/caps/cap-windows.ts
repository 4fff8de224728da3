import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../../access';
import { CustomersService } from '../../customers';
import { Clock, type Micros } from '../../kernel';
import { Database } from '../../platform/database';
import { bucketSeconds, type Cap, capPeriod, type CounterPeriod, isOneCustomers, namesSubscription } from '../domain';
import type { CountedWindow } from '../persistence/cap-recount';
import { ScopeFactsService } from './scope-facts.service';

/** The windows of a cap, and what time it is for whom. */
export interface CapWindows {
  readonly windows: readonly CountedWindow[];
  /** In milliseconds since 1970, for a customer; for a cap that is not one customer's, the real time. */
  readonly nowOf: (customerId: string | null) => number;
  /** Whether all of them live in the real time. */
  readonly areReal: boolean;
}

/**
 * Tells from when to when a cap counts now, for each of its customers by his own clock and zone. The period after the
 * running one belongs to it: events may be a little ahead of our clock, and a period may end while its usage is added up.
 */
@Injectable()
export class CapWindowsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(ScopeFactsService) private readonly facts: ScopeFactsService,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** @param timeZone of the organisation's own caps */
  async of(tenant: Tenant, cap: Cap, timeZone: string): Promise<CapWindows> {
    const realMs = this.clock.now().getTime();
    if (!isOneCustomers(cap)) {
      return { windows: bothPeriods(cap, null, realMs, timeZone), nowOf: () => realMs, areReal: false };
    }
    const customers = await this.customersOf(tenant, cap);
    const nows = await this.customers.nowsOnTestClocks(tenant, cap.scope.customer === undefined ? null : [cap.scope.customer]); // prettier-ignore
    const nowOf = (customerId: string | null): number => nows.get(customerId ?? '')?.getTime() ?? realMs;

    const windows = new Map<string, CountedWindow & { readonly customerIds: string[] }>();
    for (const { id, time_zone } of customers) {
      const found = namesSubscription(cap)
        ? await this.ofSubscriptions(tenant, cap, id, nowOf(id), time_zone)
        : bothPeriods(cap, [id], nowOf(id), time_zone);
      for (const window of found) {
        const key = JSON.stringify([window.subscriptionId, window.period, window.from, window.to]);
        const same = windows.get(key);
        if (same === undefined) windows.set(key, { ...window, customerIds: [id] });
        else same.customerIds.push(id);
      }
    }
    return { windows: [...windows.values()], nowOf, areReal: nows.size === 0 };
  }

  private customersOf({ organisationId }: Tenant, { scope }: Cap): Promise<{ id: string; time_zone: string }[]> {
    return this.database.tenant(organisationId, (db) =>
      db.query<{ id: string; time_zone: string }[]>(
        'SELECT id, time_zone FROM customer WHERE organisation_id = $1 AND ($2::uuid IS NULL OR id = $2) ORDER BY id',
        [organisationId, scope.customer ?? null],
      ),
    );
  }

  private async ofSubscriptions(
    tenant: Tenant,
    cap: Cap,
    customerId: string,
    nowMs: number,
    timeZone: string,
  ): Promise<CountedWindow[]> {
    const { subscriptions } = await this.facts.of(tenant, customerId, { caps: [cap] });
    const windows: CountedWindow[] = [];
    for (const subscription of subscriptions) {
      const { id, startMs, endMs } = subscription;
      if (cap.scope.subscription !== undefined && cap.scope.subscription !== id) continue;
      const life = { from: startMs * 1_000, to: endMs === null ? null : endMs * 1_000 };
      const running = cap.period === 'billing_period' ? subscription.periodAt(nowMs * 1_000) : null;
      const next = subscription.periodAt(running?.end ?? 0);
      const found =
        cap.period === 'billing_period'
          ? [running, next].flatMap((period) => (period === null ? [] : [windowOf(cap, [customerId], period, nowMs)]))
          : bothPeriods(cap, [customerId], nowMs, timeZone);
      for (const window of found) {
        const from = Math.max(window.from, life.from);
        const to = life.to === null ? window.to : Math.min(window.to ?? Infinity, life.to);
        if (to === null || from < to) windows.push({ ...window, subscriptionId: id, from, to });
      }
    }
    return windows;
  }
}

function bothPeriods(
  cap: Cap,
  customerIds: readonly string[] | null,
  nowMs: number,
  timeZone: string,
): CountedWindow[] {
  const running = capPeriod(cap, nowMs * 1_000, timeZone);
  const periods = running.end === null ? [running] : [running, capPeriod(cap, running.end, timeZone)];
  return periods.map((period) => windowOf(cap, customerIds, period, nowMs));
}

function windowOf(
  { rollingSeconds }: Cap,
  customerIds: readonly string[] | null,
  period: CounterPeriod,
  nowMs: number,
): CountedWindow {
  const from: Micros =
    rollingSeconds === null
      ? period.start
      : Math.max(0, nowMs * 1_000 - (rollingSeconds + bucketSeconds(rollingSeconds)) * 1_000_000);
  return { customerIds, subscriptionId: null, period, from, to: period.end };
}
