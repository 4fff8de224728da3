import { startTestServer, type TestServer } from '../../../test/support/server';

let server: TestServer;
beforeAll(async () => (server = await startTestServer()));
afterAll(() => server.stop());

const START = '2026-04-01T00:00:00Z';
type Json = Record<string, unknown>;

/** A customer on a test clock at 1 April 2026, with 1,000 calls included a month and a pool of 500, of which a document takes two. */
async function company() {
  const { apiKey } = await server.organisation();
  const call = (method: string, path: string, body?: unknown) => server.api(method, path, body, apiKey);
  const made = async (path: string, body?: unknown) => {
    const { status, body: answer } = await call('POST', path, body);
    expect({ path, ok: status < 300, answer }).toEqual({ path, ok: true, answer });
    return answer;
  };
  const { id: testClock } = await made('/v1/test-clocks', { now: START });
  await made('/v1/customers', { key: 'acme', name: 'Acme', timeZone: 'UTC', testClock });
  await made('/v1/customers', { key: 'other', name: 'Other', timeZone: 'UTC', testClock });
  await made('/v1/meters', { key: 'calls', name: 'Calls', eventType: 'call', aggregation: 'sum', value: 'data.n' });
  await made('/v1/meters', { key: 'docs', name: 'Documents', eventType: 'doc', aggregation: 'sum', value: 'data.n' });
  const prices = [
    { key: 'calls', name: 'Calls', meter: 'calls', allowance: '1000', charge: { model: 'unit', unitPrice: '0.01' } },
    {
      key: 'docs',
      name: 'Documents',
      meter: 'docs',
      pool: { key: 'docs', weight: '2' },
      charge: { model: 'unit', unitPrice: '1' },
    },
  ];
  const pools = [{ key: 'docs', name: 'Documents', amount: '500' }];
  await made('/v1/plans', { key: 'plan', name: 'Plan', currency: 'USD', interval: 'month', prices, pools });
  await made('/v1/subscriptions', { key: 'sub', customer: 'acme', plan: 'plan', startAt: START });
  let sent = 0;
  return {
    call,
    made,
    use: (type: string, n: number, more: Json = {}) =>
      made('/v1/events', {
        id: `use-${(sent += 1)}`,
        type,
        customer: 'acme',
        time: '2026-04-01T00:00:00Z',
        data: { n },
        ...more,
      }),
    advance: (now: string) => made(`/v1/test-clocks/${testClock}/advance`, { now }),
    async balances(customer = 'acme') {
      const { status, body } = await call('GET', `/v1/customers/${customer}/balances`);
      expect({ status, body }).toEqual({ status: 200, body });
      return body;
    },
  };
}

