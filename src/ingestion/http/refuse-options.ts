import { InvalidRequestError } from '../../kernel';

/**
 * Refuses the options that `POST /v1/events` has on an endpoint that doesn't: unheard, a rehearsal would be stored.
 *
 * @throws InvalidRequestError
 */
export function refuseOptions(query: unknown): void {
  const name = ['dryRun', 'backfill'].find((each) => Object.hasOwn(query as object, each));
  if (name === undefined) return;
  const detail = 'is no option of this endpoint; POST /v1/events has it';
  throw new InvalidRequestError('invalid_request', `${name}: ${detail}`, [{ field: name, detail }]);
}
