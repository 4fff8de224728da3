/**
 * One provider's way of reporting usage, as data: which counters its block has, and what each of them is in the flat
 * vocabulary that `readUsage` takes apart (totals that include their parts).
 *
 * A counter that a provider reports *beside* its total is added to both the part and the total:
 * Anthropic's `cache_read_input_tokens` → `cache_read_tokens` and `input_tokens`.
 * One that is *inside* its total goes to the part alone: OpenAI's `prompt_tokens_details.cached_tokens` →
 * `cache_read_tokens`. That is the whole difference that bills tokens twice when it is guessed.
 */
export interface UsageFormat {
  /** How messages and the documentation call it, such as `openai chat`. */
  readonly name: string;
  readonly counters: readonly Counter[];
  /** A block is in this format only if it has one of these counters; all of `required` must be there besides. */
  readonly shownBy: readonly string[];
  /**
   * Paths whose numbers are known to be no further usage: sums, timings, amounts of money, and parts of totals that
   * are paid for with the total. A path stands for all below it. Any other positive number is kept as unread.
   */
  readonly ignored: readonly string[];
  /** A list whose entries of one `type` repeat what the totals hold: its path and that type. */
  readonly repeats: { readonly path: string; readonly type: string } | null;
  /** The block has another reading that is billed; this one is for those who ask for it by its flavour. */
  readonly onlyNamed: boolean;
}

/** One number of a block. */
export interface Counter {
  /** Its path in the block, such as `prompt_tokens_details.cached_tokens`. */
  readonly path: string;
  readonly steps: readonly string[];
  /** For a list of `{modality, tokenCount}`: whose entry. */
  readonly modality: string | null;
  /** The flat fields its quantity is added to. */
  readonly into: readonly string[];
  readonly required: boolean;
}

/** A number that may be missing. */
export function counter(path: string, ...into: readonly string[]): Counter {
  return { path, steps: path.split('.'), modality: null, into, required: false };
}

/** A number without which the block is not in this format. */
export function required(path: string, ...into: readonly string[]): Counter {
  return { ...counter(path, ...into), required: true };
}

/** One modality's number in a list such as `[{"modality": "TEXT", "tokenCount": 11}]`. */
export function modality(path: string, name: string, ...into: readonly string[]): Counter {
  return { ...counter(path, ...into), modality: name };
}

/** What any block may carry that is no usage: what was paid upstream, how long it took, sums of the other counters. */
const NEVER_USAGE = [
  'completion_time',
  'cost',
  'cost_details',
  'cost_in_usd_ticks',
  'is_byok',
  'latency',
  'prompt_time',
  'pydantic_ai_gateway',
  'queue_time',
  'service_tier',
  'total_time',
  'total_tokens',
];

/** Puts a format together; what is shown by nothing else is shown by its required counters. */
export function usageFormat(
  name: string,
  counters: readonly Counter[],
  options: Partial<Pick<UsageFormat, 'shownBy' | 'ignored' | 'repeats' | 'onlyNamed'>> = {},
): UsageFormat {
  const shownBy = options.shownBy ?? counters.filter((one) => one.required).map((one) => one.path);
  const ignored = [...NEVER_USAGE, ...(options.ignored ?? [])];
  const { repeats = null, onlyNamed = false } = options;
  return { name, counters, shownBy, ignored, repeats, onlyNamed };
}
