/**
 * Every unit that a model can be charged by: the whole vocabulary of the genai-prices catalogue. For each, the field of
 * an event's usage it is read from, and what it counts, in words: a unit includes every other one that says all its
 * words and more. `input_tokens` ("tokens input") includes `cache_read_tokens` ("tokens input cacheRead"), which
 * includes `cache_audio_read_tokens` ("tokens input cacheRead audio").
 *
 * The units of the first group are read from every event and priced in plain numbers; the others are looked for.
 */
const TABLE = {
  input: ['input_tokens', 'tokens input'],
  cacheRead: ['cache_read_tokens', 'tokens input cacheRead'],
  cacheWrite: ['cache_write_tokens', 'tokens input cacheWrite'],
  cacheWrite1h: ['cache_write_1h_tokens', 'tokens input cacheWrite 1h'],
  inputAudio: ['input_audio_tokens', 'tokens input audio'],
  cachedAudio: ['cache_audio_read_tokens', 'tokens input audio cacheRead'],
  output: ['output_tokens', 'tokens output'],
  outputAudio: ['output_audio_tokens', 'tokens output audio'],
  requests: ['requests', 'requests'],

  cacheWrite5m: ['cache_write_5m_tokens', 'tokens input cacheWrite 5m'],
  inputTool: ['input_tool_tokens', 'tokens input tool'],
  cacheAudioWrite: ['cache_audio_write_tokens', 'tokens input audio cacheWrite'],
  cacheAudioWrite5m: ['cache_audio_write_5m_tokens', 'tokens input audio cacheWrite 5m'],
  cacheAudioWrite1h: ['cache_audio_write_1h_tokens', 'tokens input audio cacheWrite 1h'],
  inputAudioTool: ['input_audio_tool_tokens', 'tokens input audio tool'],
  inputText: ['input_text_tokens', 'tokens input text'],
  cacheTextRead: ['cache_text_read_tokens', 'tokens input text cacheRead'],
  cacheTextWrite: ['cache_text_write_tokens', 'tokens input text cacheWrite'],
  cacheTextWrite5m: ['cache_text_write_5m_tokens', 'tokens input text cacheWrite 5m'],
  cacheTextWrite1h: ['cache_text_write_1h_tokens', 'tokens input text cacheWrite 1h'],
  inputTextTool: ['input_text_tool_tokens', 'tokens input text tool'],
  inputImage: ['input_image_tokens', 'tokens input image'],
  cacheImageRead: ['cache_image_read_tokens', 'tokens input image cacheRead'],
  cacheImageWrite: ['cache_image_write_tokens', 'tokens input image cacheWrite'],
  cacheImageWrite5m: ['cache_image_write_5m_tokens', 'tokens input image cacheWrite 5m'],
  cacheImageWrite1h: ['cache_image_write_1h_tokens', 'tokens input image cacheWrite 1h'],
  inputImageTool: ['input_image_tool_tokens', 'tokens input image tool'],
  inputVideo: ['input_video_tokens', 'tokens input video'],
  cacheVideoRead: ['cache_video_read_tokens', 'tokens input video cacheRead'],
  cacheVideoWrite: ['cache_video_write_tokens', 'tokens input video cacheWrite'],
  cacheVideoWrite5m: ['cache_video_write_5m_tokens', 'tokens input video cacheWrite 5m'],
  cacheVideoWrite1h: ['cache_video_write_1h_tokens', 'tokens input video cacheWrite 1h'],
  inputVideoTool: ['input_video_tool_tokens', 'tokens input video tool'],

  outputReasoning: ['output_reasoning_tokens', 'tokens output reasoning'],
  outputCitation: ['output_citation_tokens', 'tokens output citation'],
  outputAudioReasoning: ['output_audio_reasoning_tokens', 'tokens output audio reasoning'],
  outputAudioCitation: ['output_audio_citation_tokens', 'tokens output audio citation'],
  outputText: ['output_text_tokens', 'tokens output text'],
  outputTextReasoning: ['output_text_reasoning_tokens', 'tokens output text reasoning'],
  outputTextCitation: ['output_text_citation_tokens', 'tokens output text citation'],
  outputImage: ['output_image_tokens', 'tokens output image'],
  outputImageReasoning: ['output_image_reasoning_tokens', 'tokens output image reasoning'],
  outputImageCitation: ['output_image_citation_tokens', 'tokens output image citation'],
  outputVideo: ['output_video_tokens', 'tokens output video'],
  outputVideoReasoning: ['output_video_reasoning_tokens', 'tokens output video reasoning'],
  outputVideoCitation: ['output_video_citation_tokens', 'tokens output video citation'],

  webSearches: ['web_searches', 'calls webSearch'],
  storageSearches: ['storage_searches', 'calls storageSearch'],
  socialSearches: ['social_searches', 'calls socialSearch'],
  codeExecutions: ['code_executions', 'calls codeExecution'],
  rerankSearches: ['rerank_searches', 'rerank'],
  inputTextMessages: ['input_text_messages', 'messages input text'],
  audioSeconds: ['audio_seconds', 'seconds audio'],
  inputAudioSeconds: ['input_audio_seconds', 'seconds audio input'],
  outputAudioSeconds: ['output_audio_seconds', 'seconds audio output'],
  inputCharacters: ['input_characters', 'characters input'],
  inputDocumentPages: ['input_document_pages', 'pages input'],
  inputAnnotatedDocumentPages: ['input_annotated_document_pages', 'pages input annotated'],
  inputPixels: ['input_pixels', 'pixels input'],
} as const;

