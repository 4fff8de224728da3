import { INGEST_LOCK_CLASS } from '../../src/platform/database';
import { made } from '../support/books';
import { type Answer, startTestServer, type TestServer } from '../support/server';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  for (const key of ['acme', 'beta']) await made(server.api('POST', '/v1/customers', { key, name: key }));
  await made(
    server.api('POST', '/v1/meters', {
      key: 'output',
      name: 'Output tokens',
      eventType: 'llm.request',
      aggregation: 'sum',
      value: 'data.output_tokens',
    }),
  );
});
afterAll(() => server.stop());

const HOUR = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 3_600_000;
const TIME = new Date(HOUR + 600_000).toISOString();
const FROM = new Date(HOUR).toISOString();
const TO = new Date(HOUR + 3_600_000).toISOString();

function event(id: string, more: Record<string, unknown> = {}) {
  const data = { provider: 'openai', model: 'gpt-4o', input_tokens: 1_155, output_tokens: 211 };
  return { id, type: 'llm.request', customer: 'acme', time: TIME, data, ...more };
}

async function send(...events: object[]): Promise<void> {
  expect(await made(server.api('POST', '/v1/events', events))).toMatchObject({ accepted: events.length });
}

async function usage(customer: string): Promise<{ quantity: string; cost: string; events: number }> {
  const { meters, allEvents } = await made(server.api('GET', `/v1/customers/${customer}/usage?from=${FROM}&to=${TO}`));
  return { quantity: meters[0].quantity, cost: allEvents.cost, events: allEvents.events };
}

const correct = (id: string, what: string, body: object): Promise<Answer> =>
  server.api('POST', `/v1/events/${id}/${what}`, body);

describe('a void', () => {
  it('takes the event out of usage and cost at once, and says what it changed', async () => {
    await send(event('v-1'), event('v-2'));
    // Each 1,155 × 2.50 + 211 × 10.00 USD per million.
    expect(await usage('acme')).toEqual({ quantity: '422', cost: '0.009995', events: 2 });

    const answer = await correct('v-1', 'void', { reason: 'a test run' });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        kind: 'void',
        event: { id: 'v-1', source: 'api' },
        state: 'voided',
        reason: 'a test run',
        madeBy: 'First key',
        before: { revision: 0, cost: { status: 'priced', amount: '0.0049975' } },
        after: null,
        invoices: [],
      },
    });
    expect(answer.body.usage).toEqual([
      {
        customer: expect.stringMatching(/^cus_/),
        from: FROM,
        to: TO,
        meter: null,
        before: { quantity: '2', cost: '0.009995', events: 2, pendingCostEvents: 0 },
        after: { quantity: '1', cost: '0.0049975', events: 1, pendingCostEvents: 0 },
      },
      expect.objectContaining({
        meter: { id: expect.stringMatching(/^mtr_/), key: 'output' },
        before: { quantity: '422', cost: '0.009995', events: 2, pendingCostEvents: 0 },
        after: { quantity: '211', cost: '0.0049975', events: 1, pendingCostEvents: 0 },
      }),
    ]);
    expect(await usage('acme')).toEqual({ quantity: '211', cost: '0.0049975', events: 1 });
  });

  it('once more gives the same answer and changes nothing; for another reason it is refused', async () => {
    await send(event('v-3'));
    const first = await correct('v-3', 'void', { reason: 'twice' });
    const before = await server.rowCounts();
    expect((await correct('v-3', 'void', { reason: 'twice' })).body).toEqual(first.body);
    expect(await correct('v-3', 'void', { reason: 'another' })).toMatchObject({
      status: 409,
      body: { code: 'event_voided' },
    });
    expect(await server.rowCounts()).toEqual(before);
  });

  it('leaves the identity taken: the same event sent again is a duplicate and stays void', async () => {
    const before = await usage('acme');
    const { body } = await server.api('POST', '/v1/events', [event('v-3'), event('v-3', { feature: 'chat' })]);
    expect(body.results).toMatchObject([{ status: 'duplicate' }, { code: 'event_conflict' }]);
    expect(await usage('acme')).toEqual(before);
  });

  it('of what is not there is a 404, and needs a reason', async () => {
    expect(await correct('nobody', 'void', { reason: 'x' })).toMatchObject({
      status: 404,
      body: { code: 'event_not_found' },
    });
    expect(await correct('v-1', 'void', {})).toMatchObject({ status: 422, body: { code: 'invalid_request' } });
    expect(await correct('v-1', 'void', { reason: 'a test run', source: 'elsewhere' })).toMatchObject({ status: 404 });
  });
});

