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

type Issue = StandardSchemaV1.Issue;

/**
 * A field that isn't known is named by itself; zod names only the object it stands in. Of a value that may be one of
 * several things, a key or a whole plan say, it tells what is wrong with the one that was tried, and not that it is
 * none of them.
 */
function problemsOf(issue: Issue): FieldProblem[] {
  const { keys, errors } = issue as { keys?: unknown; errors?: unknown };
  const tried = Array.isArray(errors) ? formTried(errors as readonly (readonly Issue[])[]) : undefined;
  if (tried !== undefined) {
    return tried.flatMap((inner) => problemsOf({ ...inner, path: [...(issue.path ?? []), ...(inner.path ?? [])] }));
  }
  if (!Array.isArray(keys)) return [{ field: fieldPath(issue.path), detail: issue.message }];
  return keys.map((key) => ({
    field: fieldPath([...(issue.path ?? []), String(key).slice(0, 100)]),
    detail: 'is not a field of this request',
  }));
}

/** The one form of several that the value is meant to have: all others are refused for the kind of value it is. */
function formTried(forms: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const fitting = forms.filter((issues) => !issues.some(isOfAnotherKind));
  return fitting.length === 1 ? fitting[0] : undefined;
}

function isOfAnotherKind(issue: Issue): boolean {
  const { code } = issue as { code?: string };
  return (issue.path ?? []).length === 0 && (code === 'invalid_type' || code === 'invalid_value');
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
