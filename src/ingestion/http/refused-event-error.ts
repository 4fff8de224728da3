import type { EventProblem } from '../../events';
import { DomainError } from '../../kernel';

/** The only event of a request is refused. */
export class RefusedEventError extends DomainError {
  readonly kind = 'invalid';
  readonly code: string;

  constructor(problem: EventProblem) {
    super(`${problem.field}: ${problem.detail}`, [{ field: problem.field, detail: problem.detail }]);
    this.code = problem.code;
  }
}
