import { gzipSync } from 'node:zlib';
import { type Event, OpenMeter } from '@openmeter/sdk';
import { newUuid } from '../../../src/kernel';
import { type Answer, startTestServer, type TestServer } from '../../support/server';

/** `POST /api/v1/events` with OpenMeter's own client, as it comes from npm, and with what its API takes beside. */
let server: TestServer;
let client: OpenMeter;
/** A client whose key may send events and nothing else. */
let sender: OpenMeter;
let senderKey: string;
beforeAll(async () => {
  server = await startTestServer({ WEIR_BODY_LIMIT: '1mb' });
  await server.api('POST', '/v1/customers', { key: 'acme', name: 'Acme' });
  senderKey = (await server.api('POST', '/v1/api-keys', { name: 'Sender', scopes: ['ingest'] })).body.key as string;
  client = new OpenMeter({ baseUrl: server.url, apiKey: server.apiKey });
  sender = new OpenMeter({ baseUrl: server.url, apiKey: senderKey });
});
afterAll(() => server.stop());

const event = (more: Partial<Event> = {}): Event => ({
  id: newUuid(),
  source: 'shop',
  type: 'request',
  subject: 'acme',
  data: { tokens: '12' },
  ...more,
});
const refusal = (error: unknown) =>
  error as { status: number; title: string; message: string; getField(key: string): unknown };
async function failing(asked: Promise<unknown>) {
  return refusal(
    await asked.then(
      () => new Error('It was accepted.'),
      (error: unknown) => error,
    ),
  );
}
async function stored(id: string): Promise<number> {
  return (await server.query('SELECT 1 FROM event WHERE id = $1', [id])).length;
}
async function post(body: unknown, type = 'application/json', key = server.apiKey): Promise<Answer> {
  return server.send(
    '/api/v1/events',
    { method: 'POST', headers: { 'content-type': type }, body: typeof body === 'string' ? body : JSON.stringify(body) },
    key,
  );
}

describe('the client', () => {
  it('sends an event, and again', async () => {
    const one = event({ time: new Date() });
    await client.events.ingest(one);
    await client.events.ingest(one);
    expect(await stored(one.id!)).toBe(1);
    const found = await server.api('GET', `/v1/events/${one.id}?source=shop`);
    expect(found.body).toMatchObject({
      type: 'request',
      time: one.time!.toISOString().replace('Z', '000Z'),
      data: one.data,
    });
  });

  it('sends again what has no time, for which it fills in another: counted once', async () => {
    const one = event();
    await client.events.ingest(one);
    await new Promise((later) => setTimeout(later, 5));
    await client.events.ingest([one, one]);
    expect(await stored(one.id!)).toBe(1);
  });

  it('sends many, fills in what is left out, and is metered', async () => {
    await server.api('POST', '/v1/meters', {
      key: 'tokens',
      name: 'Tokens',
      eventType: 'om.tokens',
      aggregation: 'sum',
      value: 'data.tokens',
    });
    const many = Array.from({ length: 300 }, (): Event => ({
      type: 'om.tokens',
      subject: 'acme',
      data: { tokens: '0.1' },
    }));
    await client.events.ingest(many);
    const [{ count, quantity }] = (await server.query<{ count: number; quantity: string }>(
      `SELECT count(*)::int AS count, sum((data::jsonb ->> 'tokens')::numeric)::text AS quantity FROM event WHERE type = 'om.tokens'`,
    )) as [{ count: number; quantity: string }];
    expect({ count, quantity }).toEqual({ count: 300, quantity: '30.0' });
  });

  it('is told what is wrong, as a problem it understands', async () => {
    const error = await failing(client.events.ingest(event({ type: '' })));
    expect(error).toMatchObject({
      status: 400,
      title: 'Bad Request',
      message: expect.stringContaining('[0].type: must not be empty. Nothing of this request was stored.'),
    });
    expect(error.getField('code')).toBe('invalid_event');
    expect(error.getField('instance')).toMatch(/^urn:request:/);
    expect(error.getField('extensions')).toEqual({
      validationErrors: [{ code: 'invalid_event', message: '[0].type: must not be empty' }],
    });
  });

  it('is told when its key is none', async () => {
    const nobody = new OpenMeter({ baseUrl: server.url, apiKey: `weir_${'A'.repeat(43)}` });
    expect(await failing(nobody.events.ingest(event()))).toMatchObject({ status: 401 });
  });
});

