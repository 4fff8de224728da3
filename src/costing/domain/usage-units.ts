import type { FieldProblem } from '../../kernel';
import { type Quantity, add, isMore, quantityProblem, quantityText, readQuantity, subtract } from './quantity';

/**
 * The units that are priced. They are disjoint: every token of a request is in exactly one of them, so that no token
 * is charged twice, however the sender's totals overlap.
 *
 * ```
 * input_tokens   |---- input ----|- cacheRead -|- cacheWrite -|- inputAudio -|- cachedAudio -|
 * output_tokens  |---- output ---------------------------------|- outputAudio ---------------|
 * ```
 */
export const PRICED_UNITS = [
  'input',
  'cacheRead',
  'cacheWrite',
  'inputAudio',
  'cachedAudio',
  'output',
  'outputAudio',
  'requests',
] as const;
export type PricedUnit = (typeof PRICED_UNITS)[number];

/** The field of an event's `data` that a unit is read from; named in every message about the unit. */
export const UNIT_FIELDS: Readonly<Record<PricedUnit, string>> = {
  input: 'input_tokens',
  cacheRead: 'cache_read_tokens',
  cacheWrite: 'cache_write_tokens',
  inputAudio: 'input_audio_tokens',
  cachedAudio: 'cache_audio_read_tokens',
  output: 'output_tokens',
  outputAudio: 'output_audio_tokens',
  requests: 'requests',
};

/**
 * Usage fields of the catalogue's vocabulary that Weir does not price yet, and where their quantity already counts:
 * inside the input total, inside the output total, or nowhere (`separate`). An event that reports one is priced only
 * when the total covers it and the model has no price of its own for it.
 *
 * Audio written to a cache is inside two of our units at once (`inputAudio` and `cacheWrite`), so it is `separate`.
 */
export const OTHER_USAGE_FIELDS: ReadonlyMap<string, 'input' | 'output' | 'separate'> = new Map([
  ...[
    'cache_image_read_tokens',
    'cache_image_write_1h_tokens',
    'cache_image_write_5m_tokens',
    'cache_image_write_tokens',
    'cache_text_read_tokens',
    'cache_text_write_1h_tokens',
    'cache_text_write_5m_tokens',
    'cache_text_write_tokens',
    'cache_video_read_tokens',
    'cache_video_write_1h_tokens',
    'cache_video_write_5m_tokens',
    'cache_video_write_tokens',
    'cache_write_1h_tokens',
    'cache_write_5m_tokens',
    'input_audio_tool_tokens',
    'input_image_tokens',
    'input_image_tool_tokens',
    'input_text_tokens',
    'input_text_tool_tokens',
    'input_tool_tokens',
    'input_video_tokens',
    'input_video_tool_tokens',
  ].map((field) => [field, 'input'] as const),
  ...[
    'output_audio_citation_tokens',
    'output_audio_reasoning_tokens',
    'output_citation_tokens',
    'output_image_citation_tokens',
    'output_image_reasoning_tokens',
    'output_image_tokens',
    'output_reasoning_tokens',
    'output_text_citation_tokens',
    'output_text_reasoning_tokens',
    'output_text_tokens',
    'output_video_citation_tokens',
    'output_video_reasoning_tokens',
    'output_video_tokens',
  ].map((field) => [field, 'output'] as const),
  ...[
    'audio_seconds',
    'cache_audio_write_1h_tokens',
    'cache_audio_write_5m_tokens',
    'cache_audio_write_tokens',
    'code_executions',
    'input_annotated_document_pages',
    'input_audio_seconds',
    'input_characters',
    'input_document_pages',
    'input_pixels',
    'input_text_messages',
    'output_audio_seconds',
    'rerank_searches',
    'social_searches',
    'storage_searches',
    'web_searches',
  ].map((field) => [field, 'separate'] as const),
]);

