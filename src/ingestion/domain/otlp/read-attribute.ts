import { type Attributes, type AttributeValue, OTHER_VALUE } from './span';

/** Why a span can't be metered. It is caught where the span is read and never seen outside. */
export class RefusedSpanError extends Error {}

export interface Found<Value> {
  /** The attribute it was found in, for messages. */
  readonly name: string;
  readonly value: Value;
}

/** The first of the attributes that the span has. One that was left empty is one that it doesn't have. */
export function readAny(attributes: Attributes, names: readonly string[]): Found<Exclude<AttributeValue, null>> | null {
  for (const name of names) {
    const value = attributes.get(name);
    if (value !== undefined && value !== null && value !== '') return { name, value };
  }
  return null;
}

export function hasAny(attributes: Attributes, names: readonly string[]): boolean {
  return readAny(attributes, names) !== null;
}

/** A text. @throws RefusedSpanError when it is something else */
export function readText(attributes: Attributes, names: readonly string[]): Found<string> | null {
  const found = readAny(attributes, names);
  if (found === null) return null;
  if (typeof found.value === 'string') return { name: found.name, value: found.value };
  throw new RefusedSpanError(`${found.name} must be a string, not ${kindOf(found.value)}`);
}

/** A name, which may be a number where its owner counts. @throws RefusedSpanError when it is something else */
export function readName(attributes: Attributes, names: readonly string[]): string | null {
  const found = readAny(attributes, names);
  if (found === null) return null;
  if (typeof found.value === 'string') return found.value;
  if (typeof found.value === 'bigint') return found.value.toString();
  throw new RefusedSpanError(`${found.name} must be a string or an integer, not ${kindOf(found.value)}`);
}

export function kindOf(value: Exclude<AttributeValue, null>): string {
  if (value === OTHER_VALUE) return 'a list, a map or bytes';
  if (typeof value === 'bigint') return 'an integer';
  return typeof value === 'number' ? 'a double' : `a ${typeof value}`;
}
