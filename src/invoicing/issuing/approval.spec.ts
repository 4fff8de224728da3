import { startTestServer, type TestServer } from '../../../test/support/server';

let server: TestServer;
beforeAll(async () => (server = await startTestServer()));
afterAll(() => server.stop());

/** An organisation whose drafts are to be approved, and one of them: 20.00 for January, and 0.10 for each call. */
async function waiting() {
  const { apiKey } = await server.organisation();
  const call = (method: string, path: string, body?: unknown) => server.api(method, path, body, apiKey);
  const made = async (path: string, body?: unknown) => {
    const { status, body: answer } = await call('POST', path, body);
    expect({ ok: status < 300, answer }).toEqual({ ok: true, answer });
    return answer;
  };
  const settings = await call('PATCH', '/v1/invoice-settings', { approval: 'required' });
  expect(settings).toMatchObject({ status: 200, body: { approval: 'required', netDays: 30 } });
  const { id: clock } = await made('/v1/test-clocks', { now: '2026-01-01T00:00:00Z' });
  await made('/v1/customers', { key: 'acme', name: 'Acme', testClock: clock });
  await made('/v1/meters', { key: 'calls', name: 'Calls', eventType: 'call', aggregation: 'count' });
  const prices = [
    { key: 'base', name: 'Base', charge: { model: 'flat', amount: '20' } },
    { key: 'calls', name: 'Calls', meter: 'calls', charge: { model: 'unit', unitPrice: '0.1' } },
  ];
  await made('/v1/plans', { key: 'plan', name: 'Plan', currency: 'USD', interval: 'month', prices });
  await made('/v1/subscriptions', { key: 'sub', customer: 'acme', plan: 'plan' });
  const advance = (now: string) => made(`/v1/test-clocks/${clock}/advance`, { now });
  await advance('2026-02-01T00:00:00Z');
  const [{ id }] = (await call('GET', '/v1/customers/acme/invoices')).body.items;
  return {
    ...{ call, made, advance, id: id as string },
    use: (event: string) =>
      made('/v1/events', { id: event, type: 'call', customer: 'acme', time: '2026-01-10T00:00:00Z' }),
    finalize: () => call('POST', `/v1/invoices/${id}/finalize`),
    status: async () => (await call('GET', `/v1/invoices/${id}`)).body.status,
  };
}

it('a draft waits until somebody approves of it, and then becomes final', async () => {
  const { advance, call, finalize, id, made, status } = await waiting();
  await advance('2026-02-20T00:00:00Z');
  expect(await status()).toBe('draft');
  expect(await finalize()).toMatchObject({ status: 409, body: { code: 'approval_needed' } });

  const approved = await made(`/v1/invoices/${id}/approve`);
  expect(approved).toMatchObject({ status: 'draft', total: '20.00' });
  expect(await made(`/v1/invoices/${id}/approve`)).toEqual(approved);
  await advance('2026-02-21T00:00:00Z');
  expect(await status()).toBe('finalized');
  expect(await call('POST', `/v1/invoices/${id}/approve`)).toMatchObject({
    status: 409,
    body: { code: 'invoice_is_final' },
  });
  const log = await call('GET', '/v1/audit-log?action=invoice.approved');
  expect(log.body.items).toMatchObject([{ subject: { id }, after: { approvedTotal: '20.00' } }]);
});

it('another total is asked for again', async () => {
  const { call, finalize, id, made, use } = await waiting();
  await made(`/v1/invoices/${id}/approve`);
  await use('late');
  expect(await finalize()).toMatchObject({
    status: 409,
    body: { code: 'approval_needed', detail: expect.stringContaining('approved at 20.00 and comes to 20.10 USD now') },
  });
  expect(await made(`/v1/invoices/${id}/approve`)).toMatchObject({ total: '20.10' });
  expect(await finalize()).toMatchObject({ status: 200, body: { total: '20.10', number: 'INV-000001' } });
  const log = await call('GET', '/v1/audit-log?action=invoice.approved');
  expect(log.body.items).toMatchObject([{ before: { approvedTotal: '20.00' }, after: { approvedTotal: '20.10' } }, {}]);
});

it('nobody has to be asked once that isn’t required any more', async () => {
  const { call, finalize } = await waiting();
  expect((await call('PATCH', '/v1/invoice-settings', { approval: 'none' })).body).toMatchObject({ approval: 'none' });
  expect((await finalize()).status).toBe(200);
});
