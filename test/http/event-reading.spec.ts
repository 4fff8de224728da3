import { type Answer, startTestServer, type TestServer } from '../support/server';

/** Events as they are read back: by id, and a customer's in the order of their time, page by page. */
let server: TestServer;
beforeAll(async () => (server = await startTestServer()));
afterAll(() => server.stop());

let customers = 0;
async function newCustomer(more: object = {}): Promise<string> {
  const key = `customer-${++customers}`;
  expect((await server.api('POST', '/v1/customers', { key, name: key, ...more })).status).toBe(201);
  return key;
}

async function record(events: object[]): Promise<void> {
  const { body } = await server.api('POST', '/v1/events', events);
  expect(body).toMatchObject({ accepted: events.length });
}

const HOUR = 3_600_000;
const START = Math.floor((Date.now() - 24 * HOUR) / HOUR) * HOUR;
const at = (ms: number, micros = 0) =>
  `${new Date(START + ms).toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}Z`;

async function pages(query: string, limit: number): Promise<string[][]> {
  const found: string[][] = [];
  let cursor: string | null = null;
  do {
    const path: string = `/v1/events?${query}&limit=${limit}${cursor === null ? '' : `&cursor=${cursor}`}`;
    const { status, body }: Answer = await server.api('GET', path);
    expect(status).toBe(200);
    found.push(body.items.map((event: { id: string }) => event.id));
    cursor = body.nextCursor;
  } while (cursor !== null);
  return found;
}

it('an event is given back as it came, with what was found out about it', async () => {
  const customer = await newCustomer();
  const { id: customerId } = (await server.api('GET', `/v1/customers/${customer}`)).body;
  const event = {
    id: 'full',
    source: 'app',
    type: 'llm.request',
    time: '2026-01-01T00:00:00.123456789+05:30',
    session: 's',
    task: 't',
    agent: 'a',
    feature: 'f',
    department: 'd',
    user: 'u',
    parent: 'session:above',
    hold: 'of-nobody',
    step: 'retry',
    data: { provider: 'openai', model: 'gpt-4o', input_tokens: 1_000_000, output_tokens: 100_000, note: 'free' },
  };
  const time = at(HOUR, 7);
  await record([{ ...event, customer, time, cost: { amount: '0.10', currency: 'EUR' } }]);
  const { status, body } = await server.api('GET', '/v1/events/full?source=app');
  expect(status).toBe(200);
  const asStored = {
    ...event,
    customer: customerId,
    time,
    receivedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
    // 2.50 and 10.00 USD for a million tokens, by the public catalogue; what was reported is kept beside it.
    cost: { status: 'priced', amount: '3.5', reported: { amount: '0.1', currency: 'EUR' } },
  };
  const plain = {
    currency: null,
    chargedAs: null,
    tierAbove: null,
    serviceClass: null,
    contract: null,
    resource: null,
  };
  expect(body).toEqual({
    ...asStored,
    state: 'effective',
    revision: 0,
    cost: {
      ...asStored.cost,
      breakdown: [
        { ...plain, unit: 'input', quantity: '1000000', unitPrice: '0.0000025', amount: '2.5' },
        { ...plain, unit: 'output', quantity: '100000', unitPrice: '0.00001', amount: '1' },
      ],
      // Euros and dollars have none.
      difference: null,
    },
    revisions: [{ ...asStored, revision: 0, laterCosts: [], ended: null }],
  });
  expect(await server.api('GET', '/v1/events/full')).toMatchObject({ status: 404 });
});

it('without a time it happened when it came; on a test clock, when that says', async () => {
  const before = Date.now();
  await record([{ id: 'untimed', type: 't', customer: await newCustomer() }]);
  const real = Date.parse((await server.api('GET', '/v1/events/untimed')).body.time);
  expect(real).toBeGreaterThanOrEqual(before);
  expect(real).toBeLessThanOrEqual(Date.now());

  const { id: testClock } = (await server.api('POST', '/v1/test-clocks', { now: '2025-05-05T05:05:05.500Z' })).body;
  await record([{ id: 'clocked', type: 't', customer: await newCustomer({ testClock }) }]);
  expect((await server.api('GET', '/v1/events/clocked')).body.time).toBe('2025-05-05T05:05:05.500000Z');
});

