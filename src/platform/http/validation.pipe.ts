import { StandardSchemaValidationPipe } from '@nestjs/common';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { type FieldProblem, InvalidRequestError } from '../../kernel';

/** Most problems that are listed in one answer. */
const MOST_PROBLEMS = 20;

/** `['prices', 0, 'charge']` as `prices[0].charge`; the whole body is `body`. */
export function fieldPath(path: readonly (PropertyKey | StandardSchemaV1.PathSegment)[] | undefined): string {
  let text = '';
  for (const part of path ?? []) {
    const key = typeof part === 'object' ? part.key : part;
    text += typeof key === 'number' ? `[${key}]` : `${text === '' ? '' : '.'}${String(key)}`;
  }
  return text === '' ? 'body' : text;
}

/** A field that isn't known is named by itself; zod names only the object it stands in. */
function problemsOf(issue: StandardSchemaV1.Issue): FieldProblem[] {
  const { keys } = issue as { keys?: unknown };
  if (!Array.isArray(keys)) return [{ field: fieldPath(issue.path), detail: issue.message }];
  return keys.map((key) => ({
    field: fieldPath([...(issue.path ?? []), String(key).slice(0, 100)]),
    detail: 'is not a field of this request',
  }));
}

/** @returns the 422 that names each field the schema refuses */
export function invalidRequest(issues: readonly StandardSchemaV1.Issue[]): InvalidRequestError {
  const fields = issues.flatMap(problemsOf).slice(0, MOST_PROBLEMS);
  const first = fields[0]!;
  return new InvalidRequestError('invalid_request', `${first.field}: ${first.detail}`, fields);
}

/** Checks bodies, queries and parameters against the zod schema their decorator names. */
export class ValidationPipe extends StandardSchemaValidationPipe {
  constructor() {
    super({ exceptionFactory: invalidRequest });
  }
}
