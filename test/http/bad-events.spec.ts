import { gzipSync } from 'node:zlib';
import { type Answer, startTestServer, type TestServer } from '../support/server';

/** Everything wrong that `POST /v1/events` may be sent. Whatever it is: a code, a field, and nothing written. */
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ WEIR_BODY_LIMIT: '2mb' });
  await server.api('POST', '/v1/customers', { key: 'acme', name: 'Acme' });
  await server.api('POST', '/v1/meters', {
    key: 'credits',
    name: 'Credits',
    eventType: 'credits.spent',
    aggregation: 'sum',
    value: 'data.credits',
  });
});
afterAll(() => server.stop());

const BASE = { id: 'e-1', type: 'llm.request', customer: 'acme' };

/** An event as JSON, with one field's value given as it stands in the text; undefined leaves the field out. */
function eventText(field: string, literal: string | undefined, base: object = BASE): string {
  const fields = Object.entries(base).filter(([name]) => name !== field);
  const texts = fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  if (literal !== undefined) texts.push(`${JSON.stringify(field)}:${literal}`);
  return `{${texts.join(',')}}`;
}

function post(body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Answer> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: body as string };
  return server.send('/v1/events', init);
}

/** Sends a body and expects a problem, and every table as long as before. */
async function expectRefused(body: string | Uint8Array, status: number, code: string, field?: string, headers = {}) {
  const before = await server.rowCounts();
  const answer = await post(body, headers);
  const errors = field === undefined ? {} : { errors: [{ field, detail: expect.any(String) }] };
  expect(answer).toMatchObject({ status, body: { status, code, detail: expect.any(String), ...errors } });
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(JSON.stringify(answer.body).length).toBeLessThan(1_500);
  expect(await server.rowCounts()).toEqual(before);
  return answer;
}

const TEXT_FIELDS = ['id', 'type', 'customer', 'source', 'session', 'task', 'agent', 'feature', 'department', 'user'];
const MEBIBYTE = 1024 * 1024;

describe('a field of text', () => {
  const LITERALS = [
    ['a number', '1'],
    ['a fraction', '1.5'],
    ['a boolean', 'true'],
    ['a list', '["a"]'],
    ['an object', '{"a":"b"}'],
    ['nothing', '""'],
    ['a NUL', '"a\\u0000b"'],
    ['a line break', '"a\\nb"'],
    ['a delete', '"\\u007f"'],
    ['a C1 control character', '"a\\u0085"'],
    ['a lone high surrogate', '"a\\ud800"'],
    ['a lone low surrogate', '"\\udc00a"'],
    ['a character too many', JSON.stringify('x'.repeat(256))],
    ['a megabyte', JSON.stringify('x'.repeat(MEBIBYTE))],
  ] as const;

  describe.each(TEXT_FIELDS)('%s', (field) => {
    it.each(LITERALS)('is not %s', async (_, literal) => {
      await expectRefused(eventText(field, literal), 422, 'invalid_event', field);
    });
  });

  it.each(['id', 'type', 'customer'])('%s is needed', async (field) => {
    for (const literal of [undefined, 'null']) {
      const { body } = await expectRefused(eventText(field, literal), 422, 'invalid_event', field);
      expect(body.detail).toBe(`${field}: is missing`);
    }
  });

  it('is taken up to its longest, in every field, and given back as it was', async () => {
    const id = '😀'.repeat(255);
    const texts = Object.fromEntries(TEXT_FIELDS.map((field) => [field, '字'.repeat(200)]));
    const event = { ...texts, id, customer: 'acme', source: 'ü'.repeat(255) };
    expect(await post(JSON.stringify(event))).toMatchObject({ status: 200, body: { accepted: 1 } });
    const found = await server.api(
      'GET',
      `/v1/events/${encodeURIComponent(id)}?source=${encodeURIComponent(event.source)}`,
    );
    expect(found).toMatchObject({ status: 200, body: { ...event, customer: expect.any(String) } });
  });
});

