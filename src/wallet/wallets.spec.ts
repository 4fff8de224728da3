import { advance, invoicesOf, made, subscribe } from '../../test/support/books';
import { type Answer, startTestServer, type TestServer } from '../../test/support/server';

const START = '2026-03-01T00:00:00Z';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ WEIR_DRAFT_GRACE: '0s' });
  for (const key of ['chat', 'images']) await made(server.api('POST', '/v1/features', { key, name: key }));
  await made(server.api('POST', '/v1/meters', { key: 'calls', name: 'Calls', eventType: 'call', aggregation: 'sum', value: 'data.n' })); // prettier-ignore
  const prices = [
    { key: 'calls', name: 'Calls', meter: 'calls', charge: { model: 'unit', unitPrice: '0.0045' } },
    { key: 'base', name: 'Base', charge: { model: 'flat', amount: '5' } },
  ];
  await made(server.api('POST', '/v1/plans', { key: 'usage', name: 'Usage', currency: 'USD', interval: 'month', prices })); // prettier-ignore
});
afterAll(() => server.stop());

let sent = 0;
const use = (customer: string, n: number, more: object = {}): Promise<Answer['body']> =>
  made(server.api('POST', '/v1/events', { id: `e${(sent += 1)}`, type: 'call', customer, data: { n }, ...more }));
const wallet = (key: string): Promise<Answer['body']> => made(server.api('GET', `/v1/wallets/${key}`));
const grant = (key: string, body: object): Promise<Answer['body']> =>
  made(server.api('POST', `/v1/wallets/${key}/grants`, body));
const money = (customer: string, more: object = {}): Promise<Answer['body']> =>
  made(server.api('POST', '/v1/wallets', { key: customer, customer, currency: 'USD', ...more }));

/** `kind amount source`, the oldest first. */
async function journal(key: string): Promise<string[]> {
  const { items } = await made(server.api('GET', `/v1/wallets/${key}/entries?limit=200`));
  return (items as Answer['body'][]).map(({ kind, amount, source }) => `${kind} ${amount} ${source.kind}`).reverse();
}

/** Balances of a customer's accounts that aren't zero, from the ledger's entries. */
async function accounts(customer: string): Promise<Record<string, string>> {
  const { items } = await made(server.api('GET', `/v1/ledger/entries?customer=${customer}&limit=200`));
  const sums = new Map<string, number>();
  for (const { account, amount } of items as Answer['body'][]) {
    sums.set(account, (sums.get(account) ?? 0) + Math.round(Number(amount) * 100));
  }
  return Object.fromEntries([...sums].filter(([, cents]) => cents !== 0).map(([name, cents]) => [name, (cents / 100).toFixed(2)])); // prettier-ignore
}

it('credit in money: burned as usage comes, then the invoice takes its place, and what is left expires', async () => {
  const { clock } = await subscribe(server, 'acme', { plan: 'usage', startAt: START });
  await money('acme');
  await grant('acme', { kind: 'bought', amount: '10', expiresAt: '2026-05-01T00:00:00Z' });
  const gift = { kind: 'promotional', amount: '2', priority: 1, expiresAt: '2026-03-20T00:00:00Z', reference: 'hello' };
  const given = await grant('acme', gift);
  expect(await grant('acme', gift)).toEqual(given);
  expect(await accounts('acme')).toEqual({ payments: '10.00', promotional_credit: '2.00', prepaid_credit: '-12.00' });

  // 1,001 × 0.0045 = 4.5045: the gift of 2.00 first, then 2.5045.
  await use('acme', 1001);
  expect((await wallet('acme')).balance).toMatchObject({ settled: '7.4955', held: '0', available: '7.4955' });
  expect(await journal('acme')).toEqual(['grant 10 grant', 'grant 2 grant', 'burn -2 spend', 'burn -2.5045 spend']);

  // 4.50 of usage and 5.00 of fees: 9.50 of 12.00. What was burned beyond 4.50 is part of it: 2.50 are left.
  await advance(server, clock, '2026-04-01T00:00:00Z');
  const [march] = await invoicesOf(server, 'acme');
  expect(march).toMatchObject({ total: '9.50', creditApplied: '0.00', prepaidApplied: '9.50', amountDue: '0.00', status: 'paid' }); // prettier-ignore
  expect((await wallet('acme')).balance).toMatchObject({ settled: '2.5', available: '2.5' });
  expect(await accounts('acme')).toEqual({ payments: '10.00', promotional_credit: '2.00', prepaid_credit: '-2.50', revenue: '-9.50' }); // prettier-ignore

  // It expires with the first instant of May, before the invoice of April is there.
  await advance(server, clock, '2026-05-01T00:00:00Z');
  const [, april] = await invoicesOf(server, 'acme');
  expect(april).toMatchObject({ total: '5.00', prepaidApplied: '0.00', amountDue: '5.00', status: 'finalized' });
  expect((await wallet('acme')).balance).toMatchObject({ settled: '0', available: '0' });
  expect(await accounts('acme')).toEqual({
    payments: '10.00',
    promotional_credit: '2.00',
    breakage: '-2.50',
    revenue: '-14.50',
    accounts_receivable: '5.00',
  });
  expect((await journal('acme')).at(-1)).toBe('expiry -2.5 expiry');
});