describe('GET /v1/customers/:customer/balances', () => {
  it('says what is left of allowances and pools: used, held, available', async () => {
    const acme = await company();
    await acme.use('call', 300);
    await acme.use('doc', 20);
    await acme.made('/v1/holds', { customer: 'acme', estimate: { units: { calls: '150', docs: '30' } } });
    expect(await acme.balances()).toMatchObject({
      at: '2026-04-01T00:00:00.000Z',
      allowances: [
        {
          ...{ kind: 'allowance', key: 'calls', name: 'Calls', meters: ['calls'], included: '1000' },
          ...{ settled: '300', held: '150', available: '550', resets: '2026-05-01T00:00:00.000Z' },
        },
        {
          ...{ kind: 'pool', key: 'docs', name: 'Documents', meters: ['docs'], included: '500' },
          ...{ settled: '40', held: '60', available: '400', resets: '2026-05-01T00:00:00.000Z' },
        },
      ],
      allowancesUnknown: null,
      wallets: [],
      caps: [],
    });
  });

  it('an allowance that is used up has nothing left, and a new period has a new one', async () => {
    const acme = await company();
    await acme.use('call', 1200);
    await acme.made('/v1/holds', { customer: 'acme', estimate: { units: { calls: '5' } } });
    const [spent] = (await acme.balances()).allowances;
    expect(spent).toMatchObject({ included: '1000', settled: '1000', held: '0', available: '0' });

    await acme.advance('2026-05-02T00:00:00Z');
    const [fresh] = (await acme.balances()).allowances;
    expect(fresh).toMatchObject({ settled: '0', available: '995', resets: '2026-06-01T00:00:00.000Z' });
  });

  it('says what is left of each cap of the customer, of events and holds', async () => {
    const acme = await company();
    const cap = (key: string, more: Json) => acme.made('/v1/caps', { key, kind: 'hard', ...more });
    await cap('month', { scope: { customer: 'acme' }, measure: 'cost', period: 'month', limit: '10' });
    await cap('each', { scope: {}, each: ['customer'], measure: 'units', meter: 'calls', period: 'day', limit: '400' });
    await cap('session', {
      scope: { customer: 'acme' },
      each: ['session'],
      measure: 'actions',
      period: 'session',
      limit: '9',
    });
    await cap('others', { scope: { customer: 'other' }, measure: 'cost', period: 'month', limit: '1' });
    await cap('all', { scope: {}, measure: 'cost', period: 'month', limit: '1000' });

    await acme.use('call', 300, { session: 's1' });
    await acme.use('call', 200, { session: 's2' });
    await acme.use('call', 50, { session: 's2' });
    await acme.made('/v1/holds', { customer: 'acme', estimate: { cost: '2.5' } });
    const { caps, customer } = await acme.balances();
    const monthEnd = '2026-05-01T00:00:00.000Z';
    const told = caps.map(({ key, values, settled, held, available, resets }: Json) => ({ key, values, settled, held, available, resets })); // prettier-ignore
    expect(told).toEqual([
      {
        key: 'each',
        values: { customer },
        settled: '550',
        held: '0',
        available: '0',
        resets: '2026-04-02T00:00:00.000Z',
      },
      { key: 'month', values: {}, settled: '0', held: '2.5', available: '7.5', resets: monthEnd },
      { key: 'session', values: { session: 's2' }, settled: '2', held: '0', available: '7', resets: null },
      { key: 'session', values: { session: 's1' }, settled: '1', held: '0', available: '8', resets: null },
    ]);
    expect(caps[0]).toMatchObject({ measure: 'units', meter: 'calls', kind: 'hard', limit: '400' });

    const others = (await acme.balances('other')).caps;
    expect(others.map(({ key, available }: Json) => [key, available])).toEqual([
      ['each', '400'],
      ['others', '1'],
    ]);
  });

  it('says what is left of each wallet, held by holds, and what expires next', async () => {
    const acme = await company();
    await acme.made('/v1/wallets', { key: 'credit', name: 'Credit', customer: 'acme', currency: 'USD' });
    await acme.made('/v1/wallets/credit/grants', {
      kind: 'promotional',
      amount: '5',
      expiresAt: '2026-06-01T00:00:00Z',
    });
    await acme.made('/v1/wallets/credit/grants', { kind: 'promotional', amount: '20' });
    await acme.made('/v1/holds', { customer: 'acme', estimate: { spend: '1.25', currency: 'USD' } });
    await acme.use('call', 1300);
    const { wallets, allowances } = await acme.balances();
    // 300 calls beyond those that are included, at 0.01.
    expect(allowances[0]).toMatchObject({ settled: '1000', available: '0' });
    expect(wallets).toMatchObject([
      {
        ...{ key: 'credit', currency: 'USD', unit: null, settled: '22', held: '1.25', available: '20.75' },
        expires: { at: '2026-06-01T00:00:00.000Z', amount: '2' },
      },
    ]);
  });

  it('has nothing for a customer with nothing, and is 404 for who isn’t there', async () => {
    const acme = await company();
    expect(await acme.balances('other')).toMatchObject({
      allowances: [],
      allowancesUnknown: null,
      wallets: [],
      caps: [],
    });
    expect((await acme.call('GET', '/v1/customers/nobody/balances')).status).toBe(404);
    const another = await server.organisation();
    expect((await server.api('GET', '/v1/customers/acme/balances', undefined, another.apiKey)).status).toBe(404);
  });
});
