import { type AnyValue, attributesOf, exportOf } from '../../../../test/support/otlp';
import { isEventProblem, parseEvent } from '../../../events/domain';
import { decodeJsonExport } from './decode-json';
import { isMalformed } from './span';
import { readSpan, type SpanReading } from './span-event';

type Values = Readonly<Record<string, unknown>>;

const IDS = { traceId: '5b8efff798038103d269b633813fc60c', spanId: 'eee19b7ec3c1b174' };
const TIMES = { startTimeUnixNano: '1795252980000000999', endTimeUnixNano: '1795252981250001999' };
const CUSTOMER = { 'weir.customer': 'acme' };
const CHAT = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'openai',
  'gen_ai.request.model': 'gpt-4o',
  ...CUSTOMER,
};
const IN_OUT = { 'gen_ai.usage.input_tokens': 100, 'gen_ai.usage.output_tokens': 20 };

function read(attributes: Values, more: Values = {}, resource: Values = {}): SpanReading {
  return readList(attributesOf(attributes), more, resource);
}

function readList(list: { key: string; value: AnyValue }[], more: Values = {}, resource: Values = {}): SpanReading {
  const json = exportOf([{ ...IDS, ...TIMES, ...more, attributes: list }], resource);
  const [group] = decodeJsonExport(JSON.parse(JSON.stringify(json)));
  const [span] = group!.spans;
  if (isMalformed(span!)) throw new Error(span.problem);
  return readSpan(span!, group!.resource, group!.scope);
}

