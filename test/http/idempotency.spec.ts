import { Pool } from 'pg';
import { SystemClock } from '../../src/kernel';
import { forgetAnswersJob } from '../../src/platform/http';
import { type Answer, startTestServer, type TestServer } from '../support/server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await ok('/v1/customers', { key: 'acme', name: 'Acme' });
  await ok('/v1/meters', METER);
  await ok('/v1/plans', PLAN);
});
afterAll(() => server.stop());

const METER = { key: 'requests', name: 'Requests', eventType: 'llm.request', aggregation: 'count' };
const PLAN = {
  key: 'pro',
  name: 'Pro',
  currency: 'USD',
  interval: 'month',
  prices: [{ key: 'r', name: 'Requests', meter: 'requests', charge: { model: 'unit', unitPrice: '0.5' } }],
};

async function ok(path: string, body: unknown): Promise<Answer['body']> {
  const answer = await server.api('POST', path, body);
  expect(answer).toMatchObject({ status: 201 });
  return answer.body;
}

function post(path: string, body: unknown, key: string, apiKey = server.apiKey): Promise<Answer> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': key };
  return server.send(path, { method: 'POST', headers, body: JSON.stringify(body) }, apiKey);
}

let keys = 0;
const newKey = () => `key-${++keys}`;
const SUBSCRIPTION = { customer: 'acme', plan: 'pro' };
const subscriptions = async () => (await server.rowCounts())['subscription'];

