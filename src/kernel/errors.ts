/**
 * How the outside should take a foreseen refusal. One filter in `platform/http` turns it into a status:
 * invalid → 422, malformed → 400, unauthenticated → 401, forbidden → 403, missing → 404,
 * conflict → 409, too_large → 413, refused → 402, unavailable → 503.
 */
export type ErrorKind =
  | 'malformed'
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'missing'
  | 'conflict'
  | 'too_large'
  | 'refused'
  | 'unavailable';

/** One field of a request and what is wrong with it. `field` is a path such as `prices[0].charge.unitPrice`. */
export interface FieldProblem {
  readonly field: string;
  readonly detail: string;
}

/**
 * An answer we foresee: a stable `code` to act on, a sentence that says what is wrong and what to do,
 * and the fields it is about. Anything else that is thrown is a bug.
 */
export abstract class DomainError extends Error {
  abstract readonly code: string;
  abstract readonly kind: ErrorKind;

  constructor(
    message: string,
    readonly fields: readonly FieldProblem[] = [],
  ) {
    super(message);
    this.name = new.target.name;
  }
}

/** The request is well formed but says something that can't be. */
export class InvalidRequestError extends DomainError {
  readonly kind = 'invalid';

  constructor(
    readonly code: string,
    message: string,
    fields: readonly FieldProblem[] = [],
  ) {
    super(message, fields);
  }
}

/** The thing named does not exist here. Another tenant's thing is answered in the same words. */
export class NotFoundError extends DomainError {
  readonly kind = 'missing';
  readonly code: string;

  /** @param noun what was asked for, such as `customer`; the code becomes `customer_not_found` */
  constructor(noun: string, name: string, field?: string) {
    const shown = name.length > 80 ? `${name.slice(0, 80)}…` : name;
    const message = `There is no ${noun} '${shown}' here.`;
    super(message, field === undefined ? [] : [{ field, detail: message }]);
    this.code = `${noun.replaceAll(' ', '_')}_not_found`;
  }
}

/** The request contradicts what is stored. Nothing was changed. */
export class ConflictError extends DomainError {
  readonly kind = 'conflict';

  constructor(
    readonly code: string,
    message: string,
    fields: readonly FieldProblem[] = [],
  ) {
    super(message, fields);
  }
}

/** Something the code relies on does not hold: a bug of ours, and stopping is kinder than a wrong invoice. */
export class InvariantError extends Error {
  constructor(what: string) {
    super(`Expected always to hold: ${what}`);
    this.name = 'InvariantError';
  }
}

/** States what the code relies on. @throws InvariantError when it does not hold */
export function invariant(condition: boolean, what: string): asserts condition {
  if (!condition) throw new InvariantError(what);
}
