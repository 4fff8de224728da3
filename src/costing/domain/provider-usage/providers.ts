import { ANTHROPIC_MESSAGES, RESOLD_MESSAGES } from './formats/anthropic';
import { BEDROCK_CONVERSE, BEDROCK_INVOCATION, BEDROCK_LLAMA } from './formats/bedrock';
import { COHERE_BILLED, COHERE_EMBEDDINGS, COHERE_RERANK, COHERE_TOKENS } from './formats/cohere';
import { GEMINI, GEMINI_SNAKE } from './formats/gemini';
import {
  ANTHROPIC_CHAT,
  AZURE_RESPONSES,
  CHAT_WITH_OUTPUT_AUDIO,
  CHAT_WITHOUT_CACHE,
  CHAT_WITHOUT_CACHE_WRITES,
  MODAL_CHAT,
  OPENAI_CHAT,
  OPENAI_EMBEDDINGS,
  OPENAI_IMAGES,
  OPENAI_REALTIME,
  OPENAI_RESPONSES,
  PERPLEXITY,
  PLAIN_RESPONSES,
  TEXT_CHAT,
  TEXT_CHAT_WITH_CACHE_WRITES,
  XAI_CHAT,
  XAI_FLAT,
} from './formats/openai';
import type { UsageFormat } from './usage-format';

/** API flavour, as an event names it in `data.apiFlavor` → the format of its blocks. */
export type Flavours = Readonly<Record<string, UsageFormat | readonly UsageFormat[]>>;

/** What any provider's flavour of this name is, where the provider has none of its own. */
export const COMMON_FLAVOURS = {
  chat: OPENAI_CHAT,
  responses: OPENAI_RESPONSES,
  embeddings: OPENAI_EMBEDDINGS,
  images: OPENAI_IMAGES,
  realtime: OPENAI_REALTIME,
  anthropic: ANTHROPIC_MESSAGES,
  gemini: [GEMINI, GEMINI_SNAKE],
  converse: BEDROCK_CONVERSE,
  invoke: [BEDROCK_INVOCATION, RESOLD_MESSAGES, BEDROCK_LLAMA],
  cohere: [COHERE_BILLED, COHERE_RERANK],
  'x-ai': XAI_CHAT,
  perplexity: PERPLEXITY,
} as const satisfies Flavours;

/** The flavours of each provider that has its own, in the order in which they are tried. */
export const PROVIDER_FLAVOURS: Readonly<Record<string, Flavours>> = {
  anthropic: { default: ANTHROPIC_MESSAGES, chat: ANTHROPIC_CHAT },
  aws: {
    default: BEDROCK_CONVERSE,
    anthropic: RESOLD_MESSAGES,
    invoke: [BEDROCK_INVOCATION, BEDROCK_LLAMA],
    chat: OPENAI_CHAT,
  },
  azure: {
    chat: CHAT_WITHOUT_CACHE_WRITES,
    responses: AZURE_RESPONSES,
    anthropic: RESOLD_MESSAGES,
    embeddings: OPENAI_EMBEDDINGS,
  },
  cerebras: { chat: CHAT_WITHOUT_CACHE },
  cohere: { default: [COHERE_BILLED, COHERE_RERANK], embeddings: COHERE_EMBEDDINGS, tokens: COHERE_TOKENS },
  deepseek: { chat: CHAT_WITH_OUTPUT_AUDIO, anthropic: ANTHROPIC_MESSAGES },
  doubleword: { chat: TEXT_CHAT_WITH_CACHE_WRITES, responses: PLAIN_RESPONSES, embeddings: OPENAI_EMBEDDINGS },
  fireworks: { chat: CHAT_WITH_OUTPUT_AUDIO },
  google: {
    default: [GEMINI, GEMINI_SNAKE],
    anthropic: RESOLD_MESSAGES,
    chat: CHAT_WITHOUT_CACHE_WRITES,
  },
  groq: { default: CHAT_WITHOUT_CACHE_WRITES, responses: OPENAI_RESPONSES },
  minimax: { default: RESOLD_MESSAGES, chat: TEXT_CHAT, responses: PLAIN_RESPONSES },
  mistral: { default: TEXT_CHAT, embeddings: OPENAI_EMBEDDINGS },
  modal: { chat: MODAL_CHAT, responses: OPENAI_RESPONSES },
  moonshotai: { chat: TEXT_CHAT, anthropic: ANTHROPIC_MESSAGES },
  openai: {
    chat: OPENAI_CHAT,
    responses: OPENAI_RESPONSES,
    embeddings: OPENAI_EMBEDDINGS,
    images: OPENAI_IMAGES,
    realtime: OPENAI_REALTIME,
  },
  perplexity: { default: PERPLEXITY },
  'x-ai': { chat: XAI_CHAT, default: XAI_FLAT, responses: OPENAI_RESPONSES, inclusive: OPENAI_CHAT },
  zai: { chat: TEXT_CHAT, anthropic: ANTHROPIC_MESSAGES },
  zhipuai: { chat: TEXT_CHAT, anthropic: ANTHROPIC_MESSAGES },
};

/** Other names under which events know these providers: OpenTelemetry's, and those of common clients. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['aws.bedrock', 'aws'],
  ['amazon', 'aws'],
  ['amazon_bedrock', 'aws'],
  ['bedrock', 'aws'],
  ['az.ai.inference', 'azure'],
  ['az.ai.openai', 'azure'],
  ['azure.ai.inference', 'azure'],
  ['azure.ai.openai', 'azure'],
  ['azure_openai', 'azure'],
  ['gcp.gemini', 'google'],
  ['gcp.gen_ai', 'google'],
  ['gcp.vertex_ai', 'google'],
  ['gemini', 'google'],
  ['vertex_ai', 'google'],
  ['google-vertex', 'google'],
  ['google-gla', 'google'],
  ['mistral_ai', 'mistral'],
  ['mistralai', 'mistral'],
  ['moonshot', 'moonshotai'],
  ['x_ai', 'x-ai'],
  ['xai', 'x-ai'],
]);

/** A provider's own flavours; null for one that has none, whose blocks are known by their shape. */
export function flavoursOf(provider: string | null): Flavours | null {
  if (provider === null) return null;
  const name = provider.trim().toLowerCase();
  const id = ALIASES.get(name) ?? name;
  return Object.hasOwn(PROVIDER_FLAVOURS, id) ? PROVIDER_FLAVOURS[id]! : null;
}
