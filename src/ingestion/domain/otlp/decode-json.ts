import { isReadAttribute } from './attributes';
import { MalformedExportError } from './malformed-export';
import { type AttributeValue, type MalformedSpan, OTHER_VALUE, type Span, type SpanGroup } from './span';

type Fields = Readonly<Record<string, unknown>>;

const UINT64_MAX = 2n ** 64n - 1n;
const INT64_MAX = 2n ** 63n - 1n;
const HEX = /^[0-9a-fA-F]*$/;
const DIGITS = /^-?\d+$/;
const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** How JSON, which has no number for them, says what doubles can be. */
const NOT_FINITE: ReadonlyMap<string, number> = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);
const STATUS_CODES: readonly unknown[] = ['STATUS_CODE_UNSET', 'STATUS_CODE_OK', 'STATUS_CODE_ERROR'];
const STATUS_ERROR = 2;
/** The fields of a value that nothing here reads. */
const OTHER_VALUES = ['arrayValue', 'kvlistValue', 'bytesValue'] as const;

/** Carries what is wrong with a span out of its fields; it is caught where the span is read and never seen outside. */
class Malformed extends Error {
  constructor(
    readonly field: string,
    readonly detail: string,
  ) {
    super(detail);
  }
}

/**
 * Decodes an ExportTraceServiceRequest from OTLP's JSON, of each span only what metering reads. That JSON is Protobuf's
 * own, except that ids are hexadecimal: 64-bit integers are strings or numbers, null is a field left out, and fields
 * that nobody knows are passed over. Enums are numbers; their names, which Protobuf's own JSON has, are taken as well.
 *
 * @param body what `parseJson` made of the body: a number that a double can't hold is a string of its digits there
 * @returns    the spans; one that has a field of the wrong type is among them as malformed
 * @throws     MalformedExportError when it is not clear what the spans are, or whose
 */
export function decodeJsonExport(body: unknown): SpanGroup[] {
  try {
    return listOf(objectOf(body, 'body'), 'resourceSpans', '').flatMap(readResourceSpans);
  } catch (error) {
    if (error instanceof Malformed) throw new MalformedExportError(error.field, error.detail);
    throw error;
  }
}

function readResourceSpans(value: unknown, index: number): SpanGroup[] {
  const path = `resourceSpans[${index}]`;
  const fields = objectOf(value, path);
  const resourceField = `${path}.resource`;
  const resource = readAttributes(maybeObject(fields['resource'], resourceField), resourceField);
  return listOf(fields, 'scopeSpans', path).map((each, at) =>
    readScopeSpans(each, `${path}.scopeSpans[${at}]`, resource),
  );
}

function readScopeSpans(value: unknown, path: string, resource: ReadonlyMap<string, AttributeValue>): SpanGroup {
  const fields = objectOf(value, path);
  const scope = textOf(maybeObject(fields['scope'], `${path}.scope`), 'name', `${path}.scope`);
  return {
    resource,
    scope,
    spans: listOf(fields, 'spans', path).map((span, at) => readSpan(span, `${path}.spans[${at}]`)),
  };
}

function readSpan(value: unknown, path: string): Span | MalformedSpan {
  const fields = objectOf(value, path);
  try {
    return {
      traceId: hexOf(fields, 'traceId'),
      spanId: hexOf(fields, 'spanId'),
      parentSpanId: hexOf(fields, 'parentSpanId'),
      startNanos: nanosOf(fields, 'startTimeUnixNano'),
      endNanos: nanosOf(fields, 'endTimeUnixNano'),
      attributes: readAttributes(fields, ''),
      failed: hasFailed(maybeObject(fields['status'], 'status')),
    };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    const { spanId } = fields;
    return {
      spanId: typeof spanId === 'string' ? spanId : null,
      problem: `${error.field} ${error.detail}`,
    };
  }
}

function hasFailed(status: Fields): boolean {
  const { code } = status;
  if (isAbsent(code)) return false;
  const named = STATUS_CODES.indexOf(code);
  const number = named >= 0 ? named : integerOf(code, 'status.code');
  return Number(number) === STATUS_ERROR;
}

function readAttributes(fields: Fields, path: string): Map<string, AttributeValue> {
  const attributes = new Map<string, AttributeValue>();
  const list = listOf(fields, 'attributes', path);
  for (let index = 0; index < list.length; index += 1) {
    const at = `${path === '' ? '' : `${path}.`}attributes[${index}]`;
    const attribute = objectOf(list[index], at);
    const key = textOf(attribute, 'key', at);
    if (isReadAttribute(key)) attributes.set(key, valueOf(maybeObject(attribute['value'], `${at}.value`), key));
  }
  return attributes;
}

function valueOf(value: Fields, key: string): AttributeValue {
  const { stringValue, boolValue, intValue, doubleValue } = value;
  if (!isAbsent(stringValue)) {
    if (typeof stringValue === 'string') return stringValue;
    throw new Malformed(key, 'has a stringValue that is not a string');
  }
  if (!isAbsent(boolValue)) {
    if (typeof boolValue === 'boolean') return boolValue;
    throw new Malformed(key, 'has a boolValue that is not true or false');
  }
  if (!isAbsent(intValue)) {
    const integer = integerOf(intValue, key);
    if (integer > INT64_MAX || integer < -INT64_MAX - 1n)
      throw new Malformed(key, 'has an intValue of more than 64 bits');
    return integer;
  }
  if (!isAbsent(doubleValue)) return doubleOf(doubleValue, key);
  return OTHER_VALUES.some((field) => !isAbsent(value[field])) ? OTHER_VALUE : null;
}

function doubleOf(value: unknown, key: string): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string') {
    if (NOT_FINITE.has(value)) return NOT_FINITE.get(value)!;
    if (NUMBER.test(value)) return Number(value);
  }
  throw new Malformed(key, 'has a doubleValue that is not a number');
}

/** Protobuf takes `5`, `"5"` and, since JSON numbers are what they are, `5.0` and `5e0`. */
function integerOf(value: unknown, field: string): bigint {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text === 'string' && text.length <= 40) {
    if (DIGITS.test(text)) return BigInt(text);
    if (NUMBER.test(text) && Number.isSafeInteger(Number(text))) return BigInt(Number(text));
  }
  throw new Malformed(field, 'is not an integer');
}

function nanosOf(fields: Fields, field: string): bigint {
  const value = fields[field];
  if (isAbsent(value)) return 0n;
  const nanos = integerOf(value, field);
  if (nanos < 0n || nanos > UINT64_MAX) throw new Malformed(field, 'is not a time in nanoseconds since 1970');
  return nanos;
}

function hexOf(fields: Fields, field: string): string {
  const value = textOf(fields, field, '');
  if (!HEX.test(value) || value.length % 2 !== 0) throw new Malformed(field, 'is not hexadecimal');
  return value.toLowerCase();
}

function textOf(fields: Fields, field: string, path: string): string {
  const value = fields[field];
  if (isAbsent(value)) return '';
  if (typeof value === 'string') return value;
  throw new Malformed(path === '' ? field : `${path}.${field}`, 'is not a string');
}

function listOf(fields: Fields, field: string, path: string): readonly unknown[] {
  const value = fields[field];
  if (isAbsent(value)) return [];
  if (Array.isArray(value)) return value;
  throw new Malformed(path === '' ? field : `${path}.${field}`, 'is not a list');
}

function maybeObject(value: unknown, field: string): Fields {
  return isAbsent(value) ? {} : objectOf(value, field);
}

function objectOf(value: unknown, field: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new Malformed(field, 'is not an object');
}

function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}
