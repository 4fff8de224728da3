import { parse } from 'protobufjs';

/**
 * OTLP's own definition of what an export of spans is, compiled by protobufjs: an encoder that knows nothing of ours.
 * All fields of a span are in it, also those that nothing of ours reads.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto
 */
const DEFINITION = `
  syntax = "proto3";
  message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
  message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
  message ScopeSpans { Scope scope = 1; repeated Span spans = 2; string schema_url = 3; }
  message Scope {
    string name = 1; string version = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4;
  }
  message Span {
    bytes trace_id = 1;
    bytes span_id = 2;
    string trace_state = 3;
    bytes parent_span_id = 4;
    string name = 5;
    int32 kind = 6;
    fixed64 start_time_unix_nano = 7;
    fixed64 end_time_unix_nano = 8;
    repeated KeyValue attributes = 9;
    uint32 dropped_attributes_count = 10;
    repeated Event events = 11;
    uint32 dropped_events_count = 12;
    repeated Link links = 13;
    uint32 dropped_links_count = 14;
    Status status = 15;
    fixed32 flags = 16;
  }
  message Event {
    fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4;
  }
  message Link {
    bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; repeated KeyValue attributes = 4; fixed32 flags = 6;
  }
  message Status { string message = 2; int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue {
    oneof value {
      string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
      ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7;
    }
  }
  message ArrayValue { repeated AnyValue values = 1; }
  message KeyValueList { repeated KeyValue values = 1; }

  message ExportTraceServiceResponse { ExportTracePartialSuccess partial_success = 1; }
  message ExportTracePartialSuccess { int64 rejected_spans = 1; string error_message = 2; }
  message RpcStatus { int32 code = 1; string message = 2; repeated Any details = 3; }
  message Any { string type_url = 1; bytes value = 2; }
  message BadRequest { repeated FieldViolation field_violations = 1; }
  message FieldViolation { string field = 1; string description = 2; }
`;

const { root } = parse(DEFINITION);

export type AnyValue =
  | { stringValue: string }
  | { boolValue: boolean }
  | { intValue: string | number }
  | { doubleValue: number | 'NaN' | 'Infinity' | '-Infinity' }
  | { arrayValue: object }
  | { kvlistValue: object }
  | { bytesValue: string }
  | Record<string, never>;

export interface JsonSpan {
  readonly traceId?: string;
  readonly spanId?: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano?: string | number;
  readonly endTimeUnixNano?: string | number;
  readonly attributes?: readonly { key: string; value: AnyValue }[];
  readonly status?: { code?: number; message?: string };
  readonly [further: string]: unknown;
}

/** An export in OTLP's JSON. */
export interface JsonExport {
  readonly resourceSpans: readonly {
    readonly resource?: { readonly attributes?: readonly { key: string; value: AnyValue }[] };
    readonly scopeSpans: readonly { readonly scope?: { name: string }; readonly spans: readonly JsonSpan[] }[];
  }[];
}

/** An attribute list, from the values as an application sets them. */
export function attributesOf(values: Readonly<Record<string, unknown>>): { key: string; value: AnyValue }[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: unknown): AnyValue {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (typeof value === 'bigint') return { intValue: value.toString() };
  if (value === null) return {};
  return { arrayValue: { values: (value as unknown[]).map(anyValue) } };
}

/** An export of spans that share a resource. */
export function exportOf(spans: readonly JsonSpan[], resource: Readonly<Record<string, unknown>> = {}): JsonExport {
  return {
    resourceSpans: [
      { resource: { attributes: attributesOf(resource) }, scopeSpans: [{ scope: { name: 'a-library' }, spans }] },
    ],
  };
}

/** The same export in Protobuf: ids, which JSON has in hexadecimal, are bytes there. */
export function toProtobuf(json: JsonExport): Buffer {
  const bytes = JSON.parse(JSON.stringify(json), (key, value: unknown) => {
    if (/^(trace|span|parentSpan)Id$/.test(key)) return Buffer.from(value as string, 'hex').toString('base64');
    return typeof value === 'string' && key === 'doubleValue' ? Number(value) : value;
  }) as object;
  const type = root.lookupType('ExportTraceServiceRequest');
  return Buffer.from(type.encode(type.fromObject(bytes)).finish());
}

/** A message of an answer, as plain values; 64-bit integers are strings. */
export function fromProtobuf(type: string, bytes: Uint8Array): Record<string, unknown> {
  const found = root.lookupType(type);
  return found.toObject(found.decode(bytes), { longs: String });
}
