import { startTestServer, type TestServer } from '../../../test/support/server';

let server: TestServer;
beforeAll(async () => (server = await startTestServer()));
afterAll(() => server.stop());

const START = '2026-03-01T00:00:00Z';
const SETUP = { description: 'Set-up', unitAmount: '500', currency: 'EUR' };

/** An organisation of its own with a customer in Berlin on a test clock, who is to pay 19 % there. */
async function billed() {
  const { apiKey } = await server.organisation();
  const call = (method: string, path: string, body?: unknown) => server.api(method, path, body, apiKey);
  const made = async (path: string, body?: unknown) => {
    const { status, body: answer } = await call('POST', path, body);
    expect({ ok: status === 200 || status === 201, answer }).toEqual({ ok: true, answer });
    return answer;
  };
  const { id: testClock } = await made('/v1/test-clocks', { now: START });
  const acme = await made('/v1/customers', { key: 'acme', name: 'Acme', timeZone: 'Europe/Berlin', testClock });
  expect((await call('PATCH', '/v1/customers/acme', { billing: { country: 'DE' } })).status).toBe(200);
  await made('/v1/tax-rates', { key: 'vat', name: 'VAT', percent: '19', country: 'DE' });
  return {
    call,
    made,
    acme: acme.id as string,
    item: (change: object = {}) => made('/v1/customers/acme/invoice-items', { ...SETUP, ...change }),
    items: async (query = '') => (await call('GET', `/v1/customers/acme/invoice-items${query}`)).body.items,
    advance: (now: string) => made(`/v1/test-clocks/${testClock}/advance`, { now }),
    /** Newest first, each with its lines. */
    invoices: async () => {
      const { body } = await call('GET', '/v1/customers/acme/invoices');
      const ids: string[] = body.items.map(({ id }: { id: string }) => id);
      return Promise.all(ids.map(async (id) => (await call('GET', `/v1/invoices/${id}`)).body));
    },
  };
}

const shown = (invoice: { lines: { description: string; amount: string; tax: string }[] }) =>
  invoice.lines.map(({ description, amount, tax }) => `${description} ${amount} + ${tax}`);

describe('an invoice by hand', () => {
  const LINES = [
    { description: 'Advice', quantity: '2.5', unitAmount: '99.99' },
    { description: 'Goodwill', unitAmount: '-50', taxCode: 'goodwill' },
    { description: 'Course', unitAmount: '119', taxBehaviour: 'inclusive' },
  ];

  it('is a draft of its lines, with their taxes, until somebody finalizes it', async () => {
    const { advance, call, invoices, made } = await billed();
    const invoice = await made('/v1/invoices', { customer: 'acme', currency: 'EUR', memo: 'March', lines: LINES });
    expect(invoice).toMatchObject({
      status: 'draft',
      currency: 'EUR',
      subtotal: '299.98',
      taxTotal: '57.00',
      total: '356.98',
      subscription: null,
      memo: 'March',
      servicePeriod: { start: '2026-02-28T23:00:00.000Z', end: '2026-03-01T23:00:00.000Z' },
    });
    // 199.98 × 19 % = 37.9962, of which 249.98 has 47.4962 and -50.00 has -9.50; within 119.00 there are 19.00.
    expect(shown(invoice)).toEqual(['Advice 249.98 + 47.50', 'Goodwill -50.00 + -9.50', 'Course 119.00 + 19.00']);

    await advance('2026-06-01T00:00:00Z');
    const [waiting] = await invoices();
    expect(waiting).toMatchObject({ id: invoice.id, status: 'draft', total: '356.98' });
    const final = await made(`/v1/invoices/${invoice.id}/finalize`);
    expect(final).toMatchObject({ status: 'finalized', number: 'INV-000001', total: '356.98' });
    expect(shown(final)).toEqual(shown(invoice));
    const why = await call('GET', `/v1/invoices/${invoice.id}/lines/1/explain`);
    expect(why).toMatchObject({
      status: 200,
      body: { steps: ['2.5 × 99.99 = 249.975.', expect.stringContaining('249.98 EUR')] },
    });
    const { body } = await call('GET', '/v1/ledger/trial-balance?currency=EUR');
    const balances = body.currencies[0].accounts.filter((each: { balance: string }) => each.balance !== '0.00');
    expect(balances.map((each: { account: string; balance: string }) => `${each.account} ${each.balance}`)).toEqual([
      'accounts_receivable 356.98',
      'revenue -299.98',
      'tax -57.00',
    ]);
    const log = await call('GET', '/v1/audit-log?action=invoice.made');
    expect(log.body.items).toMatchObject([{ subject: { id: invoice.id }, after: { total: '356.98' } }]);
  });

  it('doesn’t take items that wait for the next one', async () => {
    const { item, items, made } = await billed();
    await item();
    const invoice = await made('/v1/invoices', { customer: 'acme', currency: 'EUR', lines: LINES });
    expect(invoice.lines).toHaveLength(3);
    expect(await items('?waiting=true')).toHaveLength(1);
    expect(await items()).toHaveLength(4);
  });
});

