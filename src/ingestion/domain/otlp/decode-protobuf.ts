import { isReadAttribute } from './attributes';
import { type AttributeValue, OTHER_VALUE, type Span, type SpanGroup } from './span';
import { WIRE, WireReader } from './wire';

const EMPTY: Buffer = Buffer.alloc(0);
const STATUS_ERROR = 2n;

/**
 * Decodes an ExportTraceServiceRequest, of each span only what metering reads. The field numbers are those of
 * opentelemetry/proto/collector/trace/v1 and trace/v1, which never change.
 *
 * @throws MalformedExportError when the bytes are not Protobuf
 */
export function decodeProtobufExport(bytes: Buffer): SpanGroup[] {
  const groups: SpanGroup[] = [];
  const request = new WireReader(bytes);
  while (request.next()) {
    if (request.is(1, WIRE.bytes)) readResourceSpans(request.message(), groups);
    else request.skip();
  }
  return groups;
}

function readResourceSpans(message: WireReader, groups: SpanGroup[]): void {
  const resource = new Map<string, AttributeValue>();
  while (message.next()) {
    if (message.is(1, WIRE.bytes)) readResource(message.message(), resource);
    // A resource may follow its spans: the map is filled when all is read.
    else if (message.is(2, WIRE.bytes)) groups.push(readScopeSpans(message.message(), resource));
    else message.skip();
  }
}

function readResource(message: WireReader, resource: Map<string, AttributeValue>): void {
  while (message.next()) {
    if (message.is(1, WIRE.bytes)) readAttribute(message.message(), resource);
    else message.skip();
  }
}

function readScopeSpans(message: WireReader, resource: ReadonlyMap<string, AttributeValue>): SpanGroup {
  let scope = '';
  const spans: Span[] = [];
  while (message.next()) {
    if (message.is(1, WIRE.bytes)) scope = readScopeName(message.message()) ?? scope;
    else if (message.is(2, WIRE.bytes)) spans.push(readSpan(message.message()));
    else message.skip();
  }
  return { resource, scope, spans };
}

function readScopeName(message: WireReader): string | null {
  let name: string | null = null;
  while (message.next()) {
    if (message.is(1, WIRE.bytes)) name = message.string();
    else message.skip();
  }
  return name;
}

function readSpan(message: WireReader): Span {
  let traceId = EMPTY;
  let spanId = EMPTY;
  let parentSpanId = EMPTY;
  let startNanos = 0n;
  let endNanos = 0n;
  let status = 0n;
  const attributes = new Map<string, AttributeValue>();
  while (message.next()) {
    if (message.is(1, WIRE.bytes)) traceId = message.chunk();
    else if (message.is(2, WIRE.bytes)) spanId = message.chunk();
    else if (message.is(4, WIRE.bytes)) parentSpanId = message.chunk();
    else if (message.is(7, WIRE.fixed64)) startNanos = message.fixed64();
    else if (message.is(8, WIRE.fixed64)) endNanos = message.fixed64();
    else if (message.is(9, WIRE.bytes)) readAttribute(message.message(), attributes);
    else if (message.is(15, WIRE.bytes)) status = readStatus(message.message()) ?? status;
    else message.skip();
  }
  return {
    traceId: traceId.toString('hex'),
    spanId: spanId.toString('hex'),
    parentSpanId: parentSpanId.toString('hex'),
    startNanos,
    endNanos,
    attributes,
    failed: status === STATUS_ERROR,
  };
}

/** The status' code; null when it says none. */
function readStatus(message: WireReader): bigint | null {
  let code: bigint | null = null;
  while (message.next()) {
    if (message.is(3, WIRE.varint)) code = message.varint();
    else message.skip();
  }
  return code;
}

function readAttribute(message: WireReader, attributes: Map<string, AttributeValue>): void {
  let key = '';
  let value: WireReader | null = null;
  while (message.next()) {
    if (message.is(1, WIRE.bytes)) key = message.string();
    else if (message.is(2, WIRE.bytes)) value = message.message();
    else message.skip();
  }
  // A prompt of a megabyte is passed over without being looked at.
  if (isReadAttribute(key)) attributes.set(key, value === null ? null : readValue(value));
}

/** The value that is set last, as for every oneof. */
function readValue(message: WireReader): AttributeValue {
  let value: AttributeValue = null;
  while (message.next()) {
    if (message.is(1, WIRE.bytes)) value = message.string();
    else if (message.is(2, WIRE.varint)) value = message.varint() !== 0n;
    else if (message.is(3, WIRE.varint)) value = BigInt.asIntN(64, message.varint());
    else if (message.is(4, WIRE.fixed64)) value = message.double();
    else if (message.is(5, WIRE.bytes) || message.is(6, WIRE.bytes) || message.is(7, WIRE.bytes)) {
      message.skip();
      value = OTHER_VALUE;
    } else message.skip();
  }
  return value;
}
