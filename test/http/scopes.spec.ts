import { createHash } from 'node:crypto';
import { type Answer, startTestServer, type TestServer } from '../support/server';
import { routesOf } from './openapi-routes';

let server: TestServer;
beforeAll(async () => (server = await startTestServer()));
afterAll(() => server.stop());

const SCOPES = ['ingest', 'read', 'manage', 'backfill'] as const;
type Scope = (typeof SCOPES)[number];

/** The scope each endpoint needs; null for those that need no key of an organisation. */
const NEEDED: Record<string, Scope | null> = {
  'GET /healthz': null,
  'GET /readyz': null,
  'POST /v1/organisations': null,
  'POST /v1/catalogue/refreshes': null,
  'POST /v1/catalogue/refreshes/release': null,
  'GET /v1/catalogue/refreshes': null,
  'GET /v1/catalogue/refreshes/{refresh}': null,
  'POST /v1/catalogue/refreshes/{refresh}/apply': null,
  'GET /v1/organisation': 'read',
  'PATCH /v1/organisation': 'manage',
  'GET /v1/audit-log': 'manage',
  'POST /v1/api-keys': 'manage',
  'GET /v1/api-keys': 'manage',
  'DELETE /v1/api-keys/{id}': 'manage',
  'POST /v1/meters': 'manage',
  'GET /v1/meters': 'read',
  'GET /v1/meters/{meter}': 'read',
  'PUT /v1/meters/{meter}': 'manage',
  'POST /v1/meters/{meter}/archive': 'manage',
  'POST /v1/plans': 'manage',
  'GET /v1/plans': 'read',
  'GET /v1/plans/{plan}': 'read',
  'PUT /v1/plans/{plan}': 'manage',
  'DELETE /v1/plans/{plan}': 'manage',
  'POST /v1/plans/{plan}/publish': 'manage',
  'POST /v1/plans/{plan}/archive': 'manage',
  'POST /v1/plans/apply': 'manage',
  'GET /v1/plans/export': 'read',
  'GET /v1/plan-templates': 'read',
  'POST /v1/features': 'manage',
  'GET /v1/features': 'read',
  'GET /v1/features/{feature}': 'read',
  'POST /v1/rating/preview': 'read',
  'POST /v1/customers': 'manage',
  'GET /v1/customers': 'read',
  'GET /v1/customers/{customer}': 'read',
  'GET /v1/invoices/{invoice}/document.pdf': 'read',
  'GET /v1/invoices/{invoice}/lines.csv': 'read',
  'GET /v1/invoices/{invoice}/lines/{line}/events.ndjson': 'read',
  'GET /v1/invoices/{invoice}/ubl.xml': 'read',
  'PATCH /v1/customers/{customer}': 'manage',
  'GET /v1/customers/{customer}/usage': 'read',
  'GET /v1/customers/{customer}/usage-ledger': 'read',
  'GET /v1/customers/{customer}/late-usage': 'read',
  'GET /v1/usage': 'read',
  'GET /v1/costs': 'read',
  'GET /v1/costs/differences': 'read',
  'GET /v1/customers/{customer}/sessions/{session}/costs': 'read',
  'GET /v1/customers/{customer}/tasks/{task}/costs': 'read',
  'GET /v1/customers/{customer}/invoices': 'read',
  'GET /v1/customers/{customer}/invoices/preview': 'read',
  'POST /v1/holds': 'ingest',
  'GET /v1/holds': 'read',
  'GET /v1/holds/{hold}': 'read',
  'POST /v1/holds/{hold}/settle': 'ingest',
  'POST /v1/holds/{hold}/extend': 'ingest',
  'POST /v1/holds/{hold}/release': 'ingest',
  'GET /v1/hold-sizing': 'read',
  'POST /v1/caps': 'manage',
  'GET /v1/caps': 'read',
  'GET /v1/caps/{cap}': 'read',
  'PATCH /v1/caps/{cap}': 'manage',
  'POST /v1/caps/{cap}/raise': 'manage',
  'POST /v1/caps/{cap}/archive': 'manage',
  'GET /v1/alerts': 'read',
  'GET /v1/entitlement-settings': 'read',
  'PATCH /v1/entitlement-settings': 'manage',
  'GET /v1/customers/{customer}/sessions/{session}': 'read',
  'POST /v1/customers/{customer}/sessions/{session}/pause': 'manage',
  'POST /v1/customers/{customer}/sessions/{session}/resume': 'manage',
  'POST /v1/customers/{customer}/sessions/{session}/stop': 'manage',
  'GET /v1/customers/{customer}/balances': 'read',
  'GET /v1/loop-rules': 'read',
  'GET /v1/loop-rules/{taskClass}': 'read',
  'PUT /v1/loop-rules/{taskClass}': 'manage',
  'DELETE /v1/loop-rules/{taskClass}': 'manage',
  'GET /v1/loop-findings': 'read',
  'GET /v1/loop-findings/{finding}': 'read',
  'POST /v1/loop-findings/{finding}/resolve': 'manage',
  'POST /v1/wallets': 'manage',
  'GET /v1/wallets': 'read',
  'GET /v1/wallets/{wallet}': 'read',
  'PATCH /v1/wallets/{wallet}': 'manage',
  'POST /v1/wallets/{wallet}/archive': 'manage',
  'POST /v1/wallets/{wallet}/grants': 'manage',
  'GET /v1/wallets/{wallet}/grants': 'read',
  'GET /v1/wallets/{wallet}/entries': 'read',
  'POST /v1/wallets/{wallet}/top-ups': 'manage',
  'GET /v1/wallets/{wallet}/top-ups': 'read',
  'POST /v1/subscriptions': 'manage',
  'GET /v1/subscriptions/{subscription}': 'read',
  'PUT /v1/subscriptions/{subscription}/overrides/{price}': 'manage',
  'DELETE /v1/subscriptions/{subscription}/overrides/{price}': 'manage',
  'POST /v1/subscriptions/{subscription}/changes': 'manage',
  'GET /v1/subscriptions/{subscription}/changes': 'read',
  'DELETE /v1/subscriptions/{subscription}/changes/{change}': 'manage',
  'PUT /v1/subscriptions/{subscription}/schedule': 'manage',
  'POST /v1/subscriptions/{subscription}/pause': 'manage',
  'POST /v1/subscriptions/{subscription}/resume': 'manage',
  'POST /v1/subscriptions/{subscription}/cancel': 'manage',
  'POST /v1/subscriptions/{subscription}/undo-cancel': 'manage',
  'POST /v1/subscriptions/{subscription}/reactivate': 'manage',
  'POST /v1/subscriptions/{subscription}/preview': 'read',
  'POST /v1/plan-moves': 'manage',
  'GET /v1/plan-moves': 'read',
  'GET /v1/plan-moves/{move}': 'read',
  'POST /v1/test-clocks': 'manage',
  'GET /v1/test-clocks/{clock}': 'read',
  'POST /v1/test-clocks/{clock}/advance': 'manage',
  'POST /v1/events': 'ingest',
  'POST /v1/traces': 'ingest',
  'POST /api/v1/events': 'ingest',
  'GET /v1/events': 'read',
  'GET /v1/events/{id}': 'read',
  'POST /v1/events/{id}/void': 'manage',
  'POST /v1/events/{id}/amend': 'manage',
  'GET /v1/costs/pending': 'read',
  'POST /v1/recostings': 'manage',
  'GET /v1/recostings': 'read',
  'GET /v1/recostings/{recosting}': 'read',
  'POST /v1/recostings/{recosting}/apply': 'manage',
  'GET /v1/price-book': 'read',
  'GET /v1/price-book/in-force': 'read',
  'POST /v1/price-book': 'manage',
  'POST /v1/price-book/{price}/retire': 'manage',
  'POST /v1/contracts': 'manage',
  'GET /v1/contracts': 'read',
  'POST /v1/contracts/{contract}/retire': 'manage',
  'POST /v1/resources': 'manage',
  'GET /v1/resources': 'read',
  'GET /v1/resources/{resource}': 'read',
  'POST /v1/resources/{resource}/prices': 'manage',
  'GET /v1/exchange-rates': 'read',
  'POST /v1/exchange-rates': 'manage',
  'POST /v1/plan-moves/preview': 'read',
  'POST /v1/billing-runs': 'manage',
  'GET /v1/billing-runs': 'read',
  'GET /v1/billing-runs/{run}': 'read',
  'GET /v1/subscriptions': 'read',
  'POST /v1/subscriptions/{subscription}/resume-billing': 'manage',
  'POST /v1/simulations': 'manage',
  'GET /v1/simulations': 'read',
  'GET /v1/simulations/{simulation}': 'read',
  'POST /v1/simulations/{simulation}/cancel': 'manage',
  'GET /v1/simulations/{simulation}/customers': 'read',
  'GET /v1/simulations/{simulation}/customers.csv': 'read',
  'GET /v1/invoices/{invoice}': 'read',
  'POST /v1/invoices/{invoice}/finalize': 'manage',
  'POST /v1/invoices/{invoice}/payments': 'manage',
  'GET /v1/invoices/{invoice}/payments': 'read',
  'POST /v1/invoices/{invoice}/void': 'manage',
  'POST /v1/invoices/{invoice}/reissue': 'manage',
  'POST /v1/invoices/{invoice}/mark-uncollectible': 'manage',
  'POST /v1/invoices/{invoice}/credit-notes': 'manage',
  'GET /v1/invoices/{invoice}/credit-notes': 'read',
  'GET /v1/credit-notes/{note}': 'read',
  'GET /v1/customers/{customer}/credit': 'read',
  'GET /v1/reports/revenue': 'read',
  'GET /v1/invoice-settings': 'read',
  'PATCH /v1/invoice-settings': 'manage',
  'GET /v1/customers/{customer}/payment-terms': 'read',
  'PUT /v1/customers/{customer}/payment-terms': 'manage',
  'POST /v1/tax-rates': 'manage',
  'GET /v1/tax-rates': 'read',
  'POST /v1/tax-rates/{rate}/archive': 'manage',
  'GET /v1/customers/{customer}/tax': 'read',
  'PUT /v1/customers/{customer}/tax': 'manage',
  'POST /v1/tax-preview': 'read',
  'POST /v1/invoices': 'manage',
  'POST /v1/invoices/{invoice}/approve': 'manage',
  'POST /v1/customers/{customer}/invoice-items': 'manage',
  'GET /v1/customers/{customer}/invoice-items': 'read',
  'DELETE /v1/customers/{customer}/invoice-items/{item}': 'manage',
  'GET /v1/ledger/trial-balance': 'read',
  'GET /v1/ledger/entries': 'read',
  'GET /v1/invoices/{invoice}/lines/{line}/counterfactual': 'read',
  'GET /v1/credit-notes/{note}/document.pdf': 'read',
  'GET /v1/credit-notes/{note}/ubl.xml': 'read',
  'GET /v1/invoices/{invoice}/lines/{line}/explain': 'read',
};
const GUARDED = Object.entries(NEEDED).flatMap(([route, scope]) => (scope === null ? [] : [[route, scope] as const]));

