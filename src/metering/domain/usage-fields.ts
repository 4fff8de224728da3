import type { ModelField } from '../../catalog/domain';

type Data = Readonly<Record<string, unknown>> | null;

/** A quantity of what a model used, by its flat name such as `input_tokens`; undefined when the event doesn't report it. */
export function usageField(data: Data, name: string): unknown {
  return own(data, name);
}

/** The provider or model that was used, as the event names it; undefined when it doesn't. */
export function modelField(data: Data, name: ModelField): unknown {
  return own(data, name);
}

function own(data: Data, name: string): unknown {
  return data !== null && Object.hasOwn(data, name) ? data[name] : undefined;
}
