import type { FieldProblem } from '../../../kernel';
import type { EventUsage, UsageProblem } from '../event-usage';
import { UNIT_OF_FIELD } from '../unit-table';
import { normaliseUsage } from './normalise-usage';

/**
 * Reads the usage of an event that carries a provider's block: the block becomes flat fields, and those become
 * disjoint units as if they had been sent. A problem names the counter of the block, not the flat field it became.
 *
 * What the block counts and we don't know is never dropped: it is `unread`, so that the cost is pending and says for
 * what. Only a sender who names the flavour has said which counters are its usage, and is taken at their word.
 *
 * @param readFlat reads flat data; `readUsage` itself, which can't be imported here without a circle
 */
export function readRawUsage(
  data: Readonly<Record<string, unknown>>,
  readFlat: (data: unknown) => EventUsage | UsageProblem,
): EventUsage | UsageProblem {
  const normalised = normaliseUsage(data);
  if (normalised === null) {
    // The names are the sender's own here; what is left is a flat event like any other.
    const { usage: _usage, response: _response, ...flat } = data;
    return readFlat(flat);
  }
  if ('detail' in normalised) return normalised;

  for (const name of Object.keys(data)) {
    const counted = normalised.origins.get(name);
    // What a block never counts, such as searches beside OpenAI's tokens, may stand beside it.
    if (!UNIT_OF_FIELD.has(name) || (counted === undefined && !name.endsWith('_tokens'))) continue;
    const block = data['usage'] === undefined ? 'data.response' : 'data.usage';
    return { field: `data.${name}`, detail: `must not come with ${counted ?? block}: send the block or flat fields` };
  }

  const usage = readFlat(normalised.data);
  if ('detail' in usage) return named(usage, normalised.origins);
  return normalised.flavourNamed || normalised.unread.length === 0 ? usage : { ...usage, unread: normalised.unread };
}

/** The problem with every flat field called by the counter it came from. */
function named(problem: FieldProblem, origins: ReadonlyMap<string, string>): FieldProblem {
  const rename = (text: string) => text.replace(/data\.(\w+)/g, (whole, field: string) => origins.get(field) ?? whole);
  return { field: rename(problem.field), detail: rename(problem.detail) };
}
