import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { counted, METERS, recounted } from '../../model/usage-recount';
import { attributesOf, exportOf, fromProtobuf, toProtobuf } from '../../support/otlp';
import { type Answer, startTestServer, type TestServer } from '../../support/server';

/**
 * The same bad input through every door: each event gets its result, the good ones of the same request are stored, and
 * what was counted equals a recount of what was stored. OpenMeter's door alone takes a request as a whole or not at all.
 */
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await server.api('POST', '/v1/customers', { key: 'acme', name: 'Acme' });
  for (const { request } of METERS) await server.api('POST', '/v1/meters', request);
});
afterAll(() => server.stop());

/** A request to a model, in words that each door can say. */
interface Fact {
  /** 16 hexadecimal digits, so that a span can have it. */
  readonly id: string;
  readonly time?: string;
  readonly input?: number;
  readonly cached?: number;
  /** Runs of code, for which the model has no price. */
  readonly runs?: number;
}
const newId = () => randomBytes(8).toString('hex');
const good = (more: Partial<Fact> = {}): Fact => ({ id: newId(), ...more });

const AN_HOUR_AGO = new Date(Date.now() - 3_600_000).toISOString();
const TRACE = randomBytes(16).toString('hex');

const dataOf = ({ input = 100, cached, runs }: Fact) => ({
  ...{ provider: 'openai', model: 'gpt-4o', input_tokens: input, output_tokens: 20 },
  ...(cached === undefined ? {} : { cache_read_tokens: cached }),
  ...(runs === undefined ? {} : { code_executions: runs }),
});
const eventOf = (fact: Fact) => ({
  id: fact.id,
  type: 'llm.request',
  customer: 'acme',
  time: fact.time ?? AN_HOUR_AGO,
  data: dataOf(fact),
});
const cloudEventOf = (fact: Fact) => {
  const { customer, ...event } = eventOf(fact);
  return { specversion: '1.0', source: 'bad-input', subject: customer, ...event };
};
const spanOf = (fact: Fact) => ({
  traceId: TRACE,
  spanId: fact.id,
  endTimeUnixNano: String(BigInt(Date.parse(fact.time ?? AN_HOUR_AGO)) * 1_000_000n),
  attributes: attributesOf({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.response.model': 'gpt-4o',
    'gen_ai.usage.input_tokens': fact.input ?? 100,
    'gen_ai.usage.output_tokens': 20,
    'weir.customer': 'acme',
    ...(fact.cached === undefined ? {} : { 'gen_ai.usage.cache_read.input_tokens': fact.cached }),
    ...(fact.runs === undefined ? {} : { 'weir.data.code_executions': fact.runs }),
  }),
});

/** A way in. */
interface Door {
  readonly path: string;
  readonly type: string;
  readonly write: (facts: readonly Fact[]) => Buffer;
  /** What is said of the refused ones, in their order. */
  readonly refusals: (answer: Answer) => string[];
  /** Lines that are whole count although the body is not. */
  readonly byLine?: true;
}

interface Result {
  readonly status: string;
  readonly code: string;
  readonly detail: string;
}
const ofResults = (results: readonly Result[]) =>
  results.filter(({ status }) => status === 'rejected').map(({ code, detail }) => `${code} ${detail}`);
const lines = (text: string) => text.trimEnd().split('\n').map((line) => JSON.parse(line) as Result); // prettier-ignore
const asJson = (value: unknown) => Buffer.from(JSON.stringify(value));
const asLines = (values: readonly unknown[]) =>
  Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
const ofSpans = (message: string | undefined) => (message ?? '').split(/(?=span [0-9a-f]{16}: )/).slice(1);

const DOORS: Readonly<Record<string, Door>> = {
  'a list of events': {
    path: '/v1/events',
    type: 'application/json',
    write: (facts) => asJson(facts.map(eventOf)),
    refusals: ({ body }) => ofResults(body.results),
  },
  'events, one a line': {
    path: '/v1/events',
    type: 'application/x-ndjson',
    write: (facts) => asLines(facts.map(eventOf)),
    refusals: ({ body }) => ofResults(lines(body)),
    byLine: true,
  },
  'a batch of CloudEvents': {
    path: '/v1/events',
    type: 'application/cloudevents-batch+json',
    write: (facts) => asJson(facts.map(cloudEventOf)),
    refusals: ({ body }) => ofResults(body.results),
  },
  'spans in JSON': {
    path: '/v1/traces',
    type: 'application/json',
    write: (facts) => asJson(exportOf(facts.map(spanOf))),
    refusals: ({ body }) => ofSpans(body.partialSuccess?.errorMessage),
  },
  'spans in Protobuf': {
    path: '/v1/traces',
    type: 'application/x-protobuf',
    write: (facts) => toProtobuf(exportOf(facts.map(spanOf))),
    refusals: ({ body }) => ofSpans(body.partialSuccess?.errorMessage),
  },
};
const OPEN_METER: Door = {
  path: '/api/v1/events',
  type: 'application/cloudevents-batch+json',
  write: (facts) => asJson(facts.map(cloudEventOf)),
  refusals: ({ body }) => [`${body.code} ${body.detail}`],
};
const EVERY_DOOR = { ...DOORS, "OpenMeter's endpoint": OPEN_METER };

