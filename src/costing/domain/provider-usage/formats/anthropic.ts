import { type Counter, counter, required, type UsageFormat, usageFormat } from '../usage-format';

/**
 * Anthropic's messages: `input_tokens` is only what was neither read from a cache nor written to one, so all three are
 * added up. Five-minute and one-hour writes are parts of `cache_creation_input_tokens`.
 *
 * `iterations` repeats the block per step. Steps of the kind `message` are inside the totals; compactions and advisor
 * calls (at another model's price) are billed beside them and stay unread, which shows them.
 *
 * @see https://docs.claude.com/en/api/messages#response-usage
 */
function messagesFormat(name: string, ...details: readonly Counter[]): UsageFormat {
  return usageFormat(
    name,
    [
      required('input_tokens', 'input_tokens'),
      required('output_tokens', 'output_tokens'),
      counter('cache_creation_input_tokens', 'input_tokens', 'cache_write_tokens'),
      counter('cache_read_input_tokens', 'input_tokens', 'cache_read_tokens'),
      ...details,
    ],
    {
      // A fetch of a page costs nothing but the tokens it brings.
      ignored: ['cache_creation', 'output_tokens_details', 'server_tool_use.web_fetch_requests'],
      repeats: { path: 'iterations', type: 'message' },
    },
  );
}

export const ANTHROPIC_MESSAGES = messagesFormat(
  'anthropic messages',
  counter('cache_creation.ephemeral_5m_input_tokens', 'cache_write_5m_tokens'),
  counter('cache_creation.ephemeral_1h_input_tokens', 'cache_write_1h_tokens'),
  counter('server_tool_use.web_search_requests', 'web_searches'),
  counter('output_tokens_details.thinking_tokens', 'output_reasoning_tokens'),
);

/** The same API as clouds resell it (Bedrock, Azure, Vertex) or others copied it (MiniMax): one price for all writes. */
export const RESOLD_MESSAGES = messagesFormat('anthropic messages, resold');