it('a void invoice gives back what it took, and the one in its place takes it again', async () => {
  const { clock } = await subscribe(server, 'void', { plan: 'usage', startAt: START });
  await money('void');
  await grant('void', { kind: 'bought', amount: '6', paid: '4.80' });
  await use('void', 1000);
  await advance(server, clock, '2026-04-01T00:00:00Z');
  const [invoice] = await invoicesOf(server, 'void');
  expect(invoice).toMatchObject({ total: '9.50', prepaidApplied: '6.00', amountDue: '3.50', status: 'finalized' });

  await made(server.api('POST', `/v1/invoices/${invoice.id}/void`, { reason: 'wrong' }));
  expect((await wallet('void')).balance.settled).toBe('6');
  expect(await accounts('void')).toEqual({ payments: '4.80', promotional_credit: '1.20', prepaid_credit: '-6.00' });

  const fresh = await made(server.api('POST', `/v1/invoices/${invoice.id}/reissue`, { reason: 'wrong' }));
  const again = await made(server.api('POST', `/v1/invoices/${fresh.id}/finalize`));
  expect(again).toMatchObject({ total: '9.50', prepaidApplied: '6.00', amountDue: '3.50' });
  expect((await wallet('void')).balance.settled).toBe('0');
});

it('units of its own: burned by a table, earned by what was paid for them, a third of a cent at a time', async () => {
  await made(server.api('POST', '/v1/customers', { key: 'units', name: 'Units' }));
  await made(
    server.api('POST', '/v1/wallets', {
      ...{ key: 'credits', customer: 'units', unit: 'credits', soldIn: 'USD', burns: { calls: '0.001' } },
    }),
  );
  await grant('credits', { kind: 'bought', amount: '1034', paid: '1.03', features: ['chat'] });
  await grant('credits', { kind: 'promotional', amount: '0.5' });
  await use('units', 1, { feature: 'chat' });
  await use('units', 999, { feature: 'chat' });
  await use('units', 700, { feature: 'images' });
  const { balance, burns } = await wallet('credits');
  expect(burns).toEqual({ calls: '0.001' });
  // For chat 1 of 1,034, which was granted first; for images 0.5 of the gift, and 0.2 that nothing covers.
  expect(balance).toMatchObject({
    settled: '1033',
    available: '0',
    features: [{ feature: 'chat', available: '1033' }],
  });
  expect((await journal('credits')).slice(2)).toEqual([
    'burn -0.001 usage',
    'burn -0.999 usage',
    'burn -0.5 usage',
    'uncovered -0.2 usage',
  ]);
});

it('may go below zero as far as it is allowed; new credit pays that first', async () => {
  await subscribe(server, 'below', { plan: 'usage', startAt: START });
  await money('below', { overdraftLimit: '3' });
  await use('below', 1000);
  expect((await wallet('below')).balance).toMatchObject({ settled: '-3', available: '0' });
  await grant('below', { kind: 'bought', amount: '5' });
  expect((await wallet('below')).balance).toMatchObject({ settled: '2', available: '5' });
  expect(await journal('below')).toEqual([
    'overdraft -3 spend',
    'uncovered -1.5 spend',
    'grant 5 grant',
    'cover -3 grant',
    'cover 3 grant',
  ]);
});

it('usage that is taken back gives its credit back', async () => {
  await subscribe(server, 'back', { plan: 'usage', startAt: START });
  await money('back');
  await grant('back', { kind: 'bought', amount: '5' });
  await use('back', 1000);
  await made(server.api('POST', `/v1/events/e${sent}/void`, { reason: 'sent twice' }));
  expect((await wallet('back')).balance.settled).toBe('5');
});