/** What one event used, in disjoint units. A unit that the event does not report is null, which is not zero. */
export interface UsageUnits extends Readonly<Record<PricedUnit, Quantity | null>> {
  /** All input tokens, cached and audio included: decides the context tier. */
  readonly totalInput: Quantity | null;
  /** All output tokens, audio included. */
  readonly totalOutput: Quantity | null;
  /** Fields of `OTHER_USAGE_FIELDS` that the event reports above zero; null when there are none. */
  readonly others: readonly string[] | null;
}

/** What costing reads from an event's `data`. */
export interface EventUsage {
  readonly provider: string | null;
  readonly model: string | null;
  /** null when the event reports nothing that costs. */
  readonly units: UsageUnits | null;
}

/** Why an event's usage can't be read. `field` is a path such as `data.input_tokens`. */
export type UsageProblem = FieldProblem;

const NO_USAGE: EventUsage = Object.freeze({ provider: null, model: null, units: null });

/** A name longer than any provider's; it bounds what matching and its cache can be made to do. */
const LONGEST_NAME = 255;

/** Tells a problem from a reading. */
export function isUsageProblem(reading: EventUsage | UsageProblem): reading is UsageProblem {
  return 'detail' in reading;
}

/**
 * Reads the usage out of an event's `data` and splits its totals into disjoint units:
 * 4,740 input tokens of which 4,000 were read from a cache → 740 input, 4,000 cacheRead.
 *
 * Senders report as `input_tokens` all input, cached and audio included, and as `output_tokens` all output, audio
 * included; a cached audio token is inside `cache_read_tokens` and inside `input_audio_tokens`. A part without its
 * total is refused rather than guessed, because providers disagree on whether the total holds it.
 * Fractions of a token are welcome (a request shared by several tasks), up to 12 decimals.
 *
 * @param data the event's `data`, any JSON; unknown fields are the sender's own
 * @returns    the usage, or the first problem found, as a value since every event passes here
 */
export function readUsage(data: unknown): EventUsage | UsageProblem {
  if (data === undefined || data === null) return NO_USAGE;
  if (typeof data !== 'object' || Array.isArray(data)) return { field: 'data', detail: 'must be a JSON object' };
  const fields = data as Readonly<Record<string, unknown>>;

  const provider = readName(fields['provider']);
  if (provider === undefined) return nameProblem('provider');
  const model = readName(fields['model']);
  if (model === undefined) return nameProblem('model');

  const totalInput = readQuantity(fields['input_tokens']);
  if (totalInput === undefined) return problemOf(fields, 'input_tokens');
  const totalOutput = readQuantity(fields['output_tokens']);
  if (totalOutput === undefined) return problemOf(fields, 'output_tokens');
  const allCacheRead = readQuantity(fields['cache_read_tokens']);
  if (allCacheRead === undefined) return problemOf(fields, 'cache_read_tokens');
  const cacheWrite = readQuantity(fields['cache_write_tokens']);
  if (cacheWrite === undefined) return problemOf(fields, 'cache_write_tokens');
  const allInputAudio = readQuantity(fields['input_audio_tokens']);
  if (allInputAudio === undefined) return problemOf(fields, 'input_audio_tokens');
  const cachedAudio = readQuantity(fields['cache_audio_read_tokens']);
  if (cachedAudio === undefined) return problemOf(fields, 'cache_audio_read_tokens');
  const outputAudio = readQuantity(fields['output_audio_tokens']);
  if (outputAudio === undefined) return problemOf(fields, 'output_audio_tokens');
  const requests = readQuantity(fields['requests']);
  if (requests === undefined) return problemOf(fields, 'requests');
  const others = otherUsage(fields);

  let cacheRead = allCacheRead;
  let inputAudio = allInputAudio;
  let input = totalInput;
  let output = totalOutput;

  // Most requests have no cached and no audio tokens, and are done here.
  if (cachedAudio !== null || cacheRead !== null || cacheWrite !== null || inputAudio !== null) {
    const cached = cachedAudio ?? 0;
    const problem =
      partProblem('cache_audio_read_tokens', cached, 'cache_read_tokens', allCacheRead) ??
      partProblem('cache_audio_read_tokens', cached, 'input_audio_tokens', allInputAudio) ??
      partProblem('cache_read_tokens', allCacheRead, 'input_tokens', totalInput) ??
      partProblem('cache_write_tokens', cacheWrite, 'input_tokens', totalInput) ??
      partProblem('input_audio_tokens', allInputAudio, 'input_tokens', totalInput);
    if (problem !== null) return problem;

    if (allCacheRead !== null) cacheRead = subtract(allCacheRead, cached);
    if (allInputAudio !== null) inputAudio = subtract(allInputAudio, cached);
    if (totalInput !== null) {
      const parts = add(add(cacheRead ?? 0, cacheWrite ?? 0), add(inputAudio ?? 0, cached));
      if (isMore(parts, totalInput)) return partsProblem(totalInput, parts);
      input = subtract(totalInput, parts);
    }
  }
  if (outputAudio !== null) {
    const problem = partProblem('output_audio_tokens', outputAudio, 'output_tokens', totalOutput);
    if (problem !== null) return problem;
    if (totalOutput !== null) output = subtract(totalOutput, outputAudio);
  }

  const reported =
    totalInput ?? totalOutput ?? cacheRead ?? cacheWrite ?? inputAudio ?? cachedAudio ?? outputAudio ?? requests;
  if (reported === null && others === null) {
    return provider === null && model === null ? NO_USAGE : { provider, model, units: null };
  }
  return {
    provider,
    model,
    units: {
      input,
      cacheRead,
      cacheWrite,
      inputAudio,
      cachedAudio,
      output,
      outputAudio,
      requests,
      totalInput,
      totalOutput,
      others,
    },
  };
}

