import { Decimal, decimalProblem, decimalText } from '../../kernel';
import type { Filter, Scalar } from './meter';

/** Whether a value of an event, any JSON or undefined, meets a condition. */
export type FilterTest = (value: unknown) => boolean;

/** Makes a filter's condition ready to be asked of many values. The field is read by whoever asks. */
export function compileFilterTest(filter: Filter): FilterTest {
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

function not(test: FilterTest): FilterTest {
  return (value) => !test(value);
}

/** Compares as text, so that true and "true", 2 and "2" are the same; objects and lists equal nothing. */
function oneOf(values: readonly Scalar[]): FilterTest {
  const texts = new Set(values.map(String));
  return (value) => {
    const text = scalarText(value);
    return text !== null && texts.has(text);
  };
}

/** Compares numbers exactly: plain integers as they are, everything else as decimals. What is no number fails the test. */
function comparison(filter: Filter, holds: (order: number) => boolean): FilterTest {
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

/** A JSON value as the text it is compared and grouped by; null for what has none: objects, lists, null, what is missing. */
export function scalarText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}

/** A JSON value as a decimal; null when it is neither a number nor a string of plain digits that we keep exactly. */
export function decimalOf(value: unknown): Decimal | null {
  if (typeof value !== 'number' && typeof value !== 'string') return null;
  // JavaScript prints small numbers with an exponent (1e-7), which is not how a sender may write them.
  const text = typeof value === 'string' ? value : decimalText(new Decimal(value));
  return decimalProblem(text) === null ? new Decimal(text) : null;
}