describe('an unknown field', () => {
  it.each([
    'customer_id',
    'Id',
    'quantity',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '',
    'a\u0000b',
    'events2',
  ])('%j is named', async (field) => {
    for (const literal of ['1', 'null', '{"id":"other"}']) {
      await expectRefused(eventText(field, literal), 422, 'invalid_event', field);
    }
  });

  it('with a name of a megabyte is named by its beginning', async () => {
    await expectRefused(eventText('x'.repeat(MEBIBYTE), '1'), 422, 'invalid_event', 'x'.repeat(100));
  });
});

describe('a time', () => {
  const from = (ms: number) => JSON.stringify(new Date(Date.now() + ms).toISOString());
  const DAY = 86_400_000;

  it.each([
    ['a number', '1700000000'],
    ['a boolean', 'true'],
    ['a list', '[]'],
    ['empty', '""'],
    ['words', '"yesterday"'],
    ['a day', '"2026-11-21"'],
    ['without an offset', '"2026-11-21T10:00:00"'],
    ['of the 32nd', '"2026-11-32T10:00:00Z"'],
    ['of 30 February', '"2026-02-30T10:00:00Z"'],
    ['of a leap second', '"2016-12-31T23:59:60Z"'],
    ['of hour 24', '"2026-11-21T24:00:00Z"'],
    ['before 1970', '"1969-12-31T23:59:59Z"'],
    ['of a year of five digits', '"12026-11-21T10:00:00Z"'],
    ['of a megabyte', JSON.stringify('2'.repeat(MEBIBYTE))],
  ])('is not %s', async (_, literal) => {
    await expectRefused(eventText('time', literal), 422, 'invalid_event', 'time');
  });

  it('is not longer ago than 35 days, nor more than 5 minutes ahead', async () => {
    await expectRefused(eventText('time', from(-35 * DAY - 60_000)), 422, 'event_too_old', 'time');
    await expectRefused(eventText('time', '"1970-01-01T00:00:00Z"'), 422, 'event_too_old', 'time');
    await expectRefused(eventText('time', from(6 * 60_000)), 422, 'event_in_future', 'time');
    await expectRefused(eventText('time', '"2199-12-31T23:59:59Z"'), 422, 'event_in_future', 'time');
  });

  it('is taken just inside those', async () => {
    for (const [id, ms] of Object.entries({ old: -35 * DAY + 60_000, ahead: 4 * 60_000 })) {
      const text = eventText('time', from(ms), { ...BASE, id });
      expect(await post(text)).toMatchObject({ status: 200, body: { accepted: 1 } });
    }
  });
});

