import { Inject, Injectable } from '@nestjs/common';
import { actingFor } from '../../access';
import { countedMeter, type Meter, MetersService } from '../../catalog';
import { invariant } from '../../kernel';
import type { Queryable } from '../../platform/database';
import {
  amountOf,
  book,
  type Cap,
  type Counter,
  counterId,
  type CounterPeriod,
  counterValue,
  newCounter,
} from '../domain';
import { type CapHold, findHoldsInCounters, namesOf } from '../persistence/cap-holds';
import { type CountedBatches, type NamedHolds, sumUsage } from '../persistence/cap-recount';
import { countersSince } from '../persistence/counter-store';
import type { CapWindows } from './cap-windows';

/** Adds up what a cap's running periods have, from events, costs, holds and what is charged: the truth that counters follow. */
@Injectable()
export class CapRecounter {
  constructor(@Inject(MetersService) private readonly meters: MetersService) {}

  /** The meter of a cap in units as it counts now; null for others. */
  async meterOf(organisationId: string, { meterId }: Cap): Promise<Meter | null> {
    if (meterId === null) return null;
    const meter = (await this.meters.byIds(actingFor(organisationId), [meterId])).get(meterId);
    invariant(meter !== undefined, 'the meter of a cap is not deleted');
    return countedMeter(meter);
  }

  /**
   * What usage in the cap's windows comes to, as counters that are in no table yet: by id, without what is held.
   *
   * @param db    one connection in a transaction
   * @param holds whose usage is left out, or is wanted alone; null: all usage
   */
  async usage(
    db: Queryable,
    organisationId: string,
    cap: Cap,
    { windows, nowOf }: CapWindows,
    batches: CountedBatches,
    holds: NamedHolds | null,
    meter: Meter | null,
  ): Promise<Map<string, Counter>> {
    const counters = new Map<string, Counter>();
    for (const window of windows) {
      for (const sum of await sumUsage(db, organisationId, cap, window, batches, holds, meter)) {
        const counter = counterOf(counters, cap, sum.eachValues, window.period);
        const nowMs = nowOf(counterValue(cap, sum.eachValues, 'customer'));
        book(counter, cap, sum.amount, { seconds: sum.seconds, nowSeconds: nowMs / 1_000 });
      }
    }
    return counters;
  }

  /**
   * What a cap's counters of its running periods come to, all of it: what holds that are in them hold and came to, and the
   * usage of no such hold. By id; a counter that should have nothing may be missing.
   *
   * @param db sees one instant, or holds the lock of caps, so that nothing is counted or held meanwhile
   */
  async truth(
    db: Queryable,
    organisationId: string,
    cap: Cap,
    windows: CapWindows,
    meter: Meter | null,
  ): Promise<Map<string, Counter>> {
    const since = holdsSince(windows);
    const stored = await countersSince(db, organisationId, cap.id, since);
    const ids = stored.map(({ id }) => id);
    const asked = windows.areReal ? since : null;
    const holds = await findHoldsInCounters(db, organisationId, cap.scope.customer ?? null, ids, asked);

    const batches = { kind: 'counted', batch: cap.fromBatch } as const;
    const without = namesOf(holds, 'without');
    const counters = await this.usage(db, organisationId, cap, windows, batches, without, meter);
    const running = new Set(windows.windows.map(({ period }) => period.start));
    for (const { eachValues, period, id } of stored) {
      if (!running.has(period.start)) continue;
      const counter = counterOf(counters, cap, eachValues, period);
      const nowMs = windows.nowOf(counterValue(cap, eachValues, 'customer'));
      for (const hold of holds) if (hold.counters.includes(id)) addHold(counter, cap, hold, nowMs);
    }
    return counters;
  }
}

/** Adds what a hold holds, as far as it isn't part of another, and what it came to. */
export function addHold(counter: Counter, cap: Cap, hold: CapHold, nowMs: number): void {
  if (hold.status === 'open' && hold.parentId === null) counter.held += amountOf(hold.held, cap);
  if (hold.booked === null) return;
  const seconds = hold.countsAt.getTime() / 1_000;
  book(counter, cap, amountOf(hold.booked, cap), { seconds, nowSeconds: nowMs / 1_000 });
}

/** Work may go on in the next period that was held in the one before, and be told late. */
const LONGEST_WORK_MS = 35 * 86_400_000;

function holdsSince({ windows }: CapWindows): Date {
  const first = Math.min(...windows.map(({ period, from }) => Math.min(period.start, from)));
  return new Date(Number.isFinite(first) ? Math.max(0, first / 1_000 - LONGEST_WORK_MS) : 0);
}

/** The counter of these values in a map, made where there is none yet. */
export function counterOf(
  counters: Map<string, Counter>,
  cap: Cap,
  eachValues: readonly string[],
  period: CounterPeriod,
): Counter {
  const id = counterId(cap.id, eachValues, period.start);
  let counter = counters.get(id);
  if (counter === undefined) counters.set(id, (counter = newCounter({ id, cap, eachValues, period })));
  return counter;
}
