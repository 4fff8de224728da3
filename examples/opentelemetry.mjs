// An application that traces its GenAI calls with OpenTelemetry, and exports them to Weir: nothing here is Weir's but
// the address, the key, and the name of the customer.
//
//   npm i @opentelemetry/{api,resources,sdk-trace-base,exporter-trace-otlp-proto}
//   WEIR=http://127.0.0.1:8787 KEY=weir_… node examples/opentelemetry.mjs
import { context, SpanKind, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';

const { WEIR = 'http://127.0.0.1:8787', KEY } = process.env;
const headers = { authorization: `Bearer ${KEY}` };

const provider = new BasicTracerProvider({
  resource: resourceFromAttributes({ 'service.name': 'support-desk' }),
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url: `${WEIR}/v1/traces`, headers }))],
});
const tracer = provider.getTracer('support-desk');

// What instrumented libraries do by themselves: an agent's span, and one for each request to a model within it.
// The agent sums up its requests; Weir counts each token once, where it was used.
const agent = tracer.startSpan('invoke_agent triage', {
  attributes: {
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.agent.name': 'triage',
    'gen_ai.usage.input_tokens': 1155,
    'gen_ai.usage.output_tokens': 211,
    'weir.customer': 'acme',
  },
});
const chat = tracer.startSpan(
  'chat gpt-4o',
  {
    kind: SpanKind.CLIENT,
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.response.model': 'gpt-4o-2024-08-06',
      'gen_ai.usage.input_tokens': 1155,
      'gen_ai.usage.output_tokens': 211,
      'weir.customer': 'acme',
      'weir.feature': 'support',
      'weir.task': 'ticket-4711',
    },
  },
  trace.setSpan(context.active(), agent),
);
chat.end();
agent.end();
// Sends what is still waiting in the batch.
await provider.shutdown();

for (const span of [agent, chat]) {
  const { traceId, spanId } = span.spanContext();
  const event = await (await fetch(`${WEIR}/v1/events/${traceId}-${spanId}?source=otel`, { headers })).json();
  console.log(`${event.type}: ${event.cost.amount ?? 'no cost of its own'}`);
}
