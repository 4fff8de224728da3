import { advance, invoicesOf, made, subscribe } from '../../../test/support/books';
import { type Answer, startTestServer, type TestServer } from '../../../test/support/server';

const START = '2026-03-01T00:00:00Z';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ WEIR_DRAFT_GRACE: '0s' });
  await made(server.api('POST', '/v1/tax-rates', { key: 'vat', name: 'VAT', percent: '19', country: 'DE' }));
  await made(server.api('POST', '/v1/meters', { key: 'calls', name: 'Calls', eventType: 'call', aggregation: 'sum', value: 'data.n' })); // prettier-ignore
  const prices = [{ key: 'calls', name: 'Calls', meter: 'calls', charge: { model: 'unit', unitPrice: '1' } }];
  await made(server.api('POST', '/v1/plans', { key: 'usage', name: 'Usage', currency: 'EUR', interval: 'month', prices })); // prettier-ignore
});
afterAll(() => server.stop());

let sent = 0;
const use = (customer: string, n: number): Promise<Answer['body']> =>
  made(server.api('POST', '/v1/events', { id: `e${(sent += 1)}`, type: 'call', customer, data: { n } }));
const balance = async (key: string): Promise<string> =>
  (await made(server.api('GET', `/v1/wallets/${key}`))).balance.settled as string;
const sell = (key: string, body: object): Promise<Answer['body']> =>
  made(server.api('POST', `/v1/wallets/${key}/top-ups`, body));

/** A customer in Germany with an empty wallet in euros under the same key, and what it is topped up by. */
async function customer(key: string, topUp: object | null = null): Promise<{ clock: string }> {
  const { clock } = await subscribe(server, key, { plan: 'usage', startAt: START });
  await made(server.api('PATCH', `/v1/customers/${key}`, { billing: { country: 'DE' } }));
  await made(server.api('POST', '/v1/wallets', { key, customer: key, currency: 'EUR', topUp }));
  return { clock };
}

async function booked(key: string): Promise<string[]> {
  const { items } = await made(server.api('GET', `/v1/ledger/entries?customer=${key}&limit=200`));
  return (items as Answer['body'][]).map(({ account, amount, source }) => `${source.purpose} ${account} ${amount}`);
}

/** Top-ups of a wallet, the oldest first, once there are so many: a job makes them. */
async function topUps(key: string, count: number): Promise<Answer['body'][]> {
  for (;;) {
    const { items } = await made(server.api('GET', `/v1/wallets/${key}/top-ups`));
    if (items.length >= count) return (items as Answer['body'][]).reverse();
  }
}

it('is granted at once where it is paid, and once for a reference', async () => {
  await customer('paid');
  const first = await sell('paid', { amount: '25', price: '20', paid: true, reference: 'order-1' });
  expect(first).toMatchObject({ trigger: 'hand', amount: '25', price: '20.00', status: 'granted', invoice: null });
  expect(await sell('paid', { amount: '25', price: '20', paid: true, reference: 'order-1' })).toEqual(first);
  expect((await server.api('POST', '/v1/wallets/paid/top-ups', { amount: '26', reference: 'order-1' })).body.code).toBe('top_up_exists'); // prettier-ignore
  expect(await balance('paid')).toBe('25');
  expect((await booked('paid')).sort()).toEqual([
    'granted payments 20.00',
    'granted prepaid_credit -25.00',
    'granted promotional_credit 5.00',
  ]);
});