describe('an amendment', () => {
  const { id: _, ...content } = event('x');
  const amended = (more: Record<string, unknown>) => ({ ...content, ...more });

  it('counts in the place of what was sent: another customer, another quantity, costed anew', async () => {
    await send(event('a-1', { customer: 'beta' }));
    const acme = await usage('acme');
    expect(await usage('beta')).toEqual({ quantity: '211', cost: '0.0049975', events: 1 });
    const data = { provider: 'openai', model: 'gpt-4o', input_tokens: 0, output_tokens: 1_000 };

    const answer = await correct('a-1', 'amend', { reason: 'wrong customer', event: amended({ data }) });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        kind: 'amendment',
        state: 'amended',
        before: { revision: 0, cost: { amount: '0.0049975' } },
        after: { revision: 1, cost: { status: 'priced', amount: '0.01' } },
      },
    });
    expect(answer.body.usage).toHaveLength(4);
    expect(await usage('beta')).toEqual({ quantity: '0', cost: '0', events: 0 });
    const after = await usage('acme');
    expect(Number(after.quantity) - Number(acme.quantity)).toBe(1_000);
    expect(after.events - acme.events).toBe(1);
  });

  it('keeps the time it is not given, and tells the whole story', async () => {
    await send(event('a-2', { feature: 'chat' }));
    const { time: _time, ...timeless } = amended({});
    await made(correct('a-2', 'amend', { reason: 'no feature', event: timeless }));
    await made(correct('a-2', 'amend', { reason: 'another agent', revision: 1, event: amended({ agent: 'a1' }) }));
    await made(correct('a-2', 'void', { reason: 'never happened' }));

    const story = await made(server.api('GET', '/v1/events/a-2'));
    expect(story).toMatchObject({ state: 'voided', revision: 2, agent: 'a1', time: formatted(TIME) });
    expect(
      story.revisions.map(({ revision, feature, agent, time, ended }: Answer['body']) => [
        revision,
        feature,
        agent,
        time,
        ended?.kind,
        ended?.reason,
      ]),
    ).toEqual([
      [0, 'chat', null, formatted(TIME), 'amendment', 'no feature'],
      [1, null, null, formatted(TIME), 'amendment', 'another agent'],
      [2, null, 'a1', formatted(TIME), 'void', 'never happened'],
    ]);
  });

  it('once more gives the same answer; of a revision that counts no more it is refused', async () => {
    await send(event('a-3'));
    const request = { reason: 'agent', revision: 0, event: amended({ agent: 'a1' }) };
    const first = await made(correct('a-3', 'amend', request));
    expect(await made(correct('a-3', 'amend', request))).toEqual(first);
    expect(await correct('a-3', 'amend', { ...request, event: amended({ agent: 'a2' }) })).toMatchObject({
      status: 409,
      body: { code: 'event_changed', errors: [{ field: 'revision' }] },
    });
    expect(await correct('a-3', 'amend', { ...request, reason: 'other', revision: 1 })).toMatchObject({
      status: 409,
      body: { code: 'event_unchanged' },
    });
    await made(correct('a-3', 'void', { reason: 'over' }));
    expect(await made(correct('a-3', 'amend', request))).toEqual(first);
    expect(await correct('a-3', 'amend', { ...request, revision: 1 })).toMatchObject({
      status: 409,
      body: { code: 'event_voided' },
    });
  });

  it.each`
    event                                              | code                  | because
    ${{ ...content, customer: 'nobody' }}              | ${'unknown_customer'} | ${'the customer must exist'}
    ${{ ...content, time: '1999-01-01T00:00:00Z' }}    | ${'event_too_old'}    | ${'a new time is held against the limits'}
    ${{ ...content, time: '2199-01-01T00:00:00Z' }}    | ${'event_in_future'}  | ${'in both directions'}
    ${{ ...content, data: { output_tokens: -1 } }}     | ${'invalid_event'}    | ${'usage must be sound'}
    ${{ ...content, data: { output_tokens: 'many' } }} | ${'invalid_event'}    | ${'a meter could not sum it'}
    ${{ ...content, custmer: 'acme' }}                 | ${'invalid_event'}    | ${'a misspelt field is refused'}
    ${{ ...content, id: 'a-4' }}                       | ${'invalid_event'}    | ${'the identity stays'}
  `(
    'is checked as a new event is: $code, $because',
    async ({ event: wanted, code }: { event: object; code: string }) => {
      await server.api('POST', '/v1/events', [event('a-4')]);
      const before = await server.rowCounts();
      expect(await correct('a-4', 'amend', { reason: 'r', event: wanted })).toMatchObject({
        status: 422,
        body: { code },
      });
      expect(await server.rowCounts()).toEqual(before);
    },
  );
});

