import type { FieldProblem } from '../../../kernel';
import { COMMON_FLAVOURS, type Flavours, flavoursOf } from './providers';
import { type Block, type BlockReading, isObject, isShaped, readBlock, valueAt } from './read-block';
import type { UsageFormat } from './usage-format';

/** An event's `data` with its raw block turned into flat fields. */
export interface NormalisedUsage {
  /** Flat: `provider`, `model`, `serviceTier`, and fields such as `input_tokens`. `readUsage` takes it as it is. */
  readonly data: Readonly<Record<string, unknown>>;
  /** How the block was read, such as `openai chat`. */
  readonly format: string;
  /** Numbers above zero that the format neither reads nor knows to be no usage, by path: maybe paid, never dropped. */
  readonly unread: readonly string[];
  /** The sender named the flavour, and so which counters are its usage. */
  readonly flavourNamed: boolean;
  /** Flat field → path of the counter it came from, so that a message can name what was sent. */
  readonly origins: ReadonlyMap<string, string>;
}

/** Whether `data` carries a provider's block. The one check that a plain flat event pays. */
export function hasRawUsage(data: Readonly<Record<string, unknown>>): boolean {
  return isObject(data['usage']) || isObject(data['response']);
}

/**
 * Turns a provider's usage block, as it came, into the flat vocabulary: totals that include their parts.
 *
 * ```
 * Anthropic  {input_tokens: 5, cache_creation_input_tokens: 4735, output_tokens: 85}
 *        →   {input_tokens: 4740, cache_write_tokens: 4735, output_tokens: 85}
 * ```
 *
 * The format is the one of `data.provider` and `data.apiFlavor`; without a flavour it is found among the provider's
 * own, and without a provider among all common ones, by the counters the block has. Where two formats fit and would
 * count differently, the block's own sum of tokens decides; where it doesn't, the block is refused rather than guessed.
 *
 * @param data an event's `data` with `usage` (the block) or `response` (the body around it)
 * @returns    null when there is no block, so normalising twice is normalising once; a problem names the counter
 * @see        docs/provider-usage.md
 */
export function normaliseUsage(data: Readonly<Record<string, unknown>>): NormalisedUsage | FieldProblem | null {
  if (!hasRawUsage(data)) return null;
  const { usage, response, ...rest } = data;
  if (isObject(usage) && isObject(response)) {
    return { field: 'data.response', detail: 'must not come with data.usage: send one of them' };
  }

  const provider = typeof data['provider'] === 'string' ? data['provider'] : null;
  const body = isObject(response) ? response : null;
  const found = body === null ? { block: usage as Block, at: 'data.usage' } : blockOf(body);
  const formats = formatsFor(provider, data['apiFlavor']);
  if ('detail' in formats) return formats;

  const reading = bestReading(found.block, formats.candidates, found.at, formats.named);
  if (reading === null) {
    // An object of the sender's own that happens to have this name: nothing says that it is a provider's.
    if (provider === null && data['model'] === undefined) return null;
    return { field: found.at, detail: UNKNOWN_FORMAT };
  }
  if ('detail' in reading) return reading;

  const model = data['model'] ?? modelOf(body);
  const serviceTier = data['serviceTier'] ?? serviceTierOf(found.block, body);
  return {
    data: {
      ...withoutUndefined({ ...rest, model, serviceTier }),
      ...Object.fromEntries(reading.fields),
    },
    format: reading.format.name,
    unread: reading.unread.map((path) => `${found.at.slice('data.'.length)}.${path}`),
    flavourNamed: formats.named,
    origins: reading.origins,
  };
}

const UNKNOWN_FORMAT =
  'is in no format of its provider that Weir knows: name data.apiFlavor, or send the flat fields such as input_tokens';

/** Where bodies keep their block: OpenAI and most others, Gemini, realtime events, Cohere's embeddings, Bedrock. */
const BLOCK_PATHS = [
  'usage',
  'usageMetadata',
  'usage_metadata',
  'response.usage',
  'meta',
  'amazon-bedrock-invocationMetrics',
];

function blockOf(body: Block): { block: Block; at: string } {
  for (const path of BLOCK_PATHS) {
    const block = valueAt(body, path.split('.'));
    if (isObject(block)) return { block, at: `data.response.${path}` };
  }
  return { block: body, at: 'data.response' };
}

interface Candidates {
  readonly candidates: readonly UsageFormat[];
  /** The flavour was named, so a block that isn't in it is wrong rather than of another one. */
  readonly named: boolean;
}

function formatsFor(provider: string | null, flavour: unknown): Candidates | FieldProblem {
  const own = flavoursOf(provider);
  if (flavour === undefined || flavour === null || (flavour === 'default' && own?.['default'] === undefined)) {
    const candidates = formatsIn(own ?? COMMON_FLAVOURS).filter((format) => !format.onlyNamed);
    return { candidates, named: false };
  }
  const flavours: Flavours = { ...COMMON_FLAVOURS, ...own };
  const formats = typeof flavour === 'string' && Object.hasOwn(flavours, flavour) ? flavours[flavour] : undefined;
  if (formats === undefined) {
    return { field: 'data.apiFlavor', detail: `must be one of ${Object.keys(flavours).sort().join(', ')}` };
  }
  return { candidates: formatsIn({ formats }), named: true };
}

function formatsIn(flavours: Flavours): UsageFormat[] {
  return Object.values(flavours).flatMap((formats) => formats);
}

function bestReading(
  block: Block,
  candidates: readonly UsageFormat[],
  at: string,
  named: boolean,
): BlockReading | FieldProblem | null {
  const shaped = candidates.filter((format) => isShaped(block, format));
  // A named format says best itself which counter it misses.
  const tried = named && shaped.length === 0 ? candidates.slice(0, 1) : shaped;
  if (tried.length === 0) return null;

  const readings: BlockReading[] = [];
  for (const format of tried) {
    const reading = readBlock(block, format, at);
    if ('detail' in reading) return reading;
    readings.push(reading);
  }
  readings.sort((a, b) => sumFits(block, b) - sumFits(block, a) || b.read - a.read || b.fields.size - a.fields.size);
  const [best, next] = readings;
  const undecided =
    next !== undefined &&
    sumFits(block, best!) === sumFits(block, next) &&
    best!.read === next.read &&
    !sameFields(best!.fields, next.fields);
  if (undecided) {
    const detail = `may be ${best!.format.name} or ${next.format.name}, which count differently: name data.apiFlavor`;
    return { field: at, detail };
  }
  return best!;
}

/** 1 when the block's own sum of all tokens is what the reading makes of it: nothing is missing and nothing twice. */
function sumFits(block: Block, reading: BlockReading): number {
  const sum = block['total_tokens'] ?? block['totalTokens'] ?? block['totalTokenCount'];
  return sum === (reading.fields.get('input_tokens') ?? 0) + (reading.fields.get('output_tokens') ?? 0) ? 1 : 0;
}

/** Whether both count the same. A total of zero is none: an answer without a token reads like an embedding. */
function sameFields(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  return [...a.keys(), ...b.keys()].every((field) => (a.get(field) ?? 0) === (b.get(field) ?? 0));
}

function modelOf(body: Block | null): unknown {
  if (body === null) return undefined;
  return (
    body['model'] ?? body['modelVersion'] ?? body['model_version'] ?? valueAt(body, ['response', 'model']) ?? undefined
  );
}

function serviceTierOf(block: Block, body: Block | null): unknown {
  const tier = block['service_tier'] ?? block['serviceTier'] ?? body?.['service_tier'];
  return typeof tier === 'string' ? tier : undefined;
}

function withoutUndefined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
