import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { allowLongRequest, answerClientError } from './long-requests';

let server: Server;
let allow = false;
beforeAll(async () => {
  server = createServer(
    { requestTimeout: 100, headersTimeout: 100, connectionsCheckingInterval: 20 },
    (request, response) => {
      if (allow) allowLongRequest(request);
      request.resume().on('end', () => response.end('done'));
    },
  );
  server.on('clientError', answerClientError);
  server.listen(0);
  await once(server, 'listening');
});
afterAll(() => server.close());

/** Sends the parts, 200 ms apart, and gives what came back until the connection was closed. */
async function send(...parts: string[]): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port);
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString())).on('error', () => undefined);
  const closed = once(socket, 'close');
  for (const part of parts) {
    socket.write(part);
    await new Promise((later) => setTimeout(later, 200));
  }
  await closed;
  return answer;
}

const HEAD = 'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n';

it('a request may take its time where that is allowed, and nowhere else', async () => {
  allow = true;
  expect(await send(HEAD, '1\r\na\r\n', '1\r\nb\r\n', '0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*done/);
  allow = false;
  expect(await send(HEAD)).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n[^]*"code":"request_timeout"/);
});

it.each([
  ['no HTTP', 'hello\r\n\r\n', 400, 'malformed_request'],
  ['headers that never end', `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
])('%s is answered with a problem', async (_, text, status, code) => {
  const answer = await send(text);
  expect(answer).toContain(`HTTP/1.1 ${status} `);
  expect(answer).toContain('Content-Type: application/problem+json\r\n');
  expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ status, code });
});
