import { hasAny, kindOf, readAny, RefusedSpanError } from './read-attribute';
import { type TokenField, TOKENS } from './attributes';
import type { Attributes } from './span';

/** Token counts by the names that costing reads. Totals include their parts. What a span does not say is not in it. */
export type TokenUsage = Readonly<Partial<Record<TokenField, number>>>;

/** The largest quantity that an event takes, 15 digits, which a double holds exactly. */
const MOST_TOKENS = 999_999_999_999_999n;

const FIELDS = Object.keys(TOKENS) as TokenField[];
const NAMES: readonly string[] = Object.values(TOKENS).flat();
const INPUT_PARTS = ['cache_read_tokens', 'cache_write_tokens', 'input_audio_tokens'] as const;
const OUTPUT_PARTS = ['output_reasoning_tokens', 'output_audio_tokens'] as const;

interface Count {
  /** The attribute it was read from. */
  readonly name: string;
  readonly count: bigint;
}

/**
 * The tokens that a span reports. Where it leaves out one of input, output and their sum, that is worked out from the
 * other two; an embedding has no output, so that its sum is its input.
 *
 * @throws RefusedSpanError when a count is no count, or a part is more than its total
 */
export function readTokens(attributes: Attributes, isEmbedding: boolean): TokenUsage {
  const counts: Partial<Record<TokenField, Count>> = {};
  for (const field of FIELDS) {
    const count = readCount(attributes, TOKENS[field]);
    if (count !== null) counts[field] = count;
  }
  completeFromTotal(counts, isEmbedding);
  checkParts(counts, 'input_tokens', INPUT_PARTS);
  checkParts(counts, 'output_tokens', OUTPUT_PARTS);

  const usage: Partial<Record<TokenField, number>> = {};
  for (const field of FIELDS) {
    const count = counts[field];
    // The sum says nothing more once it has been split.
    const isSplit = field === 'total_tokens' && (counts.input_tokens ?? counts.output_tokens) !== undefined;
    if (count !== undefined && !isSplit) usage[field] = Number(count.count);
  }
  return usage;
}

/** Whether a span reports any tokens at all. */
export function hasTokens(attributes: Attributes): boolean {
  return hasAny(attributes, NAMES);
}

/** Whether there is anything in it that can be priced: a sum alone can't be, as input and output have their own prices. */
export function canBePriced(usage: TokenUsage): boolean {
  return usage.input_tokens !== undefined || usage.output_tokens !== undefined;
}

function readCount(attributes: Attributes, names: readonly string[]): Count | null {
  const found = readAny(attributes, names);
  if (found === null) return null;
  const { name, value } = found;
  let count: bigint;
  if (typeof value === 'bigint') count = value;
  // Some languages have doubles only, and some exporters strings.
  else if (typeof value === 'number' && Number.isSafeInteger(value)) count = BigInt(value);
  else if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) count = BigInt(value);
  else if (typeof value === 'number') throw new RefusedSpanError(`${name} is ${value}, not a whole number of tokens`);
  else throw new RefusedSpanError(`${name} must be a whole number of tokens, not ${kindOf(value)}`);

  if (count < 0n) throw new RefusedSpanError(`${name} is ${count.toString()}: a number of tokens is not negative`);
  if (count > MOST_TOKENS) throw new RefusedSpanError(`${name} is ${count.toString()}, more than any request can use`);
  return { name, count };
}

function completeFromTotal(counts: Partial<Record<TokenField, Count>>, isEmbedding: boolean): void {
  const { total_tokens: total, input_tokens: input, output_tokens: output } = counts;
  if (total === undefined) return;
  if (input === undefined && output === undefined) {
    if (isEmbedding) counts.input_tokens = total;
    return;
  }
  if (input !== undefined && output !== undefined) return;
  const known = input ?? output!;
  if (known.count > total.count) {
    throw new RefusedSpanError(
      `${known.name} is ${known.count.toString()}, more than the ${total.count.toString()} of ${total.name}, which includes it`,
    );
  }
  const rest: Count = { name: total.name, count: total.count - known.count };
  if (input === undefined) counts.input_tokens = rest;
  else if (!isEmbedding) counts.output_tokens = rest;
}

function checkParts(
  counts: Partial<Record<TokenField, Count>>,
  totalField: 'input_tokens' | 'output_tokens',
  partFields: readonly TokenField[],
): void {
  const total = counts[totalField];
  let cached = 0n;
  for (const field of partFields) {
    const part = counts[field];
    if (part === undefined || part.count === 0n) continue;
    if (total === undefined) {
      throw new RefusedSpanError(
        `${TOKENS[totalField][0]} is missing: it is a total that includes the ${part.count.toString()} of ${part.name}`,
      );
    }
    if (part.count > total.count) {
      throw new RefusedSpanError(
        `${part.name} is ${part.count.toString()}, more than the ${total.count.toString()} of ${total.name}, which includes it`,
      );
    }
    if (field === 'cache_read_tokens' || field === 'cache_write_tokens') cached += part.count;
  }
  if (total !== undefined && cached > total.count) {
    throw new RefusedSpanError(
      `${total.name} is ${total.count.toString()}, less than the ${cached.toString()} read from and written to a cache, which it includes`,
    );
  }
}
