import fc from 'fast-check';
import { hasRawUsage, normaliseUsage } from './normalise-usage';
import { flavoursOf, PROVIDER_FLAVOURS } from './providers';
import { isObject } from './read-block';
import type { UsageFormat } from './usage-format';

/** The flat fields of a block, or the field and reason of its problem. */
function flat(data: Record<string, unknown>) {
  const normalised = normaliseUsage(data);
  if (normalised === null) return null;
  if ('detail' in normalised) return `${normalised.field} ${normalised.detail}`;
  return Object.fromEntries(Object.entries(normalised.data).filter(([, value]) => typeof value === 'number'));
}

describe('a block as it came', () => {
  // Blocks as the providers' own references print them, shortened.
  it.each([
    [
      'OpenAI chat: cached inside the prompt, reasoning inside the completion',
      { provider: 'openai' },
      {
        prompt_tokens: 2006,
        completion_tokens: 300,
        total_tokens: 2306,
        prompt_tokens_details: { cached_tokens: 1920, audio_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 64, accepted_prediction_tokens: 10 },
      },
      { input_tokens: 2006, cache_read_tokens: 1920, output_tokens: 300, output_reasoning_tokens: 64 },
    ],
    [
      'OpenAI responses: the same by other names',
      { provider: 'openai' },
      {
        input_tokens: 36,
        input_tokens_details: { cached_tokens: 12 },
        output_tokens: 87,
        output_tokens_details: { reasoning_tokens: 5 },
        total_tokens: 123,
      },
      { input_tokens: 36, cache_read_tokens: 12, output_tokens: 87, output_reasoning_tokens: 5 },
    ],
    [
      'Anthropic: reads and writes beside the input, writes by how long they are kept',
      { provider: 'anthropic' },
      {
        input_tokens: 2048,
        cache_read_input_tokens: 1800,
        cache_creation_input_tokens: 248,
        cache_creation: { ephemeral_5m_input_tokens: 148, ephemeral_1h_input_tokens: 100 },
        output_tokens: 503,
        server_tool_use: { web_search_requests: 2 },
      },
      {
        input_tokens: 4096,
        cache_read_tokens: 1800,
        cache_write_tokens: 248,
        cache_write_5m_tokens: 148,
        cache_write_1h_tokens: 100,
        output_tokens: 503,
        web_searches: 2,
      },
    ],
    [
      'Gemini: thoughts beside the candidates, tool results beside the prompt, cached inside it',
      { provider: 'google' },
      {
        promptTokenCount: 300,
        cachedContentTokenCount: 200,
        toolUsePromptTokenCount: 50,
        candidatesTokenCount: 20,
        thoughtsTokenCount: 30,
        totalTokenCount: 400,
        promptTokensDetails: [
          { modality: 'TEXT', tokenCount: 100 },
          { modality: 'DOCUMENT', tokenCount: 150 },
          { modality: 'IMAGE', tokenCount: 50 },
        ],
      },
      {
        input_tokens: 350,
        cache_read_tokens: 200,
        input_tool_tokens: 50,
        input_text_tokens: 100,
        input_image_tokens: 200,
        output_tokens: 50,
        output_reasoning_tokens: 30,
      },
    ],
    [
      'Gemini as the Python client prints it',
      { provider: 'google' },
      { prompt_token_count: 10, candidates_token_count: 5, thoughts_token_count: 7, total_token_count: 22 },
      { input_tokens: 10, output_tokens: 12, output_reasoning_tokens: 7 },
    ],
    [
      'Bedrock Converse: cache beside the input, each count under two names',
      { provider: 'aws.bedrock' },
      {
        inputTokens: 22,
        outputTokens: 13,
        cacheReadInputTokens: 0,
        cacheReadInputTokenCount: 0,
        cacheWriteInputTokens: 2492,
        cacheWriteInputTokenCount: 2492,
        totalTokens: 2527,
        serverToolUsage: {},
      },
      { input_tokens: 2514, cache_write_tokens: 2492, output_tokens: 13 },
    ],
    [
      'Anthropic on Bedrock invoke',
      { provider: 'bedrock' },
      { input_tokens: 5, cache_read_input_tokens: 95, output_tokens: 7 },
      { input_tokens: 100, cache_read_tokens: 95, output_tokens: 7 },
    ],
    [
      'Mistral: cached inside the prompt',
      { provider: 'mistral' },
      { prompt_tokens: 175, completion_tokens: 39, total_tokens: 214, num_cached_tokens: 174 },
      { input_tokens: 175, output_tokens: 39 },
    ],
    [
      'Groq: times are no usage',
      { provider: 'groq' },
      {
        queue_time: 0.03,
        prompt_tokens: 18,
        prompt_time: 0.001,
        completion_tokens: 556,
        total_tokens: 574,
        total_time: 0.4,
      },
      { input_tokens: 18, output_tokens: 556 },
    ],
    [
      'Cohere: what it bills, not what its models saw',
      { provider: 'cohere' },
      { billed_units: { input_tokens: 5, output_tokens: 418 }, tokens: { input_tokens: 71, output_tokens: 418 } },
      { input_tokens: 5, output_tokens: 418 },
    ],
    [
      'xAI: reasoning beside the completion, as its own sum says',
      { provider: 'xai' },
      {
        prompt_tokens: 32,
        completion_tokens: 9,
        total_tokens: 151,
        prompt_tokens_details: { cached_tokens: 6 },
        completion_tokens_details: { reasoning_tokens: 110 },
      },
      { input_tokens: 32, cache_read_tokens: 6, output_tokens: 119, output_reasoning_tokens: 110 },
    ],
    [
      'xAI, should it ever include reasoning: its own sum says so',
      { provider: 'x-ai' },
      {
        prompt_tokens: 32,
        completion_tokens: 119,
        total_tokens: 151,
        completion_tokens_details: { reasoning_tokens: 110 },
      },
      { input_tokens: 32, output_tokens: 119, output_reasoning_tokens: 110 },
    ],
    [
      'a gateway nobody knows, passing on what xAI said',
      { provider: 'our-gateway', model: 'grok' },
      {
        prompt_tokens: 32,
        completion_tokens: 9,
        total_tokens: 151,
        completion_tokens_details: { reasoning_tokens: 110 },
      },
      { input_tokens: 32, output_tokens: 119, output_reasoning_tokens: 110 },
    ],
    [
      'no provider at all: known by its shape',
      {},
      { input_tokens: 3, cache_read_input_tokens: 9511, output_tokens: 1944 },
      { input_tokens: 9514, cache_read_tokens: 9511, output_tokens: 1944 },
    ],
    [
      'DeepSeek: hits and misses are the prompt again',
      { provider: 'deepseek' },
      {
        prompt_tokens: 563,
        completion_tokens: 116,
        total_tokens: 679,
        prompt_cache_hit_tokens: 512,
        prompt_cache_miss_tokens: 51,
        prompt_tokens_details: { cached_tokens: 512 },
      },
      { input_tokens: 563, cache_read_tokens: 512, output_tokens: 116 },
    ],
    [
      'Perplexity: citations and searches',
      { provider: 'perplexity' },
      { prompt_tokens: 14, completion_tokens: 100, citation_tokens: 40, num_search_queries: 3, reasoning_tokens: 60 },
      {
        input_tokens: 14,
        output_tokens: 200,
        output_citation_tokens: 40,
        output_reasoning_tokens: 60,
        web_searches: 3,
      },
    ],
    ['an embedding: input only', { provider: 'openai' }, { prompt_tokens: 8, total_tokens: 8 }, { input_tokens: 8 }],
    [
      'null where a model has no details',
      { provider: 'openai' },
      { prompt_tokens: 8, completion_tokens: 2, prompt_tokens_details: null },
      { input_tokens: 8, output_tokens: 2 },
    ],
  ])('%s', (_name, names, usage, expected) => {
    expect(flat({ ...names, usage })).toEqual(expected);
    expect(flat({ ...names, response: { usage } })).toEqual(expected);
  });

  it('takes the model and the service tier from the body around it', () => {
    const response = {
      id: 'chatcmpl-1',
      model: 'gpt-4o-2024-08-06',
      service_tier: 'flex',
      usage: { prompt_tokens: 1, completion_tokens: 2 },
    };
    expect(normaliseUsage({ provider: 'openai', response, feature: 'chat' })).toMatchObject({
      data: {
        provider: 'openai',
        feature: 'chat',
        model: 'gpt-4o-2024-08-06',
        serviceTier: 'flex',
        input_tokens: 1,
        output_tokens: 2,
      },
      format: 'openai chat',
    });
  });

  it('lets the event name another model than the body', () => {
    const response = { model: 'gpt-4o-2024-08-06', usage: { prompt_tokens: 1, completion_tokens: 2 } };
    expect(normaliseUsage({ provider: 'openai', model: 'gpt-4o', response })).toMatchObject({
      data: { model: 'gpt-4o' },
    });
  });

  it.each([
    ['usageMetadata', { promptTokenCount: 3 }, { input_tokens: 3 }],
    ['meta', { billed_units: { search_units: 2 } }, { rerank_searches: 2 }],
    [
      'amazon-bedrock-invocationMetrics',
      { inputTokenCount: 3, outputTokenCount: 4, invocationLatency: 900 },
      { input_tokens: 3, output_tokens: 4 },
    ],
  ])('finds the block of a body under %s', (name, block, expected) => {
    expect(flat({ response: { [name]: block } })).toEqual(expected);
  });

  it('finds counters at the top of a body', () => {
    const response = { generation: '…', prompt_token_count: 9, generation_token_count: 4, stop_reason: 'stop' };
    expect(flat({ provider: 'aws', response })).toEqual({ input_tokens: 9, output_tokens: 4 });
  });
});

