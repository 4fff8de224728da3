import { advance, invoicesOf, made, subscribe } from '../../../test/support/books';
import { type Answer, startTestServer, type TestServer } from '../../../test/support/server';

const START = '2026-03-01T00:00:00Z';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ WEIR_DRAFT_GRACE: '0s' });
  await made(server.api('POST', '/v1/tax-rates', { key: 'vat', name: 'VAT', percent: '19', country: 'DE' }));
  const prices = [
    { key: 'base', name: 'base', charge: { model: 'flat', amount: '20' } },
    { key: 'seat', name: 'seat', charge: { model: 'flat', amount: '10' } },
  ];
  await made(server.api('POST', '/v1/plans', { key: 'thirty', name: 'Thirty', currency: 'EUR', interval: 'month', prices })); // prettier-ignore
});
afterAll(() => server.stop());

/** A finalized invoice of March over 20.00 and 10.00 EUR, of a customer in Germany or nowhere. */
async function issued(key: string, country: string | null = null) {
  const { clock } = await subscribe(server, key, { plan: 'thirty', startAt: START });
  if (country !== null) await made(server.api('PATCH', `/v1/customers/${key}`, { billing: { country } }));
  await advance(server, clock, '2026-04-01T00:00:00Z');
  const [invoice] = await invoicesOf(server, key);
  expect(invoice.status).toBe('finalized');
  return { id: invoice.id as string, clock, invoice };
}

const note = (id: string, body: object): Promise<Answer> =>
  server.api('POST', `/v1/invoices/${id}/credit-notes`, { reason: 'Out of order for a week', ...body });
const find = (id: string): Promise<Answer['body']> => made(server.api('GET', `/v1/invoices/${id}`));
const pay = (id: string, amount: string, reference = amount): Promise<Answer['body']> =>
  made(server.api('POST', `/v1/invoices/${id}/payments`, { amount, reference }));

/** What was booked for a customer, oldest first: `purpose: account amount, …` for each posting. */
async function booked(customer: string): Promise<string[]> {
  const { items } = await made(server.api('GET', `/v1/ledger/entries?customer=${customer}&limit=200`));
  const postings = new Map<string, string[]>();
  for (const { posting, source, account, amount } of items as Answer['body'][]) {
    const entries = postings.get(posting) ?? [];
    const step = `${source.kind} ${source.purpose}: `;
    postings.set(posting, [...entries, `${entries.length === 0 ? step : ''}${account} ${amount}`]);
  }
  return [...postings.values()].map((entries) => entries.join(', ')).reverse();
}

