/**
 * The ways in which providers say that a request was served as any other: OpenAI's `default` and the `auto` that asks
 * for it, Anthropic's `standard`, Groq's `on_demand`.
 */
const STANDARD: ReadonlySet<string> = new Set(['', 'standard', 'default', 'auto', 'on_demand']);

/** A service class of its own, such as `batch`, `flex` or `priority`. */
export const SERVICE_CLASS = /^[a-z0-9][a-z0-9._-]{0,49}$/;

/**
 * The service class that a request is priced by, from its service tier as the provider names it: `Batch` → `batch`.
 * A class that nobody knows stays one of its own, so that its requests wait for a price rather than take the standard's.
 *
 * @returns null for the standard class
 */
export function serviceClassOf(serviceTier: string): string | null {
  const name = serviceTier.trim().toLowerCase();
  return STANDARD.has(name) ? null : name;
}
