import type { ModelField } from '../../catalog/domain';
import { normaliseUsage } from '../../costing/domain';

type Data = Readonly<Record<string, unknown>>;

/**
 * A quantity of what a model used, by its flat name such as `input_tokens`: as the event gives it, or as costing reads
 * it out of the provider's own usage block. So a meter counts the tokens that are charged, however they were sent.
 *
 * @returns undefined when the event doesn't report it
 */
export function usageField(data: Data | null, name: string): unknown {
  return data === null ? undefined : own(flat(data), name);
}

/** The provider or model that was used, as the event or the response in it names it; undefined when neither does. */
export function modelField(data: Data | null, name: ModelField): unknown {
  return data === null ? undefined : own(flat(data), name);
}

/** Several fields of several meters are read from one event, one after the other; its block is taken apart once. */
const taken = new WeakMap<Data, Data>();

function flat(data: Data): Data {
  if (!Object.hasOwn(data, 'usage') && !Object.hasOwn(data, 'response')) return data;
  let fields = taken.get(data);
  if (fields === undefined) {
    const normalised = normaliseUsage(data);
    // A block that can't be read: the event was refused, or is none of a provider's and means nothing here.
    fields = normalised === null || 'detail' in normalised ? data : normalised.data;
    taken.set(data, fields);
  }
  return fields;
}

function own(data: Data, name: string): unknown {
  return Object.hasOwn(data, name) ? data[name] : undefined;
}
