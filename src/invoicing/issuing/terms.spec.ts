import { advance, invoicesOf, made, subscribe } from '../../../test/support/books';
import { type Answer, startTestServer, type TestServer } from '../../../test/support/server';

/** What a plan agrees around its prices, over several months: pools, minimums, discounts and commitments. */
let server: TestServer;

beforeAll(async () => {
  // Drafts stay drafts until somebody finalizes them.
  server = await startTestServer({ WEIR_EVENT_MAX_AGE: '36500d', WEIR_DRAFT_GRACE: '3650d' });
  const meter = { eventType: 'action', aggregation: 'sum', value: 'data.units' };
  for (const kind of ['standard', 'premium']) {
    const filters = [{ field: 'data.kind', operator: 'equals', value: kind }];
    await made(server.api('POST', '/v1/meters', { ...meter, key: kind, name: kind, filters }));
  }
});
afterAll(() => server.stop());

async function makePlan(key: string, prices: object[], terms: object): Promise<void> {
  await made(server.api('POST', '/v1/plans', { key, name: key, currency: 'USD', interval: 'month', prices, ...terms }));
}

let sent = 0;
async function use(customer: string, time: string, units: number, kind = 'standard'): Promise<void> {
  sent += 1;
  const event = { id: `event-${sent}`, type: 'action', customer, time, data: { kind, units } };
  await made(server.api('POST', '/v1/events', [event]));
}

const lines = (invoice: Answer['body']): string[] =>
  invoice.lines.map(({ key, amount }: Answer['body']) => `${key} ${amount}`);

describe('a pool that rolls over', () => {
  const pool = (weight: string) => ({ pool: { key: 'credits', weight } });
  const prices = [
    { key: 'base', name: 'Base fee', charge: { model: 'flat', amount: '20' } },
    { key: 'standard', name: 'Actions', meter: 'standard', charge: { model: 'unit', unitPrice: '0.01' }, ...pool('1') },
    { key: 'premium', name: 'Premium', meter: 'premium', charge: { model: 'unit', unitPrice: '0.05' }, ...pool('5') },
  ];
  const rollover = { limit: '400', expiresAfterPeriods: 1 };
  const pools = [{ key: 'credits', name: 'Credits', amount: '1000', unit: 'credits', rollover }];

  it('covers what its weights say, and what is left goes on into the next month', async () => {
    await makePlan('pooled', prices, { pools });
    const { clock } = await subscribe(server, 'pooled', { plan: 'pooled', startAt: '2026-03-01T00:00:00Z' });
    await use('pooled', '2026-03-10T00:00:00Z', 300);
    await use('pooled', '2026-04-10T00:00:00Z', 900);
    await use('pooled', '2026-04-20T00:00:00Z', 120, 'premium');
    await advance(server, clock, '2026-05-01T00:00:00Z');

    const [march, april] = await invoicesOf(server, 'pooled');
    expect(lines(march)).toEqual(['base 20.00', 'standard 0.00', 'premium 0.00']);
    // 700 are left of March, 400 of them go on: 1,400 in April. 900 and 100 × 5; 20 × 0.05 are beyond.
    expect(lines(april)).toEqual(['base 20.00', 'standard 0.00', 'premium 1.00']);
    expect(april.lines[2].breakdown).toMatchObject([
      { kind: 'pool', quantity: '100', amount: '0' },
      { kind: 'unit', quantity: '20', unitPrice: '0.05', amount: '1' },
    ]);
    const stored = await server.query('SELECT pool, period, granted, rolled_in, used, lots FROM pool_balance ORDER BY period'); // prettier-ignore
    expect(stored).toEqual([
      { pool: 'credits', period: 0, granted: '1000', rolled_in: '0', used: '300', lots: [{ amount: '700', expiresAfterPeriod: null }] }, // prettier-ignore
      { pool: 'credits', period: 1, granted: '1000', rolled_in: '400', used: '1400', lots: [] },
    ]);
  });

  it('is read from the month before as it is now, and an invoice waits for that', async () => {
    // 500 more in March leave 200 instead of 700, so April has 1,200: 900 and 60 × 5; 60 × 0.05 are beyond.
    await use('pooled', '2026-03-11T00:00:00Z', 500);
    const [march, april] = await invoicesOf(server, 'pooled');
    const later = await made(server.api('GET', `/v1/invoices/${april.id}`));
    expect(lines(later)).toEqual(['base 20.00', 'standard 0.00', 'premium 3.00']);

    expect(await server.api('POST', `/v1/invoices/${april.id}/finalize`)).toMatchObject({
      status: 409,
      body: { code: 'earlier_draft', detail: expect.stringContaining(march.id) },
    });
    await made(server.api('POST', `/v1/invoices/${march.id}/finalize`));
    expect(await made(server.api('POST', `/v1/invoices/${april.id}/finalize`))).toMatchObject({ total: '23.00' });
    // What was left of March is billed: a late event changes neither, but the next invoice.
    await use('pooled', '2026-03-12T00:00:00Z', 500);
    expect((await invoicesOf(server, 'pooled')).map(({ total }) => total)).toEqual(['20.00', '23.00']);
  });

  it('is told by the preview of the open month', async () => {
    await use('pooled', '2026-05-02T00:00:00Z', 1100);
    const preview = await made(server.api('GET', '/v1/customers/pooled/invoices/preview'));
    // Late in March 500 more: 1,300 of 1,000 there, so 300 × 0.01, and nothing rolled over: April has 1,000, for 900 and
    // 20 × 5, and 100 × 0.05 are beyond, of which 3.00 are billed.
    expect(lines(preview)).toEqual(['base 20.00', 'standard 1.00', 'premium 0.00', 'standard 3.00', 'premium 2.00']);
  });
});

