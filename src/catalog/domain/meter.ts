/**
 * How a meter folds the values of its events into one quantity. In parentheses what is kept for it:
 *
 * - `count`, `sum`, `average` (sums by the hour): how many events, their values added up, and the latter by the former.
 * - `min`, `max`, `latest`, `unique`, `time_weighted` (each event's value, a *sample*): the smallest, the largest and the
 *   last value, how many different ones, and each value times how long it held.
 */
export const AGGREGATIONS = ['count', 'sum', 'average', 'min', 'max', 'latest', 'unique', 'time_weighted'] as const;
export type Aggregation = (typeof AGGREGATIONS)[number];

/** Aggregations that no sum can tell: the values of the single events are kept as samples. */
export const SAMPLED_AGGREGATIONS: ReadonlySet<Aggregation> = new Set([
  'min',
  'max',
  'latest',
  'unique',
  'time_weighted',
]);

/** What a time-weighted quantity counts beside the value's own unit: in GB-hours, the hour. A day has 24 hours. */
export const TIME_UNIT_MICROS = {
  second: 1_000_000,
  minute: 60_000_000,
  hour: 3_600_000_000,
  day: 86_400_000_000,
} as const;
export type TimeUnit = keyof typeof TIME_UNIT_MICROS;
export const TIME_UNITS = Object.keys(TIME_UNIT_MICROS) as TimeUnit[];

export const FILTER_OPERATORS = [
  'equals',
  'not_equals',
  'in',
  'not_in',
  'exists',
  'not_exists',
  'less_than',
  'at_most',
  'greater_than',
  'at_least',
] as const;
export type FilterOperator = (typeof FILTER_OPERATORS)[number];

export type Scalar = string | number | boolean;

/** A condition on one field of an event. `value` is missing for exists/not_exists and a list for in/not_in. */
export interface Filter {
  readonly field: string;
  readonly operator: FilterOperator;
  readonly value?: Scalar | readonly Scalar[] | undefined;
}

/** Which events count, by which value, folded and grouped how. */
export interface MeterDefinition {
  /** Only events of this type count. */
  readonly eventType: string;
  readonly aggregation: Aggregation;
  /** The field whose values are folded; null for a count. */
  readonly valueField: string | null;
  /** For a time-weighted meter, and null for all others. */
  readonly timeUnit: TimeUnit | null;
  /** All of them must hold. */
  readonly filters: readonly Filter[];
  /** Usage is kept apart for each combination of these fields' values. */
  readonly groupBy: readonly string[];
}

export interface Meter extends MeterDefinition {
  /** What its usage is kept under. */
  readonly id: string;
  readonly key: string;
  readonly name: string;
}

/** The built-in meter of all events of a customer: it counts them and their cost. */
export const ALL_EVENTS_METER_ID = '00000000-0000-0000-0000-000000000000';

/** Fields of an event that say who and what for, usable in filters and groups. */
export const ATTRIBUTION_FIELDS = [
  'source',
  'session',
  'task',
  'agent',
  'feature',
  'department',
  'user',
  'parent',
  'step',
] as const;
export type AttributionField = (typeof ATTRIBUTION_FIELDS)[number];

/** What an event's data say about the model that was used, in whichever way they say it. Usable like attribution. */
export const MODEL_FIELDS = ['provider', 'model'] as const;
export type ModelField = (typeof MODEL_FIELDS)[number];

/** Names that no database keeps (control characters, broken Unicode) would meet no field of an event. */
const DATA_FIELD = /^data(\.[^.\s\p{Cc}\p{Cs}]{1,100}){1,8}$/u;
/** A quantity of what a model used, as costing reads it: from the flat fields, or from the provider's own usage block. */
const USAGE_FIELD = /^usage\.[a-z][a-z0-9_]{0,99}$/;

/** Whether a text names a field whose value can be a number: `data.` and up to eight names, or `usage.` and one. */
export function isValueField(text: string): boolean {
  return DATA_FIELD.test(text) || USAGE_FIELD.test(text);
}

/** Whether a text names a field that a meter can look at: one of a value, of attribution, or of the model. */
export function isMeterField(text: string): boolean {
  return (
    (ATTRIBUTION_FIELDS as readonly string[]).includes(text) ||
    (MODEL_FIELDS as readonly string[]).includes(text) ||
    isValueField(text)
  );
}