describe('a request is stored as a whole or not at all', () => {
  it.each<[because: string, bad: () => Partial<Event> & Record<string, unknown>, code: string, field: string]>([
    ['a field is wrong', () => ({ subject: '' }), 'invalid_event', 'subject'],
    ['it is too old', () => ({ time: new Date(0) }), 'event_too_old', 'time'],
    ['it is ahead', () => ({ time: new Date('2199-01-01') }), 'event_in_future', 'time'],
    ['its customer is no name', () => ({ subject: 'no such customer!' }), 'unknown_customer', 'subject'],
    ['an attribute is no name', () => ({ customerId: 'acme' }), 'invalid_event', 'customerId'],
  ])('%s', async (_, bad, code, field) => {
    const good = [event(), event({ subject: `new-${newUuid()}` })];
    const before = await server.rowCounts();
    const answer = await post([good[0], { ...event(), ...bad() }, good[1]]);
    expect(answer).toMatchObject({ status: 400, body: { code, errors: [{ field: `[1].${field}` }] } });
    expect(await server.rowCounts()).toEqual(before);
  });

  it('a conflict with what is stored, found by the commit, undoes the others as well', async () => {
    const old = event({ time: new Date() });
    await client.events.ingest(old);
    const fresh = [event(), event()];
    const before = await server.rowCounts();
    for (const body of [
      [fresh[0], { ...old, data: { tokens: '13' } }, fresh[1]],
      [fresh[0], fresh[1], { ...old, type: 'x' }],
    ]) {
      expect(await post(body)).toMatchObject({ status: 400, body: { code: 'event_conflict' } });
    }
    expect(await server.rowCounts()).toEqual(before);
    expect(await post([fresh[0], old, fresh[1]])).toMatchObject({ status: 204 });
  });

  it('one id twice inside a request: the same is one event, another content refuses all', async () => {
    const one = event();
    const before = await server.rowCounts();
    expect(await post([one, { ...one, subject: 'acme', data: { tokens: '0' } }])).toMatchObject({
      status: 400,
      body: { code: 'event_conflict', errors: [{ field: '[1].data' }] },
    });
    expect(await server.rowCounts()).toEqual(before);
    expect((await post([one, one])).status).toBe(204);
    expect(await stored(one.id!)).toBe(1);
  });

  it('an event that a meter refuses', async () => {
    await server.api('POST', '/v1/meters', {
      key: 'sums',
      name: 'Sums',
      eventType: 'om.sums',
      aggregation: 'sum',
      value: 'data.n',
    });
    const before = await server.rowCounts();
    expect(
      await post([event({ type: 'om.sums', data: { n: 1 } }), event({ type: 'om.sums', data: { n: 'x' } })]),
    ).toMatchObject({
      status: 400,
      body: { code: 'invalid_event', errors: [{ field: '[1].data.n' }] },
    });
    expect(await server.rowCounts()).toEqual(before);
  });

  it('many at once: what is refused takes down none of the others, and of a clash one side is stored whole', async () => {
    const clash = event();
    const requests = Array.from({ length: 30 }, (_, index) =>
      index % 3 === 0
        ? [event(), { ...clash, data: { tokens: String(index) } }, event()]
        : index % 3 === 1
          ? [event(), event({ type: '' })]
          : [event(), event()],
    );
    const answers = await Promise.all(requests.map((body) => post(body)));
    for (const [index, { status }] of answers.entries()) {
      const counts = await Promise.all(requests[index]!.map(({ id }) => stored(id!)));
      if (index % 3 === 1) expect({ status, counts }).toEqual({ status: 400, counts: [0, 0] });
      else if (index % 3 === 2) expect({ status, counts }).toEqual({ status: 204, counts: [1, 1] });
      else expect([counts[0], counts[2]]).toEqual(status === 204 ? [1, 1] : [0, 0]);
    }
    expect(answers.filter(({ status }, index) => index % 3 === 0 && status === 204)).toHaveLength(1);
    expect(await stored(clash.id!)).toBe(1);
  });
});

