import { counter, required, usageFormat } from '../usage-format';

/**
 * Bedrock's Converse: `inputTokens` is only what was neither read from a cache nor written to one. The names that end
 * in `Count` repeat the others; `cacheDetails` splits the writes by how long they are kept.
 *
 * @see https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html
 */
export const BEDROCK_CONVERSE = usageFormat(
  'bedrock converse',
  [
    required('inputTokens', 'input_tokens'),
    required('outputTokens', 'output_tokens'),
    counter('cacheReadInputTokens', 'input_tokens', 'cache_read_tokens'),
    counter('cacheWriteInputTokens', 'input_tokens', 'cache_write_tokens'),
  ],
  { ignored: ['totalTokens', 'cacheReadInputTokenCount', 'cacheWriteInputTokenCount', 'cacheDetails'] },
);

/** The metrics at the end of an invoke stream (`amazon-bedrock-invocationMetrics`), for every model alike. */
export const BEDROCK_INVOCATION = usageFormat(
  'bedrock invocation metrics',
  [
    required('inputTokenCount', 'input_tokens'),
    required('outputTokenCount', 'output_tokens'),
    counter('cacheReadInputTokenCount', 'input_tokens', 'cache_read_tokens'),
    counter('cacheWriteInputTokenCount', 'input_tokens', 'cache_write_tokens'),
  ],
  { ignored: ['invocationLatency', 'firstByteLatency'] },
);

/** Llama's own body on Bedrock invoke, which has its counters at the top. */
export const BEDROCK_LLAMA = usageFormat('bedrock llama', [
  required('prompt_token_count', 'input_tokens'),
  required('generation_token_count', 'output_tokens'),
]);
