import { type AttributionField, compileFilterTest, type Meter, MODEL_FIELDS, scalarText } from '../../catalog/domain';
import { measureFor, type Measure } from './measure';
import { shortened } from './shortened';
import { modelField, usageField } from './usage-fields';

/** What a meter looks at in an event. */
export interface MeteredEvent extends Readonly<Record<AttributionField, string | null>> {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>> | null;
}

/** A meter made ready to look at many events. */
export interface CompiledMeter {
  readonly meter: Meter;
  /** Whether an event of the meter's type counts. */
  readonly matches: (event: MeteredEvent) => boolean;
  /** The value that is folded: any JSON, undefined when the event has none. For a count it is never asked for. */
  readonly valueOf: (event: MeteredEvent) => unknown;
  /** What a value means to the meter's aggregation. */
  readonly measure: Measure;
  /** The values of the group-by fields as a JSON array; '' for a meter without. */
  readonly dimensionsOf: (event: MeteredEvent) => string;
}

export function compileMeter(meter: Meter): CompiledMeter {
  const conditions = meter.filters.map((filter) => ({
    read: compileField(filter.field),
    holds: compileFilterTest(filter),
  }));
  const groups = meter.groupBy.map(compileField);
  return {
    meter,
    matches: (event) => conditions.every(({ read, holds }) => holds(read(event))),
    valueOf: meter.valueField === null ? () => undefined : compileField(meter.valueField),
    measure: measureFor(meter.aggregation),
    dimensionsOf:
      groups.length === 0 ? () => '' : (event) => dimensionsText(groups.map((read) => scalarText(read(event)))),
  };
}

/** A text of so many UTF-16 units has at most 1,800 bytes. It is part of a key, and PostgreSQL indexes up to 2,700 bytes. */
const LONGEST_DIMENSIONS = 600;
const LONGEST_SHORTENED = 64;

/**
 * The values of a group as one text. Where they are too long for a key, the long ones are cut and told apart by a hash:
 * whatever a sender puts there, their events are counted.
 */
function dimensionsText(values: readonly (string | null)[]): string {
  const text = JSON.stringify(values);
  return text.length <= LONGEST_DIMENSIONS
    ? text
    : JSON.stringify(values.map((value) => (value === null ? null : shortened(value, LONGEST_SHORTENED))));
}

/**
 * Makes a field of an event ready to be read, by its path. Only an object's own properties count, so that
 * `data.constructor` is not there.
 */
export function compileField(field: string): (event: MeteredEvent) => unknown {
  const [first = '', ...names] = field.split('.');
  if (first === 'usage') return ({ data }) => usageField(data, names[0]!);
  const model = MODEL_FIELDS.find((name) => name === first);
  if (model !== undefined) return ({ data }) => modelField(data, model);
  if (first !== 'data') return (event) => event[first as AttributionField];
  if (names.length === 1) {
    const name = names[0]!;
    return (event) => (event.data !== null && Object.hasOwn(event.data, name) ? event.data[name] : undefined);
  }
  return (event) => {
    let value: unknown = event.data;
    for (const name of names) {
      if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name))
        return undefined;
      value = (value as Record<string, unknown>)[name];
    }
    return value;
  };
}