it('is invoiced without tax, and granted when that is paid: what it pays for is taxed then', async () => {
  const { clock } = await customer('invoiced');
  const topUp = await sell('invoiced', { amount: '25', expiresAfterDays: 90 });
  expect(topUp).toMatchObject({ status: 'invoiced', price: '25.00' });
  const invoice = await made(server.api('GET', `/v1/invoices/${topUp.invoice}`));
  expect(invoice).toMatchObject({ status: 'finalized', subtotal: '25.00', taxTotal: '0.00', prepaidApplied: '0.00', amountDue: '25.00' }); // prettier-ignore
  expect(await balance('invoiced')).toBe('0');
  expect((await server.api('POST', `/v1/invoices/${topUp.invoice}/credit-notes`, { as: 'invoice', reason: 'no' })).body.code).toBe('invoice_sells_credit'); // prettier-ignore

  await made(server.api('POST', `/v1/invoices/${topUp.invoice}/payments`, { amount: '25', reference: 'p' }));
  expect(await balance('invoiced')).toBe('25');
  expect((await topUps('invoiced', 1))[0]).toMatchObject({ status: 'granted' });

  // 10.00 and 19 %: 11.90, which the credit pays with the tax in it.
  await use('invoiced', 10);
  await advance(server, clock, '2026-04-01T00:00:00Z');
  const month = (await invoicesOf(server, 'invoiced')).find(({ id }) => id !== topUp.invoice);
  expect(month).toMatchObject({ total: '11.90', taxTotal: '1.90', prepaidApplied: '11.90', amountDue: '0.00', status: 'paid' }); // prettier-ignore
  expect(await balance('invoiced')).toBe('13.1');
  expect((await booked('invoiced')).reverse()).toEqual([
    'finalized prepaid_credit -25.00',
    'finalized accounts_receivable 25.00',
    'received accounts_receivable -25.00',
    'received payments 25.00',
    'finalized tax -1.90',
    'finalized revenue -10.00',
    'finalized accounts_receivable 11.90',
    'prepaid_applied accounts_receivable -11.90',
    'prepaid_applied prepaid_credit 11.90',
  ]);
});

it('of units is taxed when they are sold, and isn’t granted when the invoice is void', async () => {
  await customer('units');
  await made(server.api('POST', '/v1/wallets', { key: 'credits', customer: 'units', unit: 'credits', soldIn: 'EUR', burns: { calls: '2' } })); // prettier-ignore
  expect((await server.api('POST', '/v1/wallets/credits/top-ups', { amount: '1000' })).body.code).toBe(
    'invalid_top_up',
  );
  const topUp = await sell('credits', { amount: '1000', price: '10' });
  const invoice = await made(server.api('GET', `/v1/invoices/${topUp.invoice}`));
  expect(invoice).toMatchObject({ subtotal: '10.00', taxTotal: '1.90', amountDue: '11.90' });
  await made(server.api('POST', `/v1/invoices/${topUp.invoice}/void`, { reason: 'changed their mind' }));
  expect((await topUps('credits', 1))[0]).toMatchObject({ status: 'void' });
  expect(await balance('credits')).toBe('0');
});

it('is bought when little is left, one after the other, until the month’s limit', async () => {
  const rule = { on: 'threshold', below: '5', amount: '20', monthlyLimit: '50', paid: true };
  const { clock } = await customer('auto', rule);
  expect(await topUps('auto', 1)).toMatchObject([{ trigger: 'threshold', status: 'granted', price: '20.00' }]);
  expect(await balance('auto')).toBe('20');
  await use('auto', 18);
  expect(await topUps('auto', 2)).toMatchObject([{ status: 'granted' }, { status: 'granted' }]);
  await use('auto', 18);
  expect((await topUps('auto', 3))[2]).toMatchObject({
    status: 'refused',
    reason: 'The limit of the month is reached',
  });
  expect(await balance('auto')).toBe('4');

  // The invoice of the month has 19 % on top, for which 4.00 are left; then April has a limit of its own.
  await advance(server, clock, '2026-04-01T00:00:00Z');
  expect((await topUps('auto', 4))[3]).toMatchObject({ status: 'granted', at: '2026-04-01T00:00:00.000Z' });
});

it('is bought by schedule, once for each period', async () => {
  const rule = {
    on: 'schedule',
    every: 'month',
    startsAt: '2026-03-10T00:00:00Z',
    amount: '7',
    price: '5',
    paid: true,
  };
  const { clock } = await customer('monthly', rule);
  await advance(server, clock, '2026-03-10T00:00:00Z');
  expect((await topUps('monthly', 1))[0]).toMatchObject({ trigger: 'schedule', price: '5.00' });
  await advance(server, clock, '2026-04-09T23:59:59Z');
  await advance(server, clock, '2026-04-10T00:00:00Z');
  expect(await topUps('monthly', 2)).toHaveLength(2);
  expect(await balance('monthly')).toBe('14');
});
