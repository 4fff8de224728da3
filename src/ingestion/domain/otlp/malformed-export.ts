import { DomainError } from '../../../kernel';

/** The body of an export can't be decoded, so that nothing is known of what is in it. Sending it again is no use. */
export class MalformedExportError extends DomainError {
  readonly code = 'malformed_export';
  readonly kind = 'malformed';

  /** @param field where in the body, such as `resourceSpans[0].scopeSpans` or `byte 17` */
  constructor(field: string, detail: string) {
    super(`The export can't be decoded: ${field} ${detail}.`, [{ field, detail }]);
  }
}