it('pages hold every event once, in the order of their time, however large they are', async () => {
  const customer = await newCustomer();
  // Seven share an instant, so that a page can end in the middle of it; two are a microsecond apart.
  const times = [5, 1, 3, 3, 3, 3, 3, 3, 3, 2, 4].map((hour) => at(hour * HOUR)).concat(at(6 * HOUR, 1), at(6 * HOUR));
  await record(times.map((time, index) => ({ id: `paged-${index}`, type: 't', customer, time })));
  const whole = (await pages(`customer=${customer}`, 200)).flat();
  expect(whole).toHaveLength(times.length);
  const indexOf = (id: string) => Number(id.split('-')[1]);
  expect(whole.map((id) => times[indexOf(id)]!)).toEqual([...times].sort());

  for (const limit of [1, 2, 3, 5, 12, 13, 14]) {
    const cut = await pages(`customer=${customer}`, limit);
    expect(cut.flat()).toEqual(whole);
    expect(cut.slice(0, -1).every((page) => page.length === limit)).toBe(true);
    expect(cut.at(-1)!.length).toBeGreaterThan(0);
  }
});

it('a period holds its beginning and not its end, and pages keep to it', async () => {
  const customer = await newCustomer();
  await record([0, 1, 2, 3, 4].map((hour) => ({ id: `hour-${hour}`, type: 't', customer, time: at(hour * HOUR) })));
  await record([{ id: 'just-before', type: 't', customer, time: at(3 * HOUR - 1, 999) }]);
  const period = `customer=${customer}&from=${at(HOUR)}&to=${at(3 * HOUR)}`;
  for (const limit of [1, 2, 200])
    expect((await pages(period, limit)).flat()).toEqual(['hour-1', 'hour-2', 'just-before']);
  expect((await pages(`customer=${customer}&from=${at(9 * HOUR)}`, 200)).flat()).toEqual([]);
  expect((await pages(`customer=${customer}&to=${at(0)}`, 200)).flat()).toEqual([]);
});

it('events that arrive while someone pages are neither lost nor shown twice', async () => {
  const customer = await newCustomer();
  await record([1, 2, 3, 4].map((hour) => ({ id: `old-${hour}`, type: 't', customer, time: at(hour * HOUR) })));
  const first = (await server.api('GET', `/v1/events?customer=${customer}&limit=2`)).body;
  await record([
    { id: 'behind', type: 't', customer, time: at(0) },
    { id: 'ahead', type: 't', customer, time: at(3 * HOUR, 1) },
  ]);
  const rest = (await server.api('GET', `/v1/events?customer=${customer}&cursor=${first.nextCursor}`)).body;
  expect(rest.items.map((event: { id: string }) => event.id)).toEqual(['old-3', 'ahead', 'old-4']);
  expect(rest.nextCursor).toBeNull();
});

it('once answered as accepted an event is seen by every reader', async () => {
  const customer = await newCustomer();
  for (let count = 1; count <= 20; count += 1) {
    await record([{ id: `seen-${count}`, type: 't', customer }]);
    const [usage, events] = await Promise.all([
      server.api('GET', `/v1/customers/${customer}/usage`),
      server.api('GET', `/v1/events?customer=${customer}`),
    ]);
    expect([usage.body.allEvents.events, events.body.items.length]).toEqual([count, count]);
  }
});

it('two organisations at once share commits, and nothing else', async () => {
  const other = (await server.organisation()).apiKey;
  for (const key of [server.apiKey, other])
    await server.api('POST', '/v1/customers', { key: 'shared', name: 'Shared' }, key);
  const ids = Array.from({ length: 40 }, (_, index) => `shared-${index}`);
  const answers = await Promise.all(
    ids.flatMap((id, index) =>
      [server.apiKey, other].map((key) =>
        server.api(
          'POST',
          '/v1/events',
          [
            { id, type: 't', customer: 'shared' },
            { id: `shared-${index >> 1}b`, type: 't', customer: 'shared' },
          ],
          key,
        ),
      ),
    ),
  );
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  for (const key of [server.apiKey, other]) {
    const { body } = await server.api('GET', '/v1/customers/shared/usage', undefined, key);
    expect(body.allEvents.events).toBe(60);
  }
});
