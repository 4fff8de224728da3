import { gzipSync } from 'node:zlib';
import { CloudEvent, CONSTANTS, emitterFor, HTTP, type Message, Mode } from 'cloudevents';
import { newUuid } from '../../../src/kernel';
import { type Answer, startTestServer, type TestServer } from '../../support/server';

/** `POST /v1/events` with the messages of CloudEvents' own client, as it comes from npm, in each mode. */
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ WEIR_BODY_LIMIT: '1mb' });
  await server.api('POST', '/v1/customers', { key: 'acme', name: 'Acme' });
});
afterAll(() => server.stop());

type Fields = Readonly<Record<string, unknown>>;
const SOURCE = '/shop/orders';
const DATA = { provider: 'openai', model: 'gpt-4o', input_tokens: 1000, output_tokens: 100 };
const event = (more: Fields = {}): CloudEvent<unknown> =>
  new CloudEvent({
    ...{ id: newUuid(), source: SOURCE, type: 'llm.request', subject: 'acme', time: new Date().toISOString() },
    ...{ datacontenttype: 'application/json', data: DATA, ...more },
  });
/** A list of events: the client reads batches and has nothing that writes them, but each event writes itself. */
const batch = (...events: CloudEvent<unknown>[]): Message => ({
  headers: { [CONSTANTS.HEADER_CONTENT_TYPE]: CONSTANTS.MIME_CE_BATCH },
  body: JSON.stringify(events),
});

/** What the client's emitters hand their messages to. */
async function deliver(message: Message, options: { gzip?: boolean; query?: string } = {}): Promise<Answer> {
  const { gzip = false, query = '' } = options;
  const headers = { ...(message.headers as Record<string, string>), ...(gzip ? { 'content-encoding': 'gzip' } : {}) };
  const body = (gzip ? gzipSync(message.body as string) : message.body) as string;
  return server.send(`/v1/events${query}`, { method: 'POST', headers, body });
}
type Send = (event: CloudEvent<unknown>, options?: Parameters<typeof deliver>[1]) => Promise<Answer>;
const emitter = (mode: Mode) => emitterFor(deliver, { binding: HTTP, mode }) as unknown as Send;
const MODES: [mode: string, send: Send][] = [
  ['binary', emitter(Mode.BINARY)],
  ['structured', emitter(Mode.STRUCTURED)],
  ['batched', (one, options) => deliver(batch(one), options)],
];
const stored = async (id: string) => (await server.api('GET', `/v1/events/${id}?source=${SOURCE}`)).body;
const counts = ({ body }: Answer) => [body.accepted, body.duplicates, body.rejected];

