import { type AttributionField, type Filter, type Meter, MODEL_FIELDS, type Scalar } from '../../catalog/domain';
import { Decimal } from '../../kernel';
import { measureFor, type Measure } from './measure';
import { decimalOf } from './quantity-of';
import { scalarText, shortened } from './scalar-text';
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

type Reader = (event: MeteredEvent) => unknown;
type Test = (value: unknown) => boolean;

export function compileMeter(meter: Meter): CompiledMeter {
  const conditions = meter.filters.map((filter) => ({ read: compileField(filter.field), holds: compileTest(filter) }));
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

/** Reads a field by its path. Only an object's own properties count, so that `data.constructor` is not there. */
function compileField(field: string): Reader {
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

function compileTest(filter: Filter): Test {
  switch (filter.operator) {
    case 'exists':
      return (value) => value !== undefined && value !== null;
    case 'not_exists':
      return (value) => value === undefined || value === null;
    case 'equals':
      return oneOf([filter.value as Scalar]);
    case 'not_equals':
      return not(oneOf([filter.value as Scalar]));
    case 'in':
      return oneOf(filter.value as Scalar[]);
    case 'not_in':
      return not(oneOf(filter.value as Scalar[]));
    case 'less_than':
      return comparison(filter, (order) => order < 0);
    case 'at_most':
      return comparison(filter, (order) => order <= 0);
    case 'greater_than':
      return comparison(filter, (order) => order > 0);
    case 'at_least':
      return comparison(filter, (order) => order >= 0);
  }
}

function not(test: Test): Test {
  return (value) => !test(value);
}

/** Compares as text, so that true and "true", 2 and "2" are the same; objects and lists equal nothing. */
function oneOf(values: readonly Scalar[]): Test {
  const texts = new Set(values.map(String));
  return (value) => {
    const text = scalarText(value);
    return text !== null && texts.has(text);
  };
}

/** Compares numbers exactly: plain integers as they are, everything else as decimals. What is no number fails the test. */
function comparison(filter: Filter, holds: (order: number) => boolean): Test {
  const bound = new Decimal(String(filter.value));
  // Both sides are whole and below 2^53, so comparing them as numbers is exact.
  // eslint-disable-next-line no-restricted-syntax -- see above
  const whole = bound.isInteger() && bound.abs().lessThan(Number.MAX_SAFE_INTEGER) ? bound.toNumber() : null;
  return (value) => {
    if (whole !== null && typeof value === 'number' && Number.isSafeInteger(value)) return holds(value - whole);
    const decimal = decimalOf(value);
    return decimal !== null && holds(decimal.comparedTo(bound));
  };
}
