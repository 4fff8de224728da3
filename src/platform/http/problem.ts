import { HttpException } from '@nestjs/common';
import { DomainError, type ErrorKind, type FieldProblem } from '../../kernel';

/** An RFC 9457 problem, with a stable `code` to act on and the fields it is about. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly FieldProblem[];
  readonly requestId?: string;
  /** Of this one occurrence, and more about it: only where another API's clients look for them. */
  readonly instance?: string;
  readonly extensions?: Readonly<Record<string, unknown>>;
}

export const PROBLEM_CONTENT_TYPE = 'application/problem+json';

const STATUS_OF: Readonly<Record<ErrorKind, number>> = {
  malformed: 400,
  unauthenticated: 401,
  refused: 402,
  forbidden: 403,
  missing: 404,
  conflict: 409,
  too_large: 413,
  invalid: 422,
  unavailable: 503,
};

const TITLES: Readonly<Record<number, string>> = {
  400: 'The request could not be read',
  401: 'Who is asking is not known',
  402: 'Refused by a limit',
  403: 'Not allowed',
  404: 'Not found',
  405: 'The method is not allowed here',
  409: 'Conflict with what is stored',
  413: 'The request is too large',
  414: 'The address is too long',
  415: 'The content type is not understood',
  422: 'The request is not valid',
  429: 'Too many requests',
  500: 'Something went wrong on our side',
  503: 'Not available right now',
};

/** Codes for the refusals of the HTTP server itself, which know no better one. */
const CODES: Readonly<Record<number, string>> = {
  400: 'malformed_request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  408: 'request_timeout',
  413: 'body_too_large',
  414: 'uri_too_long',
  415: 'unsupported_media_type',
  429: 'too_many_requests',
  431: 'headers_too_large',
  503: 'unavailable',
};

export function problem(status: number, code: string, detail: string, errors: readonly FieldProblem[] = []): Problem {
  return {
    type: 'about:blank',
    title: TITLES[status] ?? 'The request failed',
    status,
    code,
    detail,
    ...(errors.length > 0 ? { errors } : {}),
  };
}

/** PostgreSQL's words for "not now": too many connections, shutting down, recovering. */
const UNAVAILABLE_SQLSTATES = new Set([
  '53300',
  '57P01',
  '57P02',
  '57P03',
  '08006',
  '08001',
  '08003',
  '40P01',
  '40001',
]);
const UNAVAILABLE_SYSTEM_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT', 'ETIMEDOUT']);

/**
 * The driver's own words for a connection that is gone; they come without a code. TypeORM gives up a connection that
 * breaks between two statements of a transaction, and then says of the second that it was released.
 */
const LOST_CONNECTION =
  /^Connection terminated|^Client has encountered a connection error|timeout exceeded when trying to connect|query runner (?:was )?already released/i;

function isUnavailable(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && (UNAVAILABLE_SQLSTATES.has(code) || UNAVAILABLE_SYSTEM_CODES.has(code))) return true;
  return typeof message === 'string' && LOST_CONNECTION.test(message);
}

/** What the caller is told about a thrown value. Anything not foreseen is a 500 that gives nothing away. */
export function toProblem(error: unknown): Problem {
  if (error instanceof DomainError) return problem(STATUS_OF[error.kind], error.code, error.message, error.fields);

  const status = error instanceof HttpException ? error.getStatus() : (error as { statusCode?: unknown }).statusCode;
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return problem(status, CODES[status] ?? 'bad_request', clientErrorDetail(status, error));
  }
  if (isUnavailable(error)) {
    return problem(
      503,
      'unavailable',
      'The database does not answer right now. Nothing was changed; try again with the same ids.',
    );
  }
  return problem(500, 'internal_error', 'This is a fault of ours; it has been logged under the request id.');
}

function clientErrorDetail(status: number, error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  if (status === 413)
    return 'The body is larger than this server accepts; send less at a time, or raise WEIR_BODY_LIMIT.';
  if (status === 415)
    return 'Send the body in a content type that the reference names for this route, such as application/json, and compressed only where events are sent (gzip, deflate or br).';
  if (code === 'FST_ERR_CTP_EMPTY_JSON_BODY') return 'The body is empty; a JSON value is expected.';
  return (message ?? 'The request could not be understood.').slice(0, 300);
}