describe('what a block says that we do not know', () => {
  const unreadOf = (data: Record<string, unknown>) => {
    const normalised = normaliseUsage(data);
    return normalised === null || 'detail' in normalised ? normalised : normalised.unread;
  };

  it('is kept by its path', () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2, video: { seconds: 30, minutes: 0 } };
    expect(unreadOf({ provider: 'openai', usage })).toEqual(['usage.video.seconds']);
  });

  it('is a compaction or an advisor of Anthropic, billed beside the totals; steps that repeat them are not', () => {
    const step = (type: string, input_tokens: number) => ({ type, input_tokens, output_tokens: 0 });
    const usage = { input_tokens: 180, output_tokens: 8, iterations: [step('compaction', 100), step('message', 180)] };
    expect(unreadOf({ provider: 'anthropic', usage })).toEqual(['usage.iterations.0.input_tokens']);
  });

  it('is bounded', () => {
    const junk = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`x${index}`, 1]));
    expect(unreadOf({ provider: 'openai', usage: { prompt_tokens: 1, completion_tokens: 1, ...junk } })).toHaveLength(
      20,
    );
  });
});

describe('a block that cannot be', () => {
  const chat = { prompt_tokens: 5, completion_tokens: 2 };

  it.each([
    ['a negative number', { ...chat, prompt_tokens: -5 }, 'data.usage.prompt_tokens must not be negative'],
    [
      'half a token',
      { ...chat, prompt_tokens_details: { cached_tokens: 0.5 } },
      'data.usage.prompt_tokens_details.cached_tokens must be a whole number',
    ],
    [
      'a string',
      { ...chat, completion_tokens: '2' },
      'data.usage.completion_tokens must be a whole number, as providers report it',
    ],
    ['too many', { ...chat, prompt_tokens: 1e16 }, 'data.usage.prompt_tokens has more than 15 digits'],
    [
      'details that are no object',
      { ...chat, prompt_tokens_details: 7 },
      'data.usage.prompt_tokens_details must be an object',
    ],
    [
      'null for a total',
      { ...chat, prompt_tokens: null },
      'data.usage.prompt_tokens is missing from a block of openai chat',
    ],
    [
      'no format of its provider',
      { tokens_in: 5 },
      'data.usage is in no format of its provider that Weir knows: name data.apiFlavor, or send the flat fields such as input_tokens',
    ],
  ])('%s', (_name, usage, problem) => {
    expect(flat({ provider: 'openai', usage })).toBe(problem);
  });

  it('names an entry of a list', () => {
    const usage = { promptTokenCount: 5, promptTokensDetails: [{ modality: 'TEXT', tokenCount: -5 }] };
    expect(flat({ provider: 'google', usage })).toBe(
      'data.usage.promptTokensDetails.0.tokenCount must not be negative',
    );
    expect(flat({ provider: 'google', usage: { promptTokenCount: 5, promptTokensDetails: {} } })).toBe(
      'data.usage.promptTokensDetails must be a list',
    );
    expect(flat({ provider: 'google', usage: { promptTokenCount: 5, promptTokensDetails: [5] } })).toBe(
      'data.usage.promptTokensDetails.0 must be an object',
    );
  });

  it('is not read in a flavour it is not in', () => {
    expect(flat({ provider: 'openai', apiFlavor: 'responses', usage: chat })).toBe(
      'data.usage.input_tokens is missing from a block of openai responses',
    );
    expect(flat({ provider: 'openai', apiFlavor: 'chats', usage: chat })).toMatch(/^data.apiFlavor must be one of /);
    expect(flat({ provider: 'openai', apiFlavor: 'constructor', usage: chat })).toMatch(
      /^data.apiFlavor must be one of /,
    );
  });

  it('comes once', () => {
    expect(flat({ provider: 'openai', usage: chat, response: { usage: chat } })).toBe(
      'data.response must not come with data.usage: send one of them',
    );
  });

  it('is refused where two formats would count it differently and nothing decides', () => {
    const usage = { prompt_tokens: 32, completion_tokens: 9, completion_tokens_details: { reasoning_tokens: 110 } };
    expect(flat({ provider: 'x-ai', usage })).toMatch(/which count differently: name data.apiFlavor$/);
    expect(flat({ provider: 'x-ai', apiFlavor: 'chat', usage })).toMatchObject({ output_tokens: 119 });
  });
});