/** As events tell their time: to the microsecond. */
const formatted = (time: string) => time.replace('000Z', '000000Z');

it('says what changed in meters of both types when the type is another one', async () => {
  for (const type of ['old', 'new']) {
    const meter = {
      key: `largest-${type}`,
      name: type,
      eventType: `thing.${type}`,
      aggregation: 'max',
      value: 'data.n',
    };
    await made(server.api('POST', '/v1/meters', meter));
  }
  await send(event('typed', { type: 'thing.old', data: { n: 7 } }));

  const answer = await correct('typed', 'amend', {
    reason: 'wrong type',
    event: { type: 'thing.new', customer: 'acme', time: TIME, data: { n: 5 } },
  });

  const effects = (answer.body.usage as { meter: { key: string } | null }[]).filter(({ meter }) => meter !== null);
  expect(effects).toMatchObject([
    { meter: { key: 'largest-old' }, before: { quantity: '7', events: 1 }, after: { quantity: '0', events: 0 } },
    { meter: { key: 'largest-new' }, before: { quantity: '0', events: 0 }, after: { quantity: '5', events: 1 } },
  ]);
});

it('many at once, while ingest is held, leave the connections to other requests', async () => {
  const other = await server.organisation();
  const ids = Array.from({ length: 20 }, (_, index) => `many-${index}`);
  await send(...ids.map((id) => event(id)));
  const [mine] = await server.query<{ id: string }>(`SELECT organisation_id AS id FROM customer WHERE key = 'acme'`);
  const lock = [INGEST_LOCK_CLASS, mine!.id];
  const body = JSON.stringify({ reason: 'x' });
  const headers = { 'content-type': 'application/json' };

  await server.query('SELECT pg_advisory_lock($1, hashtext($2))', lock);
  const plain = ids.slice(0, 10).map((id) => correct(id, 'void', { reason: 'x' }));
  expect((await server.api('GET', '/v1/customers')).status).toBe(200);
  // With a key of its own each holds a connection from the start, and there are not enough of them for all.
  const keyed = ids
    .slice(10)
    .map((id) =>
      server.send(`/v1/events/${id}/void`, { method: 'POST', headers: { ...headers, 'idempotency-key': id }, body }),
    );
  expect((await server.api('GET', '/v1/customers', undefined, other.apiKey)).status).toBe(200);
  await server.query('SELECT pg_advisory_unlock($1, hashtext($2))', lock);

  for (const answer of await Promise.all([...plain, ...keyed])) expect(answer).toMatchObject({ status: 200 });
});

it('lists show what counts, and on request what does not', async () => {
  await made(server.api('POST', '/v1/customers', { key: 'listed', name: 'Listed' }));
  await send(...['l-1', 'l-2', 'l-3'].map((id) => event(id, { customer: 'listed' })));
  await made(correct('l-2', 'void', { reason: 'r' }));
  const { id: _id, ...content } = event('l-3', { customer: 'listed', agent: 'a1' });
  await made(correct('l-3', 'amend', { reason: 'r', event: content }));
  const list = async (status: string) =>
    (await made(server.api('GET', `/v1/events?customer=listed${status}`))).items
      .map(({ id, state, revision }: Answer['body']) => `${id} ${state} ${revision}`)
      .sort();

  expect(await list('')).toEqual(['l-1 effective 0', 'l-3 amended 1']);
  expect(await list('&status=effective')).toEqual(['l-1 effective 0', 'l-3 amended 1']);
  expect(await list('&status=amended')).toEqual(['l-3 amended 1']);
  expect(await list('&status=voided')).toEqual(['l-2 voided 0']);
  expect(await list('&status=all')).toEqual(['l-1 effective 0', 'l-2 voided 0', 'l-3 amended 1']);
});

it('the audit log says who corrected what and why', async () => {
  const { items } = await made(server.api('GET', '/v1/audit-log?subjectKind=event&subject=api/v-1'));
  expect(items).toEqual([
    {
      id: expect.stringMatching(/^aud_/),
      at: expect.any(String),
      actor: { apiKey: expect.stringMatching(/^key_/), name: 'First key' },
      action: 'event.voided',
      subject: { kind: 'event', id: 'api/v-1' },
      reason: 'a test run',
      before: expect.objectContaining({ revision: 0 }),
      after: null,
      requestId: expect.any(String),
    },
  ]);
});
