import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../../access';
import { MetersService } from '../../catalog';
import type { StoredEvent } from '../../events';
import { type Decimal, decimalText, type Micros, toPublicId } from '../../kernel';
import { HOUR_MICROS, type UsageInPeriod, UsageService } from '../../metering';
import type { CorrectionAnswer } from './change-responses';

/** An hour of a customer's in which an event counts. */
interface CountedHour {
  readonly customerId: string;
  /** Its start (UTC). */
  readonly hour: Micros;
}

/** Usage of such hours at one moment. */
export interface UsageSnapshot {
  readonly hours: readonly { readonly at: CountedHour; readonly usage: UsageInPeriod }[];
}

type UsageEffect = CorrectionAnswer['usage'][number];

/** Most meters of an organisation. */
const MOST_METERS = 500;

/** Says what a correction changed in usage: the hours the event counted in and counts in, before and after, as anyone reads them. */
@Injectable()
export class UsageEffects {
  constructor(
    @Inject(UsageService) private readonly usage: UsageService,
    @Inject(MetersService) private readonly meters: MetersService,
  ) {}

  /** Reads the usage of the hours that these events are in: all events, and meters of their types. Ingest waits for it. */
  async read(
    tenant: Tenant,
    events: readonly Pick<StoredEvent, 'customerId' | 'happenedAt' | 'type'>[],
  ): Promise<UsageSnapshot> {
    const types = new Set(events.map(({ type }) => type));
    const hours = new Map<string, CountedHour>();
    for (const { customerId, happenedAt } of events) {
      const hour = Math.floor(happenedAt / HOUR_MICROS) * HOUR_MICROS;
      hours.set(`${customerId} ${hour}`, { customerId, hour });
    }
    const read: { at: CountedHour; usage: UsageInPeriod }[] = [];
    // One after the other: they share the transaction's connection.
    for (const at of hours.values()) {
      const period = { start: new Date(at.hour / 1_000), end: new Date((at.hour + HOUR_MICROS) / 1_000) };
      read.push({ at, usage: await this.usage.inPeriod(tenant, at.customerId, period, types) });
    }
    return { hours: read };
  }

  /** What differs between two readings of the same hours. */
  async between(tenant: Tenant, before: UsageSnapshot, after: UsageSnapshot): Promise<UsageEffect[]> {
    const meters = await this.meters.list(tenant, null, MOST_METERS);
    const effects: UsageEffect[] = [];
    for (const [index, { at, usage: was }] of before.hours.entries()) {
      const is = after.hours[index]!.usage;
      const hour = {
        customer: toPublicId('customer', at.customerId),
        from: new Date(at.hour / 1_000).toISOString(),
        to: new Date((at.hour + HOUR_MICROS) / 1_000).toISOString(),
      };
      const add = (meter: UsageEffect['meter'], of: (usage: UsageInPeriod) => Counted): void => {
        const [from, to] = [counted(of(was)), counted(of(is))];
        if (JSON.stringify(from) !== JSON.stringify(to)) effects.push({ ...hour, meter, before: from, after: to });
      };
      add(null, (usage) => usage.allEvents);
      for (const { id, key } of meters) add({ id: toPublicId('meter', id), key }, (usage) => usage.of(id));
    }
    return effects;
  }
}

interface Counted {
  readonly quantity: Decimal | null;
  readonly cost: Decimal;
  readonly events: number;
  readonly pendingEvents: number;
}

function counted(usage: Counted): UsageEffect['before'] {
  return {
    quantity: usage.quantity === null ? null : decimalText(usage.quantity),
    cost: decimalText(usage.cost),
    events: usage.events,
    pendingCostEvents: usage.pendingEvents,
  };
}
