import fc from 'fast-check';
import { made } from '../../test/support/books';
import { type Answer, startTestServer, type TestServer } from '../../test/support/server';
import { Decimal } from '../kernel';
import { fromStoredCharge, toStoredCharge } from './charge-storage';
import type { Charge } from './domain';

/** What two processes do to one catalog and one list of customers at the same instant. */
let servers: [TestServer, TestServer];

beforeAll(async () => {
  const first = await startTestServer();
  servers = [first, await startTestServer({}, { databaseUrl: first.databaseUrl, apiKey: first.apiKey })];
});
afterAll(async () => {
  await servers[1].stop();
  await servers[0].stop();
});

/** The same request to both servers, several times at once. */
function everywhere(path: string, bodies: readonly unknown[]): Promise<Answer[]> {
  return Promise.all(bodies.flatMap((body) => servers.map((server) => server.api('POST', path, body))));
}

function plan(key: string, amount: string) {
  const prices = [{ key: 'base', name: 'Base', charge: { model: 'flat', amount } }];
  return { key, name: 'Plan', currency: 'USD', interval: 'month', prices };
}

describe('at the same instant', () => {
  it('one plan published many times is one version', async () => {
    const answers = await everywhere('/v1/plans', Array(5).fill(plan('same', '1')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers[0]!.body.version).toBe(1);
  });

  it('different contents of one key become versions without gap or repeat', async () => {
    const answers = await everywhere('/v1/plans', ['1', '2', '3', '4', '5'].map((amount) => plan('versions', amount))); // prettier-ignore
    const versions = new Map(answers.map(({ body }) => [body.id as string, body.version as number]));
    // The same content can come twice when another came in between; each version is numbered once all the same.
    const sorted = [...versions.values()].sort((a, b) => a - b);
    expect(sorted).toEqual(sorted.map((_, index) => index + 1));
    expect(sorted.length).toBeGreaterThanOrEqual(5);
  });

  it('one customer made many times is one; one under another name is refused', async () => {
    const answers = await everywhere('/v1/customers', Array(5).fill({ key: 'ada', name: 'Ada' }));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1);
    const refused = await servers[1].api('POST', '/v1/customers', { key: 'ada', name: 'Another' });
    expect(refused).toMatchObject({ status: 409, body: { code: 'customer_exists' } });
  });

  it('one subscription made many times is one', async () => {
    await made(servers[0].api('POST', '/v1/plans', plan('plan', '1')));
    const answers = await everywhere('/v1/subscriptions', Array(5).fill({ key: 's', customer: 'ada', plan: 'plan' }));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1);
  });

  it('one meter made many times is one, and counts the events of before once', async () => {
    const server = servers[0];
    const events = [1, 2, 3].map((n) => ({ id: `m-${n}`, type: 'llm.request', customer: 'ada' }));
    await made(server.api('POST', '/v1/events', events));
    const meter = { key: 'requests', name: 'Requests', eventType: 'llm.request', aggregation: 'count' };
    const answers = await everywhere('/v1/meters', Array(5).fill(meter));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1);

    const from = new Date(Date.now() - 3_600_000).toISOString();
    const to = new Date(Date.now() + 3_600_000).toISOString();
    for (const each of servers) {
      const { meters } = await made(each.api('GET', `/v1/customers/ada/usage?from=${from}&to=${to}`));
      expect(meters).toMatchObject([{ key: 'requests', quantity: '3', events: 3 }]);
    }
  });

  it('a test clock moved by two goes to the later instant', async () => {
    const { id } = await made(servers[0].api('POST', '/v1/test-clocks', { now: '2026-01-01T00:00:00Z' }));
    await Promise.all(
      ['2026-01-05T00:00:00Z', '2026-01-03T00:00:00Z', '2026-01-04T00:00:00Z'].map((now, index) =>
        servers[index % 2]!.api('POST', `/v1/test-clocks/${id}/advance`, { now }),
      ),
    );
    expect(await made(servers[1].api('GET', `/v1/test-clocks/${id}`))).toMatchObject({ now: '2026-01-05T00:00:00.000Z' }); // prettier-ignore
  });

  it('a database that two start on has one first organisation', async () => {
    expect(await servers[0].query('SELECT count(*)::int AS organisations FROM organisation')).toEqual([
      { organisations: 1 },
    ]);
  });
});

