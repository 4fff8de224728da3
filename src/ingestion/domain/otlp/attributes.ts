/**
 * Which attributes of a span mean what: the conventions of OpenTelemetry today, those before, and those of the
 * libraries that had their own. In each list the first that a span has counts.
 *
 * @see docs/opentelemetry.md, which shows the same lists
 */

/** Libraries put the application's own key-value pairs behind these. */
const ASSOCIATION_PREFIXES = ['traceloop.association.properties.', 'ai.telemetry.metadata.'] as const;

function associations(...keys: string[]): string[] {
  return ASSOCIATION_PREFIXES.flatMap((prefix) => keys.map((key) => `${prefix}${key}`));
}

/** An event's customer, and what and whom it was for. */
export const ATTRIBUTION = {
  customer: ['weir.customer', ...associations('customer', 'customer_id', 'customerId')],
  feature: [
    'weir.feature',
    ...associations('feature', 'feature_id', 'featureId'),
    'ai.telemetry.functionId',
    'traceloop.workflow.name',
  ],
  department: ['weir.department', ...associations('department', 'department_id', 'departmentId')],
  agent: [
    'weir.agent',
    ...associations('agent', 'agent_id', 'agentId'),
    'gen_ai.agent.name',
    'gen_ai.agent.id',
    'agent.name',
  ],
  session: [
    'weir.session',
    ...associations(
      'session',
      'session_id',
      'sessionId',
      'conversation_id',
      'conversationId',
      'chat_id',
      'chatId',
      'thread_id',
      'threadId',
    ),
    'gen_ai.conversation.id',
    'session.id',
  ],
  task: ['weir.task', ...associations('task', 'task_id', 'taskId')],
  user: ['weir.user', ...associations('user', 'user_id', 'userId'), 'user.id', 'enduser.id'],
  parent: ['weir.parent'],
  hold: ['weir.hold', ...associations('hold', 'hold_id', 'holdId')],
  step: ['weir.step'],
} as const satisfies Record<string, readonly string[]>;

/** Token counts. The totals include their parts, as the conventions and costing have it. */
export const TOKENS = {
  input_tokens: [
    'gen_ai.usage.input_tokens',
    'gen_ai.usage.prompt_tokens',
    'llm.usage.prompt_tokens',
    'llm.token_count.prompt',
    'ai.usage.inputTokens',
    'ai.usage.promptTokens',
    'ai.usage.tokens',
  ],
  cache_read_tokens: [
    'gen_ai.usage.cache_read.input_tokens',
    'gen_ai.usage.cache_read_input_tokens',
    'llm.usage.cache_read_input_tokens',
    'llm.token_count.prompt_details.cache_read',
    'ai.usage.inputTokenDetails.cacheReadTokens',
    'ai.usage.cachedInputTokens',
  ],
  cache_write_tokens: [
    'gen_ai.usage.cache_creation.input_tokens',
    'gen_ai.usage.cache_creation_input_tokens',
    'gen_ai.usage.cache_write_input_tokens',
    'llm.usage.cache_creation_input_tokens',
    'llm.token_count.prompt_details.cache_write',
    'ai.usage.inputTokenDetails.cacheWriteTokens',
  ],
  input_audio_tokens: ['llm.token_count.prompt_details.audio'],
  output_tokens: [
    'gen_ai.usage.output_tokens',
    'gen_ai.usage.completion_tokens',
    'llm.usage.completion_tokens',
    'llm.token_count.completion',
    'ai.usage.outputTokens',
    'ai.usage.completionTokens',
  ],
  output_reasoning_tokens: [
    'gen_ai.usage.reasoning.output_tokens',
    'gen_ai.usage.reasoning_tokens',
    'llm.usage.reasoning_tokens',
    'llm.token_count.completion_details.reasoning',
    'ai.usage.outputTokenDetails.reasoningTokens',
    'ai.usage.reasoningTokens',
  ],
  output_audio_tokens: ['llm.token_count.completion_details.audio'],
  total_tokens: [
    'gen_ai.usage.total_tokens',
    'llm.usage.total_tokens',
    'llm.token_count.total',
    'ai.usage.totalTokens',
  ],
} as const satisfies Record<string, readonly string[]>;

export type TokenField = keyof typeof TOKENS;

export const PROVIDER = ['gen_ai.provider.name', 'gen_ai.system', 'llm.provider', 'llm.system', 'llm.vendor', 'ai.model.provider'] as const; // prettier-ignore
export const RESPONSE_MODEL = ['gen_ai.response.model', 'llm.response.model', 'ai.response.model'] as const;
export const REQUEST_MODEL = ['gen_ai.request.model', 'llm.request.model', 'llm.model_name', 'embedding.model_name', 'reranker.model_name', 'ai.model.id'] as const; // prettier-ignore

/** What says which operation a span is; see `operationOf`. */
export const OPERATION = 'gen_ai.operation.name';
export const VERCEL_OPERATION = 'ai.operationId';
export const OPENINFERENCE_KIND = 'openinference.span.kind';
export const TRACELOOP_KIND = 'traceloop.span.kind';
export const LLM_REQUEST_TYPE = 'llm.request.type';
/** The sender's word on whether a span's tokens are its own or those of the spans below it. */
export const COUNT_USAGE = 'weir.count_usage';

export const COST_AMOUNT = 'weir.cost.amount';
export const COST_CURRENCY = 'weir.cost.currency';
/** What follows is a field of the event's data. */
export const DATA_PREFIX = 'weir.data.';

/** Further fields of the event's data, with the attributes they come from. */
export const FURTHER = {
  tool: ['gen_ai.tool.name', 'ai.toolCall.name', 'tool.name'],
  tool_call_id: ['gen_ai.tool.call.id', 'ai.toolCall.id', 'tool_call.id'],
  response_id: ['gen_ai.response.id', 'ai.response.id'],
  error_type: ['error.type'],
} as const satisfies Record<string, readonly string[]>;

/**
 * What a tool was called with and what it answered, on spans of tools. Only hashes of it are kept, by which calls that
 * are repeated are seen.
 */
export const CALL = {
  arguments_hash: ['gen_ai.tool.call.arguments', 'ai.toolCall.args'],
  result_hash: ['gen_ai.tool.call.result', 'ai.toolCall.result'],
} as const satisfies Record<string, readonly string[]>;

/** Name of the tool or agent, on spans that OpenLLMetry's decorators make. */
export const TRACELOOP_ENTITY = 'traceloop.entity.name';
export const SERVICE = 'service.name';

const READ: ReadonlySet<string> = new Set<string>([
  ...Object.values(ATTRIBUTION).flat(),
  ...Object.values(TOKENS).flat(),
  ...Object.values(FURTHER).flat(),
  ...Object.values(CALL).flat(),
  ...PROVIDER,
  ...RESPONSE_MODEL,
  ...REQUEST_MODEL,
  OPERATION,
  VERCEL_OPERATION,
  OPENINFERENCE_KIND,
  TRACELOOP_KIND,
  LLM_REQUEST_TYPE,
  COUNT_USAGE,
  COST_AMOUNT,
  COST_CURRENCY,
  TRACELOOP_ENTITY,
  SERVICE,
]);

/** Whether anything here reads the attribute. All others, prompts and answers above all, are never even decoded. */
export function isReadAttribute(key: string): boolean {
  return READ.has(key) || key.startsWith(DATA_PREFIX);
}
