import { type Counter, counter, required, type UsageFormat, usageFormat } from '../usage-format';

/**
 * OpenAI's chat completions, and the many providers that copied their shape: `prompt_tokens` includes what was cached,
 * `completion_tokens` includes reasoning. What a copy adds differs, so each variant names its own details; a detail it
 * does not name is inside a total and is paid for with it.
 *
 * @see https://platform.openai.com/docs/api-reference/chat/object
 */
export function chatFormat(name: string, ...details: readonly Counter[]): UsageFormat {
  return usageFormat(
    name,
    [required('prompt_tokens', 'input_tokens'), required('completion_tokens', 'output_tokens'), ...details],
    { ignored: CHAT_PARTS },
  );
}

/** Numbers of chat blocks that are inside `prompt_tokens` or `completion_tokens`, or repeat another number. */
const CHAT_PARTS = [
  'prompt_tokens_details',
  'completion_tokens_details',
  // Together and Hugging Face, Mistral, DeepSeek: the cached part of the prompt again.
  'cached_tokens',
  'num_cached_tokens',
  'prompt_cache_hit_tokens',
  'prompt_cache_miss_tokens',
  // OpenRouter: calls of the caller's own tools.
  'server_tool_use_details',
  // Mistral: what is inside the prompt, by kind.
  'prompt_audio_seconds',
];

export const CACHED = counter('prompt_tokens_details.cached_tokens', 'cache_read_tokens');
export const CACHE_WRITE = counter('prompt_tokens_details.cache_write_tokens', 'cache_write_tokens');
export const INPUT_AUDIO = counter('prompt_tokens_details.audio_tokens', 'input_audio_tokens');
export const OUTPUT_AUDIO = counter('completion_tokens_details.audio_tokens', 'output_audio_tokens');
export const REASONING = counter('completion_tokens_details.reasoning_tokens', 'output_reasoning_tokens');

export const OPENAI_CHAT = chatFormat('openai chat', CACHED, CACHE_WRITE, INPUT_AUDIO, OUTPUT_AUDIO, REASONING);

/** Responses of Azure OpenAI and Groq, which report no cache writes. */
export const CHAT_WITHOUT_CACHE_WRITES = chatFormat('openai chat', CACHED, INPUT_AUDIO, OUTPUT_AUDIO, REASONING);

/** DeepSeek, Fireworks. */
export const CHAT_WITH_OUTPUT_AUDIO = chatFormat('openai chat', CACHED, OUTPUT_AUDIO, REASONING);

/** Mistral, Moonshot, MiniMax, Z.ai: text only. */
export const TEXT_CHAT = chatFormat('openai chat', CACHED, REASONING);

/** Doubleword: text, with cache writes. */
export const TEXT_CHAT_WITH_CACHE_WRITES = chatFormat('openai chat', CACHED, CACHE_WRITE, REASONING);

/** Cerebras has no price for cached tokens, and does not discount them. */
export const CHAT_WITHOUT_CACHE = chatFormat('openai chat', REASONING);

/** Modal: reasoning beside the details, still inside `completion_tokens`. */
export const MODAL_CHAT = chatFormat(
  'modal chat',
  CACHED,
  CACHE_WRITE,
  counter('reasoning_tokens', 'output_reasoning_tokens'),
);

/** Anthropic's own endpoint in OpenAI's shape. */
export const ANTHROPIC_CHAT = chatFormat('anthropic chat', counter('cached_tokens', 'cache_read_tokens'), REASONING);

/**
 * xAI reports reasoning *beside* `completion_tokens`: 9 completion and 110 reasoning tokens are 119 of output.
 *
 * @see https://docs.x.ai/docs/guides/reasoning
 */
export const XAI_CHAT = chatFormat(
  'xai chat',
  CACHED,
  OUTPUT_AUDIO,
  counter('completion_tokens_details.reasoning_tokens', 'output_tokens', 'output_reasoning_tokens'),
);