it('reads an answer without a token of its own, as of a request that was filtered', () => {
  const usage = { prompt_tokens: 10, completion_tokens: 0, total_tokens: 10 };
  expect(flat({ provider: 'openai', usage })).toMatchObject({ input_tokens: 10, output_tokens: 0 });
});

describe("an object of the sender's own", () => {
  it.each([
    [{ usage: { gigabytes: 5 } }],
    [{ response: { status: 200 } }],
    [{ usage: 'a lot' }],
    [{ response: [1] }],
    [{}],
  ])('%j is no block', (data) => {
    expect(normaliseUsage(data)).toBeNull();
  });
});

/** Every format with a provider and flavour that names it. */
const FORMATS = Object.entries(PROVIDER_FLAVOURS).flatMap(([provider, flavours]) =>
  Object.entries(flavours).flatMap(([apiFlavor, formats]) =>
    [formats].flat().map((format) => ({ provider, apiFlavor, format: format })),
  ),
);

/** Puts a number at a path, as the provider would. */
function put(block: Record<string, unknown>, steps: readonly string[], value: unknown): void {
  const [step, ...further] = steps;
  if (further.length === 0) block[step!] = value;
  else put((block[step!] ??= {}) as Record<string, unknown>, further, value);
}

/** A block with a number for each counter that isn't in a list. */
function blockOf(format: UsageFormat, numbers: readonly number[]) {
  const block: Record<string, unknown> = {};
  const counters = format.counters.filter((one) => one.modality === null);
  counters.forEach((one, index) => put(block, one.steps, numbers[index % numbers.length]!));
  return { block, counters };
}

