import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Tenant } from '../../access';
import { createLogger } from '../../platform';
import { toProblem } from '../../platform/http';
import type { Receipt } from '../domain';
import { OverloadedError } from '../persistence/group-commit';
import { EventLines, PATIENCE, type StreamPatience } from './event-lines';

/** What streams wait for, with a stand-in for what stores the events: test/http/intake has the rest, with all of it. */
let server: FastifyInstance;
let lines: EventLines;
afterEach(async () => {
  await lines.onModuleDestroy();
  await server.close();
});

type Ingest = (values: readonly unknown[]) => Promise<Receipt[]>;
const acceptAll: Ingest = (values) =>
  Promise.resolve(values.map((value) => ({ status: 'accepted', id: (value as { id: string }).id })));

/** @returns where to send lines to */
async function listen(ingest: Ingest, patience: Partial<StreamPatience>): Promise<string> {
  lines = new EventLines(
    { ingest: (_: Tenant, values: readonly unknown[]) => ingest(values) } as never,
    { of: () => null } as never,
    createLogger('silent'),
    { ...PATIENCE, readAwayMs: 50, overloadedWaitMs: 1, ...patience },
  );
  server = Fastify();
  server.setErrorHandler((error, _, reply) => {
    const problem = toProblem(error);
    return reply.status(problem.status).send(problem);
  });
  server.addContentTypeParser('application/x-ndjson', (_request, stream, parsed) => parsed(null, stream));
  server.post('/', async (request, reply) => {
    await lines.answer({} as Tenant, request, reply, { results: 'all', ingest: {} });
    return reply;
  });
  await server.listen({ port: 0, host: '127.0.0.1' });
  return `http://127.0.0.1:${(server.server.address() as AddressInfo).port}/`;
}

/** Sends this much and goes silent, unless it is told to end. */
async function send(url: string, body: string, { ends }: { ends: boolean }): Promise<{ status: number; body: string }> {
  const request = httpRequest(url, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' } });
  request.on('error', () => undefined);
  request.flushHeaders();
  if (body !== '') request.write(body);
  if (ends) request.end();
  const [response] = await once(request, 'response');
  return { status: response.statusCode, body: await text(response).finally(() => request.destroy()) };
}
const answered = (body: string) => body.trimEnd().split('\n').map((each) => JSON.parse(each)); // prettier-ignore
const line = (id: string) => `${JSON.stringify({ id })}\n`;

describe('a sender that goes silent', () => {
  it('is told in the last line where to send on from, once it kept quiet for too long', async () => {
    const url = await listen(acceptAll, { quietMs: 100 });
    const { status, body } = await send(url, `${line('a')}${line('b')}{"id":"ha`, { ends: false });
    expect(status).toBe(200);
    expect(answered(body)).toEqual([
      { line: 1, id: 'a', status: 'accepted' },
      { line: 2, id: 'b', status: 'accepted' },
      {
        ...{ accepted: 2, duplicates: 0, rejected: 0, complete: false },
        ...{ resumeFromLine: 3, code: 'request_timeout', detail: expect.any(String) },
      },
    ]);
  });

  it('before its first line is answered 408', async () => {
    const url = await listen(acceptAll, { quietMs: 100 });
    const { status, body } = await send(url, '{"id":', { ends: false });
    expect({ status, code: JSON.parse(body).code }).toEqual({ status: 408, code: 'request_timeout' });
  });
});

it('a sender that never reads its answer is let go, once it has not for too long', async () => {
  const url = new URL(await listen(acceptAll, { quietMs: 100 }));
  const closed = new Promise((resolve) => server.server.once('connection', (socket) => socket.once('close', resolve)));
  const socket = connect(Number(url.port), url.hostname);
  socket.on('error', () => undefined); // it is reset while it writes
  socket.write(
    'POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n',
  );
  const long = line('x'.repeat(10_000));
  // Answers of 20 MB: no socket holds as much.
  for (let sent = 0; sent < 2_000; sent += 1) socket.write(`${long.length.toString(16)}\r\n${long}\r\n`);
  await closed;
  socket.destroy();
});

describe('while more waits than is stored', () => {
  const overloadedFor = (times: number): { ingest: Ingest; tries: () => number } => {
    let tries = 0;
    const ingest: Ingest = async (values) => {
      tries += 1;
      if (tries <= times) throw new OverloadedError('too much');
      return acceptAll(values);
    };
    return { ingest, tries: () => tries };
  };

  it('a stream waits and tries again, and its sender sees nothing of it', async () => {
    const { ingest, tries } = overloadedFor(5);
    const { body } = await send(await listen(ingest, {}), line('a') + line('b'), { ends: true });
    expect(answered(body).at(-1)).toEqual({ accepted: 2, duplicates: 0, rejected: 0, complete: true });
    expect(tries()).toBe(6);
  });

  it('it gives up after so many times, as any request', async () => {
    const { ingest, tries } = overloadedFor(Infinity);
    const { status, body } = await send(await listen(ingest, { overloadedTries: 3 }), line('a'), { ends: true });
    expect({ status, code: JSON.parse(body).code }).toEqual({ status: 503, code: 'overloaded' });
    expect(tries()).toBe(3);
  });
});

it('a failure midway leaves the results before it as they are', async () => {
  let commits = 0;
  const ingest: Ingest = async (values) => {
    commits += 1;
    if (commits === 2) throw new Error('gone');
    return acceptAll(values);
  };
  const all = Array.from({ length: 2_500 }, (_, index) => line(`${index}`)).join('');
  const results = answered((await send(await listen(ingest, {}), all, { ends: true })).body);
  const end = results.pop();
  expect(end).toMatchObject({ complete: false, code: 'internal_error', resumeFromLine: results.length + 1 });
  expect(end.accepted).toBe(results.length);
});