/** xAI's first API: the same, one level up. */
export const XAI_FLAT = chatFormat(
  'xai',
  counter('cached_prompt_text_tokens', 'cache_read_tokens'),
  counter('reasoning_tokens', 'output_tokens', 'output_reasoning_tokens'),
);

/** Perplexity bills reasoning and citations beside the completion, and each search. */
export const PERPLEXITY = chatFormat(
  'perplexity',
  counter('reasoning_tokens', 'output_tokens', 'output_reasoning_tokens'),
  counter('citation_tokens', 'output_tokens', 'output_citation_tokens'),
  counter('num_search_queries', 'web_searches'),
);

/**
 * OpenAI's responses, which renamed the totals; they still include their parts.
 *
 * @see https://platform.openai.com/docs/api-reference/responses/object
 */
export function responsesFormat(...details: readonly Counter[]): UsageFormat {
  return usageFormat(
    'openai responses',
    [required('input_tokens', 'input_tokens'), required('output_tokens', 'output_tokens'), ...details],
    { ignored: ['input_tokens_details', 'output_tokens_details'] },
  );
}

const RESPONSES_CACHED = counter('input_tokens_details.cached_tokens', 'cache_read_tokens');
const RESPONSES_CACHE_WRITE = counter('input_tokens_details.cache_write_tokens', 'cache_write_tokens');
const RESPONSES_REASONING = counter('output_tokens_details.reasoning_tokens', 'output_reasoning_tokens');

export const OPENAI_RESPONSES = responsesFormat(RESPONSES_CACHED, RESPONSES_CACHE_WRITE, RESPONSES_REASONING);
/** Azure OpenAI: no cache writes. */
export const AZURE_RESPONSES = responsesFormat(RESPONSES_CACHED, RESPONSES_REASONING);
/** Doubleword, MiniMax: reasoning is not told apart. */
export const PLAIN_RESPONSES = responsesFormat(RESPONSES_CACHED);

/** An embedding has no output: whatever else the block says, its input is what is paid for. */
export const OPENAI_EMBEDDINGS = usageFormat('openai embeddings', [required('prompt_tokens', 'input_tokens')], {
  ignored: ['completion_tokens', ...CHAT_PARTS],
});

/**
 * A `response.done` event of OpenAI's realtime API. Its modalities partition both totals, and those of the cache.
 *
 * @see https://platform.openai.com/docs/api-reference/realtime-server-events/response/done
 */
export const OPENAI_REALTIME = usageFormat(
  'openai realtime',
  [
    counter('input_tokens', 'input_tokens'),
    counter('output_tokens', 'output_tokens'),
    counter('input_token_details.text_tokens', 'input_text_tokens'),
    counter('input_token_details.audio_tokens', 'input_audio_tokens'),
    counter('input_token_details.image_tokens', 'input_image_tokens'),
    counter('input_token_details.cached_tokens', 'cache_read_tokens'),
    counter('input_token_details.cached_tokens_details.text_tokens', 'cache_text_read_tokens'),
    counter('input_token_details.cached_tokens_details.audio_tokens', 'cache_audio_read_tokens'),
    counter('input_token_details.cached_tokens_details.image_tokens', 'cache_image_read_tokens'),
    counter('output_token_details.text_tokens', 'output_text_tokens'),
    counter('output_token_details.audio_tokens', 'output_audio_tokens'),
  ],
  { shownBy: ['input_token_details', 'output_token_details'] },
);

/** OpenAI's image generation: text and image tokens on both sides. */
export const OPENAI_IMAGES = usageFormat('openai images', [
  required('input_tokens', 'input_tokens'),
  required('input_tokens_details.text_tokens', 'input_text_tokens'),
  required('input_tokens_details.image_tokens', 'input_image_tokens'),
  required('output_tokens', 'output_tokens'),
  counter('output_tokens_details.text_tokens', 'output_text_tokens'),
  counter('output_tokens_details.image_tokens', 'output_image_tokens'),
]);