/** A provider's or model's name; null when absent, undefined when it is not one. */
function readName(value: unknown): string | null | undefined {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' || value.length > LONGEST_NAME || value.trim() === '') return undefined;
  return value;
}

function nameProblem(name: 'provider' | 'model'): UsageProblem {
  return { field: `data.${name}`, detail: `must be a string of 1 to ${LONGEST_NAME} characters` };
}

function problemOf(fields: Readonly<Record<string, unknown>>, name: string): UsageProblem {
  return { field: `data.${name}`, detail: quantityProblem(fields[name]) ?? 'is not a quantity' };
}

/** A part may not be more than the total that includes it, and not without it. */
function partProblem(
  part: string,
  partQuantity: Quantity | null,
  total: string,
  totalQuantity: Quantity | null,
): UsageProblem | null {
  if (partQuantity === null || partQuantity === 0) return null;
  if (totalQuantity === null) {
    const detail = `is missing: it is a total that includes the ${quantityText(partQuantity)} of data.${part}`;
    return { field: `data.${total}`, detail };
  }
  if (!isMore(partQuantity, totalQuantity)) return null;
  const detail = `is ${quantityText(partQuantity)}, more than the ${quantityText(totalQuantity)} of data.${total}, which includes it`;
  return { field: `data.${part}`, detail };
}

function partsProblem(totalInput: Quantity, parts: Quantity): UsageProblem {
  const detail = `is ${quantityText(totalInput)}, less than the cached and audio tokens it includes, which add up to ${quantityText(parts)}`;
  return { field: 'data.input_tokens', detail };
}

/** The fields of the catalogue's vocabulary, other than our own units, that this event reports above zero. */
function otherUsage(fields: Readonly<Record<string, unknown>>): readonly string[] | null {
  let others: string[] | null = null;
  for (const name in fields) {
    if (!OTHER_USAGE_FIELDS.has(name)) continue;
    // What is not a number is the sender's own; what is one, whole or not, is usage we were told about.
    const value = fields[name];
    const isNumber = typeof value === 'number' || (typeof value === 'string' && quantityProblem(value) === null);
    if (isNumber && readQuantity(value) !== 0) (others ??= []).push(name);
  }
  return others;
}