/** A request to the route that names nothing that exists and says nothing that is valid, so that it changes nothing. */
function ask(route: string, key: string | null) {
  const [method = '', path = ''] = route.split(' ');
  return server.api(method, path.replaceAll(/\{\w+\}/g, 'nothing'), method === 'POST' ? {} : undefined, key);
}

/** What a refusal says. OTLP has its own form for that, a google.rpc.Status, whose message begins with our code. */
function refusalOf(route: string, { status, body, headers }: Answer) {
  const type = headers.get('content-type');
  if (route !== 'POST /v1/traces') return { status, code: body.code, detail: body.detail, type };
  const [, code, detail] = /^(\w+): (.*)$/su.exec(body.message)!;
  return { status, code, detail, type: type === 'application/json' ? 'application/problem+json' : type };
}

async function keyWith(...scopes: Scope[]): Promise<{ id: string; key: string }> {
  const { status, body } = await server.api('POST', '/v1/api-keys', { name: `May ${scopes.join()}`, scopes });
  expect(status).toBe(201);
  return body;
}

it('says of every documented endpoint what it needs', async () => {
  const documented = (await routesOf(server)).map(({ name, operation }) => [name, operation['x-scope'] ?? null]);
  expect(Object.fromEntries(documented)).toEqual(NEEDED);
});