describe('a meter or price made on one server', () => {
  it('counts the very next event that another server takes', async () => {
    const [here, there] = servers;
    // Both know the organisation's meters by now; what is made here must be known there with the next commit.
    for (let round = 0; round < 5; round += 1) {
      const type = `made-${round}`;
      await made(there.api('POST', '/v1/events', { id: `before-${round}`, type, customer: 'ada' }));
      await made(here.api('POST', '/v1/meters', { key: type, name: type, eventType: type, aggregation: 'count' }));
      await made(there.api('POST', '/v1/events', { id: `after-${round}`, type, customer: 'ada' }));
      const from = new Date(Date.now() - 3_600_000).toISOString();
      const to = new Date(Date.now() + 3_600_000).toISOString();
      const { meters } = await made(there.api('GET', `/v1/customers/ada/usage?from=${from}&to=${to}`));
      expect(meters.find(({ key }: { key: string }) => key === type)).toMatchObject({ quantity: '2' });
    }
  });

  it('costs the very next event that another server takes', async () => {
    const [here, there] = servers;
    const data = { provider: 'acme', model: 'acme-1', input_tokens: 1_000_000 };
    await made(there.api('POST', '/v1/events', { id: 'unpriced', type: 't', customer: 'ada', data }));
    const price = { provider: 'acme', model: 'acme-1', units: { input: { amount: '3', per: '1000000' } } };
    await made(here.api('POST', '/v1/price-book', price));
    await made(there.api('POST', '/v1/events', { id: 'priced', type: 't', customer: 'ada', data }));
    const stored = await here.query(
      `SELECT id, cost_status, trim_scale(cost)::text AS cost FROM event WHERE id IN ('unpriced', 'priced') ORDER BY id`,
    );
    expect(stored).toEqual([
      { id: 'priced', cost_status: 'p', cost: '3' },
      { id: 'unpriced', cost_status: 'u', cost: null },
    ]);
  });
});

describe('a published plan', () => {
  it('keeps its version for those who have it; a new version is for those who come', async () => {
    const [server] = servers;
    const first = await made(server.api('POST', '/v1/plans', plan('growing', '10')));
    const before = await made(server.api('POST', '/v1/subscriptions', { customer: 'ada', plan: 'growing', key: 'before' })); // prettier-ignore
    const second = await made(server.api('POST', '/v1/plans', plan('growing', '12')));
    const after = await made(server.api('POST', '/v1/subscriptions', { customer: 'ada', plan: 'growing', key: 'after' })); // prettier-ignore

    expect([first.version, second.version]).toEqual([1, 2]);
    expect(before.plan).toEqual({ id: first.id, key: 'growing', version: 1 });
    expect(after.plan).toEqual({ id: second.id, key: 'growing', version: 2 });
    const bill = async (subscription: string): Promise<string> =>
      (await made(server.api('GET', `/v1/customers/ada/invoices/preview?subscription=${subscription}`))).total;
    expect([await bill('before'), await bill('after')]).toEqual(['10.00', '12.00']);
    // By key the newest, by id that one.
    expect(await made(server.api('GET', '/v1/plans/growing'))).toEqual(second);
    expect(await made(server.api('GET', `/v1/plans/${first.id}`))).toEqual(first);
  });
});

describe('a stored charge', () => {
  const decimal = fc
    .tuple(fc.bigInt({ min: 0n, max: 10n ** 15n - 1n }), fc.bigInt({ min: 0n, max: 10n ** 12n - 1n }))
    .map(([whole, fraction]) => new Decimal(`${whole}.${String(fraction).padStart(12, '0')}`));
  const charge: fc.Arbitrary<Charge> = fc.oneof(
    fc.record({ model: fc.constant('flat' as const), amount: decimal }),
    fc.record({ model: fc.constant('unit' as const), unitPrice: decimal }),
    fc.record({ model: fc.constant('consumption_margin' as const), markupPercent: decimal }),
    fc.record({
      model: fc.constant('graduated' as const),
      tiers: fc.array(
        fc.record({ upTo: fc.option(decimal), unitPrice: decimal, flatFee: decimal }, { requiredKeys: ['upTo', 'unitPrice'] }), // prettier-ignore
        { minLength: 1, maxLength: 5 },
      ),
    }),
  );

  it('is read back as it was, digit for digit', () => {
    fc.assert(
      fc.property(charge, (given) => {
        const stored = toStoredCharge(given);
        const back = toStoredCharge(fromStoredCharge(JSON.parse(JSON.stringify(stored))));
        expect(back).toEqual(stored);
        expect(JSON.stringify(stored)).not.toMatch(/\de[+-]?\d/);
      }),
    );
  });
});
