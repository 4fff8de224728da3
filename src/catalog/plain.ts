import { Decimal, decimalText } from '../kernel';

/** A value as JSON keeps it: every decimal as its text. */
export type Plain<T> = T extends Decimal
  ? string
  : T extends readonly (infer U)[]
    ? Plain<U>[]
    : T extends object
      ? { [K in keyof T]: Plain<T[K]> }
      : T;

/**
 * A definition as it is stored and answered: decimals as text, digit for digit, and nothing for what is undefined. Keys
 * stay in the order they have, which for what a schema has read is the schema's.
 */
export function toPlain<T>(value: T): Plain<T> {
  return plainOf(value) as Plain<T>;
}

function plainOf(value: unknown): unknown {
  if (value instanceof Decimal) return decimalText(value);
  if (Array.isArray(value)) return value.map(plainOf);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(entries.map(([key, field]) => [key, plainOf(field)]));
}
