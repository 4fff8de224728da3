import { formatMicros, type Micros } from '../../../kernel';
import { canonicalJson, hashParts } from '../../../loops/domain';
import {
  ATTRIBUTION,
  CALL,
  COST_AMOUNT,
  COST_CURRENCY,
  COUNT_USAGE,
  DATA_PREFIX,
  FURTHER,
  PROVIDER,
  REQUEST_MODEL,
  RESPONSE_MODEL,
  SERVICE,
  TRACELOOP_ENTITY,
} from './attributes';
import { isModelCall, isSumOfOthers, operationOf } from './operation';
import { providerName } from './provider';
import { kindOf, readAny, readName, readText, RefusedSpanError } from './read-attribute';
import { type AttributeValue, type Attributes, OTHER_VALUE, type Span } from './span';
import { canBePriced, hasTokens, readTokens } from './token-usage';

/** All events from spans: a span's ids are enough to tell it from every other. */
export const SPAN_SOURCE = 'otel';

/** What a span is to metering. */
export type SpanReading =
  /** Nothing that is metered. */
  | { readonly status: 'ignored' }
  /** It should be metered and can't. */
  | { readonly status: 'refused'; readonly detail: string }
  | {
      readonly status: 'event';
      /** As `POST /v1/events` takes it. */
      readonly event: Readonly<Record<string, unknown>>;
      /** Whether its tokens were counted as those of one request to a model. */
      readonly countsTokens: boolean;
      /** What its sender should know although it is stored. */
      readonly warning: string | null;
    };

const IGNORED: SpanReading = Object.freeze({ status: 'ignored' });
const TRACE_ID = /^[0-9a-f]{32}$/;
const SPAN_ID = /^[0-9a-f]{16}$/;
const ZEROS = /^0*$/;
/** The first microsecond of the year 2200; event times end before it. */
const TIME_END: Micros = Date.UTC(2200, 0) * 1_000;
const LARGEST_EXACT = 999_999_999_999_999n;

/** `error.type` where the conventions have the status of the answer there. */
const HTTP_ERROR = /^[45]\d\d$/;
/** So that costing sees that somebody's model was asked, where the span names neither provider nor model. */
const UNKNOWN_PROVIDER = 'unknown';

type Data = [name: string, value: unknown][];

/**
 * Turns a span into an event. A span of the GenAI conventions becomes one whose type is `gen_ai.` and its operation;
 * any other is ignored. Only a request to a model carries token counts in its event, so that the sums which agents and
 * workflows report on top of their calls are not counted a second time.
 *
 * @param resource attributes of what made the span; they count where the span itself says nothing
 * @param scope    name of the library that made the span
 */
export function readSpan(span: Span, resource: Attributes, scope: string): SpanReading {
  try {
    const operation = operationOf(span.attributes);
    return operation === null ? IGNORED : spanEvent(span, operation, resource, scope);
  } catch (error) {
    if (error instanceof RefusedSpanError) return { status: 'refused', detail: error.message };
    throw error;
  }
}

function spanEvent(span: Span, operation: string, resource: Attributes, scope: string): SpanReading {
  const { attributes } = span;
  checkId('traceId', span.traceId, TRACE_ID);
  checkId('spanId', span.spanId, SPAN_ID);
  const time = endTime(span.endNanos);
  const { usage, countsTokens, warning } = usageOf(span, operation);

  const data: Data = [
    ...modelData(attributes),
    ...usage,
    ...toolData(attributes, operation),
    ...callData(attributes, operation),
    ...(span.failed ? [['error', true] as [string, unknown]] : []),
    ...durationData(span),
    ...textData('service', readName(resource, [SERVICE])),
    ...textData('scope', scope),
    ...textData('parent_span_id', ZEROS.test(span.parentSpanId) ? null : span.parentSpanId),
    // The sender's own fields come last: what somebody says on purpose counts.
    ...ownData(resource),
    ...ownData(attributes),
  ];
  const event = {
    id: `${span.traceId}-${span.spanId}`,
    source: SPAN_SOURCE,
    type: `gen_ai.${operation}`,
    time: formatMicros(time),
    ...attributionOf(attributes, resource, operation),
    ...costOf(attributes),
    data: Object.fromEntries(data),
  };
  return { status: 'event', event, countsTokens, warning };
}

