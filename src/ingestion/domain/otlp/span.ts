/** An attribute's value of a kind that nothing here reads: bytes, a list, or a map. */
export const OTHER_VALUE = Symbol('a list, a map or bytes');

/** An attribute's value: a string, boolean, integer or double. Null is a value that was left empty. */
export type AttributeValue = string | boolean | bigint | number | typeof OTHER_VALUE | null;

export type Attributes = ReadonlyMap<string, AttributeValue>;

/** A span, decoded, with as much of it as metering reads. Nothing about its content is checked yet. */
export interface Span {
  /** In hexadecimal, lower case. Sixteen bytes where all is well; empty when there is none. */
  readonly traceId: string;
  /** Eight bytes where all is well. */
  readonly spanId: string;
  /** Empty for the first span of a trace. */
  readonly parentSpanId: string;
  /** Nanoseconds since 1970; zero when there is none. */
  readonly startNanos: bigint;
  readonly endNanos: bigint;
  /** Only those that `isReadAttribute` knows. */
  readonly attributes: Attributes;
  readonly failed: boolean;
}

/** A span that has a field of the wrong type. The others around it are fine. */
export interface MalformedSpan {
  /** As it was sent, for the message; null when it has none. */
  readonly spanId: string | null;
  readonly problem: string;
}

/** Spans that share a resource and the library that made them. */
export interface SpanGroup {
  readonly resource: Attributes;
  /** Name of the instrumentation library; empty when it has none. */
  readonly scope: string;
  readonly spans: readonly (Span | MalformedSpan)[];
}

export function isMalformed(span: Span | MalformedSpan): span is MalformedSpan {
  return 'problem' in span;
}
