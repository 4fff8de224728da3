import {
  LLM_REQUEST_TYPE,
  OPENINFERENCE_KIND,
  OPERATION,
  PROVIDER,
  REQUEST_MODEL,
  RESPONSE_MODEL,
  TOKENS,
  TRACELOOP_KIND,
  VERCEL_OPERATION,
} from './attributes';
import { hasAny, readText } from './read-attribute';
import type { Attributes } from './span';

/**
 * Operations that are one request to one model, so that their tokens are their own. What an agent, a workflow or a step
 * reports is the sum of the calls below it, which report the same tokens themselves.
 */
const MODEL_CALLS: ReadonlySet<string> = new Set([
  'chat',
  'text_completion',
  'generate_content',
  'embeddings',
  'rerank',
]);

/** Operations whose tokens are known to be those of other spans. */
const SUMS: ReadonlySet<string> = new Set([
  'invoke_agent',
  'create_agent',
  'invoke_workflow',
  'plan',
  'agent_step',
  'execute_tool',
]);

const NAMES_A_MODEL = [...PROVIDER, ...REQUEST_MODEL, ...RESPONSE_MODEL];
const HAS_TOKENS = [...TOKENS.input_tokens, ...TOKENS.output_tokens, ...TOKENS.total_tokens];

const OF_OPENINFERENCE: ReadonlyMap<string, string> = new Map([
  ['LLM', 'chat'],
  ['EMBEDDING', 'embeddings'],
  ['RERANKER', 'rerank'],
  ['RETRIEVER', 'retrieval'],
  ['TOOL', 'execute_tool'],
  ['AGENT', 'invoke_agent'],
]);

const OF_LLM_REQUEST_TYPE: ReadonlyMap<string, string> = new Map([
  ['chat', 'chat'],
  ['completion', 'text_completion'],
  ['embedding', 'embeddings'],
  ['rerank', 'rerank'],
]);

const OF_TRACELOOP: ReadonlyMap<string, string> = new Map([
  ['tool', 'execute_tool'],
  ['agent', 'invoke_agent'],
  ['workflow', 'invoke_workflow'],
]);

/**
 * What a span did, in the words of OpenTelemetry's `gen_ai.operation.name`; null when it is nothing that is metered:
 * no GenAI span, or one that only holds others together (a chain, a wrapper around the call itself).
 *
 * @throws RefusedSpanError when an attribute that decides it is not a string
 */
export function operationOf(attributes: Attributes): string | null {
  const vercel = readText(attributes, [VERCEL_OPERATION]);
  if (vercel !== null) return vercelOperation(vercel.value);

  const operation = readText(attributes, [OPERATION]);
  if (operation !== null) return operation.value;

  const kind = readText(attributes, [OPENINFERENCE_KIND]);
  if (kind !== null) return OF_OPENINFERENCE.get(kind.value.toUpperCase()) ?? null;

  const type = readText(attributes, [LLM_REQUEST_TYPE]);
  const ofType = type === null ? undefined : OF_LLM_REQUEST_TYPE.get(type.value.toLowerCase());
  if (ofType !== undefined) return ofType;

  const entity = readText(attributes, [TRACELOOP_KIND]);
  if (entity !== null) return OF_TRACELOOP.get(entity.value.toLowerCase()) ?? null;

  // Before there was a name for the operation, a model and its tokens were all that such a span had.
  return hasAny(attributes, NAMES_A_MODEL) && hasAny(attributes, HAS_TOKENS) ? 'chat' : null;
}

/** `ai.generateText` is the whole of what `ai.generateText.doGenerate` does, once for each step, and tells its sums. */
function vercelOperation(id: string): string | null {
  if (id.endsWith('.doGenerate') || id.endsWith('.doStream')) return 'chat';
  if (id.endsWith('.doEmbed')) return 'embeddings';
  if (id.endsWith('.doRerank')) return 'rerank';
  return id === 'ai.toolCall' ? 'execute_tool' : null;
}

export function isModelCall(operation: string): boolean {
  return MODEL_CALLS.has(operation);
}

/** Whether it is certain that other spans report this one's tokens. Of an operation nobody knows it is not. */
export function isSumOfOthers(operation: string): boolean {
  return SUMS.has(operation);
}
