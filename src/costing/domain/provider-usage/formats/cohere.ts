import { counter, required, usageFormat } from '../usage-format';

/**
 * Cohere bills by `billed_units`; `tokens` is what its models saw, with the parts that it does not charge for.
 *
 * @see https://docs.cohere.com/v2/reference/chat
 */
export const COHERE_BILLED = usageFormat(
  'cohere billed units',
  [
    required('billed_units.input_tokens', 'input_tokens'),
    required('billed_units.output_tokens', 'output_tokens'),
    counter('billed_units.search_units', 'rerank_searches'),
  ],
  { ignored: ['tokens', 'cached_tokens'] },
);

/** Cohere's `tokens`, for those who price by what the model saw. */
export const COHERE_TOKENS = usageFormat(
  'cohere tokens',
  [
    counter('tokens.input_tokens', 'input_tokens'),
    counter('tokens.output_tokens', 'output_tokens'),
    counter('cached_tokens', 'cache_read_tokens'),
  ],
  { shownBy: ['tokens'], ignored: ['billed_units'], onlyNamed: true },
);

/** The `meta` of Cohere's embeddings. */
export const COHERE_EMBEDDINGS = usageFormat('cohere embeddings', [
  required('billed_units.input_tokens', 'input_tokens'),
]);

/** The `meta` of Cohere's rerank: priced by the search. */
export const COHERE_RERANK = usageFormat('cohere rerank', [required('billed_units.search_units', 'rerank_searches')]);