function checkId(field: string, id: string, form: RegExp): void {
  if (id === '') throw new RefusedSpanError(`${field} is missing`);
  if (!form.test(id))
    throw new RefusedSpanError(`${field} has ${id.length / 2} bytes, not ${field === 'traceId' ? 16 : 8}`);
  if (ZEROS.test(id)) throw new RefusedSpanError(`${field} is all zeros, which no span has`);
}

/** A span's tokens are known when it ends, so that is when they were used. What is finer than a microsecond is dropped. */
function endTime(nanos: bigint): Micros {
  if (nanos === 0n) throw new RefusedSpanError('endTimeUnixNano is missing: a span is sent when it has ended');
  const micros = Number(nanos / 1_000n);
  if (micros < TIME_END) return micros;
  throw new RefusedSpanError(
    `endTimeUnixNano is ${nanos.toString()}, which is after the year 2199 (nanoseconds are expected)`,
  );
}

/**
 * The span's token counts, where they are its own. Those of others stay visible, where nothing counts them. A request to
 * a model that doesn't say its tokens is still a request: counted as one, its cost is that of one where the model is
 * charged so, and else pending, since nobody knows what it used.
 */
function usageOf(span: Span, operation: string): { usage: Data; countsTokens: boolean; warning: string | null } {
  const said = readAny(span.attributes, [COUNT_USAGE]);
  if (said !== null && typeof said.value !== 'boolean') {
    throw new RefusedSpanError(`${COUNT_USAGE} must be true or false, not ${kindOf(said.value)}`);
  }
  const counts = (said?.value as boolean | undefined) ?? isModelCall(operation);
  const tokens = readTokens(span.attributes, operation === 'embeddings');
  if (!counts) {
    if (!hasTokens(span.attributes)) return { usage: [], countsTokens: false, warning: null };
    const isExpected = said !== null || isSumOfOthers(operation);
    const warning = `its tokens are not counted, because the operation '${operation}' is not known to be a request to a model; ${COUNT_USAGE} = true counts them`;
    return { usage: [['not_counted', tokens]], countsTokens: false, warning: isExpected ? null : warning };
  }
  const usage: Data = Object.entries(tokens);
  if (canBePriced(tokens)) return { usage, countsTokens: true, warning: null };
  if (wasTurnedAway(span)) return { usage, countsTokens: false, warning: null };
  if (modelData(span.attributes).length === 0) usage.push(['provider', UNKNOWN_PROVIDER]);
  usage.push(['requests', 1]);
  // Exporters log what they are told: a failure is no news to the sender, and rankings are rarely paid by the token.
  const isExpected = span.failed || operation === 'rerank' || readAny(span.attributes, [COST_AMOUNT]) !== null;
  const warning =
    'it is a request to a model without input or output tokens: unless the model is charged by the request, its cost is pending';
  return { usage, countsTokens: false, warning: isExpected ? null : warning };
}

/** Whether the provider answered with an error instead of a model's words: nobody charges for that. */
function wasTurnedAway({ failed, attributes }: Span): boolean {
  return failed && HTTP_ERROR.test(readName(attributes, FURTHER.error_type) ?? '');
}

/** The model that answered, which is the one that is paid for; the one asked for where that is all there is. */
function modelData(attributes: Attributes): Data {
  const provider = readText(attributes, PROVIDER)?.value;
  const requested = readText(attributes, REQUEST_MODEL)?.value;
  const model = readText(attributes, RESPONSE_MODEL)?.value ?? requested;
  return [
    ...textData('provider', provider === undefined ? null : providerName(provider)),
    ...textData('model', model),
    ...textData('request_model', requested === model ? null : requested),
  ];
}