describe.each(MODES)('%s', (mode, send) => {
  it.each([
    ['as it is', false],
    ['with gzip', true],
  ])('%s: the event is stored and costed, and the receipt says so', async (_, gzip) => {
    const one = event({ time: new Date(Date.now() - 60_000).toISOString() });
    const answer = await send(one, { gzip });
    expect(answer).toMatchObject({
      status: 200,
      body: { accepted: 1, duplicates: 0, rejected: 0, results: [{ index: 0, id: one.id, status: 'accepted' }] },
    });
    expect(await stored(one.id)).toMatchObject({
      id: one.id,
      source: SOURCE,
      type: 'llm.request',
      customer: expect.stringMatching(/^cus_/),
      time: one.time!.replace('Z', '000Z'),
      data: DATA,
      cost: { status: 'priced', amount: '0.0035' }, // 1,000 × 0.0000025 + 100 × 0.00001
    });
  });

  it('extensions are the fields of the same name, and the cost', async () => {
    const names = { session: 's', task: 't', agent: 'a', feature: 'f', department: 'd', user: 'u' };
    const one = event({
      ...{ ...names, parent: 'session:r', step: 'retry', costamount: '0.0125', costcurrency: 'USD' },
      ...{ traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', data: { pages: 3 } },
    });
    expect(counts(await send(one))).toEqual([1, 0, 0]);
    const found = await stored(one.id);
    expect(found).toMatchObject({ ...names, parent: 'session:r', step: 'retry', data: { pages: 3 } });
    expect(found.cost).toMatchObject({ status: 'reported', amount: '0.0125' });
    expect(JSON.stringify(found)).not.toContain('0af7651916cd43dd8448eb211c80319c');
  });

  it('numbers and booleans of extensions are their text, as in a header', async () => {
    const one = event({ task: 7, user: true });
    expect(counts(await send(one))).toEqual([1, 0, 0]);
    expect(await stored(one.id)).toMatchObject({ task: '7', user: 'true' });
  });

  it('a repeat is a duplicate, in whichever mode it comes; other content is a conflict', async () => {
    const one = event();
    await send(one);
    for (const [, again] of MODES) expect(counts(await again(one))).toEqual([0, 1, 0]);
    const before = await server.rowCounts();
    const { status, body } = await send(one.cloneWith({ subject: 'acme', feature: 'other' }));
    if (mode === 'batched') expect(body.results).toMatchObject([{ code: 'event_conflict', field: 'feature' }]);
    else expect({ status, body }).toMatchObject({ status: 422, body: { code: 'event_conflict' } });
    expect(await server.rowCounts()).toEqual(before);
  });

  it.each<[because: string, fields: Fields, code: string, field: string]>([
    ['nobody', { subject: 'nobody' }, 'unknown_customer', 'subject'],
    ['no customer', { subject: undefined }, 'invalid_event', 'subject'],
    ['a time long gone', { time: '1970-01-01T00:00:00Z' }, 'event_too_old', 'time'],
    ['negative tokens', { data: { input_tokens: -1 } }, 'invalid_event', 'data.input_tokens'],
    ['a list for data', { data: [1] }, 'invalid_event', 'data'],
    ['an amount in words', { costamount: 'free', costcurrency: 'USD' }, 'invalid_event', 'costamount'],
    ['an unknown step', { step: 'again' }, 'invalid_event', 'step'],
    ['XML', { datacontenttype: 'application/xml', data: '<a/>' }, 'invalid_event', 'datacontenttype'],
  ])('%s is refused, in the attribute’s name', async (_, fields, code, field) => {
    // An XML body in binary mode is refused for its content type, before anybody reads it.
    const byType = mode === 'binary' && field === 'datacontenttype';
    const before = await server.rowCounts();
    const { status, body } = await send(event(fields));
    if (byType) expect({ status, body }).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
    else if (mode === 'batched') expect(body.results).toMatchObject([{ status: 'rejected', code, field }]);
    else expect({ status, body }).toMatchObject({ status: 422, body: { code, errors: [{ field }] } });
    expect(await server.rowCounts()).toEqual(before);
  });

  it('a rehearsal says what would be, and stores nothing', async () => {
    const [known, fresh] = [event(), event()];
    await send(known);
    const before = await server.rowCounts();
    expect(counts(await send(known, { query: '?dryRun=true' }))).toEqual([0, 1, 0]);
    expect(counts(await send(fresh, { query: '?dryRun=true' }))).toEqual([1, 0, 0]);
    expect(await server.rowCounts()).toEqual(before);
    expect(counts(await send(fresh))).toEqual([1, 0, 0]);
  });

  it('a backfill takes any age, and says which closed periods it touches', async () => {
    const { body } = await send(event({ time: '2020-01-01T00:00:00Z' }), { query: '?backfill=true' });
    expect(body).toMatchObject({ accepted: 1, closedPeriods: [] });
  });
});

it('of a batch each event has its receipt, and a bad one spoils nothing else', async () => {
  const [a, b, c] = [event(), event({ subject: 'nobody' }), event()];
  const { status, body } = await deliver(batch(a, b, a, c), { gzip: true });
  expect(status).toBe(200);
  expect(body).toMatchObject({ accepted: 2, duplicates: 1, rejected: 1 });
  expect(body.results).toMatchObject([
    { index: 0, id: a.id, status: 'accepted' },
    { index: 1, id: b.id, status: 'rejected', code: 'unknown_customer', field: 'subject' },
    { index: 2, id: a.id, status: 'duplicate' },
    { index: 3, id: c.id, status: 'accepted' },
  ]);
  expect(await stored(c.id)).toMatchObject({ id: c.id });
});

const STRUCTURED = { 'content-type': 'application/cloudevents+json' };
const BATCHED = { 'content-type': CONSTANTS.MIME_CE_BATCH };
const BINARY = HTTP.binary(event()).headers as Record<string, string>;
it.each<[because: string, headers: Record<string, string>, body: string, status: number, code: string]>([
  ['an event that breaks off', STRUCTURED, '{"specversion":"1.0"', 400, 'malformed_json'],
  ['no event', STRUCTURED, '', 400, 'malformed_json'],
  ['a list where an event is said', STRUCTURED, '[]', 422, 'invalid_event'],
  ['null', STRUCTURED, 'null', 422, 'invalid_event'],
  ['20,000 lists deep', STRUCTURED, `${'['.repeat(20_000)}${']'.repeat(20_000)}`, 422, 'invalid_event'],
  ['an event where a list is said', BATCHED, JSON.stringify(event()), 422, 'invalid_request'],
  ['10,001 events', BATCHED, `[${Array.from({ length: 10_001 }, () => '{}').join()}]`, 422, 'invalid_request'],
  ['more than a body may be', BATCHED, `[${' '.repeat(1_100_000)}]`, 413, 'body_too_large'],
  ['data that is no JSON', BINARY, '<a/>', 400, 'malformed_json'],
  ['an older version', { ...BINARY, 'ce-specversion': '0.3' }, '{}', 422, 'invalid_event'],
  ['an id without characters', { ...BINARY, 'ce-id': '' }, '{}', 422, 'invalid_event'],
  ['half a percent sign', { ...BINARY, 'ce-id': '%E' }, '{}', 422, 'invalid_event'],
  ['a gzip that is none', { ...STRUCTURED, 'content-encoding': 'gzip' }, '{}', 400, 'invalid_encoding'],
])('%s is refused', async (_, headers, body, status, code) => {
  const before = await server.rowCounts();
  const answer = await server.send('/v1/events', { method: 'POST', headers, body });
  expect(answer).toMatchObject({ status, body: { status, code, detail: expect.any(String) } });
  expect(await server.rowCounts()).toEqual(before);
});

it('an empty batch is one', async () => {
  expect(await deliver(batch())).toMatchObject({ status: 200, body: { accepted: 0, results: [] } });
});

it('in binary mode characters beyond ASCII are percent-encoded, and a header that is not is refused', async () => {
  const one = event();
  const message = HTTP.binary(one) as Message & { headers: Record<string, string> };
  message.headers['ce-feature'] = '%E2%82%AC%20rates';
  expect(counts(await deliver(message))).toEqual([1, 0, 0]);
  expect(await stored(one.id)).toMatchObject({ feature: '€ rates' });
  const wrong = { ...message, headers: { ...message.headers, 'ce-id': newUuid(), 'ce-feature': '%FF' } };
  expect(await deliver(wrong)).toMatchObject({ status: 422, body: { errors: [{ field: 'ce-feature' }] } });
});