describe('a key', () => {
  const keys = {} as Record<string, string>;
  beforeAll(async () => {
    for (const scope of SCOPES) {
      keys[scope] = (await keyWith(scope)).key;
      keys[`all but ${scope}`] = (await keyWith(...SCOPES.filter((each) => each !== scope))).key;
    }
  });

  it.each(GUARDED)('%s needs the scope %s, and no more', async (route, scope) => {
    const refused = refusalOf(route, await ask(route, keys[`all but ${scope}`]!));
    expect(refused).toMatchObject({
      status: 403,
      code: 'missing_scope',
      detail: expect.stringContaining(`'${scope}'`),
    });
    for (const other of SCOPES.filter((each) => each !== scope)) {
      const answer = refusalOf(route, await ask(route, keys[other]!));
      expect(answer).toMatchObject({ status: 403, code: 'missing_scope' });
    }
    // Past the guard; what the request says is then not valid, or not there.
    expect([200, 202, 400, 404, 422]).toContain((await ask(route, keys[scope]!)).status);
  });
});

it.each(['Bearer ', 'bearer ', 'BEARER   '])('comes behind "%s"', async (scheme) => {
  const headers = { authorization: `${scheme}${server.apiKey}` };
  expect((await server.send('/v1/organisation', { headers }, null)).status).toBe(200);
});