describe('a credit note', () => {
  it('takes parts of lines back with their tax; the one that completes a line takes the rest', async () => {
    const { id, invoice } = await issued('parts', 'DE');
    expect(invoice).toMatchObject({ subtotal: '30.00', taxTotal: '5.70', total: '35.70', amountDue: '35.70' });
    const seat = invoice.lines[1];

    const first = await made(note(id, { as: 'invoice', lines: [{ line: seat.id, amount: '4' }] }));
    expect(first).toMatchObject({
      number: 'CN-000001',
      invoice: { id, number: invoice.number },
      customer: { key: 'parts' },
      as: 'invoice',
      subtotal: '4.00',
      taxTotal: '0.76',
      total: '4.76',
      lines: [{ line: seat.id, position: 2, description: 'seat', amount: '4.00', net: '4.00', tax: '0.76' }],
      taxes: [{ key: 'vat', percent: '19', base: '4.00', amount: '0.76' }],
    });
    const second = await made(note(id, { as: 'invoice', lines: [{ line: '2', amount: '6' }, { line: '1', amount: '0.01' }] })); // prettier-ignore
    expect(second).toMatchObject({ number: 'CN-000002', subtotal: '6.01', taxTotal: '1.14', total: '7.15' });
    expect(await find(id)).toMatchObject({ status: 'finalized', credited: '11.91', amountDue: '23.79' });
    expect(await booked('parts')).toEqual([
      'invoice finalized: accounts_receivable 35.70, revenue -30.00, tax -5.70',
      'credit_note issued: revenue 4.00, tax 0.76, accounts_receivable -4.76',
      'credit_note issued: revenue 6.01, tax 1.14, accounts_receivable -7.15',
    ]);

    const { items } = await made(server.api('GET', `/v1/invoices/${id}/credit-notes`));
    expect(items).toEqual([first, second]);
    for (const reference of [first.id, 'CN-000001']) {
      expect(await made(server.api('GET', `/v1/credit-notes/${reference}`))).toEqual(first);
    }
    // 19.99 is left of the base fee, and 5.70 − 0.76 − 1.14 = 3.80 of the tax.
    const rest = await made(note(id, { as: 'invoice' }));
    expect(rest).toMatchObject({ subtotal: '19.99', taxTotal: '3.80', total: '23.79' });
    expect(await find(id)).toMatchObject({ status: 'paid', credited: '35.70', amountDue: '0.00', closedAt: rest.issuedAt }); // prettier-ignore
  });

  it('becomes credit, which pays the next invoice, and the customer sees where it is from and went', async () => {
    const { id, clock } = await issued('balance');
    await pay(id, '30');
    const { number, id: noteId } = await made(note(id, { as: 'balance', lines: [{ line: '1', amount: '12' }] }));
    expect(await find(id)).toMatchObject({ status: 'paid', credited: '0.00', amountPaid: '30.00' });
    const credit = () => made(server.api('GET', '/v1/customers/balance/credit'));
    expect((await credit()).balances).toEqual([{ currency: 'EUR', balance: '12.00' }]);

    await advance(server, clock, '2026-05-01T00:00:00Z');
    const [, april] = await invoicesOf(server, 'balance');
    expect(april).toMatchObject({ status: 'finalized', total: '30.00', creditApplied: '12.00', amountDue: '18.00' });
    expect(await credit()).toMatchObject({
      balances: [{ currency: 'EUR', balance: '0.00' }],
      items: [
        { amount: '-12.00', balance: '0.00', source: { kind: 'invoice', id: april.id, purpose: 'credit_applied' } },
        { amount: '12.00', balance: '12.00', source: { kind: 'credit_note', id: noteId, purpose: 'issued' } },
      ],
      nextCursor: null,
    });
    expect((await credit()).items[1].description).toContain(number);
    const page = await made(server.api('GET', '/v1/customers/balance/credit?limit=1'));
    const next = await made(server.api('GET', `/v1/customers/balance/credit?limit=1&cursor=${page.nextCursor}`));
    expect([page.items[0].amount, next.items[0].amount, next.nextCursor]).toEqual(['-12.00', '12.00', null]);

    // Void, the invoice gives it back.
    await made(server.api('POST', `/v1/invoices/${april.id}/void`, { reason: 'Sent by mistake' }));
    expect((await credit()).balances).toEqual([{ currency: 'EUR', balance: '12.00' }]);
    const postings = (await booked('balance')).slice(3);
    expect(postings.slice(0, 2)).toEqual([
      'invoice finalized: accounts_receivable 30.00, revenue -30.00',
      'invoice credit_applied: customer_credit 12.00, accounts_receivable -12.00',
    ]);
    // Of the same instant.
    expect(postings.slice(2).sort()).toEqual([
      'invoice credit_given_back: customer_credit -12.00, accounts_receivable 12.00',
      'invoice void: accounts_receivable -30.00, revenue 30.00',
    ]);
  });

  it('is paid back, at most what was paid', async () => {
    const { id } = await issued('refund');
    expect(await note(id, { as: 'refund', lines: [{ line: '1', amount: '1' }] })).toMatchObject({ status: 409, body: { code: 'credit_too_large' } }); // prettier-ignore
    await pay(id, '15');
    await made(note(id, { as: 'refund', lines: [{ line: '1', amount: '14' }] }));
    expect(await note(id, { as: 'refund', lines: [{ line: '1', amount: '2' }] })).toMatchObject({
      status: 409,
      body: { code: 'credit_too_large', detail: 'The credit note would come to 2.00 EUR, but only 1.00 EUR was paid and not paid back yet.' }, // prettier-ignore
    });
    await made(note(id, { as: 'refund', lines: [{ line: '1', amount: '1' }] }));
    // 15.00 is still due, and 15.00 of the lines are left: those take it down to nothing.
    expect(await made(note(id, { as: 'invoice' }))).toMatchObject({ total: '15.00' });
    expect(await find(id)).toMatchObject({ status: 'paid', amountPaid: '15.00', credited: '15.00' });
    expect((await booked('refund')).slice(1)).toEqual([
      'payment received: payments 15.00, accounts_receivable -15.00',
      'credit_note issued: revenue 14.00, payments -14.00',
      'credit_note issued: revenue 1.00, payments -1.00',
      'credit_note issued: revenue 15.00, accounts_receivable -15.00',
    ]);
  });

  it('of what was given up is off the write-off', async () => {
    const { id } = await issued('lost');
    await made(server.api('POST', `/v1/invoices/${id}/mark-uncollectible`, { reason: 'Insolvent' }));
    await made(note(id, { as: 'invoice', lines: [{ line: '1', amount: '20' }] }));
    expect(await find(id)).toMatchObject({ status: 'uncollectible', amountDue: '10.00' });
    await made(note(id, { as: 'invoice' }));
    expect(await find(id)).toMatchObject({ status: 'paid', amountDue: '0.00', closedReason: null });
    expect((await booked('lost')).slice(1)).toEqual([
      'invoice uncollectible: write_offs 30.00, accounts_receivable -30.00',
      'credit_note issued: revenue 20.00, write_offs -20.00',
      'credit_note issued: revenue 10.00, write_offs -10.00',
    ]);
  });

  it.each`
    body                                                                                  | status | code                        | because
    ${{ as: 'invoice', lines: [{ line: '1', amount: '20.01' }] }}                         | ${409} | ${'credit_too_large'}       | ${'more than the line'}
    ${{ as: 'invoice', lines: [{ line: '1', amount: '0' }] }}                             | ${422} | ${'invalid_credit_note'}    | ${'nothing'}
    ${{ as: 'invoice', lines: [{ line: '1', amount: '0.001' }] }}                         | ${422} | ${'invalid_credit_note'}    | ${'less than a cent'}
    ${{ as: 'invoice', lines: [{ line: '1', amount: '1' }, { line: '1', amount: '1' }] }} | ${422} | ${'invalid_credit_note'}    | ${'a line twice'}
    ${{ as: 'invoice', lines: [{ line: '3', amount: '1' }] }}                             | ${404} | ${'invoice_line_not_found'} | ${'a line that isn’t there'}
    ${{ as: 'invoice', lines: [] }}                                                       | ${422} | ${'invalid_request'}        | ${'no line'}
    ${{ as: 'cash' }}                                                                     | ${422} | ${'invalid_request'}        | ${'no such way'}
  `('is refused: $because', async ({ body, status, code }) => {
    refused ??= await issued('refused');
    expect(await note(refused.id, body)).toMatchObject({ status, body: { code } });
    expect((await made(server.api('GET', `/v1/invoices/${refused.id}/credit-notes`))).items).toEqual([]);
  });
  let refused: Awaited<ReturnType<typeof issued>> | undefined;

  it('is one for its reference, whatever is repeated', async () => {
    const { id } = await issued('twice');
    const body = { as: 'invoice', reference: 'ticket 7', lines: [{ line: '1', amount: '5' }] };
    const first = await made(note(id, body));
    expect(await made(note(id, body))).toEqual(first);
    const other = await note(id, { ...body, lines: [{ line: '1', amount: '6' }] });
    expect(other).toMatchObject({ status: 409, body: { code: 'credit_note_exists' } });
    expect(await find(id)).toMatchObject({ credited: '5.00' });
  });

  it('is of a finalized invoice, which can’t be void any more', async () => {
    const { clock } = await subscribe(server, 'states', { plan: 'thirty', startAt: START });
    const one = await issued('noted');
    await made(note(one.id, { as: 'invoice', lines: [{ line: '1', amount: '5' }] }));
    const void_ = (id: string) => server.api('POST', `/v1/invoices/${id}/void`, { reason: 'Sent by mistake' });
    expect(await void_(one.id)).toMatchObject({ status: 409, body: { code: 'invoice_has_credit_notes' } });

    await advance(server, clock, '2026-04-01T00:00:00Z');
    const [other] = await invoicesOf(server, 'states');
    await made(void_(other.id));
    expect(await note(other.id, { as: 'invoice' })).toMatchObject({ status: 409, body: { code: 'invoice_not_open' } });
  });

  it('is never more than a line together with those that are made at the same moment; their numbers have no gap', async () => {
    const { id } = await issued('race');
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => note(id, { as: 'invoice', lines: [{ line: '1', amount: '8' }] })),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([201, 201, 409, 409, 409, 409]);
    expect(await find(id)).toMatchObject({ credited: '16.00', amountDue: '14.00' });
    const numbers = await server.query<{ number: string }>('SELECT number FROM credit_note ORDER BY number');
    expect(numbers.map(({ number }) => number)).toEqual(
      numbers.map((_, index) => `CN-${String(index + 1).padStart(6, '0')}`),
    );
  });
});

it('credit is used up once by invoices that are finalized at the same moment', async () => {
  const { id, clock } = await issued('credit-race');
  await pay(id, '70');
  for (const key of ['second', 'third']) {
    await made(server.api('POST', '/v1/subscriptions', { key: `race-${key}`, customer: 'credit-race', plan: 'thirty', startAt: '2026-04-01T00:00:00Z', invoicing: 'apart' })); // prettier-ignore
  }
  await advance(server, clock, '2026-05-01T00:00:00Z');
  const april = (await invoicesOf(server, 'credit-race')).slice(1);
  const used = april.reduce((sum: number, { creditApplied }) => sum + Number(creditApplied), 0);
  expect([april.length, used]).toEqual([3, 40]);
  const { balances } = await made(server.api('GET', '/v1/customers/credit-race/credit'));
  expect(balances).toEqual([{ currency: 'EUR', balance: '0.00' }]);
});
