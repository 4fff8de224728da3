import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { newUuid } from '../../../src/kernel';
import { type Answer, startTestServer, type TestServer } from '../../support/server';

/** `POST /v1/events` with an event a line: a stream in, a stream out. */
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ WEIR_BODY_LIMIT: '64kb' });
  await server.api('POST', '/v1/customers', { key: 'acme', name: 'Acme' });
});
afterAll(() => server.stop());

type Result = Record<string, unknown>;

const line = (id: string, more: object = {}): string =>
  JSON.stringify({ id, type: 'llm.request', customer: 'acme', ...more });
const ids = (count: number, prefix = newUuid()): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
const read = (text: string): Result[] =>
  text
    .trimEnd()
    .split('\n')
    .map((each) => JSON.parse(each) as Result);

async function post(body: string | Uint8Array, headers: Record<string, string> = {}, query = ''): Promise<Answer> {
  return server.send(`/v1/events${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', ...headers },
    body: body as string,
  });
}
/** The lines of an answer; a lone line comes parsed. */
const results = ({ body }: Answer): Result[] => (typeof body === 'string' ? read(body) : [body as Result]);
const end = (accepted: number, duplicates: number, rejected: number) => ({
  accepted,
  duplicates,
  rejected,
  complete: true,
});
async function storedIds(prefix: string): Promise<string[]> {
  const rows = await server.query<{ id: string }>('SELECT id FROM event WHERE starts_with(id, $1) ORDER BY id', [
    prefix,
  ]);
  return rows.map(({ id }) => id);
}

it('answers each line in its order, and the counts at the end', async () => {
  const [a, b, c] = ids(3);
  const answer = await post(
    [line(a!), line(b!), line(a!), line(c!, { customer: 'nobody' }), line(b!, { user: 'x' })].join('\n'),
  );
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
  expect(results(answer)).toEqual([
    { line: 1, id: a, status: 'accepted' },
    { line: 2, id: b, status: 'accepted' },
    { line: 3, id: a, status: 'duplicate' },
    expect.objectContaining({ line: 4, id: c, status: 'rejected', code: 'unknown_customer', field: 'customer' }),
    expect.objectContaining({ line: 5, id: b, status: 'rejected', code: 'event_conflict', field: 'user' }),
    end(2, 1, 2),
  ]);
});

it.each(['application/x-ndjson', 'application/ndjson', 'application/jsonl', 'Application/X-NDJSON; charset=utf-8'])(
  'is %s',
  async (type) => {
    expect(results(await post(`${line(newUuid())}\n`, { 'content-type': type })).at(-1)).toEqual(end(1, 0, 0));
  },
);

it('counts blank lines, takes both line ends and a byte order mark', async () => {
  const [a, b, c] = ids(3);
  const answer = await post(`\ufeff${line(a!)}\r\n\r\n  \t\n${line(b!)}\n\n${line(c!)}`);
  expect(results(answer)).toEqual([
    { line: 1, id: a, status: 'accepted' },
    { line: 4, id: b, status: 'accepted' },
    { line: 6, id: c, status: 'accepted' },
    end(3, 0, 0),
  ]);
});

it.each([
  ['nothing', ''],
  ['blank lines', '\n \n\r\n'],
])('of %s is empty', async (_, body) => {
  expect(results(await post(body))).toEqual([end(0, 0, 0)]);
});

describe('a bad line spoils nothing else', () => {
  it.each<[because: string, bad: string | Buffer, code: string]>([
    ['words', 'hello', 'malformed_json'],
    ['a line that was cut off', line('cut').slice(0, -5), 'malformed_json'],
    ['two events', `${line('x')}${line('y')}`, 'malformed_json'],
    ['a list', `[${line('x')}]`, 'invalid_event'],
    ['null', 'null', 'invalid_event'],
    ['a number', '1', 'invalid_event'],
    ['no UTF-8', Buffer.from('{"id":"\xff"}', 'latin1'), 'malformed_json'],
    ['20,000 lists deep', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, 'invalid_event'],
    ['more than a line may have', `{"id":"${'x'.repeat(1_100_000)}"}`, 'invalid_event'],
    ['an absurd time', line('old', { time: '0001-01-01T00:00:00Z' }), 'invalid_event'],
    ['a time long gone', line('old', { time: '1970-01-01T00:00:00Z' }), 'event_too_old'],
    ['a time to come', line('new', { time: '2199-12-31T23:59:59Z' }), 'event_in_future'],
    ['a number too long', line('digits').replace('}', ',"data":{"requests":1e400}}'), 'invalid_event'],
  ])('%s, in the middle and at the end', async (_, bad, code) => {
    const [a, b] = ids(2);
    const bytes = Buffer.from(bad as string);
    const feed = Buffer.from('\n');
    const body = Buffer.concat([Buffer.from(line(a!)), feed, bytes, feed, Buffer.from(line(b!)), feed, bytes]);
    expect(results(await post(body))).toEqual([
      { line: 1, id: a, status: 'accepted' },
      expect.objectContaining({ line: 2, status: 'rejected', code, detail: expect.any(String) }),
      { line: 3, id: b, status: 'accepted' },
      expect.objectContaining({ line: 4, status: 'rejected', code }),
      end(2, 0, 2),
    ]);
  });
});

it('keeps digits as they were sent', async () => {
  const id = newUuid();
  const exact = `{"id":"${id}","type":"t","customer":"acme","data":{"a":12345678901234567890.123,"b":0.1,"c":1e-7}}`;
  expect(results(await post(exact)).at(-1)).toEqual(end(1, 0, 0));
  const { body } = await server.api('GET', `/v1/events/${id}`);
  expect(body.data).toEqual({ a: '12345678901234567890.123', b: 0.1, c: '1e-7' });
});

describe('compressed', () => {
  const body = (prefix: string) =>
    `${ids(5_000, prefix)
      .map((id) => line(id))
      .join('\n')}\n`;

  it.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ])('with %s', async (encoding, compress) => {
    const prefix = newUuid();
    const answer = results(await post(compress(body(prefix)), { 'content-encoding': encoding }));
    expect(answer.at(-1)).toEqual(end(5_000, 0, 0));
    expect(await storedIds(prefix)).toHaveLength(5_000);
  });

  it('half a gzip stream: what was whole is stored, and the answer says where to go on', async () => {
    const prefix = newUuid();
    const whole = gzipSync(body(prefix));
    const answer = results(await post(whole.subarray(0, whole.length >> 1), { 'content-encoding': 'gzip' }));
    const last = answer.at(-1) as { accepted: number; resumeFromLine: number };
    expect(last).toMatchObject({ complete: false, code: 'invalid_encoding', duplicates: 0, rejected: 0 });
    expect(last.accepted).toBeGreaterThan(0);
    expect(last.resumeFromLine).toBe(last.accepted + 1);
    expect(answer).toHaveLength(last.accepted + 1);
    expect(await storedIds(prefix)).toHaveLength(last.accepted);

    // The same again, whole: the rest is stored, nothing twice.
    const again = results(await post(whole, { 'content-encoding': 'gzip' }));
    expect(again.at(-1)).toEqual(end(5_000 - last.accepted, last.accepted, 0));
  });

  it('what is no gzip is refused before anything else', async () => {
    expect(await post(line('plain'), { 'content-encoding': 'gzip' })).toMatchObject({
      status: 400,
      body: { code: 'invalid_encoding' },
    });
    expect(await post(line('plain'), { 'content-encoding': 'zstd' })).toMatchObject({ status: 415 });
  });
});

it('is larger than any body may be, and may ask for refusals alone', async () => {
  const prefix = newUuid();
  const lines = ids(20_000, prefix).map((id) => line(id));
  lines[7] = 'broken';
  const text = lines.join('\n');
  expect(text.length).toBeGreaterThan(1_000_000);
  const answer = results(await post(text, {}, '?results=rejected'));
  expect(answer).toEqual([expect.objectContaining({ line: 8, code: 'malformed_json' }), end(19_999, 0, 1)]);
  expect(await storedIds(prefix)).toHaveLength(19_999);
});

it('refuses options it does not know', async () => {
  for (const query of ['?results=none', '?result=all', '?results=all&results=all']) {
    expect(await post(line('never-stored'), {}, query)).toMatchObject({
      status: 422,
      body: { code: 'invalid_request' },
    });
  }
  expect(await storedIds('never-stored')).toEqual([]);
});

it('a rehearsal answers each line, and stores nothing', async () => {
  const [a, b] = ids(2);
  await post(line(a!));
  const before = await server.rowCounts();
  const answer = await post([line(a!), line(b!), line(a!, { user: 'x' }), 'hello'].join('\n'), {}, '?dryRun=true');
  expect(results(answer)).toMatchObject([
    { line: 1, status: 'duplicate' },
    { line: 2, status: 'accepted' },
    { line: 3, status: 'rejected', code: 'event_conflict', field: 'user' },
    { line: 4, status: 'rejected', code: 'malformed_json' },
    end(1, 1, 2),
  ]);
  expect(await server.rowCounts()).toEqual(before);
  expect(await post(line(b!), {}, '?dryRun=perhaps')).toMatchObject({ status: 422, body: { code: 'invalid_request' } });
});

it('needs a key with the scope', async () => {
  const answer = await server.send(
    '/v1/events',
    { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body: line('never-stored') },
    null,
  );
  expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
});

/** A request whose body the test writes bit by bit. */
function open(to: TestServer = server) {
  const headers = { 'content-type': 'application/x-ndjson', authorization: `Bearer ${to.apiKey}` };
  const sent = httpRequest(`${to.url}/v1/events`, { method: 'POST', headers });
  const answered = once(sent, 'response').then(([response]) => response as IncomingMessage);
  const lines = answered.then((response) => createInterface({ input: response })[Symbol.asyncIterator]());
  answered.catch(() => undefined);
  lines.catch(() => undefined);
  sent.on('error', () => undefined);
  sent.flushHeaders();
  return {
    sent,
    next: async (): Promise<Result> => {
      const { value, done } = await (await lines).next();
      if (done === true) throw new Error('The answer has ended.');
      return JSON.parse(value) as Result;
    },
  };
}

it('answers a line while the next is not written yet, so that both sides can talk', async () => {
  const stream = open();
  const all = ids(5);
  for (const [index, id] of all.entries()) {
    stream.sent.write(`${line(id)}\n`);
    expect(await stream.next()).toEqual({ line: index + 1, id, status: 'accepted' });
    expect(await storedIds(id)).toEqual([id]); // committed, not just taken
  }
  stream.sent.end();
  expect(await stream.next()).toEqual(end(5, 0, 0));
});

it('a sender that goes away midway leaves what was committed, and no half line', async () => {
  const prefix = newUuid();
  const stream = open();
  stream.sent.write(`${line(`${prefix}-1`)}\n${line(`${prefix}-2`)}\n`);
  await stream.next();
  await stream.next();
  stream.sent.write(line(`${prefix}-3`));
  stream.sent.destroy();
  // The server goes on as if nothing had been, and lets go of the stream: a stop does not wait for it.
  expect(results(await post(line(newUuid()))).at(-1)).toEqual(end(1, 0, 0));
  expect(await storedIds(prefix)).toEqual([`${prefix}-1`, `${prefix}-2`]);
});

it('does not read on while its answer is not read, and loses nothing', async () => {
  // Long ids, so that the answers are several times what the system keeps for a reader that doesn't come.
  const prefix = newUuid().padEnd(240, 'x');
  const stream = open();
  const count = 60_000;
  let tellRefused = (): void => undefined;
  const refusedToTakeMore = new Promise<void>((resolve) => (tellRefused = resolve));
  const writing = (async () => {
    for (const id of ids(count, prefix)) {
      if (stream.sent.write(`${line(id)}\n`)) continue;
      const drained = once(stream.sent, 'drain').then(() => true);
      if (!(await Promise.race([drained, new Promise((later) => setTimeout(later, 300, false))]))) tellRefused();
      await drained;
    }
    stream.sent.end();
  })();
  // Nothing is read: the buffers fill, in both directions, until the server takes no more.
  await refusedToTakeMore;
  expect((await storedIds(prefix)).length).toBeLessThan(count);
  const lines: unknown[] = [];
  while (lines.length < count) lines.push((await stream.next())['line']);
  expect(lines.every((number, index) => number === index + 1)).toBe(true);
  expect(await stream.next()).toEqual(end(count, 0, 0));
  await writing;
});

it('a failure of the database midway is told in the last line, with where to go on', async () => {
  const prefix = newUuid();
  const stream = open();
  stream.sent.write(`${line(`${prefix}-1`)}\n`);
  await stream.next();
  await server.query('ALTER TABLE event RENAME TO event_gone');
  try {
    stream.sent.write(`\n${line(`${prefix}-2`)}\n`);
    expect(await stream.next()).toMatchObject({
      accepted: 1,
      complete: false,
      resumeFromLine: 3,
      code: 'internal_error',
    });
  } finally {
    await server.query('ALTER TABLE event_gone RENAME TO event');
  }
  // And before the first line is answered it is the answer itself.
  expect(await storedIds(prefix)).toEqual([`${prefix}-1`]);
});

describe('a stop midway', () => {
  it('is told in the last line, with where to go on', async () => {
    const stopping = await startTestServer({}, { databaseUrl: server.databaseUrl, apiKey: server.apiKey });
    const [a, b] = ids(2);
    const stream = open(stopping);
    stream.sent.write(`${line(a!)}\n\n${line(b!)}\n${line('half').slice(0, 10)}`);
    await stream.next();
    await stream.next();
    const stopped = stopping.stop();
    expect(await stream.next()).toMatchObject({
      accepted: 2,
      complete: false,
      resumeFromLine: 4,
      code: 'unavailable',
      detail: expect.any(String),
    });
    await stopped;
    expect(await storedIds(a!)).toEqual([a]);
  });
});
