import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { attributesOf, exportOf, fromProtobuf, type JsonExport, type JsonSpan, toProtobuf } from '../support/otlp';
import { startTestServer, type TestServer } from '../support/server';

/**
 * `POST /v1/traces` as OTLP over HTTP has it: what is answered, in which encoding, and that a bad span or a bad body
 * spoils nothing else.
 */
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ WEIR_BODY_LIMIT: '200kb' });
  for (const key of ['acme', 'bolt']) await server.api('POST', '/v1/customers', { key, name: key });
  await server.api('POST', '/v1/price-book', {
    provider: 'openai',
    model: 'ranker',
    currency: 'USD',
    units: { requests: { per: '1000', amount: '2' } },
  });
});
afterAll(() => server.stop());

const TYPES = { json: 'application/json', protobuf: 'application/x-protobuf' } as const;
type Encoding = keyof typeof TYPES;
const ENCODINGS: Encoding[] = ['json', 'protobuf'];

interface Answered {
  readonly status: number;
  readonly type: string | null;
  readonly bytes: Buffer;
  readonly headers: Headers;
}

async function post(
  body: Uint8Array | string,
  headers: Record<string, string>,
  key: string | null = server.apiKey,
): Promise<Answered> {
  const authorization: Record<string, string> = key === null ? {} : { authorization: `Bearer ${key}` };
  const response = await fetch(`${server.url}/v1/traces`, {
    method: 'POST',
    headers: { ...authorization, ...headers },
    body: body as string,
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status: response.status, type: response.headers.get('content-type'), bytes, headers: response.headers };
}

const written = (encoding: Encoding, json: JsonExport) =>
  encoding === 'json' ? JSON.stringify(json) : toProtobuf(json);

/** An answer's message, whichever encoding it is in, in the form that JSON has. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what is expected of it is the check
function messageOf(encoding: Encoding, type: string, bytes: Buffer): Record<string, any> {
  return encoding === 'json' ? JSON.parse(bytes.toString()) : fromProtobuf(type, bytes);
}

/** Sends an export and gives back how many spans were refused, and what was said. */
async function send(encoding: Encoding, json: JsonExport): Promise<{ rejected: number; message: string }> {
  const { status, type, bytes } = await post(written(encoding, json), { 'content-type': TYPES[encoding] });
  expect({ status, type }).toEqual({ status: 200, type: TYPES[encoding] });
  const { partialSuccess } = messageOf(encoding, 'ExportTraceServiceResponse', bytes);
  if (partialSuccess === undefined) return { rejected: 0, message: '' };
  return { rejected: Number(partialSuccess.rejectedSpans ?? 0), message: partialSuccess.errorMessage };
}

let spans = 0;

/** A request to a model by `acme`, an hour ago, unless said otherwise. */
function spanOf(
  attributes: Readonly<Record<string, unknown>> = {},
  more: JsonSpan = {},
): JsonSpan & { spanId: string } {
  spans += 1;
  const end = (BigInt(Date.now()) - 3_600_000n) * 1_000_000n;
  return {
    traceId: '5b8efff798038103d269b633813fc60c',
    spanId: spans.toString(16).padStart(16, '0'),
    startTimeUnixNano: String(end - 250_000_000n),
    endTimeUnixNano: String(end),
    ...more,
    attributes: attributesOf({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.usage.input_tokens': 1_155,
      'gen_ai.usage.output_tokens': 211,
      'weir.customer': 'acme',
      ...attributes,
    }),
  };
}

const eventOf = (span: JsonSpan) => server.api('GET', `/v1/events/${span.traceId}-${span.spanId}?source=otel`);
const storedEvents = async () => (await server.rowCounts())['event']!;

describe.each(ENCODINGS)('in %s', (encoding) => {
  it('says nothing where all is stored, also of what was there already', async () => {
    const json = exportOf([spanOf(), spanOf()]);
    const before = await storedEvents();
    for (let times = 0; times < 3; times += 1) {
      const { status, type, bytes } = await post(written(encoding, json), { 'content-type': TYPES[encoding] });
      expect({ status, type, body: bytes.toString() }).toEqual({
        status: 200,
        type: TYPES[encoding],
        body: encoding === 'json' ? '{}' : '',
      });
    }
    expect(await storedEvents()).toBe(before + 2);
  });

  it('an empty export is a success', async () => {
    expect(await send(encoding, { resourceSpans: [] })).toEqual({ rejected: 0, message: '' });
    const { status } = await post('', { 'content-type': TYPES.protobuf });
    expect(status).toBe(200);
  });

  it('each bad span has its own reason, and the others are stored', async () => {
    const good = [spanOf(), spanOf({ 'weir.customer': 'bolt' })];
    const bad: [JsonSpan, string][] = [
      [spanOf({ 'gen_ai.usage.input_tokens': -5 }), 'gen_ai.usage.input_tokens is -5'],
      [
        spanOf({ 'gen_ai.usage.cache_read.input_tokens': 2_000 }),
        'gen_ai.usage.cache_read.input_tokens is 2000, more than the 1155',
      ],
      [spanOf({ 'gen_ai.usage.output_tokens': 'many' }), 'gen_ai.usage.output_tokens must be a whole number'],
      [spanOf({}, { endTimeUnixNano: String(1_795_252_981) }), 'event_too_old: time: is longer ago than 35 days'],
      [spanOf({}, { endTimeUnixNano: String((BigInt(Date.now()) + 3_600_000n) * 1_000_000n) }), 'event_in_future'],
      [spanOf({}, { endTimeUnixNano: String(2n ** 63n) }), 'after the year 2199'],
      [spanOf({}, { traceId: '0'.repeat(32) }), 'traceId is all zeros'],
      [spanOf({}, { spanId: '' }), 'span without an id: spanId is missing'],
      [spanOf({ 'weir.customer': null }), 'no customer: set weir.customer'],
      [spanOf({ 'weir.customer': 'nobody' }), "unknown_customer: customer: there is no customer 'nobody' here"],
    ];
    const before = await storedEvents();

    const { rejected, message } = await send(encoding, exportOf([good[0]!, ...bad.map(([span]) => span), good[1]!]));

    expect({ rejected, message }).toMatchObject({
      rejected: 10,
      message: expect.stringMatching(/^10 spans refused: /),
    });
    for (const [span, reason] of bad) {
      expect(message).toContain(span.spanId === '' ? reason : `span ${span.spanId}: `);
      expect(message).toContain(reason);
    }
    expect(await storedEvents()).toBe(before + 2);
    for (const span of good) expect((await eventOf(span)).status).toBe(200);
  });

  it('tells ten reasons and how many more', async () => {
    const { rejected, message } = await send(
      encoding,
      exportOf(Array.from({ length: 25 }, () => spanOf({ 'weir.customer': null }))),
    );
    expect(rejected).toBe(25);
    expect(message.match(/no customer/g)).toHaveLength(10);
    expect(message).toMatch(/; and 15 more\.$/);
  });

  it('of two spans with the same ids stores the first, and refuses the second where it differs', async () => {
    const span = spanOf();
    const other = { ...spanOf({ 'gen_ai.usage.input_tokens': 1 }), spanId: span.spanId };
    const { rejected, message } = await send(encoding, exportOf([span, span, other]));
    expect(rejected).toBe(1);
    expect(message).toContain(`span ${span.spanId}: event_conflict: `);
    expect((await eventOf(span)).body.data.input_tokens).toBe(1_155);
  });

  it('warns without refusing', async () => {
    const silent = spanOf({ 'gen_ai.usage.input_tokens': null, 'gen_ai.usage.output_tokens': null });
    const { rejected, message } = await send(encoding, exportOf([silent, spanOf()]));
    expect({ rejected, message }).toEqual({
      rejected: 0,
      message: `1 span stored with a warning: span ${silent.spanId}: it is a request to a model without input or output tokens: unless the model is charged by the request, its cost is pending.`,
    });
    expect((await eventOf(silent)).body).toMatchObject({ data: { requests: 1 }, cost: { status: 'pending' } });
  });

  it.each<[cost: string, attributes: Record<string, unknown>, more: JsonSpan]>([
    ['pending', {}, {}],
    ['pending', { 'gen_ai.operation.name': 'text_completion' }, {}],
    ['pending', { 'gen_ai.operation.name': 'generate_content' }, {}],
    ['pending', { 'gen_ai.operation.name': 'embeddings' }, {}],
    ['pending', { 'gen_ai.operation.name': 'rerank' }, {}],
    ['pending', { 'gen_ai.usage.total_tokens': 1_366 }, {}],
    ['pending', { 'gen_ai.request.model': null }, {}],
    ['pending', { 'gen_ai.request.model': null, 'gen_ai.provider.name': null }, {}],
    ['pending', { 'gen_ai.provider.name': 'perplexity', 'gen_ai.request.model': 'sonar' }, {}],
    ['pending', { 'error.type': 'timeout' }, { status: { code: 2 } }],
    ['none', { 'error.type': '429' }, { status: { code: 2 } }],
    ['reported', { 'weir.cost.amount': '0.02', 'weir.cost.currency': 'USD' }, {}],
    ['priced', { 'gen_ai.operation.name': 'rerank', 'gen_ai.request.model': 'ranker' }, {}],
    ['priced', { 'gen_ai.usage.input_tokens': 0, 'gen_ai.usage.output_tokens': 0 }, {}],
  ])('what a request cost that says no tokens is %s: %j %j', async (cost, attributes, more) => {
    const span = spanOf({ 'gen_ai.usage.input_tokens': null, 'gen_ai.usage.output_tokens': null, ...attributes }, more);
    expect(await send(encoding, exportOf([span]))).toMatchObject({ rejected: 0 });
    expect((await eventOf(span)).body.cost.status).toBe(cost);
  });

  it('warns where one request to a model is within another, as two libraries tell it that see the same one', async () => {
    const outer = spanOf();
    const inner = spanOf({}, { parentSpanId: outer.spanId });
    const { rejected, message } = await send(encoding, exportOf([inner, outer]));
    expect(rejected).toBe(0);
    expect(message).toContain(`span ${inner.spanId}: it is a request to a model within span ${outer.spanId}`);
    const counted = spanOf({ 'weir.count_usage': false }, { parentSpanId: outer.spanId });
    expect(await send(encoding, exportOf([counted, spanOf()]))).toEqual({ rejected: 0, message: '' });
    expect((await eventOf(counted)).body.cost.status).toBe('none');
  });

  it('passes over spans of anything else, whatever they have', async () => {
    const before = await storedEvents();
    const http = { ...spanOf(), attributes: attributesOf({ 'http.request.method': 'GET' }), traceId: '' };
    expect(await send(encoding, exportOf([http]))).toEqual({ rejected: 0, message: '' });
    expect(await storedEvents()).toBe(before);
  });

  it.each(['gzip', 'GZIP', 'deflate', 'br'])('takes a body compressed by %s', async (name) => {
    const { createBrotliCompress, createDeflate, createGzip } = await import('node:zlib');
    const stream = { gzip: createGzip, deflate: createDeflate, br: createBrotliCompress }[name.toLowerCase()]!();
    stream.end(written(encoding, exportOf([spanOf()])));
    const before = await storedEvents();
    const body = Buffer.concat(await stream.toArray());
    const { status } = await post(body, { 'content-type': TYPES[encoding], 'content-encoding': name });
    expect(status).toBe(200);
    expect(await storedEvents()).toBe(before + 1);
  });

  const UNKNOWN = `weir_${'A'.repeat(43)}`;
  const half = (bytes: Buffer) => bytes.subarray(0, bytes.length / 2);
  it.each`
    because                          | status | code                        | rpc   | body                                                                                 | headers                           | key
    ${'no key'}                      | ${401} | ${'unauthenticated'}        | ${16} | ${() => written(encoding, exportOf([spanOf()]))}                                     | ${{}}                             | ${null}
    ${'a key that is nobody’s'}      | ${401} | ${'unauthenticated'}        | ${16} | ${() => 'not looked at'}                                                             | ${{}}                             | ${UNKNOWN}
    ${'half a gzip stream'}          | ${400} | ${'invalid_encoding'}       | ${3}  | ${() => half(gzipSync(written(encoding, exportOf([spanOf()]))))}                     | ${{ 'content-encoding': 'gzip' }} | ${undefined}
    ${'no gzip stream at all'}       | ${400} | ${'invalid_encoding'}       | ${3}  | ${() => written(encoding, exportOf([spanOf()]))}                                     | ${{ 'content-encoding': 'gzip' }} | ${undefined}
    ${'a body too large'}            | ${413} | ${'body_too_large'}         | ${3}  | ${() => written(encoding, exportOf([spanOf({ x: 'x'.repeat(210_000) })]))}           | ${{}}                             | ${undefined}
    ${'too large when decompressed'} | ${413} | ${'body_too_large'}         | ${3}  | ${() => gzipSync(written(encoding, exportOf([spanOf({ x: 'x'.repeat(210_000) })])))} | ${{ 'content-encoding': 'gzip' }} | ${undefined}
    ${'a compression nobody knows'}  | ${415} | ${'unsupported_media_type'} | ${3}  | ${() => written(encoding, exportOf([spanOf()]))}                                     | ${{ 'content-encoding': 'zstd' }} | ${undefined}
  `(
    '$because: $status with a google.rpc.Status, and nothing is stored',
    async ({ status, code, rpc, body, headers, key }) => {
      const before = await storedEvents();
      const answer = await post(body(), { 'content-type': TYPES[encoding], ...headers }, key);
      expect(answer).toMatchObject({ status, type: TYPES[encoding] });
      const message = messageOf(encoding, 'RpcStatus', answer.bytes);
      expect(message).toMatchObject({ code: rpc, message: expect.stringMatching(new RegExp(`^${code}: .{20,}`)) });
      expect(answer.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer' : null);
      expect(await storedEvents()).toBe(before);
    },
  );
});

it('garbage for Protobuf is a 400 that says where', async () => {
  const whole = toProtobuf(exportOf([spanOf(), spanOf()]));
  const answer = await post(whole.subarray(0, whole.length - 1), { 'content-type': TYPES.protobuf });
  expect(answer).toMatchObject({ status: 400, type: TYPES.protobuf });
  const { code, message, details } = messageOf('protobuf', 'RpcStatus', answer.bytes);
  expect({ code, message }).toEqual({ code: 3, message: expect.stringContaining('malformed_export: ') });
  expect(details[0].type_url ?? details[0].typeUrl).toBe('type.googleapis.com/google.rpc.BadRequest');
  expect(fromProtobuf('BadRequest', details[0].value)).toEqual({
    fieldViolations: [
      { field: expect.stringMatching(/^byte \d+$/), description: 'has a length that goes past the end' },
    ],
  });
});

it.each`
  body                                     | code                  | details
  ${'{'}                                   | ${'malformed_json'}   | ${undefined}
  ${''}                                    | ${'malformed_json'}   | ${undefined}
  ${Buffer.from('{"a":"\xff"}', 'latin1')} | ${'malformed_json'}   | ${undefined}
  ${'{"resourceSpans":{}}'}                | ${'malformed_export'} | ${[{ field: 'resourceSpans', description: 'is not a list' }]}
  ${'[]'}                                  | ${'malformed_export'} | ${[{ field: 'body', description: 'is not an object' }]}
`('the JSON $body is a 400: $code', async ({ body, code, details }) => {
  const answer = await post(body, { 'content-type': TYPES.json });
  expect(answer).toMatchObject({ status: 400, type: TYPES.json });
  const status = messageOf('json', '', answer.bytes);
  expect(status).toMatchObject({ code: 3, message: expect.stringContaining(`${code}: `) });
  const badRequest = { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: details };
  expect(status['details']).toEqual(details === undefined ? undefined : [badRequest]);
});

it.each(['text/plain', 'application/protobuf', 'application/grpc'])('%s is a 415 in JSON', async (type) => {
  const answer = await post('x', { 'content-type': type });
  expect(answer).toMatchObject({ status: 415, type: TYPES.json });
  expect(messageOf('json', '', answer.bytes)['message']).toContain('application/x-protobuf or application/json');
});

it('takes a content type with parameters, in any case', async () => {
  const { status, type } = await post(JSON.stringify(exportOf([spanOf()])), {
    'content-type': 'Application/JSON; charset=utf-8',
  });
  expect({ status, type }).toEqual({ status: 200, type: TYPES.json });
});

it.each(['dryRun', 'backfill'])('has no option %s, and stores nothing that asks for it', async (option) => {
  const before = await server.rowCounts();
  const { status, body } = await server.api('POST', `/v1/traces?${option}=true`, { resourceSpans: [] });
  expect([status, body.message]).toEqual([422, expect.stringContaining(`${option}: is no option`)]);
  expect(await server.rowCounts()).toEqual(before);
});

it('needs the scope ingest', async () => {
  const { body } = await server.api('POST', '/v1/api-keys', { name: 'Reader', scopes: ['read', 'manage'] });
  for (const encoding of ENCODINGS) {
    const answer = await post(written(encoding, exportOf([spanOf()])), { 'content-type': TYPES[encoding] }, body.key);
    expect(answer).toMatchObject({ status: 403, type: TYPES[encoding] });
    const status = messageOf(encoding, 'RpcStatus', answer.bytes);
    expect(status).toMatchObject({ code: 7, message: expect.stringMatching(/^missing_scope: .*'ingest'/) });
  }
});

it('random bytes are a 400 or nothing to store, and the server goes on', async () => {
  const before = await storedEvents();
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 1, maxLength: 100 }),
      fc.constantFrom(...ENCODINGS),
      async (bytes, encoding) => {
        const { status, type } = await post(bytes, { 'content-type': TYPES[encoding] });
        expect(type).toBe(TYPES[encoding]);
        expect(status === 400 || (status === 200 && encoding === 'protobuf')).toBe(true);
      },
    ),
    { numRuns: 200 },
  );
  expect(await storedEvents()).toBe(before);
});

it('the same span in either encoding is the same event', async () => {
  const json = exportOf([spanOf({ 'weir.feature': 'f', 'weir.data.ratio': 0.5, 'gen_ai.response.id': 'é' })], {
    'service.name': 's',
  });
  const before = await storedEvents();
  for (const encoding of ENCODINGS) expect(await send(encoding, json)).toEqual({ rejected: 0, message: '' });
  expect(await storedEvents()).toBe(before + 1);
});
