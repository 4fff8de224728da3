import { promisify } from 'node:util';
import {
  brotliDecompress,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  gunzip,
  inflate,
  type ZlibOptions,
} from 'node:zlib';
import type { Transform } from 'node:stream';
import { DomainError } from '../../kernel';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route decodes the body itself, by `decodedBody` or `decodedStream`; on any other, compressed is refused. */
    takesCompressed?: boolean;
  }
}

/** The body does not decode: cut off, damaged, or not in the encoding its header says. */
export class InvalidEncodingError extends DomainError {
  readonly code = 'invalid_encoding';
  readonly kind = 'malformed';

  constructor(encoding: string, reason: string) {
    super(`The body is not whole in the encoding '${encoding}' that its Content-Encoding says: ${reason}.`);
  }
}

/** The body is small, but what it decodes to is larger than a body may be. */
export class InflatedTooLargeError extends DomainError {
  readonly code = 'body_too_large';
  readonly kind = 'too_large';

  constructor(limit: number) {
    super(
      `Decoded, the body has more than the ${limit} bytes that this server accepts; send less at a time, or raise WEIR_BODY_LIMIT.`,
    );
  }
}

interface Decoder {
  readonly whole: (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;
  readonly stream: (options?: ZlibOptions) => Transform;
}

const GZIP: Decoder = { whole: promisify(gunzip), stream: createGunzip };
const DECODERS: ReadonlyMap<string, Decoder> = new Map([
  ['gzip', GZIP],
  // RFC 9110 has it mean the same.
  ['x-gzip', GZIP],
  ['deflate', { whole: promisify(inflate), stream: createInflate }],
  ['br', { whole: promisify(brotliDecompress), stream: () => createBrotliDecompress() }],
]);

/** What a refusal names, as `Accept-Encoding` has it. */
export const ACCEPTED_ENCODINGS = 'gzip, deflate, br';

/** @param encoding the request's `Content-Encoding` */
export function isCompressed(encoding: string | undefined): encoding is string {
  return encoding !== undefined && encoding !== '' && encoding.toLowerCase() !== 'identity';
}

/** Whether `decodedBody` can decode it. Encodings applied one over the other are not among these. */
export function canDecode(encoding: string): boolean {
  return DECODERS.has(encoding.toLowerCase());
}

/**
 * A body as it was before its sender compressed it.
 *
 * @param encoding the request's `Content-Encoding`, one that `canDecode` takes, or none
 * @param limit    most bytes it may decode to; a few thousand bytes can hold gigabytes
 * @throws InvalidEncodingError, InflatedTooLargeError
 */
export async function decodedBody(bytes: Buffer, encoding: string | undefined, limit: number): Promise<Buffer> {
  if (!isCompressed(encoding)) return bytes;
  try {
    return await decoderOf(encoding).whole(bytes, { maxOutputLength: limit });
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') throw new InflatedTooLargeError(limit);
    throw invalidEncoding(encoding, error);
  }
}

/** Decodes as it is read, for bodies that are never held as a whole; null where there is nothing to decode. */
export function decodingStream(encoding: string | undefined): Transform | null {
  return isCompressed(encoding) ? decoderOf(encoding).stream() : null;
}

/** What an error of `decodingStream` is to the sender. */
export function invalidEncoding(encoding: string, error: unknown): InvalidEncodingError {
  return new InvalidEncodingError(encoding.slice(0, 20), (error as Error).message.slice(0, 100));
}

/** An encoding that nobody knows was refused before anything was read; see refuseUnreadable. */
function decoderOf(encoding: string): Decoder {
  const decoder = DECODERS.get(encoding.toLowerCase());
  if (decoder === undefined) throw new InvalidEncodingError(encoding.slice(0, 20), 'it is not known here');
  return decoder;
}