async function post({ path, type }: Door, body: Uint8Array, headers: Record<string, string> = {}): Promise<Answer> {
  const init = { method: 'POST', headers: { 'content-type': type, ...headers }, body: body as unknown as string };
  if (type !== 'application/x-protobuf') return server.send(path, init);
  const response = await fetch(`${server.url}${path}`, {
    ...init,
    headers: { ...init.headers, authorization: `Bearer ${server.apiKey}` },
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const message = response.status === 200 ? 'ExportTraceServiceResponse' : 'RpcStatus';
  return { status: response.status, body: fromProtobuf(message, bytes), headers: response.headers };
}

/** The input and state of cost of each stored event. */
async function stored(facts: readonly Fact[]): Promise<Record<string, string>> {
  const rows = await server.query<{ id: string; what: string }>(
    `SELECT right(id, 16) AS id, (data::jsonb ->> 'input_tokens') || ' ' || cost_status::text AS what
       FROM event WHERE right(id, 16) = ANY ($1)`,
    [facts.map(({ id }) => id)],
  );
  return Object.fromEntries(rows.map(({ id, what }) => [id, what]));
}

async function expectRecountEqual(): Promise<void> {
  expect(await counted(server.query)).toEqual(await recounted(server.query));
}

const PRICED = 'p';
const PENDING = 'u';
const ABSURD = '2199-12-31T23:59:59Z';

/** What is refused, and how that is said. */
const BAD: readonly [because: string, bad: Partial<Fact>, said: RegExp][] = [
  ['negative tokens', { input: -5 }, /input_tokens.*negative|negative.*input_tokens|input_tokens.*-5/],
  ['more cached than input', { input: 10, cached: 11 }, /cache.*more than the 10/],
  ['a time that has not come', { time: ABSURD }, /event_in_future/],
];

describe.each(Object.entries(DOORS))('%s', (_, door) => {
  it('each bad event gets its result, and the others are stored, costed and counted', async () => {
    const first = good();
    const last = good();
    const unpriced = good({ runs: 3 });
    const twice = good();
    const bad = BAD.map(([, more]) => good(more));
    const conflict = { ...first, input: 7 };

    const answer = await post(door, door.write([first, ...bad, unpriced, twice, twice, conflict, last]));

    expect(answer.status).toBe(200);
    expect(door.refusals(answer)).toEqual([
      ...BAD.map(([, , said]) => expect.stringMatching(said)),
      expect.stringContaining('event_conflict'),
    ]);
    expect(await stored([first, ...bad, unpriced, twice, last])).toEqual({
      [first.id]: `100 ${PRICED}`,
      [unpriced.id]: `100 ${PENDING}`,
      [twice.id]: `100 ${PRICED}`,
      [last.id]: `100 ${PRICED}`,
    });
    await expectRecountEqual();
  });
});

describe("OpenMeter's endpoint", () => {
  it.each(BAD)('%s: the request is refused whole, and says why', async (_, bad, said) => {
    const facts = [good(), good(bad), good()];
    const answer = await post(OPEN_METER, OPEN_METER.write(facts));
    expect(answer.status).toBe(400);
    expect(OPEN_METER.refusals(answer)).toEqual([expect.stringMatching(said)]);
    expect(await stored(facts)).toEqual({});
    await expectRecountEqual();
  });

  it('a unit no price knows, and the same event twice, are no reason to refuse', async () => {
    const twice = good({ runs: 3 });
    const facts = [good(), twice, twice];
    expect((await post(OPEN_METER, OPEN_METER.write(facts))).status).toBe(204);
    expect(await stored(facts)).toEqual({ [facts[0]!.id]: `100 ${PRICED}`, [twice.id]: `100 ${PENDING}` });
    await expectRecountEqual();
  });
});

describe.each(Object.entries(EVERY_DOOR))('a body that is broken does no harm to others: %s', (_, door) => {
  it.each<[because: string, broken: (whole: Buffer) => Buffer, headers: Record<string, string>]>([
    ['half a gzip stream', (whole) => half(gzipSync(whole)), { 'content-encoding': 'gzip' }],
    ['cut off within the last event', (whole) => whole.subarray(0, whole.length - 10), {}],
    ['garbage', () => Buffer.from(`\xff\xff${'\0'.repeat(50)}`, 'latin1'), {}],
  ])('%s', async (because, broken, headers) => {
    const inBroken = [good(), good()];
    const beside = [good(), good()];
    const [refused, ...answers] = await Promise.all([
      post(door, broken(door.write(inBroken)), headers),
      ...beside.map((fact) => post(door, door.write([fact]))),
    ]);

    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => (door === OPEN_METER ? 204 : 200)));
    expect(await stored(beside)).toEqual(Object.fromEntries(beside.map(({ id }) => [id, `100 ${PRICED}`])));
    if (door.byLine === undefined) {
      expect(refused.status).toBe(400);
      expect(await stored(inBroken)).toEqual({});
    } else if (because.startsWith('cut off')) {
      // The line that is whole is an event like any other.
      expect(door.refusals(refused)).toEqual([expect.stringContaining('malformed_json')]);
      expect(await stored(inBroken)).toEqual({ [inBroken[0]!.id]: `100 ${PRICED}` });
    }
    await expectRecountEqual();

    // Sent again as it should have been, it counts, and nothing twice.
    expect((await post(door, door.write(inBroken))).status).toBeLessThan(300);
    expect(Object.keys(await stored(inBroken))).toHaveLength(2);
    await expectRecountEqual();
  });
});

function half(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length >> 1);
}
