import { type Counter, counter, modality, type UsageFormat, usageFormat } from '../usage-format';

/** Gemini's modalities as the catalogue's vocabulary names them: a page of a document is priced as an image. */
const MODALITIES = [
  ['TEXT', 'text'],
  ['AUDIO', 'audio'],
  ['IMAGE', 'image'],
  ['DOCUMENT', 'image'],
  ['VIDEO', 'video'],
] as const;

function byModality(path: string, ...into: readonly ((kind: string) => string)[]): Counter[] {
  return MODALITIES.map(([name, kind]) => modality(path, name, ...into.map((field) => field(kind))));
}

/**
 * Gemini's `usageMetadata`. The prompt includes what was cached; thoughts are *beside* the candidates, and the results
 * of built-in tools are *beside* the prompt. The lists by modality are parts of the counts they belong to.
 *
 * @see https://ai.google.dev/api/generate-content#UsageMetadata
 */
export const GEMINI = usageFormat(
  'gemini',
  [
    counter('promptTokenCount', 'input_tokens'),
    counter('toolUsePromptTokenCount', 'input_tokens', 'input_tool_tokens'),
    counter('cachedContentTokenCount', 'cache_read_tokens'),
    counter('candidatesTokenCount', 'output_tokens'),
    counter('thoughtsTokenCount', 'output_tokens', 'output_reasoning_tokens'),
    ...byModality('promptTokensDetails', (kind) => `input_${kind}_tokens`),
    ...byModality(
      'toolUsePromptTokensDetails',
      (kind) => `input_${kind}_tokens`,
      (kind) => `input_${kind}_tool_tokens`,
    ),
    ...byModality('cacheTokensDetails', (kind) => `cache_${kind}_read_tokens`),
    ...byModality('candidatesTokensDetails', (kind) => `output_${kind}_tokens`),
  ],
  {
    shownBy: ['promptTokenCount', 'candidatesTokenCount', 'thoughtsTokenCount', 'toolUsePromptTokenCount'],
    // `promptTokenDetails` is how the embedding models spell the list.
    ignored: [
      'totalTokenCount',
      'promptTokensDetails',
      'promptTokenDetails',
      'toolUsePromptTokensDetails',
      'cacheTokensDetails',
      'candidatesTokensDetails',
      'serviceTier',
      'trafficType',
    ],
  },
);

/** The same as the Python client prints it: `prompt_token_count`, `cached_content_token_count`, … */
export const GEMINI_SNAKE = snakeCased(GEMINI);

function snakeCased(format: UsageFormat): UsageFormat {
  return {
    ...format,
    name: `${format.name}, in snake case`,
    counters: format.counters.map((one) => ({ ...one, path: snake(one.path), steps: one.steps.map(snake) })),
    shownBy: format.shownBy.map(snake),
    ignored: format.ignored.map(snake),
  };
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
