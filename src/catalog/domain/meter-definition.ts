import { isDeepStrictEqual } from 'node:util';
import type { Micros } from '../../kernel';
import type { Meter, MeterDefinition } from './meter';

export function definitionOf(meter: MeterDefinition): MeterDefinition {
  const { eventType, aggregation, valueField, timeUnit, filters, groupBy } = meter;
  return { eventType, aggregation, valueField, timeUnit, filters, groupBy };
}

/** Whether two definitions say the same. Filters that are written in another order are another definition. */
export function sameDefinition(one: MeterDefinition, other: MeterDefinition): boolean {
  return isDeepStrictEqual(plain(one), plain(other));
}

/** As JSON keeps it: a filter without a value and one whose value is undefined are the same. */
function plain(definition: MeterDefinition): unknown {
  return JSON.parse(JSON.stringify(definitionOf(definition)));
}

/** The place of an event in the order in which a new revision looks at stored events: customer, then time, then key. */
export interface FillPosition {
  readonly customerId: string;
  readonly time: Micros;
  /** The event's key as a uuid. */
  readonly key: string;
}

/** How far a revision that is not retired has counted. */
export interface FillState {
  /** Events of this batch and later ones are counted as they come; the fill counts those of earlier batches. */
  readonly countsFromBatch: number;
  /** Up to here, inclusive, the fill has looked; null before its first page. */
  readonly filledTo: FillPosition | null;
  /** The fill has looked at everything. */
  readonly filled: boolean;
}

/** A revision of a meter that events are counted by. */
export interface CountingRevision extends FillState {
  /** Its definition under the meter's key and name. The id is what its sums and samples are kept under. */
  readonly meter: Meter;
  readonly meterId: string;
  readonly revision: number;
}

/** Whether an event that is stored is in the usage of a revision: it came after the revision was made, or the fill has passed it. */
export function hasCounted(state: FillState, event: FillPosition & { readonly batch: number }): boolean {
  if (state.filled || event.batch >= state.countsFromBatch) return true;
  return state.filledTo !== null && compareFillPositions(event, state.filledTo) <= 0;
}

/** As PostgreSQL orders them: uuids by their bytes, which is how their text in lower case is ordered, too. */
export function compareFillPositions(one: FillPosition, other: FillPosition): number {
  return compareTexts(one.customerId, other.customerId) || one.time - other.time || compareTexts(one.key, other.key);
}

function compareTexts(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
