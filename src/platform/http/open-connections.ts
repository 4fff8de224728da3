import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Knows which connections a request is under way on, so that a stop waits for these only. Node's own
 * `closeIdleConnections` spares a connection that has not sent its first request yet, as browsers and `fetch` open
 * them in advance, and a stop would wait for it until its time-out, a minute later.
 *
 * @returns a function that closes the quiet connections now, and each busy one once its answer is sent
 */
export function trackConnections(server: Server): () => void {
  const requests = new Map<Socket, number>();
  let closing = false;
  const closeQuiet = (socket: Socket) => {
    if (closing && requests.get(socket) === 0) socket.destroySoon();
  };
  server.on('connection', (socket: Socket) => {
    requests.set(socket, 0);
    socket.once('close', () => requests.delete(socket));
    closeQuiet(socket);
  });
  server.on('request', ({ socket }, response) => {
    requests.set(socket, (requests.get(socket) ?? 0) + 1);
    response.once('close', () => {
      if (!requests.has(socket)) return;
      requests.set(socket, requests.get(socket)! - 1);
      closeQuiet(socket);
    });
  });
  return () => {
    closing = true;
    for (const socket of requests.keys()) closeQuiet(socket);
  };
}