export type PricedUnit = keyof typeof TABLE;
export const PRICED_UNITS = Object.keys(TABLE) as [PricedUnit, ...PricedUnit[]];

/** Units that nearly every event reports, and that are therefore priced in plain numbers. */
export const CORE_UNITS = [
  'input',
  'cacheRead',
  'cacheWrite',
  'cacheWrite1h',
  'inputAudio',
  'cachedAudio',
  'output',
  'outputAudio',
  'requests',
] as const satisfies readonly PricedUnit[];
export type CoreUnit = (typeof CORE_UNITS)[number];

const IS_CORE: ReadonlySet<PricedUnit> = new Set(CORE_UNITS);

export function isCore(unit: PricedUnit): unit is CoreUnit {
  return IS_CORE.has(unit);
}

const WORDS = new Map(PRICED_UNITS.map((unit) => [unit, new Set(TABLE[unit][1].split(' '))] as const));
const wordsOf = (unit: PricedUnit): ReadonlySet<string> => WORDS.get(unit)!;

/** The field of an event's usage that a unit is read from; named in every message about the unit. */
export const UNIT_FIELDS = Object.fromEntries(PRICED_UNITS.map((unit) => [unit, TABLE[unit][0]])) as Readonly<
  Record<PricedUnit, string>
>;

/** The unit that a usage field reports. */
export const UNIT_OF_FIELD: ReadonlyMap<string, PricedUnit> = new Map(
  PRICED_UNITS.map((unit) => [UNIT_FIELDS[unit], unit]),
);

function saysAll(unit: PricedUnit, words: ReadonlySet<string>): boolean {
  return [...words].every((word) => wordsOf(unit).has(word));
}

const WIDER = new Map(
  PRICED_UNITS.map((unit) => [unit, PRICED_UNITS.filter((other) => other !== unit && saysAll(unit, wordsOf(other)))]),
);
const NARROWER = new Map(
  PRICED_UNITS.map((unit) => [unit, PRICED_UNITS.filter((other) => WIDER.get(other)!.includes(unit))]),
);

/** The units that include this one: every cached audio token is a cached, an audio and an input token. */
export function widerThan(unit: PricedUnit): readonly PricedUnit[] {
  return WIDER.get(unit)!;
}

/** The units that this one includes. */
export function narrowerThan(unit: PricedUnit): readonly PricedUnit[] {
  return NARROWER.get(unit)!;
}

/** How many words a unit says: the more, the less it includes. */
export function narrowness(unit: PricedUnit): number {
  return wordsOf(unit).size;
}

/** Whether the unit counts tokens, which are reported as totals and parts of them. */
export function countsTokens(unit: PricedUnit): boolean {
  return wordsOf(unit).has('tokens');
}

/** Whether the unit counts seconds, which are priced by the hour or the minute. */
export function countsSeconds(unit: PricedUnit): boolean {
  return wordsOf(unit).has('seconds');
}

/**
 * The unit of what two units share, neither of which includes the other: cached and audio tokens share cached audio.
 * null when nothing can be in both, as no token is both text and audio.
 */
export function sharedBy(a: PricedUnit, b: PricedUnit): PricedUnit | null {
  const both = new Set([...wordsOf(a), ...wordsOf(b)]);
  if (both.size === narrowness(a) || both.size === narrowness(b)) return null;
  return PRICED_UNITS.find((unit) => narrowness(unit) === both.size && saysAll(unit, both)) ?? null;
}