describe('no good key', () => {
  let revoked: string;
  beforeAll(async () => {
    const { id, key } = await keyWith(...SCOPES);
    revoked = key;
    expect((await server.api('DELETE', `/v1/api-keys/${id}`)).status).toBe(204);
  });

  const UNKNOWN = `weir_${'A'.repeat(43)}`;
  const BAD: [string, () => Record<string, string>][] = [
    ['none at all', () => ({})],
    ['another scheme', () => ({ authorization: `Basic ${Buffer.from('a:b').toString('base64')}` })],
    ['a scheme without a key', () => ({ authorization: 'Bearer' })],
    ['an empty key', () => ({ authorization: 'Bearer ' })],
    ['something else for a key', () => ({ authorization: 'Bearer secret' })],
    ['a key of the right form that is nobody’s', () => ({ authorization: `Bearer ${UNKNOWN}` })],
    ['a key that goes on', () => ({ authorization: `Bearer ${server.apiKey}x` })],
    ['a key without its scheme', () => ({ authorization: server.apiKey })],
    ['a revoked key', () => ({ authorization: `Bearer ${revoked}` })],
  ];

  it.each(BAD)('%s: 401 on every endpoint, and how to do better', async (_, headers) => {
    for (const [route] of GUARDED) {
      const [method = '', path = ''] = route.split(' ');
      const answer = await server.send(path.replaceAll(/\{\w+\}/g, 'nothing'), { method, headers: headers() }, null);
      expect({ route, ...refusalOf(route, answer) }).toMatchObject({
        route,
        status: 401,
        code: 'unauthenticated',
        type: expect.stringContaining('application/problem+json'),
      });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  it('writes nothing, whatever comes with it', async () => {
    const before = await server.rowCounts();
    for (const key of [null, revoked, UNKNOWN]) {
      const customer = await server.api('POST', '/v1/customers', { key: 'c', name: 'C' }, key);
      const event = await server.api('POST', '/v1/events', { id: 'e', type: 't', customer: 'c' }, key);
      expect([customer.status, event.status]).toEqual([401, 401]);
    }
    expect(await server.rowCounts()).toEqual(before);
  });

  it('is not read further: a bad body changes nothing about the answer', async () => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' };
    expect((await server.send('/v1/events', init, null)).status).toBe(401);
  });

  it('public endpoints need none', async () => {
    for (const path of ['/healthz', '/readyz', '/openapi.json', '/reference']) {
      expect((await server.api('GET', path, undefined, null)).status).toBe(200);
    }
  });
});

it('revoking works at once, where the key has just been used as well', async () => {
  const { id, key } = await keyWith('ingest', 'read');
  expect((await ask('GET /v1/customers', key)).status).toBe(200);
  expect((await ask('POST /v1/events', key)).status).toBe(422);

  expect((await server.api('DELETE', `/v1/api-keys/${id}`)).status).toBe(204);
  expect((await ask('GET /v1/customers', key)).status).toBe(401);
  expect((await ask('POST /v1/events', key)).status).toBe(401);

  const { body } = await server.api('GET', '/v1/api-keys');
  const [{ revokedAt }] = body.items.filter((item: { id: string }) => item.id === id);
  expect(revokedAt).toEqual(expect.any(String));
  expect((await server.api('DELETE', `/v1/api-keys/${id}`)).status).toBe(204);
  const again = await server.api('GET', '/v1/api-keys');
  expect(again.body).toEqual(body);
});

it('a key does not lock out its owner by revoking itself', async () => {
  const { id, key } = await keyWith('manage');
  expect(await server.api('DELETE', `/v1/api-keys/${id}`, undefined, key)).toMatchObject({
    status: 409,
    body: { code: 'own_api_key' },
  });
  expect((await server.api('GET', '/v1/api-keys', undefined, key)).status).toBe(200);
});

it('the operator’s key makes organisations and nothing else, and nobody else’s key does', async () => {
  const operator = await server.organisation('Made by the operator');
  expect((await ask('GET /v1/organisation', operator.apiKey)).body.name).toBe('Made by the operator');

  for (const key of [null, server.apiKey, 'operator-key-of-the-test-serve']) {
    const before = await server.rowCounts();
    const answer = await server.api('POST', '/v1/organisations', { name: 'Mine' }, key);
    expect(answer).toMatchObject({ status: 403, body: { code: 'operator_only' } });
    expect(await server.rowCounts()).toEqual(before);
  }
});

it('a secret is shown once and is in no table, however it was made', async () => {
  const idempotent = { 'content-type': 'application/json', 'idempotency-key': 'a-key-please' };
  const body = JSON.stringify({ name: 'With an Idempotency-Key', scopes: ['read'] });
  const secrets = [
    server.apiKey,
    (await server.organisation()).apiKey,
    (await keyWith('read')).key,
    (await server.send('/v1/api-keys', { method: 'POST', headers: idempotent, body })).body.key as string,
  ];
  const tables = await server.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`,
  );
  const hidden = secrets.map((secret) => secret.slice('weir_'.length));
  for (const { name } of tables) {
    const found = await server.query(
      `SELECT 1 FROM "${name}" AS each, unnest($1::text[]) AS secret WHERE strpos(to_jsonb(each)::text, secret) > 0`,
      [hidden],
    );
    expect({ name, found }).toEqual({ name, found: [] });
  }

  const hashes = secrets.map((secret) => createHash('sha256').update(secret).digest());
  const stored = await server.query('SELECT 1 FROM api_key WHERE secret_hash = ANY ($1)', [hashes]);
  expect(stored).toHaveLength(secrets.length);
  const listed = await server.api('GET', '/v1/api-keys');
  for (const secret of hidden) expect(JSON.stringify(listed.body)).not.toContain(secret);
});
