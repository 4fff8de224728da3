import { startTestServer, type TestServer } from '../../../test/support/server';

let server: TestServer;
beforeAll(async () => (server = await startTestServer()));
afterAll(() => server.stop());

type Json = Record<string, unknown>;

/** A customer with calls at 0.10 EUR, in an organisation that keeps its costs in USD; what is charged is capped in EUR. */
async function company() {
  const { apiKey } = await server.organisation();
  const call = (method: string, path: string, body?: unknown) => server.api(method, path, body, apiKey);
  const made = async (path: string, body?: unknown) => {
    const { status, body: answer } = await call('POST', path, body);
    expect({ path, ok: status < 300, answer }).toEqual({ path, ok: true, answer });
    return answer;
  };
  await made('/v1/customers', { key: 'acme', name: 'Acme' });
  await made('/v1/meters', { key: 'calls', name: 'Calls', eventType: 'call', aggregation: 'sum', value: 'data.n' }); // prettier-ignore
  await made('/v1/meters', {
    key: 'out',
    name: 'Out',
    eventType: 'llm',
    aggregation: 'sum',
    value: 'usage.output_tokens',
  });
  const prices = [{ key: 'calls', name: 'Calls', meter: 'calls', charge: { model: 'unit', unitPrice: '0.1' } }];
  await made('/v1/plans', { key: 'plan', name: 'Plan', currency: 'EUR', interval: 'month', prices });
  await made('/v1/subscriptions', { key: 'sub', customer: 'acme', plan: 'plan' });
  const cap = (key: string, more: Json) =>
    made('/v1/caps', { key, scope: { customer: 'acme' }, period: 'lifetime', kind: 'hard', limit: '1000000', ...more });
  await cap('spend', { measure: 'spend', currency: 'EUR' });
  return {
    call,

    made,
    hold: (estimate: Json, more: Json = {}) => made('/v1/holds', { customer: 'acme', estimate, ...more }),
  };
}

const PRICE = { provider: 'acme-ai', model: 'm1', units: { input: { amount: '2' }, output: { amount: '10' } } };

it('holds an amount in the currencies of caps, by the exchange rate, and never one to one', async () => {
  const { call, hold } = await company();
  const refused = await hold({ amount: '10', units: { calls: '1' } });
  expect([refused.decision, refused.reason, refused.detail]).toEqual(['deny', 'price_unknown', 'There is no exchange rate from USD to EUR.']); // prettier-ignore
  const rates = [{ base: 'USD', quote: 'EUR', rate: '0.9', validFrom: '2020-01-01T00:00:00Z' }];
  const set = await call('POST', '/v1/exchange-rates', rates);
  expect({ set, ok: set.status < 300 }).toEqual({ set, ok: true });
  const { held } = await hold({ amount: '10', units: { calls: '1' } });
  expect([held.cost, held.spend]).toEqual(['10', { USD: '10', EUR: '9' }]);
});

it('holds what is said, and works out what is charged for units where nobody says it', async () => {
  const { hold } = await company();
  const { held } = await hold({ cost: '0.5', units: { calls: '30' }, actions: '2' });
  expect([held.cost, held.spend, held.actions]).toEqual(['0.5', { EUR: '3' }, '2']);
  expect((await hold({ cost: '0.5', spend: '7', currency: 'EUR' })).held.spend).toEqual({ EUR: '7' });
  // Nothing is charged by cost, and calls are not said.
  expect((await hold({ cost: '0.5' })).held.spend ?? {}).toEqual({});
});

it('names the meter that there isn’t', async () => {
  const { call } = await company();
  const answer = await call('POST', '/v1/holds', { customer: 'acme', estimate: { units: { dreams: '1' } } });
  expect(answer).toMatchObject({ status: 422, body: { code: 'invalid_hold' } });
});

it('refuses what has no price, or holds what the organisation says and marks it', async () => {
  const { call, hold, made } = await company();
  const work = { provider: 'acme-ai', model: 'm1', inputTokens: '1000', maxTokens: '500' };
  const denied = await hold(work);
  expect([denied.decision, denied.reason, denied.flags, denied.hold]).toEqual(['deny', 'price_unknown', ['unknown_price'], null]); // prettier-ignore
  const rates = [{ base: 'USD', quote: 'EUR', rate: '0.9', validFrom: '2020-01-01T00:00:00Z' }];
  await call('POST', '/v1/exchange-rates', rates);
  expect((await call('PATCH', '/v1/entitlement-settings', { unknownPriceAmount: '2' })).status).toBe(200);
  const marked = await hold(work);
  expect([marked.decision, marked.flags]).toEqual(['allow', ['unknown_price']]);
  expect([marked.held.cost, marked.held.spend]).toEqual(['2', { EUR: '1.8' }]);

  // As soon as there is a price, it counts: (1,000 × 2 + 500 × 10) per million, and 500 tokens of the meter.
  await made('/v1/price-book', PRICE);
  const known = await hold(work);
  expect([known.held.cost, known.flags, Object.values(known.held.units)]).toEqual(['0.007', [], ['500']]);
});

it('bounds work of a class that nobody has seen by its most tokens, and refuses what nothing bounds', async () => {
  const { hold, made } = await company();
  await made('/v1/price-book', PRICE);
  expect((await hold({ taskClass: 'new' })).reason).toBe('price_unknown');
  const bounded = await hold({ taskClass: 'new', provider: 'acme-ai', model: 'm1', maxTokens: '500' });
  expect([bounded.decision, bounded.held.cost]).toEqual(['allow', '0.005']);
});
