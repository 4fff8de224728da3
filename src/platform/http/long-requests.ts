import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { PROBLEM_CONTENT_TYPE, problem } from './problem';

const long = new WeakSet<Socket>();

/**
 * Lets a request arrive for as long as it likes; whoever reads it has to mind senders that keep quiet. Node's own limit
 * is one for all requests of a server, and tells of each by an error: see `answerClientError`.
 */
export function allowLongRequest({ socket }: IncomingMessage): void {
  long.add(socket);
}

/** The other side spoke no HTTP, or too slowly, or in headers that are too large; there is no request to answer. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && long.has(socket)) return;

  const [status, code, detail] = refusalOf(error);
  if (socket.writable) {
    const body = JSON.stringify(problem(status, code, detail));
    socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${PROBLEM_CONTENT_TYPE}\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  }
  socket.destroySoon();
}

function refusalOf({ code }: { code?: string }): [status: number, code: string, detail: string] {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return [408, 'request_timeout', 'The request took too long to arrive. Send it again.'];
  if (code === 'HPE_HEADER_OVERFLOW') return [431, 'headers_too_large', 'The headers are too large.'];
  return [400, 'malformed_request', 'This is not HTTP as we read it.'];
}