describe('a subject that is no customer yet', () => {
  it('becomes one, by a key that may make customers', async () => {
    const subject = `new-${newUuid()}`;
    await client.events.ingest([event({ subject }), event({ subject }), event()]);
    expect(await server.api('GET', `/v1/customers/${subject}`)).toMatchObject({ status: 200, body: { name: subject } });
  });

  it('at once by many', async () => {
    const subject = `new-${newUuid()}`;
    await Promise.all(Array.from({ length: 10 }, () => client.events.ingest(event({ subject }))));
    const [row] = await server.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM event JOIN customer ON customer.id = customer_id WHERE customer.key = $1',
      [subject],
    );
    expect(row).toEqual({ count: 10 });
  });

  it('is refused, and named, when the key may only send', async () => {
    const subject = `new-${newUuid()}`;
    const before = await server.rowCounts();
    const error = await failing(sender.events.ingest([event(), event({ subject })]));
    expect(error).toMatchObject({ status: 400, message: expect.stringContaining(`no customer '${subject}'`) });
    expect(await server.rowCounts()).toEqual(before);
    await sender.events.ingest(event());
  });
});

describe('what else the API takes', () => {
  it.each([
    ['one event as a CloudEvent', 'application/cloudevents+json', () => event()],
    ['one event as JSON', 'application/json', () => event()],
    ['a list as JSON', 'application/json', () => [event(), event()]],
    ['a list as a batch', 'application/cloudevents-batch+json', () => [event(), event()]],
    ['an empty batch', 'application/cloudevents-batch+json', () => []],
    ['a content type with a parameter', 'application/cloudevents+json; charset=UTF-8', () => event()],
    [
      'nulls for what is not there',
      'application/json',
      () => ({ ...event(), time: null, data: null, specversion: null }),
    ],
  ])('%s', async (_, type, body) => {
    const sent = body();
    const answer = await post(sent, type);
    expect(answer).toMatchObject({ status: 204, body: undefined });
    expect(answer.headers.get('content-type')).toBeNull();
    for (const { id } of [sent].flat()) expect(await stored(id!)).toBe(1);
  });

  it.each(['dryRun', 'backfill'])('but no ?%s, which must not be passed over', async (option) => {
    const one = event();
    const answer = await server.send(`/api/v1/events?${option}=true`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(one),
    });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request', errors: [{ field: option }] } });
    expect(await stored(one.id!)).toBe(0);
  });

  it('gzip', async () => {
    const one = event();
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    const body = gzipSync(JSON.stringify(one)) as unknown as string;
    expect((await server.send('/api/v1/events', { method: 'POST', headers, body })).status).toBe(204);
    expect(await stored(one.id!)).toBe(1);
  });
});

describe('errors are application/problem+json, with no parameter, as the client compares it', () => {
  it.each<[because: string, status: number, code: string, body: unknown, type: string]>([
    ['no JSON', 400, 'malformed_json', '{', 'application/json'],
    ['a list where one event is said', 400, 'invalid_event', '[]', 'application/cloudevents+json'],
    ['one event where a list is said', 400, 'invalid_request', '{}', 'application/cloudevents-batch+json'],
    ['no id', 400, 'invalid_event', { source: 's', type: 't', subject: 'acme' }, 'application/json'],
    ['no source', 400, 'invalid_event', { id: 'never', type: 't', subject: 'acme' }, 'application/json'],
    [
      'an older version',
      400,
      'invalid_event',
      { ...{ id: 'never', source: 's', type: 't', subject: 'acme' }, specversion: '0.3' },
      'application/json',
    ],
    ['another content type', 415, 'unsupported_media_type', 'x', 'text/plain'],
    ['too large', 413, 'body_too_large', 'x'.repeat(1_100_000), 'application/json'],
  ])('%s', async (_, status, code, body, type) => {
    const before = await server.rowCounts();
    const answer = await post(body, type);
    expect(answer).toMatchObject({
      status,
      body: {
        type: 'about:blank',
        title: expect.any(String),
        status,
        code,
        detail: expect.any(String),
        instance: expect.stringMatching(/^urn:request:[\w-]+$/),
      },
    });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await server.rowCounts()).toEqual(before);
  });

  it('also without a key, or the scope', async () => {
    const reader = (await server.api('POST', '/v1/api-keys', { name: 'R', scopes: ['read'] })).body.key as string;
    for (const [key, status] of [
      ['nonsense', 401],
      [reader, 403],
    ] as const) {
      const answer = await post(event(), 'application/json', key);
      expect(answer.status).toBe(status);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
    }
  });
});

it('another organisation’s customer is nobody here', async () => {
  const other = await server.organisation();
  const key = (await server.api('POST', '/v1/api-keys', { name: 'S', scopes: ['ingest'] }, other.apiKey)).body
    .key as string;
  expect(await post(event(), 'application/json', key)).toMatchObject({
    status: 400,
    body: { code: 'unknown_customer' },
  });
});
