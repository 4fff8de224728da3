import { DomainError } from '../../kernel';
import type { Scope } from './api-key';

/** No key, or one that is unknown or revoked. */
export class UnauthenticatedError extends DomainError {
  readonly code = 'unauthenticated';
  readonly kind = 'unauthenticated';
}

/** The key is good but may not do this. */
export class MissingScopeError extends DomainError {
  readonly code = 'missing_scope';
  readonly kind = 'forbidden';

  constructor(scope: Scope) {
    super(`This key may not do that: it needs the scope '${scope}'. Make a key with it, or use another one.`);
  }
}

/** Only the operator of this installation may do this, and nobody is one until a key is set. */
export class OperatorOnlyError extends DomainError {
  readonly code = 'operator_only';
  readonly kind = 'forbidden';
}