function toolData(attributes: Attributes, operation: string): Data {
  const tools = operation === 'execute_tool' ? [...FURTHER.tool, TRACELOOP_ENTITY] : FURTHER.tool;
  return [
    ...textData('tool', readName(attributes, tools)),
    ...textData('tool_call_id', readName(attributes, FURTHER.tool_call_id)),
    ...textData('response_id', readName(attributes, FURTHER.response_id)),
    ...textData('error_type', readName(attributes, FURTHER.error_type)),
  ];
}

/** Texts are never kept, and what is no text is passed over: the conventions have JSON here. */
function callData(attributes: Attributes, operation: string): Data {
  if (operation !== 'execute_tool') return [];
  return Object.entries(CALL).flatMap(([name, known]) => {
    const said = readAny(attributes, known)?.value;
    return typeof said === 'string' ? textData(name, hashParts(canonicalJson(said))) : [];
  });
}

/** In milliseconds, to the microsecond. Left out where the span began after it ended, as clocks that are set back have it. */
function durationData({ startNanos, endNanos }: Span): Data {
  if (startNanos === 0n || startNanos > endNanos) return [];
  return [['duration_ms', Number((endNanos - startNanos) / 1_000n) / 1_000]];
}

/** Who and what for. All that the span says comes before anything its resource says, which speaks for many spans. */
function attributionOf(attributes: Attributes, resource: Attributes, operation: string): Record<string, string> {
  const attribution: Record<string, string> = {};
  for (const [field, known] of Object.entries(ATTRIBUTION)) {
    // OpenLLMetry's decorators name whatever they decorate in one attribute.
    const names = field === 'agent' && operation === 'invoke_agent' ? [...known, TRACELOOP_ENTITY] : known;
    const value = readName(attributes, names) ?? readName(resource, names);
    if (value !== null) attribution[field] = value;
    else if (field === 'customer') {
      throw new RefusedSpanError(`no customer: set weir.customer on the span or on its resource`);
    }
  }
  return attribution;
}

function costOf(attributes: Attributes): { cost?: { amount: unknown; currency: unknown } } {
  const amount = readAny(attributes, [COST_AMOUNT]);
  const currency = readText(attributes, [COST_CURRENCY]);
  if (amount === null && currency === null) return {};
  if (amount === null) throw new RefusedSpanError(`${COST_CURRENCY} is there without ${COST_AMOUNT}`);
  if (currency === null) throw new RefusedSpanError(`${COST_AMOUNT} is there without ${COST_CURRENCY}`);
  const { value } = amount;
  if (value === OTHER_VALUE || typeof value === 'boolean') {
    throw new RefusedSpanError(`${COST_AMOUNT} must be a decimal such as "0.0125", not ${kindOf(value)}`);
  }
  return { cost: { amount: typeof value === 'bigint' ? value.toString() : value, currency: currency.value } };
}

/** Fields of the sender's own, for meters to filter, group and sum by. */
function ownData(attributes: Attributes): Data {
  const data: Data = [];
  for (const [name, value] of attributes) {
    if (name.startsWith(DATA_PREFIX) && name !== DATA_PREFIX && value !== null) {
      data.push([name.slice(DATA_PREFIX.length), jsonValue(name, value)]);
    }
  }
  return data;
}

function jsonValue(name: string, value: Exclude<AttributeValue, null>): unknown {
  if (value === OTHER_VALUE)
    throw new RefusedSpanError(`${name} must be a string, a boolean or a number, not ${kindOf(value)}`);
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new RefusedSpanError(`${name} is ${value}, which JSON has no number for`);
  if (typeof value !== 'bigint') return value;
  // Past what a double holds an integer is its digits, as everywhere in an event's data.
  return value <= LARGEST_EXACT && value >= -LARGEST_EXACT ? Number(value) : value.toString();
}

function textData(name: string, value: string | null | undefined): Data {
  return value === null || value === undefined || value === '' ? [] : [[name, value]];
}