describe('every format of every provider', () => {
  const numbers = fc.array(fc.nat({ max: 1_000_000 }), { minLength: 12, maxLength: 12 });

  it('adds each counter to the fields it counts in, once', () => {
    fc.assert(
      fc.property(fc.constantFrom(...FORMATS), numbers, ({ provider, apiFlavor, format }, values) => {
        const { block, counters } = blockOf(format, values);
        const expected: Record<string, number> = {};
        counters.forEach((one, index) => {
          const value = values[index % values.length]!;
          for (const field of one.into) expected[field] = (expected[field] ?? 0) + value;
        });
        const got = flat({ provider, apiFlavor, usage: block }) as Record<string, number>;
        for (const field of Object.keys(expected)) expect(got[field] ?? 0).toBe(expected[field]);
      }),
    );
  });

  it('normalised twice is normalised once', () => {
    fc.assert(
      fc.property(fc.constantFrom(...FORMATS), numbers, ({ provider, apiFlavor, format }, values) => {
        const once = normaliseUsage({ provider, apiFlavor, usage: blockOf(format, values).block });
        expect(isObject(once) && 'data' in once && hasRawUsage(once.data as Record<string, unknown>)).toBe(false);
        expect(isObject(once) && 'data' in once && normaliseUsage(once.data as Record<string, unknown>)).toBeNull();
      }),
    );
  });

  it('takes any JSON without a throw', () => {
    fc.assert(
      fc.property(fc.constantFrom(...FORMATS), fc.jsonValue(), fc.jsonValue(), ({ provider }, usage, details) => {
        normaliseUsage({ provider, usage });
        normaliseUsage({
          provider,
          usage: { prompt_tokens: 1, completion_tokens: details, promptTokensDetails: details },
        });
        normaliseUsage({ response: usage });
      }),
    );
  });
});

describe('names of providers', () => {
  it.each([
    ['OpenAI', 'openai'],
    ['aws.bedrock', 'aws'],
    ['gcp.vertex_ai', 'google'],
    ['x_ai', 'x-ai'],
  ])('%s is %s', (name, provider) => {
    expect(flavoursOf(name)).toBe(PROVIDER_FLAVOURS[provider]);
  });

  it('are not those of an object', () => {
    expect(flavoursOf('constructor')).toBeNull();
  });
});
