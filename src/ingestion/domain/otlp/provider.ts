/**
 * The providers whose name in OpenTelemetry's conventions, or in those of a library, tells the price book nothing, and
 * how it calls them. All others are handed on as they are: it knows `aws.bedrock`, `gcp.vertex_ai` and `mistral_ai`.
 */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['azure.ai.openai', 'azure'],
  ['azure.ai.inference', 'azure'],
  ['az.ai.openai', 'azure'],
  ['az.ai.inference', 'azure'],
  ['azure-openai', 'azure'],
  ['gcp.gen_ai', 'google'],
  ['x_ai', 'x-ai'],
  ['xai', 'x-ai'],
  ['togetherai', 'together'],
]);

/** The AI SDK names the provider's API as well: `openai.responses`, `anthropic.messages`. */
const VERCEL_API =
  /\.(?:chat|responses|completion|messages|embedding|textEmbedding|text-embedding|generative-ai|vertex.*|image)$/;

/** A provider as the price book knows it, from what a span calls it. */
export function providerName(name: string): string {
  const normal = name.trim().toLowerCase();
  const known = NAMES.get(normal);
  if (known !== undefined) return known;
  const withoutApi = name.trim().replace(VERCEL_API, '');
  return NAMES.get(withoutApi.toLowerCase()) ?? withoutApi;
}
