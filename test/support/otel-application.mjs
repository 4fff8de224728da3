/**
 * An application with OpenTelemetry as its packages come from npm, in a process of its own as applications are (jest
 * would compile the packages anew). It records an agent that asks a model, runs a tool and asks another model, and
 * exports the spans twice, as an exporter does that never heard the first answer.
 *
 * Environment: WEIR, KEY, ENCODING (json or protobuf), RESOURCE (attributes, as JSON), SPAN (attributes of the
 * first request to a model, over its own, as JSON), COMPRESSION. Prints what the exports came to, what the SDK logged,
 * and the spans' ids.
 */
import { context, diag, DiagLogLevel, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';

const { WEIR, KEY, ENCODING, COMPRESSION = 'none', RESOURCE = '{}', SPAN = '{}' } = process.env;

const logged = [];
const log = (...parts) => logged.push(parts.join(' '));
diag.setLogger({ error: log, warn: log, info() {}, debug() {}, verbose() {} }, DiagLogLevel.WARN);

const memory = new InMemorySpanExporter();
const provider = new BasicTracerProvider({
  resource: resourceFromAttributes(JSON.parse(RESOURCE)),
  spanProcessors: [new SimpleSpanProcessor(memory)],
});
const tracer = provider.getTracer('an-instrumentation');
const start = (name, attributes, within = context.active()) =>
  tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, within);

const agent = start('agent', {
  'gen_ai.operation.name': 'invoke_agent',
  'gen_ai.agent.name': 'researcher',
  'gen_ai.usage.input_tokens': 3_155,
  'gen_ai.usage.output_tokens': 311,
});
const within = trace.setSpan(context.active(), agent);
start(
  'first',
  {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'gpt-4o',
    'gen_ai.response.model': 'gpt-4o-2024-08-06',
    'gen_ai.usage.input_tokens': 1_155,
    'gen_ai.usage.output_tokens': 211,
    'gen_ai.conversation.id': 'conversation-1',
    'gen_ai.input.messages': JSON.stringify([{ role: 'user', parts: ['x'.repeat(100_000)] }]),
    'weir.feature': 'research',
    ...JSON.parse(SPAN),
  },
  within,
).end();
const tool = start(
  'tool',
  { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'search', 'gen_ai.tool.call.id': 'call-1' },
  within,
);
tool.setStatus({ code: SpanStatusCode.ERROR, message: 'nothing found' });
tool.end();
start('http', { 'http.request.method': 'GET' }, within).end();
start(
  'second',
  {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'anthropic',
    'gen_ai.response.model': 'claude-sonnet-4-5',
    'gen_ai.usage.input_tokens': 2_000,
    'gen_ai.usage.cache_read.input_tokens': 1_500,
    'gen_ai.usage.output_tokens': 100,
  },
  within,
).end();
agent.end();

const Exporter = ENCODING === 'protobuf' ? ProtobufExporter : JsonExporter;
const exporter = new Exporter({
  url: `${WEIR}/v1/traces`,
  headers: { authorization: `Bearer ${KEY}` },
  compression: COMPRESSION,
});
const spans = memory.getFinishedSpans();
const results = [];
for (let times = 0; times < 2; times += 1) {
  const { code, error } = await new Promise((resolve) => exporter.export(spans, resolve));
  results.push(error === undefined ? { code } : { code, error: `${error.name} ${error.code}: ${error.message}` });
}
await exporter.shutdown();
const ids = spans.map((span) => [span.name, `${span.spanContext().traceId}-${span.spanContext().spanId}`]);
console.log(JSON.stringify({ results, logged, ids: Object.fromEntries(ids) }));