/** The event of a span, which `POST /v1/events` would take as it is. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what is expected of it is the check
function eventOf(attributes: Values, more: Values = {}, resource: Values = {}): any {
  const reading = read(attributes, more, resource);
  if (reading.status !== 'event') throw new Error(JSON.stringify(reading));
  const parsed = parseEvent(reading.event);
  if (isEventProblem(parsed)) throw new Error(`${parsed.field} ${parsed.detail}`);
  return reading.event;
}

const dataOf = (attributes: Values, more?: Values, resource?: Values) => eventOf(attributes, more, resource).data;

function refusalOf(attributes: Values, more: Values = {}): string {
  const reading = read(attributes, more);
  return reading.status === 'refused' ? reading.detail : `not refused: ${JSON.stringify(reading)}`;
}

it('is an event of the span’s ids, its end and its operation', () => {
  expect(
    eventOf({ ...CHAT, ...IN_OUT, 'gen_ai.response.model': 'gpt-4o-2024-08-06', 'gen_ai.response.id': 'r-1' }),
  ).toEqual({
    id: '5b8efff798038103d269b633813fc60c-eee19b7ec3c1b174',
    source: 'otel',
    type: 'gen_ai.chat',
    // The 999 nanoseconds are dropped.
    time: '2026-11-21T09:23:01.250001Z',
    customer: 'acme',
    data: {
      provider: 'openai',
      model: 'gpt-4o-2024-08-06',
      request_model: 'gpt-4o',
      input_tokens: 100,
      output_tokens: 20,
      response_id: 'r-1',
      duration_ms: 1250.001,
      scope: 'a-library',
    },
  });
});

describe('which span is what', () => {
  const MODEL = { 'gen_ai.system': 'openai', 'gen_ai.request.model': 'gpt-4o' };

  it.each`
    attributes                                                           | type                         | counts   | because
    ${{ 'gen_ai.operation.name': 'chat' }}                               | ${'gen_ai.chat'}             | ${true}  | ${'a request to a model'}
    ${{ 'gen_ai.operation.name': 'text_completion' }}                    | ${'gen_ai.text_completion'}  | ${true}  | ${'a request to a model'}
    ${{ 'gen_ai.operation.name': 'generate_content' }}                   | ${'gen_ai.generate_content'} | ${true}  | ${'a request to a model'}
    ${{ 'gen_ai.operation.name': 'embeddings' }}                         | ${'gen_ai.embeddings'}       | ${true}  | ${'a request to a model'}
    ${{ 'gen_ai.operation.name': 'invoke_agent' }}                       | ${'gen_ai.invoke_agent'}     | ${false} | ${'tells the sum of its requests'}
    ${{ 'gen_ai.operation.name': 'create_agent' }}                       | ${'gen_ai.create_agent'}     | ${false} | ${'asks no model'}
    ${{ 'gen_ai.operation.name': 'invoke_workflow' }}                    | ${'gen_ai.invoke_workflow'}  | ${false} | ${'tells the sum of its requests'}
    ${{ 'gen_ai.operation.name': 'agent_step' }}                         | ${'gen_ai.agent_step'}       | ${false} | ${'tells the sum of its requests'}
    ${{ 'gen_ai.operation.name': 'execute_tool' }}                       | ${'gen_ai.execute_tool'}     | ${false} | ${'a tool that asks a model has a span for that'}
    ${{ 'gen_ai.operation.name': 'ponder' }}                             | ${'gen_ai.ponder'}           | ${false} | ${'nobody knows what it is'}
    ${{ 'gen_ai.operation.name': 'ponder', 'weir.count_usage': true }}   | ${'gen_ai.ponder'}           | ${true}  | ${'its sender knows'}
    ${{ 'gen_ai.operation.name': 'chat', 'weir.count_usage': false }}    | ${'gen_ai.chat'}             | ${false} | ${'its sender knows'}
    ${{ 'openinference.span.kind': 'LLM' }}                              | ${'gen_ai.chat'}             | ${true}  | ${'OpenInference’s request'}
    ${{ 'openinference.span.kind': 'EMBEDDING' }}                        | ${'gen_ai.embeddings'}       | ${true}  | ${'OpenInference’s embedding'}
    ${{ 'openinference.span.kind': 'RERANKER' }}                         | ${'gen_ai.rerank'}           | ${true}  | ${'OpenInference’s ranking'}
    ${{ 'openinference.span.kind': 'TOOL' }}                             | ${'gen_ai.execute_tool'}     | ${false} | ${'OpenInference’s tool'}
    ${{ 'openinference.span.kind': 'AGENT' }}                            | ${'gen_ai.invoke_agent'}     | ${false} | ${'OpenInference’s agent'}
    ${{ 'openinference.span.kind': 'CHAIN' }}                            | ${null}                      | ${false} | ${'holds others together'}
    ${{ 'openinference.span.kind': 'GUARDRAIL' }}                        | ${null}                      | ${false} | ${'is not metered'}
    ${{ 'llm.request.type': 'chat', ...MODEL }}                          | ${'gen_ai.chat'}             | ${true}  | ${'OpenLLMetry’s request'}
    ${{ 'llm.request.type': 'completion', ...MODEL }}                    | ${'gen_ai.text_completion'}  | ${true}  | ${'OpenLLMetry’s older request'}
    ${{ 'llm.request.type': 'embedding', ...MODEL }}                     | ${'gen_ai.embeddings'}       | ${true}  | ${'OpenLLMetry’s embedding'}
    ${{ 'llm.request.type': 'chat', 'traceloop.span.kind': 'workflow' }} | ${'gen_ai.chat'}             | ${true}  | ${'the request is the closer word'}
    ${{ 'traceloop.span.kind': 'workflow' }}                             | ${'gen_ai.invoke_workflow'}  | ${false} | ${'OpenLLMetry’s workflow'}
    ${{ 'traceloop.span.kind': 'agent' }}                                | ${'gen_ai.invoke_agent'}     | ${false} | ${'OpenLLMetry’s agent'}
    ${{ 'traceloop.span.kind': 'tool' }}                                 | ${'gen_ai.execute_tool'}     | ${false} | ${'OpenLLMetry’s tool'}
    ${{ 'traceloop.span.kind': 'task' }}                                 | ${null}                      | ${false} | ${'holds others together'}
    ${{ 'ai.operationId': 'ai.generateText', ...MODEL }}                 | ${null}                      | ${false} | ${'tells the sum of its steps'}
    ${{ 'ai.operationId': 'ai.streamText', ...MODEL }}                   | ${null}                      | ${false} | ${'tells the sum of its steps'}
    ${{ 'ai.operationId': 'ai.generateText.doGenerate', ...MODEL }}      | ${'gen_ai.chat'}             | ${true}  | ${'the step’s request'}
    ${{ 'ai.operationId': 'ai.streamObject.doStream', ...MODEL }}        | ${'gen_ai.chat'}             | ${true}  | ${'the step’s request'}
    ${{ 'ai.operationId': 'ai.embedMany', ...MODEL }}                    | ${null}                      | ${false} | ${'tells the sum of its requests'}
    ${{ 'ai.operationId': 'ai.embedMany.doEmbed', ...MODEL }}            | ${'gen_ai.embeddings'}       | ${true}  | ${'the request'}
    ${{ 'ai.operationId': 'ai.toolCall' }}                               | ${'gen_ai.execute_tool'}     | ${false} | ${'the AI SDK’s tool'}
    ${MODEL}                                                             | ${'gen_ai.chat'}             | ${true}  | ${'older spans name no operation'}
    ${{}}                                                                | ${null}                      | ${false} | ${'tokens alone are no model'}
    ${{ 'http.request.method': 'GET' }}                                  | ${null}                      | ${false} | ${'no GenAI span'}
  `('$attributes is $type: $because', ({ attributes, type, counts }) => {
    const reading = read({ ...attributes, ...IN_OUT, ...CUSTOMER });
    expect(reading.status).toBe(type === null ? 'ignored' : 'event');
    if (reading.status !== 'event') return;
    expect(reading.event['type']).toBe(type);
    const { input_tokens: own, not_counted: others } = reading.event['data'] as Record<string, unknown>;
    expect({ counts: reading.countsTokens, own, others }).toEqual({
      counts,
      own: counts ? 100 : undefined,
      others: counts ? undefined : { input_tokens: 100, output_tokens: 20 },
    });
  });

  it('is nothing when it has no tokens and names no operation', () => {
    expect(read({ ...MODEL, ...CUSTOMER })).toEqual({ status: 'ignored' });
  });

  it('is not held up by what is wrong with spans that are not metered', () => {
    expect(read({ 'http.request.method': 'GET' }, { traceId: '', endTimeUnixNano: 0 })).toEqual({ status: 'ignored' });
  });
});

describe('tokens', () => {
  it.each`
    attributes                                                                                                                                                                                                                                                                                                                                     | data
    ${{ 'gen_ai.usage.input_tokens': 9, 'gen_ai.usage.output_tokens': 4, 'gen_ai.usage.cache_read.input_tokens': 5, 'gen_ai.usage.cache_creation.input_tokens': 3, 'gen_ai.usage.reasoning.output_tokens': 2 }}                                                                                                                                    | ${{ input_tokens: 9, output_tokens: 4, cache_read_tokens: 5, cache_write_tokens: 3, output_reasoning_tokens: 2 }}
    ${{ 'gen_ai.usage.prompt_tokens': 9, 'gen_ai.usage.completion_tokens': 4, 'gen_ai.usage.cache_read_input_tokens': 5, 'gen_ai.usage.cache_creation_input_tokens': 3, 'gen_ai.usage.reasoning_tokens': 2 }}                                                                                                                                      | ${{ input_tokens: 9, output_tokens: 4, cache_read_tokens: 5, cache_write_tokens: 3, output_reasoning_tokens: 2 }}
    ${{ 'llm.usage.prompt_tokens': 9, 'llm.usage.completion_tokens': 4, 'llm.usage.total_tokens': 13 }}                                                                                                                                                                                                                                            | ${{ input_tokens: 9, output_tokens: 4 }}
    ${{ 'llm.token_count.prompt': 9, 'llm.token_count.completion': 4, 'llm.token_count.total': 13, 'llm.token_count.prompt_details.cache_read': 5, 'llm.token_count.prompt_details.cache_write': 3, 'llm.token_count.prompt_details.audio': 1, 'llm.token_count.completion_details.reasoning': 2, 'llm.token_count.completion_details.audio': 1 }} | ${{ input_tokens: 9, output_tokens: 4, cache_read_tokens: 5, cache_write_tokens: 3, input_audio_tokens: 1, output_reasoning_tokens: 2, output_audio_tokens: 1 }}
    ${{ 'ai.usage.inputTokens': 9, 'ai.usage.outputTokens': 4, 'ai.usage.inputTokenDetails.cacheReadTokens': 5, 'ai.usage.inputTokenDetails.cacheWriteTokens': 3, 'ai.usage.outputTokenDetails.reasoningTokens': 2 }}                                                                                                                              | ${{ input_tokens: 9, output_tokens: 4, cache_read_tokens: 5, cache_write_tokens: 3, output_reasoning_tokens: 2 }}
    ${{ 'ai.usage.promptTokens': 9, 'ai.usage.completionTokens': 4, 'ai.usage.cachedInputTokens': 5, 'ai.usage.reasoningTokens': 2 }}                                                                                                                                                                                                              | ${{ input_tokens: 9, output_tokens: 4, cache_read_tokens: 5, output_reasoning_tokens: 2 }}
    ${{ 'gen_ai.usage.input_tokens': 9, 'llm.usage.prompt_tokens': 8, 'ai.usage.promptTokens': 7, 'gen_ai.usage.output_tokens': 4 }}                                                                                                                                                                                                               | ${{ input_tokens: 9, output_tokens: 4 }}
    ${{ 'gen_ai.usage.input_tokens': 0, 'gen_ai.usage.output_tokens': 0 }}                                                                                                                                                                                                                                                                         | ${{ input_tokens: 0, output_tokens: 0 }}
    ${{ 'gen_ai.usage.input_tokens': 9, 'gen_ai.usage.total_tokens': 13 }}                                                                                                                                                                                                                                                                         | ${{ input_tokens: 9, output_tokens: 4 }}
    ${{ 'gen_ai.usage.output_tokens': 4, 'gen_ai.usage.total_tokens': 13 }}                                                                                                                                                                                                                                                                        | ${{ input_tokens: 9, output_tokens: 4 }}
    ${{ 'gen_ai.usage.input_tokens': '9', 'gen_ai.usage.output_tokens': 4 }}                                                                                                                                                                                                                                                                       | ${{ input_tokens: 9, output_tokens: 4 }}
    ${{ 'gen_ai.usage.input_tokens': 999_999_999_999_999n }}                                                                                                                                                                                                                                                                                       | ${{ input_tokens: 999_999_999_999_999 }}
    ${{ 'gen_ai.usage.input_tokens': null, 'gen_ai.usage.prompt_tokens': 9 }}                                                                                                                                                                                                                                                                      | ${{ input_tokens: 9 }}
  `('$attributes', ({ attributes, data }) => {
    const { provider: _p, model: _m, duration_ms: _d, scope: _s, ...tokens } = dataOf({ ...CHAT, ...attributes });
    expect(tokens).toEqual(data);
  });

  it('takes a whole double, which is all that some languages have', () => {
    const attributes = [...attributesOf(CHAT), { key: 'gen_ai.usage.input_tokens', value: { doubleValue: 12 } }];
    expect(readList(attributes)).toMatchObject({ status: 'event', event: { data: { input_tokens: 12 } } });
  });

  it('of an embedding are all input', () => {
    const embeddings = { ...CHAT, 'gen_ai.operation.name': 'embeddings' };
    expect(dataOf({ ...embeddings, 'llm.token_count.total': 8 })).toMatchObject({ input_tokens: 8 });
    expect(dataOf({ ...embeddings, 'ai.usage.tokens': 8, 'llm.token_count.total': 8 })).not.toHaveProperty(
      'output_tokens',
    );
  });

  it.each`
    attributes                                                                                                                      | detail
    ${{ 'gen_ai.usage.input_tokens': -5 }}                                                                                          | ${'gen_ai.usage.input_tokens is -5: a number of tokens is not negative'}
    ${{ 'gen_ai.usage.output_tokens': 1.5 }}                                                                                        | ${'gen_ai.usage.output_tokens is 1.5, not a whole number of tokens'}
    ${{ 'gen_ai.usage.output_tokens': 'many' }}                                                                                     | ${'gen_ai.usage.output_tokens must be a whole number of tokens, not a string'}
    ${{ 'gen_ai.usage.output_tokens': true }}                                                                                       | ${'gen_ai.usage.output_tokens must be a whole number of tokens, not a boolean'}
    ${{ 'gen_ai.usage.output_tokens': [1] }}                                                                                        | ${'gen_ai.usage.output_tokens must be a whole number of tokens, not a list, a map or bytes'}
    ${{ 'gen_ai.usage.input_tokens': 10n ** 15n }}                                                                                  | ${'gen_ai.usage.input_tokens is 1000000000000000, more than any request can use'}
    ${{ 'gen_ai.usage.input_tokens': 4, 'gen_ai.usage.cache_read.input_tokens': 5 }}                                                | ${'gen_ai.usage.cache_read.input_tokens is 5, more than the 4 of gen_ai.usage.input_tokens, which includes it'}
    ${{ 'gen_ai.usage.input_tokens': 4, 'gen_ai.usage.cache_read.input_tokens': 3, 'gen_ai.usage.cache_creation.input_tokens': 3 }} | ${'gen_ai.usage.input_tokens is 4, less than the 6 read from and written to a cache, which it includes'}
    ${{ 'llm.token_count.completion': 4, 'llm.token_count.completion_details.reasoning': 5 }}                                       | ${'llm.token_count.completion_details.reasoning is 5, more than the 4 of llm.token_count.completion, which includes it'}
    ${{ 'gen_ai.usage.cache_read.input_tokens': 5 }}                                                                                | ${'gen_ai.usage.input_tokens is missing: it is a total that includes the 5 of gen_ai.usage.cache_read.input_tokens'}
    ${{ 'gen_ai.usage.input_tokens': 14, 'gen_ai.usage.total_tokens': 13 }}                                                         | ${'gen_ai.usage.input_tokens is 14, more than the 13 of gen_ai.usage.total_tokens, which includes it'}
  `('$attributes: $detail', ({ attributes, detail }) => {
    expect(refusalOf({ ...CHAT, ...attributes })).toBe(detail);
  });

  it.each`
    attributes                                                                  | more                       | usage                                       | because
    ${CHAT}                                                                     | ${{}}                      | ${{ requests: 1 }}                          | ${'a request to a model costs something'}
    ${{ ...CHAT, 'gen_ai.operation.name': 'rerank' }}                           | ${{}}                      | ${{ requests: 1 }}                          | ${'a ranking does, too'}
    ${{ ...CHAT, 'gen_ai.usage.total_tokens': 5 }}                              | ${{}}                      | ${{ requests: 1, total_tokens: 5 }}         | ${'a sum has no price'}
    ${{ ...CUSTOMER, 'gen_ai.operation.name': 'chat' }}                         | ${{}}                      | ${{ requests: 1, provider: 'unknown' }}     | ${'whoever was asked'}
    ${{ ...CHAT, 'gen_ai.operation.name': 'ponder', 'weir.count_usage': true }} | ${{}}                      | ${{ requests: 1 }}                          | ${'its sender says that it is a request'}
    ${{ ...CHAT, 'weir.count_usage': false }}                                   | ${{}}                      | ${{}}                                       | ${'its sender says that it is none'}
    ${{ ...CHAT, 'gen_ai.operation.name': 'invoke_agent' }}                     | ${{}}                      | ${{}}                                       | ${'an agent is none'}
    ${{ ...CHAT, ...IN_OUT }}                                                   | ${{}}                      | ${{ input_tokens: 100, output_tokens: 20 }} | ${'tokens say it all'}
    ${{ ...CHAT, 'error.type': 'timeout' }}                                     | ${{ status: { code: 2 } }} | ${{ requests: 1 }}                          | ${'what broke off may have been charged'}
    ${{ ...CHAT, 'error.type': '429' }}                                         | ${{ status: { code: 2 } }} | ${{}}                                       | ${'what was turned away was not'}
    ${{ ...CHAT, 'error.type': '429' }}                                         | ${{}}                      | ${{ requests: 1 }}                          | ${'the span did not fail'}
  `('$attributes $more uses $usage: $because', ({ attributes, more, usage }) => {
    const data = dataOf(attributes, more);
    const NOT_USAGE = ['model', 'duration_ms', 'scope', 'error', 'error_type', ...(usage.provider ? [] : ['provider'])];
    expect(Object.fromEntries(Object.entries(data).filter(([name]) => !NOT_USAGE.includes(name)))).toEqual(usage);
  });

  it.each`
    attributes                                                                              | more                       | warning                     | because
    ${{ ...CHAT }}                                                                          | ${{}}                      | ${'without input'}          | ${'a request to a model costs something'}
    ${{ ...CHAT, 'gen_ai.usage.total_tokens': 5 }}                                          | ${{}}                      | ${'without input'}          | ${'a sum has no price'}
    ${{ ...CHAT }}                                                                          | ${{ status: { code: 2 } }} | ${null}                     | ${'a request that failed may have used nothing'}
    ${{ ...CHAT, 'weir.cost.amount': '1', 'weir.cost.currency': 'USD' }}                    | ${{}}                      | ${null}                     | ${'its sender knows the cost'}
    ${{ ...CHAT, 'gen_ai.operation.name': 'rerank' }}                                       | ${{}}                      | ${null}                     | ${'rankings are not paid by the token'}
    ${{ ...CHAT, ...IN_OUT }}                                                               | ${{}}                      | ${null}                     | ${'all is there'}
    ${{ ...CHAT, ...IN_OUT, 'gen_ai.operation.name': 'invoke_agent' }}                      | ${{}}                      | ${null}                     | ${'sums of agents are as expected'}
    ${{ ...CHAT, ...IN_OUT, 'gen_ai.operation.name': 'ponder' }}                            | ${{}}                      | ${"the operation 'ponder'"} | ${'its tokens may be its own'}
    ${{ ...CHAT, 'gen_ai.operation.name': 'ponder' }}                                       | ${{}}                      | ${null}                     | ${'it has none'}
    ${{ ...CHAT, ...IN_OUT, 'gen_ai.operation.name': 'ponder', 'weir.count_usage': false }} | ${{}}                      | ${null}                     | ${'its sender knows'}
  `('$attributes warns of $warning: $because', ({ attributes, more, warning }) => {
    const expected = warning === null ? null : expect.stringContaining(warning);
    expect(read(attributes, more)).toMatchObject({ status: 'event', warning: expected });
  });
});

it.each`
  named                     | provider
  ${'openai'}               | ${'openai'}
  ${'OpenAI'}               | ${'OpenAI'}
  ${'aws.bedrock'}          | ${'aws.bedrock'}
  ${'azure.ai.openai'}      | ${'azure'}
  ${'Az.ai.inference'}      | ${'azure'}
  ${'gcp.gen_ai'}           | ${'google'}
  ${'x_ai'}                 | ${'x-ai'}
  ${'openai.responses'}     | ${'openai'}
  ${'anthropic.messages'}   | ${'anthropic'}
  ${'google.generative-ai'} | ${'google'}
  ${'azure-openai.chat'}    | ${'azure'}
  ${'xai.chat'}             | ${'x-ai'}
`('the provider $named is $provider to the price book', ({ named, provider }) => {
  expect(dataOf({ ...CHAT, 'gen_ai.provider.name': named }).provider).toBe(provider);
});

it('reads provider and model of older conventions', () => {
  const base = { ...CUSTOMER, ...IN_OUT };
  const model = (attributes: Values) => {
    const { provider, model: name, request_model: requested } = dataOf({ ...base, ...attributes });
    return [provider, name, requested];
  };
  expect(model({ 'gen_ai.system': 'anthropic', 'gen_ai.request.model': 'a', 'gen_ai.response.model': 'b' })).toEqual([
    'anthropic',
    'b',
    'a',
  ]);
  expect(
    model({
      'openinference.span.kind': 'LLM',
      'llm.provider': 'aws',
      'llm.system': 'anthropic',
      'llm.model_name': 'a',
    }),
  ).toEqual(['aws', 'a', undefined]);
  expect(
    model({
      'ai.operationId': 'ai.generateText.doGenerate',
      'ai.model.provider': 'mistral.chat',
      'ai.model.id': 'a',
      'ai.response.model': 'a',
    }),
  ).toEqual(['mistral', 'a', undefined]);
  expect(
    model({ 'llm.request.type': 'chat', 'llm.vendor': 'Cohere', 'llm.request.model': 'a', 'llm.response.model': 'b' }),
  ).toEqual(['Cohere', 'b', 'a']);
});

describe('whom and what for', () => {
  const without = (attributes: Values) => ({ ...CHAT, ...IN_OUT, 'weir.customer': null, ...attributes });
  const WHO = ['customer', 'feature', 'department', 'agent', 'session', 'task', 'user', 'parent', 'hold', 'step'];
  const who = (attributes: Values, resource: Values = {}) =>
    Object.fromEntries(
      Object.entries(eventOf(without(attributes), {}, resource)).filter(([field]) => WHO.includes(field)),
    );

  it.each`
    attributes                                                                                                                                                                                                               | resource                                         | fields
    ${{ 'weir.customer': 'c', 'weir.feature': 'f', 'weir.department': 'd', 'weir.agent': 'a', 'weir.session': 's', 'weir.task': 't', 'weir.user': 'u', 'weir.parent': 'session:p', 'weir.hold': 'h', 'weir.step': 'retry' }} | ${{}}                                            | ${{ customer: 'c', feature: 'f', department: 'd', agent: 'a', session: 's', task: 't', user: 'u', parent: 'session:p', hold: 'h', step: 'retry' }}
    ${{}}                                                                                                                                                                                                                    | ${{ 'weir.customer': 'c', 'weir.feature': 'f' }} | ${{ customer: 'c', feature: 'f' }}
    ${{ 'weir.customer': 'of the span' }}                                                                                                                                                                                    | ${{ 'weir.customer': 'c' }}                      | ${{ customer: 'of the span' }}
    ${{ 'traceloop.association.properties.customer_id': 'of the span' }}                                                                                                                                                     | ${{ 'weir.customer': 'c' }}                      | ${{ customer: 'of the span' }}
    ${{ 'weir.customer': '' }}                                                                                                                                                                                               | ${{ 'weir.customer': 'c' }}                      | ${{ customer: 'c' }}
    ${{ 'weir.customer': 42 }}                                                                                                                                                                                               | ${{}}                                            | ${{ customer: '42' }}
    ${{ 'traceloop.association.properties.customerId': 'c', 'traceloop.association.properties.user_id': 'u', 'traceloop.association.properties.chat_id': 's', 'traceloop.workflow.name': 'w' }}                              | ${{}}                                            | ${{ customer: 'c', user: 'u', session: 's', feature: 'w' }}
    ${{ 'ai.telemetry.metadata.customerId': 'c', 'ai.telemetry.metadata.userId': 'u', 'ai.telemetry.metadata.sessionId': 's', 'ai.telemetry.functionId': 'story' }}                                                          | ${{}}                                            | ${{ customer: 'c', user: 'u', session: 's', feature: 'story' }}
    ${{ 'weir.customer': 'c', 'gen_ai.conversation.id': 's', 'gen_ai.agent.name': 'a', 'gen_ai.agent.id': 'asst_1', 'user.id': 'u' }}                                                                                        | ${{}}                                            | ${{ customer: 'c', session: 's', agent: 'a', user: 'u' }}
    ${{ 'weir.customer': 'c', 'session.id': 's', 'enduser.id': 'u', 'gen_ai.agent.id': 'asst_1' }}                                                                                                                           | ${{}}                                            | ${{ customer: 'c', session: 's', agent: 'asst_1', user: 'u' }}
    ${{ 'weir.customer': 'c', 'weir.user': 'mine', 'user.id': 'u' }}                                                                                                                                                         | ${{}}                                            | ${{ customer: 'c', user: 'mine' }}
  `('$attributes over $resource', ({ attributes, resource, fields }) => {
    expect(who(attributes, resource)).toEqual(fields);
  });

  it('names agent and tool after what OpenLLMetry’s decorator decorates', () => {
    const decorated = (kind: string) =>
      eventOf({ ...CUSTOMER, 'traceloop.span.kind': kind, 'traceloop.entity.name': 'e' });
    expect(decorated('agent').agent).toBe('e');
    expect(decorated('tool')).toMatchObject({ data: { tool: 'e' } });
    expect(decorated('tool')).not.toHaveProperty('agent');
  });

  it.each`
    attributes                                                   | detail
    ${{ 'weir.customer': null }}                                 | ${'no customer: set weir.customer on the span or on its resource'}
    ${{ 'weir.customer': true }}                                 | ${'weir.customer must be a string or an integer, not a boolean'}
    ${{ 'weir.feature': [1] }}                                   | ${'weir.feature must be a string or an integer, not a list, a map or bytes'}
    ${{ 'gen_ai.conversation.id': 1.5 }}                         | ${'gen_ai.conversation.id must be a string or an integer, not a double'}
    ${{ 'gen_ai.operation.name': 5 }}                            | ${'gen_ai.operation.name must be a string, not an integer'}
    ${{ 'gen_ai.request.model': 5 }}                             | ${'gen_ai.request.model must be a string, not an integer'}
    ${{ 'weir.count_usage': 'yes' }}                             | ${'weir.count_usage must be true or false, not a string'}
    ${{ 'weir.cost.amount': '0.1' }}                             | ${'weir.cost.amount is there without weir.cost.currency'}
    ${{ 'weir.cost.currency': 'USD' }}                           | ${'weir.cost.currency is there without weir.cost.amount'}
    ${{ 'weir.cost.amount': true, 'weir.cost.currency': 'USD' }} | ${'weir.cost.amount must be a decimal such as "0.0125", not a boolean'}
    ${{ 'weir.data.tags': ['a'] }}                               | ${'weir.data.tags must be a string, a boolean or a number, not a list, a map or bytes'}
  `('$attributes: $detail', ({ attributes, detail }) => {
    expect(refusalOf({ ...CHAT, ...attributes })).toBe(detail);
  });
});

it('takes the sender’s own cost and fields', () => {
  const own = { 'weir.data.plan': 'pro', 'weir.data.credits': 3, 'weir.data.ratio': 0.5, 'weir.data.trial': false };
  const event = eventOf(
    { ...CHAT, ...IN_OUT, ...own, 'weir.cost.amount': '0.0125', 'weir.cost.currency': 'EUR' },
    {},
    { 'weir.data.plan': 'free', 'weir.data.region': 'eu' },
  );
  expect(event.cost).toEqual({ amount: '0.0125', currency: 'EUR' });
  expect(event.data).toMatchObject({ plan: 'pro', credits: 3, ratio: 0.5, trial: false, region: 'eu' });
  expect(dataOf({ ...CHAT, ...IN_OUT, 'weir.data.input_tokens': 7, 'weir.data.__proto__': 'x' })).toEqual(
    JSON.parse(
      '{"provider":"openai","model":"gpt-4o","input_tokens":7,"output_tokens":20,"duration_ms":1250.001,"scope":"a-library","__proto__":"x"}',
    ),
  );
  expect(dataOf({ ...CHAT, 'weir.data.large': 2n ** 60n }).large).toBe('1152921504606846976');
  expect(eventOf({ ...CHAT, 'weir.cost.amount': 2, 'weir.cost.currency': 'EUR' }).cost.amount).toBe('2');
});

it('tells what failed, which tool, and what is above', () => {
  const more = { status: { code: 2, message: 'secret' }, parentSpanId: 'eee19b7ec3c1b173' };
  const tool = {
    ...CUSTOMER,
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': 'search',
    'gen_ai.tool.call.id': 'call-1',
    'error.type': 'timeout',
  };
  expect(dataOf(tool, more, { 'service.name': 'app' })).toEqual({
    tool: 'search',
    tool_call_id: 'call-1',
    error_type: 'timeout',
    error: true,
    duration_ms: 1250.001,
    service: 'app',
    scope: 'a-library',
    parent_span_id: 'eee19b7ec3c1b173',
  });
});

it('keeps of a tool’s call and its answer nothing but hashes, the same however their JSON is written', () => {
  const call = (spelt: string, operation = 'execute_tool') =>
    dataOf({
      ...CUSTOMER,
      'gen_ai.operation.name': operation,
      'gen_ai.tool.call.arguments': spelt,
      'ai.toolCall.result': 'the secret',
    });
  const one = call('{"city":"Rome","days":2}');
  expect(one).toMatchObject({
    arguments_hash: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    result_hash: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
  });
  expect(call('{ "days": 2, "city": "Rome" }').arguments_hash).toBe(one.arguments_hash);
  expect(call('{"city":"Rome","days":3}').arguments_hash).not.toBe(one.arguments_hash);
  expect(JSON.stringify(one)).not.toMatch(/Rome|secret/);
  expect(call('{"city":"Rome"}', 'invoke_agent')).not.toHaveProperty('arguments_hash');
});

it.each`
  more                                            | duration     | because
  ${{ startTimeUnixNano: TIMES.endTimeUnixNano }} | ${0}         | ${'it took no time'}
  ${{ startTimeUnixNano: '0' }}                   | ${undefined} | ${'nobody says when it began'}
  ${{ startTimeUnixNano: '1795252981250002000' }} | ${undefined} | ${'a clock was set back meanwhile'}
`('has the duration $duration: $because', ({ more, duration }) => {
  expect(dataOf({ ...CHAT, ...IN_OUT }, more).duration_ms).toBe(duration);
});

it.each`
  more                                           | detail
  ${{ traceId: '' }}                             | ${'traceId is missing'}
  ${{ traceId: '0'.repeat(32) }}                 | ${'traceId is all zeros, which no span has'}
  ${{ traceId: 'abcd' }}                         | ${'traceId has 2 bytes, not 16'}
  ${{ spanId: '' }}                              | ${'spanId is missing'}
  ${{ spanId: '0'.repeat(16) }}                  | ${'spanId is all zeros, which no span has'}
  ${{ spanId: 'ab'.repeat(9) }}                  | ${'spanId has 9 bytes, not 8'}
  ${{ endTimeUnixNano: '0' }}                    | ${'endTimeUnixNano is missing: a span is sent when it has ended'}
  ${{ endTimeUnixNano: '18446744073709551615' }} | ${'endTimeUnixNano is 18446744073709551615, which is after the year 2199 (nanoseconds are expected)'}
`('a span with $more is refused: $detail', ({ more, detail }) => {
  expect(refusalOf({ ...CHAT, ...IN_OUT }, more)).toBe(detail);
});