it.each`
  path               | body                                                                   | status | code                    | because
  ${''}              | ${{ key: 'x', customer: 'rules' }}                                     | ${422} | ${'invalid_request'}    | ${'it is in money or in units'}
  ${''}              | ${{ key: 'x', customer: 'rules', unit: 'c', soldIn: 'USD' }}           | ${422} | ${'invalid_request'}    | ${'units are burned by a table'}
  ${''}              | ${{ key: 'x', customer: 'nobody', currency: 'USD' }}                   | ${404} | ${'customer_not_found'} | ${'nobody has it'}
  ${''}              | ${{ key: 'other', customer: 'rules', currency: 'USD' }}                | ${409} | ${'wallet_exists'}      | ${'one of a currency is enough'}
  ${''}              | ${{ key: 'rules', customer: 'rules', currency: 'EUR' }}                | ${409} | ${'wallet_exists'}      | ${'the key is taken'}
  ${'/none/grants'}  | ${{ kind: 'bought', amount: '1' }}                                     | ${404} | ${'wallet_not_found'}   | ${'there is no such wallet'}
  ${'/rules/grants'} | ${{ kind: 'bought', amount: '0' }}                                     | ${422} | ${'invalid_request'}    | ${'nothing is no grant'}
  ${'/rules/grants'} | ${{ kind: 'bought', amount: '-1' }}                                    | ${422} | ${'invalid_request'}    | ${'credit is given, not taken'}
  ${'/rules/grants'} | ${{ kind: 'bought', amount: '10', paid: '10.01' }}                     | ${422} | ${'invalid_grant'}      | ${'nobody pays more than the face'}
  ${'/rules/grants'} | ${{ kind: 'bought', amount: '10', paid: '1.001' }}                     | ${422} | ${'invalid_grant'}      | ${'payments are in cents'}
  ${'/rules/grants'} | ${{ kind: 'promotional', amount: '10', paid: '1' }}                    | ${422} | ${'invalid_grant'}      | ${'a gift isn’t paid for'}
  ${'/rules/grants'} | ${{ kind: 'bought', amount: '10', expiresAt: '2020-01-01T00:00:00Z' }} | ${422} | ${'invalid_grant'}      | ${'it is over already'}
  ${'/rules/grants'} | ${{ kind: 'bought', amount: '10', rolloverLimit: '1' }}                | ${422} | ${'invalid_grant'}      | ${'what never expires rolls nothing over'}
  ${'/rules/grants'} | ${{ kind: 'bought', amount: '10', features: ['none'] }}                | ${404} | ${'feature_not_found'}  | ${'there is no such feature'}
`('POST /v1/wallets$path $body: $because', async ({ path, body, status, code }) => {
  if ((await server.api('GET', '/v1/customers/rules')).status === 404) {
    await made(server.api('POST', '/v1/customers', { key: 'rules', name: 'Rules' }));
    await money('rules');
  }
  const answer = await server.api('POST', `/v1/wallets${path}`, body);
  expect([answer.status, answer.body.code]).toEqual([status, code]);
});

it('are listed by customer, and of whom has none as none', async () => {
  await made(server.api('POST', '/v1/customers', { key: 'none', name: 'None' }));
  expect(await made(server.api('GET', '/v1/wallets?customer=none'))).toEqual({ items: [], nextCursor: null });
  const { items, nextCursor } = await made(server.api('GET', '/v1/wallets?limit=1'));
  expect(items).toHaveLength(1);
  const more = await made(server.api('GET', `/v1/wallets?limit=200&cursor=${nextCursor}`));
  expect((more.items as Answer['body'][]).map(({ key }) => key)).toContain('acme');
});

it('is changed, and archived once it is empty', async () => {
  await made(server.api('POST', '/v1/customers', { key: 'end', name: 'End' }));
  const first = await money('end');
  expect(await money('end')).toEqual(first);
  expect(await made(server.api('PATCH', '/v1/wallets/end', { name: 'Prepaid', whenEmpty: 'arrears' }))).toMatchObject({ name: 'Prepaid', whenEmpty: 'arrears', overdraftLimit: '0' }); // prettier-ignore
  await grant('end', { kind: 'refund', amount: '1', reason: 'Out of order' });
  expect((await server.api('POST', '/v1/wallets/end/archive')).body.code).toBe('wallet_not_empty');
  expect((await server.api('PATCH', '/v1/wallets/end', { burns: { calls: '1' } })).body.code).toBe('invalid_wallet');

  await made(server.api('POST', '/v1/customers', { key: 'gone', name: 'Gone' }));
  await money('gone');
  const archived = await made(server.api('POST', '/v1/wallets/gone/archive'));
  expect(archived.archivedAt).not.toBeNull();
  expect(await made(server.api('POST', '/v1/wallets/gone/archive'))).toEqual(archived);
  expect((await server.api('POST', '/v1/wallets/gone/grants', { kind: 'bought', amount: '1' })).body.code).toBe('wallet_archived'); // prettier-ignore
  await made(server.api('POST', '/v1/wallets', { key: 'gone-2', customer: 'gone', currency: 'USD' }));
});
