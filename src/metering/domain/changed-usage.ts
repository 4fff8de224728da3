import { ALL_EVENTS_METER_ID, type CountingRevision, hasCounted } from '../../catalog/domain';
import { type EventKey, eventKeyToUuid } from '../../events/domain';
import type { Micros } from '../../kernel';
import { compileMeter, type MeteredEvent } from './compile-meter';
import {
  type CountedCost,
  type MeterSample,
  metersByType,
  type MetersByType,
  type UsageSum,
  UsageSums,
} from './usage-sums';

/** A stored event as usage counts it. */
export interface CountedEvent {
  readonly event: MeteredEvent;
  readonly key: EventKey;
  readonly customerId: string;
  readonly happenedAt: Micros;
  /** Of the event's own row, whatever happened to it later. */
  readonly batch: number;
  readonly cost: CountedCost;
}

/** What there is to write when some events stop counting and others start. */
export interface ChangedUsage {
  /** The difference, with its sign: what stops counting is below zero. No two of one customer, meter, hour and group. */
  readonly sums: readonly UsageSum[];
  readonly removedSamples: readonly MeterSample[];
  readonly addedSamples: readonly MeterSample[];
}

/**
 * What changes in usage when events stop or start counting. A revision that is still being filled is changed by those
 * events only that it has counted already; the others its fill will find as they are then.
 *
 * @param revisions all that count events
 */
export function changedUsage(
  revisions: readonly CountingRevision[],
  removed: readonly CountedEvent[],
  added: readonly CountedEvent[],
): ChangedUsage {
  const metersFor = metersThatCounted(revisions);
  const before = new UsageSums();
  const after = new UsageSums();
  for (const event of removed) count(before, event, metersFor(event));
  for (const event of added) count(after, event, metersFor(event));
  return {
    sums: addUp([...after.all(), ...before.all().map(negated)]),
    removedSamples: before.samples,
    addedSamples: after.samples,
  };
}

/** The usage of one meter alone, for events that the built-in meter has counted long since. */
export function usageOfMeter(
  revision: CountingRevision,
  events: readonly CountedEvent[],
): { sums: UsageSum[]; samples: readonly MeterSample[] } {
  const sums = new UsageSums();
  const only = metersByType([compileMeter(revision.meter)]);
  for (const event of events) count(sums, event, only);
  return { sums: sums.all().filter((sum) => sum.meterId !== ALL_EVENTS_METER_ID), samples: sums.samples };
}

/** Adds up sums of the same customer, meter, hour and group; those that come to nothing are left out. */
export function addUp(sums: readonly UsageSum[]): UsageSum[] {
  const byKey = new Map<string, UsageSum>();
  for (const sum of sums) {
    const key = `${sum.customerId} ${sum.meterId} ${sum.hour} ${sum.dimensions}`;
    const known = byKey.get(key);
    if (known === undefined) {
      byKey.set(key, { ...sum });
      continue;
    }
    known.quantity += sum.quantity;
    known.cost += sum.cost;
    known.events += sum.events;
    known.pendingEvents += sum.pendingEvents;
  }
  return [...byKey.values()].filter(
    (sum) => sum.quantity !== 0n || sum.cost !== 0n || sum.events !== 0 || sum.pendingEvents !== 0,
  );
}

function negated(sum: UsageSum): UsageSum {
  return {
    ...sum,
    quantity: -sum.quantity,
    cost: -sum.cost,
    events: -sum.events,
    pendingEvents: -sum.pendingEvents,
  };
}

function count(
  sums: UsageSums,
  { event, customerId, happenedAt, key, cost }: CountedEvent,
  meters: MetersByType,
): void {
  sums.add(customerId, happenedAt, key, event, meters, cost);
}

/** The meters that have counted an event. Usually all of them; the sets that differ are few, and made once each. */
function metersThatCounted(revisions: readonly CountingRevision[]): (event: CountedEvent) => MetersByType {
  const compiled = revisions.map((revision) => ({ revision, meter: compileMeter(revision.meter) }));
  const all = metersByType(compiled.map(({ meter }) => meter));
  const filling = compiled.filter(({ revision }) => !revision.filled);
  if (filling.length === 0) return () => all;

  const sets = new Map<string, MetersByType>();
  return (counted) => {
    const position = {
      customerId: counted.customerId,
      time: counted.happenedAt,
      key: eventKeyToUuid(counted.key),
      batch: counted.batch,
    };
    const missing = new Set(filling.filter(({ revision }) => !hasCounted(revision, position)));
    if (missing.size === 0) return all;
    const name = [...missing].map(({ meter }) => meter.meter.id).join();
    let set = sets.get(name);
    if (set === undefined) {
      set = metersByType(compiled.filter((each) => !missing.has(each)).map(({ meter }) => meter));
      sets.set(name, set);
    }
    return set;
  };
}