describe('Idempotency-Key', () => {
  it('a repeat gets the first answer again and does nothing', async () => {
    const key = newKey();
    const first = await post('/v1/subscriptions', SUBSCRIPTION, key);
    expect(first).toMatchObject({ status: 201, body: { id: expect.stringMatching(/^sub_/) } });
    expect(first.headers.get('idempotent-replay')).toBeNull();

    const before = await server.rowCounts();
    const second = await post('/v1/subscriptions', SUBSCRIPTION, key);
    expect({ status: second.status, body: second.body }).toEqual({ status: 201, body: first.body });
    expect(second.headers.get('idempotent-replay')).toBe('true');
    expect(second.headers.get('content-type')).toContain('application/json');
    expect(await server.rowCounts()).toEqual(before);
  });

  it('without it, and under another, a repeat does it again', async () => {
    const ids = [
      (await post('/v1/subscriptions', SUBSCRIPTION, newKey())).body.id,
      (await post('/v1/subscriptions', SUBSCRIPTION, newKey())).body.id,
      (await ok('/v1/subscriptions', SUBSCRIPTION)).id,
      (await ok('/v1/subscriptions', SUBSCRIPTION)).id,
    ];
    expect(new Set(ids).size).toBe(4);
  });

  it.each`
    path                           | body                                                    | because
    ${'/v1/subscriptions'}         | ${{ ...SUBSCRIPTION, startAt: '2026-01-01T00:00:00Z' }} | ${'the body is another'}
    ${'/v1/subscriptions?again=1'} | ${SUBSCRIPTION}                                         | ${'the address is another'}
    ${'/v1/customers'}             | ${{ key: 'other', name: 'Other' }}                      | ${'the route is another'}
  `('refuses a used key: $because', async ({ path, body }) => {
    const key = newKey();
    const first = await post('/v1/subscriptions', SUBSCRIPTION, key);
    const before = await server.rowCounts();
    expect(await post(path, body, key)).toMatchObject({
      status: 409,
      body: { code: 'idempotency_key_reused', errors: [{ field: 'Idempotency-Key' }] },
    });
    expect(await server.rowCounts()).toEqual(before);
    expect((await post('/v1/subscriptions', SUBSCRIPTION, key)).body).toEqual(first.body);
  });

  it('at once, it runs once and all hear the same', async () => {
    const key = newKey();
    const before = (await subscriptions())!;
    // More than the pool has connections: those that wait must not keep the first from ending.
    const answers = await Promise.all(Array.from({ length: 12 }, () => post('/v1/subscriptions', SUBSCRIPTION, key)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get('idempotent-replay') === 'true')).toHaveLength(11);
    expect(await subscriptions()).toBe(before + 1);
  });

  it('a request that failed is not remembered, nor anything it did', async () => {
    const key = newKey();
    const body = { customer: 'not-yet', plan: 'pro' };
    const before = await server.rowCounts();
    expect(await post('/v1/subscriptions', body, key)).toMatchObject({ status: 404 });
    expect(await post('/v1/subscriptions', { customer: 1 }, key)).toMatchObject({ status: 422 });
    expect(await server.rowCounts()).toEqual(before);

    await ok('/v1/customers', { key: 'not-yet', name: 'Now' });
    const done = await post('/v1/subscriptions', body, key);
    expect(done).toMatchObject({ status: 201 });
    expect(done.headers.get('idempotent-replay')).toBeNull();
  });

  it('is the organisation’s own', async () => {
    const key = newKey();
    const other = (await server.organisation()).apiKey;
    const mine = await post('/v1/customers', { key: 'c', name: 'Mine' }, key);
    const theirs = await post('/v1/customers', { key: 'c', name: 'Theirs' }, key, other);
    expect([mine.body.name, theirs.body.name]).toEqual(['Mine', 'Theirs']);
    expect((await post('/v1/customers', { key: 'c', name: 'Mine' }, key)).body).toEqual(mine.body);
  });

  it('holds for other keys of the organisation, but not for one without the scope', async () => {
    const key = newKey();
    const first = await post('/v1/subscriptions', SUBSCRIPTION, key);
    const manager = await ok('/v1/api-keys', { name: 'Manager', scopes: ['manage'] });
    const reader = await ok('/v1/api-keys', { name: 'Reader', scopes: ['read'] });
    expect((await post('/v1/subscriptions', SUBSCRIPTION, key, manager.key)).body).toEqual(first.body);
    expect(await post('/v1/subscriptions', SUBSCRIPTION, key, reader.key)).toMatchObject({ status: 403 });
  });

  it('replays answers that are not 201 as they were', async () => {
    const { id } = await ok('/v1/test-clocks', { now: '2026-01-01T00:00:00Z' });
    const key = newKey();
    const first = await post(`/v1/test-clocks/${id}/advance`, { now: '2026-01-02T00:00:00Z' }, key);
    await server.api('POST', `/v1/test-clocks/${id}/advance`, { now: '2026-01-03T00:00:00Z' });
    const second = await post(`/v1/test-clocks/${id}/advance`, { now: '2026-01-02T00:00:00Z' }, key);
    expect(second).toMatchObject({ status: 200, body: first.body });
  });

  it('an answer with a secret is not kept: the repeat makes no second key and is told so', async () => {
    const key = newKey();
    const body = { name: 'Once', scopes: ['read'] };
    const first = await post('/v1/api-keys', body, key);
    expect(first).toMatchObject({ status: 201, body: { key: expect.stringMatching(/^weir_/) } });
    const before = await server.rowCounts();
    expect(await post('/v1/api-keys', body, key)).toMatchObject({ status: 409, body: { code: 'answer_shown_once' } });
    expect(await post('/v1/api-keys', { ...body, name: 'Twice' }, key)).toMatchObject({
      status: 409,
      body: { code: 'idempotency_key_reused' },
    });
    expect(await server.rowCounts()).toEqual(before);
  });

  it.each`
    key                | because
    ${''}              | ${'it is empty'}
    ${'a b'}           | ${'it has a space'}
    ${'x'.repeat(256)} | ${'it is too long'}
    ${'schlüssel'}     | ${'it is not ASCII'}
  `('is refused itself when $because', async ({ key }) => {
    const before = await server.rowCounts();
    expect(await post('/v1/subscriptions', SUBSCRIPTION, key)).toMatchObject({
      status: 422,
      body: { code: 'invalid_idempotency_key', errors: [{ field: 'Idempotency-Key' }] },
    });
    expect(await server.rowCounts()).toEqual(before);
  });

  it('is forgotten when its answer is old, and is a new key then', async () => {
    const [old, young] = [newKey(), newKey()];
    const first = await post('/v1/subscriptions', SUBSCRIPTION, old);
    const second = await post('/v1/subscriptions', SUBSCRIPTION, young);
    const DAY = 86_400_000;
    // More than one statement removes at once.
    await server.query(
      `INSERT INTO idempotency_key SELECT organisation_id, 'filler ' || n, request_hash, status, body, created_at - interval '31 days'
         FROM idempotency_key, generate_series(1, 1500) AS n WHERE key = $1`,
      [old],
    );
    await server.query(`UPDATE idempotency_key SET created_at = created_at - interval '31 days' WHERE key = $1`, [old]);
    const pool = new Pool({ connectionString: server.databaseUrl });
    try {
      await forgetAnswersJob(pool, new SystemClock(), 30 * DAY).run(new AbortController().signal);
    } finally {
      await pool.end();
    }
    const left = await server.query(`SELECT FROM idempotency_key WHERE created_at < now() - interval '30 days'`);
    expect(left).toEqual([]);
    expect((await post('/v1/subscriptions', SUBSCRIPTION, young)).body).toEqual(second.body);
    const again = await post('/v1/subscriptions', SUBSCRIPTION, old);
    expect(again.status).toBe(201);
    expect(again.body.id).not.toBe(first.body.id);
  });

  it('takes the longest', async () => {
    expect((await post('/v1/subscriptions', SUBSCRIPTION, 'x'.repeat(255))).status).toBe(201);
  });

  it('a body too deep to be told from another is refused, not an error of ours', async () => {
    const body = `{"name":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
    const headers = { 'content-type': 'application/json', 'idempotency-key': newKey() };
    expect(await server.send('/v1/customers', { method: 'POST', headers, body })).toMatchObject({ status: 422 });
  });
});

describe('a repeat without Idempotency-Key', () => {
  const START = '2026-01-01T00:00:00Z';
  const CASES = [
    {
      what: 'a meter',
      path: '/v1/meters',
      body: METER,
      same: [{ ...METER, filters: [], groupBy: [] }],
      other: [
        { ...METER, name: 'Other' },
        { ...METER, filters: [{ field: 'user', operator: 'exists' }] },
      ],
      code: 'meter_exists',
    },
    {
      what: 'a customer',
      path: '/v1/customers',
      body: { key: 'acme', name: 'Acme' },
      same: [{ key: 'acme', name: 'Acme', timeZone: 'UTC' }],
      other: [
        { key: 'acme', name: 'Acme Inc' },
        { key: 'acme', name: 'Acme', timeZone: 'Europe/Berlin' },
      ],
      code: 'customer_exists',
    },
    {
      what: 'a subscription with a key',
      path: '/v1/subscriptions',
      body: { key: 's', customer: 'acme', plan: 'pro', startAt: START },
      same: [
        { key: 's', customer: 'acme', plan: 'pro' },
        { key: 's', customer: 'acme', plan: 'pro', startAt: '2026-01-01T01:00:00+01:00' },
      ],
      other: [{ key: 's', customer: 'acme', plan: 'pro', startAt: '2026-01-02T00:00:00Z' }],
      code: 'subscription_exists',
    },
  ];

  it.each(CASES)('$what: the same answers the stored one, other content is refused', async (each) => {
    const { path, body, same, other, code } = each;
    const first = await ok(path, body);
    const before = await server.rowCounts();
    for (const again of [body, ...same]) expect(await ok(path, again)).toEqual(first);
    for (const changed of other) {
      const answer = await server.api('POST', path, changed);
      expect(answer).toMatchObject({ status: 409, body: { code, errors: [{ field: 'key' }] } });
    }
    expect(await server.rowCounts()).toEqual(before);
  });

  it.each(CASES)('$what: eight at once make one', async ({ path, body }) => {
    const fresh = { ...body, key: `${body.key}-at-once` };
    const answers = await Promise.all(Array.from({ length: 8 }, () => server.api('POST', path, fresh)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
  });

  it('a plan: the same answers the stored version however it is written, other content is the next version', async () => {
    const [price] = PLAN.prices;
    const meter = (await server.api('GET', '/v1/meters/requests')).body.id;
    const first = await ok('/v1/plans', PLAN);
    const rewritten = { ...PLAN, prices: [{ ...price, meter, charge: { model: 'unit', unitPrice: 0.5 } }] };
    const longer = { ...PLAN, prices: [{ ...price, charge: { model: 'unit', unitPrice: '0.500' } }] };
    for (const again of [PLAN, rewritten, longer]) expect(await ok('/v1/plans', again)).toEqual(first);

    const dearer = { ...PLAN, key: 'dear', prices: [{ ...price, charge: { model: 'unit', unitPrice: '1' } }] };
    const cheaper = { ...PLAN, key: 'dear' };
    const versions = [];
    for (const plan of [dearer, cheaper, cheaper, dearer]) versions.push((await ok('/v1/plans', plan)).version);
    expect(versions).toEqual([1, 2, 2, 3]);
  });

  it('a plan: eight at once publish one version', async () => {
    const fresh = { ...PLAN, key: 'plan-at-once' };
    const answers = await Promise.all(Array.from({ length: 8 }, () => server.api('POST', '/v1/plans', fresh)));
    expect(answers.map(({ body }) => body.version)).toEqual(answers.map(() => 1));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  });

  it('an own price: the same changes nothing', async () => {
    const price = { provider: 'openai', model: 'ours', units: { input: { amount: '1' }, output: { amount: '2' } } };
    const first = await ok('/v1/price-book', price);
    const before = await server.rowCounts();
    expect(await ok('/v1/price-book', price)).toEqual(first);
    expect(await server.rowCounts()).toEqual(before);
  });
});
