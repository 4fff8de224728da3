/** How a meter folds the values of its events into one quantity. */
export type Aggregation = 'count' | 'sum';

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

/** Which events count, by which value, grouped how. */
export interface Meter {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  /** Only events of this type count. */
  readonly eventType: string;
  readonly aggregation: Aggregation;
  /** The field that is summed; null for a count. */
  readonly valueField: string | null;
  /** All of them must hold. */
  readonly filters: readonly Filter[];
  /** Usage is kept apart for each combination of these fields' values. */
  readonly groupBy: readonly string[];
}

/** The built-in meter of all events of a customer: it counts them and their cost. */
export const ALL_EVENTS_METER_ID = '00000000-0000-0000-0000-000000000000';

/** Fields of an event that say who and what for, usable in filters and groups beside `data.…`. */
export const ATTRIBUTION_FIELDS = ['source', 'session', 'task', 'agent', 'feature', 'department', 'user'] as const;
export type AttributionField = (typeof ATTRIBUTION_FIELDS)[number];

/** Names that no database keeps (control characters, broken Unicode) would meet no field of an event. */
const DATA_FIELD = /^data(\.[^.\s\p{Cc}\p{Cs}]{1,100}){1,8}$/u;

/** Whether a text names a field that a meter can look at: an attribution field or `data.` and up to eight names. */
export function isMeterField(text: string): boolean {
  return (ATTRIBUTION_FIELDS as readonly string[]).includes(text) || DATA_FIELD.test(text);
}