describe('an item', () => {
  it('waits, once for a reference, and may be taken back', async () => {
    const { acme, call, item, items } = await billed();
    const first = await item({ reference: 'setup-1', quantity: '2', taxCode: 'services' });
    expect(first).toEqual({
      id: expect.stringMatching(/^itm_/),
      customer: acme,
      currency: 'EUR',
      description: 'Set-up',
      quantity: '2',
      unitAmount: '500',
      amount: '1000.00',
      taxCode: 'services',
      taxBehaviour: null,
      period: { start: '2026-02-28T23:00:00.000Z', end: '2026-03-01T23:00:00.000Z' },
      reference: 'setup-1',
      invoice: null,
      createdAt: '2026-03-01T00:00:00.000Z',
      cancelledAt: null,
    });
    expect(await item({ reference: 'setup-1', quantity: '2.0', taxCode: 'services' })).toEqual(first);
    const path = '/v1/customers/acme/invoice-items';
    expect(await call('POST', path, { ...SETUP, reference: 'setup-1' })).toMatchObject({
      status: 409,
      body: { code: 'invoice_item_exists', errors: [{ field: 'reference' }] },
    });

    for (const _again of [1, 2]) expect((await call('DELETE', `${path}/${first.id}`)).status).toBe(204);
    expect(await items('?waiting=true')).toEqual([]);
    expect(await items()).toMatchObject([{ id: first.id, cancelledAt: '2026-03-01T00:00:00.000Z' }]);
    expect(await call('DELETE', `${path}/none`)).toMatchObject({
      status: 404,
      body: { code: 'invoice_item_not_found' },
    });
    const log = await call('GET', `/v1/audit-log?subject=${first.id}`);
    expect(log.body.items.map(({ action }: { action: string }) => action)).toEqual([
      'invoice_item.cancelled',
      'invoice_item.made',
    ]);
  });

  it('gets onto the next invoice in its currency, and stays there', async () => {
    const { advance, call, invoices, item, items, made } = await billed();
    const prices = [{ key: 'base', name: 'Base', charge: { model: 'flat', amount: '20' } }];
    await made('/v1/plans', { key: 'plan', name: 'Plan', currency: 'EUR', interval: 'month', prices });
    await made('/v1/subscriptions', { key: 'sub', customer: 'acme', plan: 'plan' });
    const setup = await item();
    await item({ description: 'Dollars', currency: 'USD' });

    await advance('2026-04-01T12:00:00Z');
    const [draft] = await invoices();
    expect(shown(draft)).toEqual(['Base 20.00 + 3.80', 'Set-up 500.00 + 95.00']);
    expect(draft).toMatchObject({ status: 'draft', total: '618.80' });
    expect(await items('?waiting=true')).toMatchObject([{ description: 'Dollars' }]);
    expect(await call('DELETE', `/v1/customers/acme/invoice-items/${setup.id}`)).toMatchObject({
      status: 409,
      body: { code: 'item_invoiced', detail: expect.stringContaining(draft.id) },
    });

    await item({ description: 'Goodwill', unitAmount: '-10' });
    const final = await made(`/v1/invoices/${draft.id}/finalize`);
    expect(shown(final)).toEqual(['Base 20.00 + 3.80', 'Set-up 500.00 + 95.00', 'Goodwill -10.00 + -1.90']);
    await expect(
      server.query(`UPDATE invoice_item SET invoice_id = NULL WHERE invoice_id IS NOT NULL`),
    ).rejects.toThrow(/final invoice stays/);
    await expect(server.query(`UPDATE invoice_item SET amount = 1`)).rejects.toThrow(/never changes/);
  });
});
