import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Tenant } from '../access';
import { ALL_EVENTS_METER_ID, countedMeter, MeterEntity } from '../catalog';
import { CustomersService } from '../customers';
import { findByCustomer, type StoredEvent } from '../events';
import { Clock, Decimal, type Period, scaledFromDecimal, scaledToDecimal, ZERO, type Micros } from '../kernel';
import { Database } from '../platform/database';
import {
  compileMeter,
  HOUR_MICROS,
  keepsSamples,
  metersByType,
  type MetersByType,
  quantityOfFolded,
  UsageSums,
} from './domain';
import { usageRows } from './persistence/usage-query';
import { type MeterUsage, usageOfHours } from './persistence/usage-store';

/**
 * A customer's usage in a period by meter; `allEvents` is the built-in meter of everything they did. Where there is no
 * value to tell, as the largest of nothing, the quantity is zero: there is nothing to charge.
 */
export interface UsageInPeriod {
  readonly allEvents: MeterUsage;
  of(meterId: string): MeterUsage;
}

const PAGE = 5_000;

function nothing(meterId: string): MeterUsage {
  return { meterId, quantity: ZERO, cost: ZERO, events: 0, pendingEvents: 0 };
}

function add(a: MeterUsage, b: MeterUsage): MeterUsage {
  return {
    meterId: a.meterId,
    quantity: a.quantity.plus(b.quantity),
    cost: a.cost.plus(b.cost),
    events: a.events + b.events,
    pendingEvents: a.pendingEvents + b.pendingEvents,
  };
}

/** Whether and with what a stored event's cost counts. */
export function countedCostOf(event: StoredEvent): { amount: Decimal | null; pending: boolean } {
  return { amount: event.amount, pending: event.costStatus === 'pending' };
}

/** Reads usage. */
@Injectable()
export class UsageService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * A customer's usage between two instants, exactly: whole hours from the sums, and what sticks out at either end
   * (a period may begin at any instant) from the events themselves. What no sum can tell comes from samples; a value
   * that holds for a time has held until now, by the customer's clock.
   *
   * @param eventTypes of which samples are read, for whoever looks at the meters of these types alone; null for all
   */
  async inPeriod(
    tenant: Tenant,
    customerId: string,
    period: Period,
    eventTypes: ReadonlySet<string> | null = null,
  ): Promise<UsageInPeriod> {
    return this.database.snapshot(tenant.organisationId, async (db) => {
      const from = period.start.getTime() * 1_000;
      const to = period.end.getTime() * 1_000;
      const firstHour = Math.ceil(from / HOUR_MICROS) * HOUR_MICROS;
      const lastHour = Math.floor(to / HOUR_MICROS) * HOUR_MICROS;
      const edges: [Micros, Micros][] = firstHour > lastHour ? [[from, to]] : [[from, firstHour], [lastHour, to]]; // prettier-ignore

      const meters = await db.find(MeterEntity);
      const meterOf = new Map(meters.map((meter) => [meter.id, meter]));
      const usage = new Map<string, MeterUsage>();
      const take = (part: MeterUsage): void =>
        void usage.set(part.meterId, add(usage.get(part.meterId) ?? nothing(part.meterId), part));
      if (firstHour < lastHour) {
        (await usageOfHours(db, tenant.organisationId, customerId, firstHour, lastHour)).forEach(take);
      }
      for (const [start, end] of edges) {
        if (start < end) (await this.countEvents(db, meters, customerId, start, end)).forEach(take);
      }
      const asked = meters.filter(({ eventType }) => eventTypes === null || eventTypes.has(eventType));
      const sampled = await this.foldSamples(db, tenant, customerId, asked, from, to);
      return {
        allEvents: usage.get(ALL_EVENTS_METER_ID) ?? nothing(ALL_EVENTS_METER_ID),
        of: (meterId) => {
          const meter = meterOf.get(meterId);
          if (meter === undefined) return nothing(meterId);
          const { quantity, ...counted } = usage.get(meter.usageId) ?? nothing(meterId);
          const folded = quantityOfFolded(meter, { folded: quantity, events: counted.events });
          return { ...counted, meterId, measured: meter, quantity: sampled.get(meterId) ?? folded ?? ZERO };
        },
      };
    });
  }

  /** The quantities of those meters whose events' values are kept one by one; without those that have none to tell. */
  private async foldSamples(
    db: EntityManager,
    tenant: Tenant,
    customerId: string,
    meters: readonly MeterEntity[],
    from: Micros,
    to: Micros,
  ): Promise<Map<string, Decimal>> {
    const quantities = new Map<string, Decimal>();
    const sampled = meters.filter(({ aggregation }) => keepsSamples(aggregation));
    if (sampled.length === 0) return quantities;

    const own = await this.customers.nowsOnTestClocks(tenant, [customerId]);
    const now = (own.get(customerId) ?? this.clock.now()).getTime() * 1_000;
    for (const meter of sampled) {
      const question = {
        organisationId: tenant.organisationId,
        usageId: meter.usageId,
        meter,
        customerIds: [customerId],
        windows: { starts: [from], end: to },
        byCustomer: false,
        groupBy: [],
        filters: [],
        now,
        ownNow: new Map<string, Micros>(),
        withEmpty: false,
      };
      const [row] = await usageRows(db, question, [], [], null, 1);
      if (row?.quantity !== null && row !== undefined) quantities.set(meter.id, row.quantity);
    }
    return quantities;
  }

  private async countEvents(
    db: EntityManager,
    entities: readonly MeterEntity[],
    customerId: string,
    from: Micros,
    to: Micros,
  ): Promise<MeterUsage[]> {
    const meters = metersByType(entities.map((meter) => compileMeter(countedMeter(meter))));
    const sums = new UsageSums();
    let last: StoredEvent | undefined;
    do {
      const after = last === undefined ? null : { time: last.happenedAt, key: last.key };
      const page = await findByCustomer(db, {
        customerId,
        from,
        to,
        after,
        limit: PAGE,
        type: null,
        throughBatch: null,
      });
      for (const event of page) addStored(sums, event, meters);
      last = page.length === PAGE ? page.at(-1) : undefined;
    } while (last !== undefined);
    return sums.all().map((sum) => ({
      meterId: sum.meterId,
      quantity: scaledToDecimal(sum.quantity),
      cost: scaledToDecimal(sum.cost),
      events: sum.events,
      pendingEvents: sum.pendingEvents,
    }));
  }
}

function addStored(sums: UsageSums, event: StoredEvent, meters: MetersByType): void {
  const { amount, pending } = countedCostOf(event);
  sums.add(event.customerId, event.happenedAt, event.key, event, meters, {
    amount: amount === null ? null : scaledFromDecimal(amount),
    pending,
  });
}
