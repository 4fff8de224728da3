import type { FieldProblem } from '../../../kernel';
import { WireWriter } from './wire';

/** How a request is written, and so its answer. */
export type Encoding = 'json' | 'protobuf';

/** One span that was not stored, or that was and about which there is something to say. */
export interface SpanNote {
  /** null when it has none. */
  readonly spanId: string | null;
  readonly detail: string;
}

/** Notes that are told in full. Exporters write them into a log, one line for each request. */
const MOST_NOTES = 10;
const LONGEST_NOTE = 300;

const BAD_REQUEST = 'type.googleapis.com/google.rpc.BadRequest';

/**
 * An ExportTraceServiceResponse. Its `partial_success` is set only where there is something to tell: how many spans were
 * refused and why, or, with none refused, a warning about some that were stored.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#partial-success-1
 */
export function exportAnswer(encoding: Encoding, refused: readonly SpanNote[], warnings: readonly SpanNote[]): Buffer {
  const message = [notesText(refused, 'refused'), notesText(warnings, 'stored with a warning')]
    .filter(Boolean)
    .join(' ');
  if (encoding === 'json') {
    // 64-bit integers are strings in Protobuf's JSON.
    const partialSuccess = { rejectedSpans: String(refused.length), errorMessage: message };
    return Buffer.from(JSON.stringify(message === '' ? {} : { partialSuccess }));
  }
  if (message === '') return Buffer.alloc(0);
  return new WireWriter().message(1, new WireWriter().varint(1, refused.length).string(2, message).finish()).finish();
}

/** `2 spans refused: span 00f067aa0ba902b7: gen_ai.usage.input_tokens is -5: …; span … .` */
function notesText(notes: readonly SpanNote[], what: string): string {
  if (notes.length === 0) return '';
  const told = notes
    .slice(0, MOST_NOTES)
    .map(({ spanId, detail }) => `span ${spanId ?? 'without an id'}: ${cut(detail)}`);
  const more = notes.length > MOST_NOTES ? [`and ${notes.length - MOST_NOTES} more`] : [];
  return `${notes.length} ${notes.length === 1 ? 'span' : 'spans'} ${what}: ${[...told, ...more].join('; ')}.`;
}

/** A name that is quoted may be of any length, and its cut may not leave half a character. */
function cut(text: string): string {
  return text.length > LONGEST_NOTE ? `${text.slice(0, LONGEST_NOTE).toWellFormed()}…` : text.toWellFormed();
}

/** The codes of google.rpc.Code for our statuses. OTLP's clients go by the HTTP status; this is for people. */
const RPC_CODES: Readonly<Record<number, number>> = {
  400: 3, // INVALID_ARGUMENT
  401: 16, // UNAUTHENTICATED
  403: 7, // PERMISSION_DENIED
  404: 5, // NOT_FOUND
  408: 4, // DEADLINE_EXCEEDED
  413: 3,
  415: 3,
  422: 3,
  429: 8, // RESOURCE_EXHAUSTED
  500: 13, // INTERNAL
  503: 14, // UNAVAILABLE
};
const RPC_UNKNOWN = 2;

/** A refusal of the whole request, as our problems have it. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly FieldProblem[];
}

/**
 * A google.rpc.Status, which is what OTLP answers to every request that fails. The message begins with our own stable
 * code; what is wrong with the body is named in its details.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#failures-1
 */
export function failureAnswer(encoding: Encoding, { status, code, detail, errors = [] }: Refusal): Buffer {
  const rpcCode = RPC_CODES[status] ?? RPC_UNKNOWN;
  const message = `${code}: ${detail}`;
  if (encoding === 'json') {
    const fieldViolations = errors.map(({ field, detail: description }) => ({ field, description }));
    const details = errors.length === 0 ? {} : { details: [{ '@type': BAD_REQUEST, fieldViolations }] };
    return Buffer.from(JSON.stringify({ code: rpcCode, message, ...details }));
  }
  const answer = new WireWriter().varint(1, rpcCode).string(2, message);
  if (errors.length > 0) {
    const badRequest = new WireWriter();
    for (const error of errors) {
      badRequest.message(1, new WireWriter().string(1, error.field).string(2, error.detail).finish());
    }
    answer.message(3, new WireWriter().string(1, BAD_REQUEST).message(2, badRequest.finish()).finish());
  }
  return answer.finish();
}
