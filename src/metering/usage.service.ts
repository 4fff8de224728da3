import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Tenant } from '../access';
import { ALL_EVENTS_METER_ID, countedMeter, MeterEntity } from '../catalog';
import { findByCustomer, type StoredEvent } from '../events';
import { Decimal, type Period, scaledFromDecimal, scaledToDecimal, ZERO, type Micros } from '../kernel';
import { Database } from '../platform/database';
import { compileMeter, HOUR_MICROS, metersByType, type MetersByType, UsageSums } from './domain';
import { type MeterUsage, usageOfHours } from './persistence/usage-store';

/** A customer's usage in a period by meter; `allEvents` is the built-in meter of everything they did. */
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
  constructor(@Inject(Database) private readonly database: Database) {}

  /**
   * A customer's usage between two instants, exactly: whole hours from the sums, and what sticks out at either end
   * (a period may begin at any instant) from the events themselves.
   */
  async inPeriod(tenant: Tenant, customerId: string, period: Period): Promise<UsageInPeriod> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const from = period.start.getTime() * 1_000;
      const to = period.end.getTime() * 1_000;
      const firstHour = Math.ceil(from / HOUR_MICROS) * HOUR_MICROS;
      const lastHour = Math.floor(to / HOUR_MICROS) * HOUR_MICROS;
      const edges: [Micros, Micros][] = firstHour > lastHour ? [[from, to]] : [[from, firstHour], [lastHour, to]]; // prettier-ignore

      const meters = await db.find(MeterEntity);
      const usageIds = new Map(meters.map((meter) => [meter.id, meter.usageId]));
      const usage = new Map<string, MeterUsage>();
      const take = (part: MeterUsage): void =>
        void usage.set(part.meterId, add(usage.get(part.meterId) ?? nothing(part.meterId), part));
      if (firstHour < lastHour) {
        (await usageOfHours(db, tenant.organisationId, customerId, firstHour, lastHour)).forEach(take);
      }
      for (const [start, end] of edges) {
        if (start < end) (await this.countEvents(db, meters, customerId, start, end)).forEach(take);
      }
      return {
        allEvents: usage.get(ALL_EVENTS_METER_ID) ?? nothing(ALL_EVENTS_METER_ID),
        of: (meterId) => ({ ...(usage.get(usageIds.get(meterId) ?? meterId) ?? nothing(meterId)), meterId }),
      };
    });
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