describe('a cost', () => {
  it.each([
    ['a number', '1', 'cost'],
    ['text', '"1"', 'cost'],
    ['a list', '[]', 'cost'],
    ['empty', '{}', 'cost.amount'],
    ['without a currency', '{"amount":"1"}', 'cost.currency'],
    ['without an amount', '{"currency":"USD"}', 'cost.amount'],
    ['of a currency in small letters', '{"amount":"1","currency":"usd"}', 'cost.currency'],
    ['of a currency of four letters', '{"amount":"1","currency":"USDT"}', 'cost.currency'],
    ['of a currency that is a number', '{"amount":"1","currency":840}', 'cost.currency'],
    ['with a further field', '{"amount":"1","currency":"USD","per":"1"}', 'cost.per'],
    ['with __proto__', '{"amount":"1","currency":"USD","__proto__":{"x":1}}', 'cost.__proto__'],
  ])('is not %s', async (_, literal, field) => {
    await expectRefused(eventText('cost', literal), 422, 'invalid_event', field);
  });

  it.each([
    ['null', 'null'],
    ['a boolean', 'true'],
    ['a list', '["1"]'],
    ['an object', '{"value":"1"}'],
    ['empty', '""'],
    ['words', '"free"'],
    ['NaN', '"NaN"'],
    ['infinite', '"Infinity"'],
    ['hexadecimal', '"0x10"'],
    ['with a comma', '"1,50"'],
    ['with a space', '" 1"'],
    ['with a leading zero', '"01"'],
    ['without an integer', '".5"'],
    ['without a fraction behind its point', '"1."'],
    ['with a plus', '"+1"'],
    ['an exponent as text', '"1e3"'],
    ['an exponent as number', '1e3'],
    ['a negative exponent as number', '2.5E-7'],
    ['1e400, which a double takes for infinite', '1e400'],
    ['-1e400', '-1e400'],
    ['negative as text', '"-0.01"'],
    ['negative as number', '-0.01'],
    ['of 16 digits before the point, as text', '"1234567890123456"'],
    ['of 16 digits before the point, as number', '1234567890123456'],
    ['of 13 digits behind the point, as text', '"0.1234567890123"'],
    ['of 13 digits behind the point, as number', '0.1234567890123'],
    ['of digits a double would drop', '0.1000000000000000055511151231257827'],
    ['of a megabyte', JSON.stringify('1'.repeat(MEBIBYTE))],
    ['of a megabyte, as number', '1'.repeat(MEBIBYTE)],
    ['in Arabic digits', '"١٢"'],
  ])('has no amount that is %s', async (_, literal) => {
    await expectRefused(
      eventText('cost', `{"amount":${literal},"currency":"USD"}`),
      422,
      'invalid_event',
      'cost.amount',
    );
  });

  it.each([
    ['"0"', '0'],
    ['0', '0'],
    ['"999999999999999.999999999999"', '999999999999999.999999999999'],
    ['999999999999999.999999999999', '999999999999999.999999999999'],
    ['0.1', '0.1'],
    ['"0.100000000000000000"', '0.1'],
    ['0.0000005', '0.0000005'],
    ['0.000000000001', '0.000000000001'],
  ])('%s is kept to the last digit', async (literal, amount) => {
    const id = `cost ${literal}`;
    const text = eventText('cost', `{"amount":${literal},"currency":"USD"}`, { ...BASE, id });
    expect(await post(text)).toMatchObject({ status: 200, body: { accepted: 1 } });
    const { body } = await server.api('GET', `/v1/events/${encodeURIComponent(id)}`);
    expect(body.cost).toMatchObject({ status: 'reported', amount });
  });
});