describe('what is agreed for a plan as a whole', () => {
  const prices = [
    { key: 'base', name: 'Base fee', charge: { model: 'flat', amount: '10' } },
    { key: 'standard', name: 'Actions', meter: 'standard', charge: { model: 'unit', unitPrice: '1' } },
  ];

  it('stands on lines of its own, which come and go with the usage of a draft', async () => {
    const discounts = [{ key: 'launch', name: 'Launch', percent: '10', prices: ['standard'] }];
    await makePlan('least', prices, { minimum: '30', discounts });
    const { clock } = await subscribe(server, 'least', { plan: 'least', startAt: '2026-03-01T00:00:00Z' });
    await advance(server, clock, '2026-04-01T00:00:00Z');

    const [quiet] = await invoicesOf(server, 'least');
    expect(lines(quiet)).toEqual(['base 10.00', 'standard 0.00', 'plan:minimum 20.00']);
    expect(quiet.lines[2]).toMatchObject({
      kind: 'minimum',
      price: null,
      meter: null,
      plan: { key: 'least' },
      position: 3,
    });
    const explained = await made(server.api('GET', `/v1/invoices/${quiet.id}/lines/3/explain`));
    expect(explained.steps).toEqual(['Up to the minimum of 30: 20.', 'The line is 20.00 USD.']);
    expect(explained.events).toEqual({ count: 0, items: [], nextCursor: null });

    await use('least', '2026-03-05T00:00:00Z', 5);
    const [some] = await invoicesOf(server, 'least');
    expect(lines(some)).toEqual(['base 10.00', 'standard 5.00', 'plan:discount:launch -0.50', 'plan:minimum 15.50']);
    // The line that was there before is the same one, further down.
    expect(some.lines[3].id).toBe(quiet.lines[2].id);

    await use('least', '2026-03-06T00:00:00Z', 95);
    const [busy] = await invoicesOf(server, 'least');
    expect(lines(busy)).toEqual(['base 10.00', 'standard 100.00', 'plan:discount:launch -10.00']);
    expect(busy).toMatchObject({ total: '100.00', exactTotal: '100' });
    expect(await made(server.api('POST', `/v1/invoices/${quiet.id}/finalize`))).toMatchObject({ total: '100.00' });
  });

  it('a commitment is trued up in the last month of its term, over what the months before have charged', async () => {
    await makePlan('promised', prices, { commitment: { amount: '120', periods: 3 } });
    const { clock } = await subscribe(server, 'promised', { plan: 'promised', startAt: '2026-03-01T00:00:00Z' });
    await use('promised', '2026-03-05T00:00:00Z', 25);
    await use('promised', '2026-04-05T00:00:00Z', 15);
    await advance(server, clock, '2026-07-01T00:00:00Z');

    const months = await invoicesOf(server, 'promised');
    // 35 + 25 + 10 of 120; June begins the next term.
    expect(months.map(lines)).toEqual([
      ['base 10.00', 'standard 25.00'],
      ['base 10.00', 'standard 15.00'],
      ['base 10.00', 'standard 0.00', 'plan:true_up 50.00'],
      ['base 10.00', 'standard 0.00'],
    ]);
    expect(
      months
        .map(({ total }) => Number(total))
        .slice(0, 3)
        .reduce((sum, total) => sum + total),
    ).toBe(120);
    const explained = await made(server.api('GET', `/v1/invoices/${months[2].id}/lines/3/explain`));
    expect(explained.steps).toEqual([
      'Up to the commitment of 120 for 3 periods, of which 70 is charged: 50.',
      'The line is 50.00 USD.',
    ]);
  });
});
