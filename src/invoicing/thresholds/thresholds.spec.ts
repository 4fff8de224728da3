import { startTestServer, type TestServer } from '../../../test/support/server';

let server: TestServer;
beforeAll(async () => (server = await startTestServer()));
afterAll(() => server.stop());

/** A customer in Berlin on a test clock, with calls at 0.10, a base fee, 19 % of tax, and a threshold of 100.00. */
async function metered() {
  const { apiKey } = await server.organisation();
  const call = (method: string, path: string, body?: unknown) => server.api(method, path, body, apiKey);
  const made = async (path: string, body?: unknown) => {
    const { status, body: answer } = await call('POST', path, body);
    expect({ ok: status < 300, answer }).toEqual({ ok: true, answer });
    return answer;
  };
  const { id: testClock } = await made('/v1/test-clocks', { now: '2026-03-31T22:00:00Z' });
  await made('/v1/customers', { key: 'acme', name: 'Acme', timeZone: 'Europe/Berlin', testClock });
  expect((await call('PATCH', '/v1/customers/acme', { billing: { country: 'DE' } })).status).toBe(200);
  await made('/v1/tax-rates', { key: 'vat', name: 'VAT', percent: '19', country: 'DE' });
  await made('/v1/meters', { key: 'calls', name: 'Calls', eventType: 'call', aggregation: 'sum', value: 'data.n' });
  const prices = [
    { key: 'base', name: 'Base', charge: { model: 'flat', amount: '500' } },
    { key: 'calls', name: 'Calls', meter: 'calls', charge: { model: 'unit', unitPrice: '0.1' } },
  ];
  await made('/v1/plans', { key: 'plan', name: 'Plan', currency: 'EUR', interval: 'month', prices });
  await made('/v1/subscriptions', { key: 'sub', customer: 'acme', plan: 'plan', thresholds: { amount: '100' } });
  let sent = 0;
  return {
    call,
    made,
    advance: (now: string) => made(`/v1/test-clocks/${testClock}/advance`, { now }),
    use: (time: string, n: number) =>
      made('/v1/events', { id: `use-${(sent += 1)}`, type: 'call', customer: 'acme', time, data: { n } }),
    /** Oldest first: number, lines and total. */
    invoices: async () => {
      const { body } = await call('GET', '/v1/customers/acme/invoices');
      const ids: string[] = body.items.map(({ id }: { id: string }) => id).reverse();
      const all = await Promise.all(ids.map(async (id) => (await call('GET', `/v1/invoices/${id}`)).body));
      return all.map(({ number, status, lines, total }) => {
        const texts = lines.map(({ key, amount }: Record<string, string>) => `${key} ${amount}`);
        return `${number ?? status}: ${texts.join(', ')} = ${total}`;
      });
    },
  };
}

it('bills usage as soon as what isn’t billed reaches the threshold, and takes it off the period’s invoice', async () => {
  const { advance, call, invoices, use } = await metered();
  await advance('2026-04-05T00:00:00Z');
  await use('2026-04-04T12:00:00Z', 999);
  await advance('2026-04-10T00:00:00Z');
  expect(await invoices()).toEqual([]);

  await use('2026-04-09T12:00:00Z', 125);
  await advance('2026-04-20T00:00:00Z');
  // 1,124 × 0.10 = 112.40, with 19 % of 21.356.
  const first = 'INV-000001: plan:threshold 112.40 = 133.76';
  expect(await invoices()).toEqual([first]);
  await advance('2026-04-20T01:00:00Z');
  expect(await invoices()).toEqual([first]);

  await use('2026-04-19T12:00:00Z', 1176);
  await advance('2026-05-05T00:00:00Z');
  // 2,300 × 0.10 − 112.40 = 117.60, with 22.344.
  expect(await invoices()).toEqual([
    first,
    'INV-000002: plan:threshold 117.60 = 139.94',
    // Only the fee of 500.00 with 95.00 is left.
    'INV-000003: base 500.00, calls 230.00, plan:threshold:0 -112.40, plan:threshold:1 -117.60 = 595.00',
  ]);
  const steps = async (name: string) => (await call('GET', `/v1/invoices/${name}/explain`)).body.steps;
  expect((await steps('INV-000002/lines/1'))[1]).toBe('112.40 EUR of it were billed by INV-000001.');
  expect((await steps('INV-000003/lines/3'))[0]).toBe('112.40 EUR of this period’s usage were billed by INV-000001.');
  const { body } = await call('GET', '/v1/ledger/trial-balance?currency=EUR');
  const revenue = body.currencies[0].accounts.find((each: { account: string }) => each.account === 'revenue');
  expect(revenue.balance).toBe('-730.00');
});

it('a threshold invoice that is taken back is asked for by the period', async () => {
  const { advance, call, invoices, made, use } = await metered();
  await advance('2026-04-10T00:00:00Z');
  await use('2026-04-09T12:00:00Z', 2000);
  await advance('2026-04-11T00:00:00Z');
  expect(await invoices()).toEqual(['INV-000001: plan:threshold 200.00 = 238.00']);
  const { items } = (await call('GET', '/v1/customers/acme/invoices')).body;
  await made(`/v1/invoices/${items[0].id}/void`, { reason: 'Sent by mistake' });
  // What was taken back isn't billed any more, so it has reached the threshold again.
  await advance('2026-04-12T00:00:00Z');
  expect(await invoices()).toEqual([
    'INV-000001: plan:threshold 200.00 = 238.00',
    'INV-000002: plan:threshold 200.00 = 238.00',
  ]);
  await advance('2026-05-03T00:00:00Z');
  expect((await invoices())[2]).toBe('INV-000003: base 500.00, calls 200.00, plan:threshold:1 -200.00 = 595.00');
});