describe('data', () => {
  it.each([
    ['text', '"x"'],
    ['a number', '1'],
    ['a list', '[{}]'],
    ['false', 'false'],
    ['33 levels deep', `${'{"a":'.repeat(33)}1${'}'.repeat(33)}`],
    ['33 levels deep in lists', `{"a":${'['.repeat(32)}1${']'.repeat(32)}}`],
    ['20,000 levels deep', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`],
    ['20,000 lists deep', `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`],
    ['64 kB and a character', JSON.stringify({ a: 'x'.repeat(65_536 - '{"a":""}'.length + 1) })],
    ['a megabyte', JSON.stringify({ a: 'x'.repeat(MEBIBYTE) })],
    ['a megabyte of a name', JSON.stringify({ ['x'.repeat(MEBIBYTE)]: 1 })],
    ['a megabyte of small things', JSON.stringify({ a: Array.from({ length: MEBIBYTE / 2 }, () => 1) })],
  ])('is not %s', async (_, literal) => {
    await expectRefused(eventText('data', literal), 422, 'invalid_event', 'data');
  });

  it.each([
    ['input_tokens', '-1'],
    ['input_tokens', '"-0.5"'],
    ['input_tokens', '"many"'],
    ['input_tokens', '"NaN"'],
    ['input_tokens', 'true'],
    ['input_tokens', '{}'],
    ['input_tokens', '[1]'],
    ['input_tokens', '1e400'],
    ['input_tokens', '1e3'],
    ['output_tokens', '1000000000000000'],
    ['output_tokens', '0.0000000000001'],
    ['cache_read_tokens', '-1'],
    ['cache_write_tokens', '-1'],
    ['input_audio_tokens', '-1'],
    ['cache_audio_read_tokens', '-1'],
    ['output_audio_tokens', '-1'],
    ['requests', '-1'],
    ['provider', '1'],
    ['provider', '""'],
    ['provider', JSON.stringify('x'.repeat(256))],
    ['model', '{}'],
    ['model', '" "'],
  ])('%s is not %s', async (name, literal) => {
    await expectRefused(eventText('data', `{"${name}":${literal}}`), 422, 'invalid_event', `data.${name}`);
  });

  it('reports no part that is more than its total', async () => {
    const literal = '{"input_tokens":10,"cache_read_tokens":11}';
    await expectRefused(eventText('data', literal), 422, 'invalid_event', 'data.cache_read_tokens');
    await expectRefused(eventText('data', '{"cache_read_tokens":1}'), 422, 'invalid_event', 'data.input_tokens');
  });

  it.each(['-1', '"-0.5"', '"many"', '"NaN"', 'true', '{}', '[1]', '1e400', '1e3', '"1e3"', '1234567890123456', '""'])(
    'a value that a meter sums is not %s',
    async (literal) => {
      const base = { ...BASE, type: 'credits.spent' };
      await expectRefused(eventText('data', `{"credits":${literal}}`, base), 422, 'invalid_event', 'data.credits');
    },
  );

  it('of an event that no meter sums is the sender’s own', async () => {
    expect(await post(eventText('data', '{"credits":-1}', { ...BASE, id: 'own' }))).toMatchObject({ status: 200 });
  });

  it('is given back as it came: odd names, control characters, broken Unicode, 32 levels', async () => {
    const deep = `${'{"a":'.repeat(31)}1${'}'.repeat(31)}`;
    const literal = `{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"toString":"x","":"",
      "hasOwnProperty":1,"nul\\u0000":"\\u0000\\u001f\\u007f","broken":"\\ud800","low":"\\udc00x","emoji":"😀",
      "numbers":[0,-0,0.1,-1.5,123456789012345],"deep":${deep},"none":null}`;
    expect(await post(eventText('data', literal, { ...BASE, id: 'odd' }))).toMatchObject({ status: 200 });
    const response = await fetch(`${server.url}/v1/events/odd`, {
      headers: { authorization: `Bearer ${server.apiKey}` },
    });
    const { data } = JSON.parse(await response.text());
    expect(JSON.stringify(data)).toBe(JSON.stringify(JSON.parse(literal)));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('keeps the digits of numbers that a double has no room for, as text', async () => {
    const literal =
      '{"big":123456789012345678901,"fine":0.12345678901234567890,"tiny":1e-400,"exact":12345678901234567000}';
    await post(eventText('data', literal, { ...BASE, id: 'digits' }));
    const { body } = await server.api('GET', '/v1/events/digits');
    expect(body.data).toEqual({
      big: '123456789012345678901',
      fine: '0.12345678901234567890',
      tiny: '1e-400',
      exact: 12345678901234567000,
    });
  });
});

describe('names that every object has', () => {
  it.each(['constructor', 'toString', 'valueOf', 'hasOwnProperty', '__proto__'])(
    '%s is no customer until it is made',
    async (customer) => {
      await expectRefused(eventText('customer', JSON.stringify(customer)), 422, 'unknown_customer', 'customer');
    },
  );

  it('serve as keys, types, ids and dimensions like any other', async () => {
    for (const [path, body] of Object.entries({
      '/v1/customers': { key: 'isPrototypeOf', name: 'constructor' },
      '/v1/meters': {
        key: 'propertyIsEnumerable',
        name: 'toString',
        eventType: 'toString',
        aggregation: 'count',
        filters: [{ field: 'data.constructor', operator: 'not_exists' }],
        groupBy: ['data.toString', 'data.__proto__'],
      },
    })) {
      expect((await server.api('POST', path, body)).status).toBe(201);
    }
    const event = { type: 'toString', customer: 'isPrototypeOf' };
    const ids = ['__proto__', 'constructor', 'toString'];
    const answer = await post(JSON.stringify(ids.map((id) => ({ ...event, id, source: 'valueOf' }))));
    expect(answer.body).toMatchObject({ accepted: 3 });
    const own = '{"id":"own constructor","type":"toString","customer":"isPrototypeOf","data":{"constructor":1}}';
    expect((await post(own)).body).toMatchObject({ accepted: 1 });
    const { body } = await server.api('GET', '/v1/customers/isPrototypeOf/usage');
    const [usage] = body.meters.filter((each: { key: string }) => each.key === 'propertyIsEnumerable');
    expect(usage).toMatchObject({ quantity: '3', events: 3 });
    expect(body.allEvents.events).toBe(4);
    expect(await server.api('GET', '/v1/events/__proto__?source=valueOf')).toMatchObject({
      status: 200,
      body: { id: '__proto__', source: 'valueOf' },
    });
  });
});

describe('a customer', () => {
  it('that nobody has is named, and its name cut', async () => {
    const { body } = await expectRefused(
      eventText('customer', JSON.stringify('x'.repeat(255))),
      422,
      'unknown_customer',
      'customer',
    );
    expect(body.detail.length).toBeLessThan(200);
    await expectRefused(eventText('customer', '"cus_00000000000000000000000000"'), 422, 'unknown_customer', 'customer');
  });
});

describe('a body', () => {
  it.each([
    ['empty', ''],
    ['white space', ' \n'],
    ['an open brace', '{'],
    ['words', 'hello'],
    ['a comma too many', '{"id":"a",}'],
    ['single quotes', "{'id':'a'}"],
    ['NaN', `{"id":"a","type":"t","customer":"acme","data":{"x":NaN}}`],
    ['Infinity', '[-Infinity]'],
    ['a number with a leading zero', '{"x":01}'],
    ['a number that stops', '{"x":1.}'],
    ['a number that stops behind its exponent', '{"x":1e}'],
    ['two values', '{} {}'],
    ['a raw line break in a string', '{"id":"a\nb"}'],
    ['a raw NUL', '\0'],
    ['a byte order mark', '\ufeff{}'],
    ['a string that never ends', `{"id":"${'x'.repeat(1000)}`],
    ['escaped quotes that never end, behind a number', `[1e5,"${'\\"'.repeat(200_000)}`],
    ['20,000 brackets that never close', '['.repeat(20_000)],
    ['an exponent as a name', '{1e5:1}'],
    ['an unknown escape', '"\\x41"'],
  ])('is not %s', async (_, body) => {
    await expectRefused(body, 400, 'malformed_json');
  });

  it.each(['null', 'true', '1', '"text"', '12345678901234567890'])('is not %s', async (body) => {
    await expectRefused(body, 422, 'invalid_event', 'event');
  });

  it('is valid UTF-8, so that two ids that are not cannot become one', async () => {
    const bytes = (id: number) => Buffer.from(eventText('id', '"?"').replace('?', String.fromCharCode(id)), 'latin1');
    await expectRefused(bytes(0xff), 400, 'malformed_json');
    await expectRefused(bytes(0xc3), 400, 'malformed_json');
  });

  it.each([
    ['an empty list', '[]', 'body'],
    ['an empty list of events', '{"events":[]}', 'events'],
    ['events that are no list', '{"events":{"id":"a"}}', 'events'],
    ['no events', '{"events":null}', 'events'],
    ['something beside events', '{"events":[],"source":"a"}', 'source'],
    ['__proto__ beside events', '{"events":[],"__proto__":{}}', '__proto__'],
    ['10,001 events', `[${Array.from({ length: 10_001 }, () => '{}').join()}]`, 'body'],
    ['10,001 events in an object', `{"events":[${Array.from({ length: 10_001 }, () => '0').join()}]}`, 'events'],
  ])('has not %s', async (_, body, field) => {
    await expectRefused(body, 422, 'invalid_request', field);
  });

  it('of 10,000 events is taken, and each is answered', async () => {
    const events = Array.from({ length: 10_000 }, (_each, index) => ({ ...BASE, id: `of 10,000: ${index}` }));
    const { status, body } = await post(JSON.stringify({ events }));
    expect(status).toBe(200);
    expect(body).toMatchObject({ accepted: 10_000, duplicates: 0, rejected: 0 });
    expect(body.results.map((result: { index: number }) => result.index)).toEqual(events.map((_each, index) => index));
  });

  it('is not larger than the limit', async () => {
    await expectRefused(eventText('data', JSON.stringify('x'.repeat(2 * MEBIBYTE))), 413, 'body_too_large');
    const exact = '{"id":""}';
    const text = exact.replace('""', `"${'x'.repeat(2 * MEBIBYTE - exact.length)}"`);
    await expectRefused(text, 422, 'invalid_event', 'id');
    await expectRefused(`${text} `, 413, 'body_too_large');
  });

  it('is not larger than the limit without saying its length either', async () => {
    const before = await server.rowCounts();
    let left = 3;
    const stream = new ReadableStream({
      pull(controller) {
        if (left-- > 0) controller.enqueue(Buffer.alloc(MEBIBYTE, ' '));
        else controller.close();
      },
    });
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: stream, duplex: 'half' };
    // The server may hang up before all is sent; then the client may miss the answer.
    const status = await server.send('/v1/events', init as RequestInit).then(
      (answer) => answer.status,
      () => 413,
    );
    expect(status).toBe(413);
    expect(await server.rowCounts()).toEqual(before);
  });

  it.each([
    ['text/plain'],
    ['application/xml'],
    ['application/x-www-form-urlencoded'],
    ['application/cloudevents+xml'],
    ['multipart/form-data; boundary=x'],
    ['nonsense'],
  ])('is not %s', async (type) => {
    await expectRefused(eventText('id', '"a"'), 415, 'unsupported_media_type', undefined, { 'content-type': type });
  });

  it('has a content type', async () => {
    const body = new Blob([eventText('id', '"a"')]);
    const answer = await server.send('/v1/events', { method: 'POST', body });
    expect(answer).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
  });

  it('may say its character set', async () => {
    const type = { 'content-type': 'Application/JSON; charset=UTF-8' };
    expect((await post(eventText('id', '"charset"'), type)).body).toMatchObject({ accepted: 1 });
  });

  it('is compressed in no other way than it says, and in none that is not known', async () => {
    const body = gzipSync(eventText('id', '"zip"'));
    const cut = { 'content-encoding': 'gzip' };
    await expectRefused(body.subarray(0, body.length >> 1), 400, 'invalid_encoding', undefined, cut);
    await expectRefused(body, 400, 'invalid_encoding', undefined, { 'content-encoding': 'br' });
    await expectRefused(body, 400, 'malformed_json');
    for (const encoding of ['zstd', 'gzip, gzip', 'secret']) {
      const headers = { 'content-encoding': encoding };
      const answer = await expectRefused(body, 415, 'unsupported_media_type', undefined, headers);
      expect(answer.body.detail).toContain('compress');
      expect(answer.headers.get('accept-encoding')).toBe('gzip, deflate, br');
    }
  });

  it('is compressed with gzip, or not at all', async () => {
    const body = gzipSync(eventText('id', '"zip"'));
    expect((await post(body, { 'content-encoding': 'gzip' })).body).toMatchObject({ accepted: 1 });
    const plain = { 'content-encoding': 'identity' };
    expect((await post(eventText('id', '"identity"'), plain)).body).toMatchObject({ accepted: 1 });
  });

  it('is not larger than the limit once it is decoded', async () => {
    const bomb = gzipSync(Buffer.alloc(50 * MEBIBYTE, ' '));
    expect(bomb.length).toBeLessThan(100_000);
    await expectRefused(bomb, 413, 'body_too_large', undefined, { 'content-encoding': 'gzip' });
  });

  it('20,000 levels deep does no harm', async () => {
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    const before = await server.rowCounts();
    expect(await post(deep)).toMatchObject({
      status: 200,
      body: { accepted: 0, rejected: 1, results: [{ code: 'invalid_event', field: 'event', id: null }] },
    });
    await expectRefused(eventText('id', deep), 422, 'invalid_event', 'id');
    await expectRefused(eventText('cost', deep), 422, 'invalid_event', 'cost');
    await expectRefused(`${'{"a":'.repeat(20_000)}1e400${'}'.repeat(20_000)}`, 422, 'invalid_event', 'a');
    expect(await server.rowCounts()).toEqual(before);
  });
});
