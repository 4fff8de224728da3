import { type Aggregation, SAMPLED_AGGREGATIONS, scalarText } from '../../catalog/domain';
import { ONE_QUANTITY, quantityOf, signedQuantityOf } from './quantity-of';
import { shortened } from './shortened';

/** What one event adds to a meter. */
export interface Measured {
  /** What it adds to the hour's sum, as a count of 10^-24; nothing where the quantity comes from samples. */
  readonly quantity: bigint;
  /** What is kept of this event alone; null where sums are enough. */
  readonly sample: SampleValue | null;
}

/** A number or, for `unique`, a text that stands for the value: equal texts are equal values. */
export interface SampleValue {
  readonly quantity: bigint | null;
  readonly value: string | null;
}

/** What a value means to an aggregation: what it adds, or null when it can't be taken. */
export interface Measure {
  readonly of: (value: unknown) => Measured | null;
  /** What a value has to be, for who sent another; null where no value is looked at. */
  readonly demand: string | null;
  /** What the aggregation does with a value, in a sentence: "sums it". */
  readonly verb: string;
}

const COUNTED: Measured = Object.freeze({ quantity: ONE_QUANTITY, sample: null });
const DIGITS = 'with at most 15 digits before and 12 after the point';
const AMOUNT = `must be a number or decimal string of 0 or more, ${DIGITS}`;
const LEVEL = `must be a number or decimal string, ${DIGITS}`;
/** A longer value of a unique count is kept as its beginning and a hash. */
const LONGEST_VALUE = 255;

const VERBS: Readonly<Record<Aggregation, string>> = {
  count: 'counts it',
  sum: 'sums it',
  average: 'averages it',
  min: 'takes the smallest of it',
  max: 'takes the largest of it',
  latest: 'takes the last of it',
  unique: 'counts the different values of it',
  time_weighted: 'multiplies it by the time it holds',
};

export function measureFor(aggregation: Aggregation): Measure {
  const verb = VERBS[aggregation];
  switch (aggregation) {
    case 'count':
      return { of: () => COUNTED, demand: null, verb };
    case 'unique':
      return { of: distinct, demand: 'must be text, a number, true or false', verb };
    // A temperature or a balance may be below zero; it is not added up, so nothing is lost in a sum.
    case 'min':
    case 'max':
    case 'latest':
      return { of: (value) => sampled(signedQuantityOf(value)), demand: LEVEL, verb };
    case 'time_weighted':
      return { of: (value) => sampled(quantityOf(value)), demand: AMOUNT, verb };
    case 'sum':
    case 'average':
      return { of: added, demand: AMOUNT, verb };
  }
}

/** Whether a meter keeps the single values beside its hourly sums. */
export function keepsSamples(aggregation: Aggregation): boolean {
  return SAMPLED_AGGREGATIONS.has(aggregation);
}

/** Whether the quantity of a whole is that of its parts added up, however it is taken apart. */
export function isAddedUp(aggregation: Aggregation): boolean {
  return aggregation === 'count' || aggregation === 'sum';
}

/** Whether the meter tells a level, which holds until the next event says another. */
export function isLevel(aggregation: Aggregation): boolean {
  return aggregation === 'latest' || aggregation === 'max' || aggregation === 'min';
}

function added(value: unknown): Measured | null {
  const quantity = quantityOf(value);
  return quantity === null ? null : { quantity, sample: null };
}

function sampled(quantity: bigint | null): Measured | null {
  return quantity === null ? null : { quantity: 0n, sample: { quantity, value: null } };
}

/** As JSON, since PostgreSQL keeps no text with NUL or broken Unicode, and data may have either. */
function distinct(value: unknown): Measured | null {
  const text = scalarText(value);
  if (text === null) return null;
  return { quantity: 0n, sample: { quantity: null, value: JSON.stringify(shortened(text, LONGEST_VALUE)) } };
}
