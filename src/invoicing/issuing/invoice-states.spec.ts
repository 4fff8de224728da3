import { Client } from 'pg';
import { advance, invoicesOf, made, makeClock, subscribe } from '../../../test/support/books';
import { type Answer, startTestServer, type TestServer } from '../../../test/support/server';

const START = '2026-03-01T00:00:00Z';
const END = '2026-04-01T00:00:00Z';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  for (const [key, currency, amount] of [
    ['twenty', 'USD', '20'],
    ['free', 'USD', '0'],
    ['yen', 'JPY', '1500'],
  ]) {
    const prices = [{ key: 'base', name: 'Base fee', charge: { model: 'flat', amount } }];
    await made(server.api('POST', '/v1/plans', { key, name: key, currency, interval: 'month', prices }));
  }
});
afterAll(() => server.stop());

interface Issued {
  readonly id: string;
  readonly clock: string;
  readonly invoice: Answer['body'];
}

/** A finalized invoice of March, over 20.00 USD unless the plan says otherwise. */
async function issued(key: string, plan = 'twenty'): Promise<Issued> {
  const { clock } = await subscribe(server, key, { plan, startAt: START, timeZone: 'America/New_York' });
  await advance(server, clock, '2026-04-01T12:00:00Z');
  const [draft] = await invoicesOf(server, key);
  const invoice = await made(server.api('POST', `/v1/invoices/${draft.id}/finalize`));
  return { id: invoice.id, clock, invoice };
}

const pay = (id: string, amount: string, reference: string, more: object = {}): Promise<Answer> =>
  server.api('POST', `/v1/invoices/${id}/payments`, { amount, reference, ...more });
const close = (id: string, how: 'void' | 'mark-uncollectible', reason = 'Sent by mistake'): Promise<Answer> =>
  server.api('POST', `/v1/invoices/${id}/${how}`, { reason });
const find = (id: string): Promise<Answer['body']> => made(server.api('GET', `/v1/invoices/${id}`));

/** What was booked for a customer, oldest first: `purpose: account amount, …` for each posting. */
async function booked(customer: string): Promise<string[]> {
  const { items } = await made(server.api('GET', `/v1/ledger/entries?customer=${customer}&limit=200`));
  const postings = new Map<string, string[]>();
  for (const { posting, source, account, amount } of items as Answer['body'][]) {
    const entries = postings.get(posting) ?? [];
    postings.set(posting, [...entries, `${entries.length === 0 ? `${source.purpose}: ` : ''}${account} ${amount}`]);
  }
  return [...postings.values()].map((entries) => entries.join(', ')).reverse();
}

describe('a finalized invoice', () => {
  it('is due by the net terms of its customer, or of the organisation, counted in the customer’s zone', async () => {
    const general = await issued('general');
    // Its grace was over on 29 March in New York, and then it was finalized by itself; thirty days later it is 28 April.
    expect(general.invoice).toMatchObject({
      status: 'finalized',
      issuedAt: '2026-03-29T04:00:00.000Z',
      dueOn: '2026-04-28',
      amountPaid: '0.00',
      amountDue: '20.00',
      closedAt: null,
    });
    const { clock } = await subscribe(server, 'agreed', { plan: 'twenty', startAt: START });
    const path = '/v1/customers/agreed/payment-terms';
    expect(await made(server.api('GET', path))).toEqual({ netDays: null, effectiveNetDays: 30 });
    for (let repeat = 0; repeat < 2; repeat += 1) {
      expect(await made(server.api('PUT', path, { netDays: 7 }))).toEqual({ netDays: 7, effectiveNetDays: 7 });
    }
    await advance(server, clock, END);
    const [draft] = await invoicesOf(server, 'agreed');
    expect(draft).toMatchObject({ status: 'draft', dueOn: null, issuedAt: null, amountDue: '20.00' });
    expect(await made(server.api('POST', `/v1/invoices/${draft.id}/finalize`))).toMatchObject({ dueOn: '2026-04-08' });
    const log = await made(server.api('GET', '/v1/audit-log?action=customer.terms_changed'));
    expect(log.items).toHaveLength(1);
  });

  it('of nothing is paid at once, and nothing is booked', async () => {
    const { invoice } = await issued('nothing', 'free');
    expect(invoice).toMatchObject({ status: 'paid', total: '0.00', amountDue: '0.00', closedAt: invoice.issuedAt });
    expect(await booked('nothing')).toEqual([]);
  });

  it('is paid in parts; what is more than due becomes credit', async () => {
    const { id } = await issued('parts');
    const first = await made(pay(id, '5', 'one', { paidAt: '2026-04-01T08:00:00Z' }));
    expect(first).toMatchObject({
      amount: '5.00', applied: '5.00', credited: '0.00', currency: 'USD', paidAt: '2026-04-01T08:00:00.000Z',
      invoice: { id, status: 'finalized', amountPaid: '5.00', amountDue: '15.00' },
    }); // prettier-ignore
    // A repeat is the same payment.
    expect(await made(pay(id, '5', 'one', { paidAt: '2026-04-01T08:00:00Z' }))).toEqual(first);
    expect(await pay(id, '6', 'one')).toMatchObject({ status: 409, body: { code: 'payment_exists' } });

    const second = await made(pay(id, '18.50', 'two'));
    expect(second).toMatchObject({
      applied: '15.00', credited: '3.50', invoice: { status: 'paid', amountPaid: '20.00', amountDue: '0.00' },
    }); // prettier-ignore
    expect(await find(id)).toMatchObject({ status: 'paid', closedAt: second.paidAt, closedReason: null });
    const { items } = await made(server.api('GET', `/v1/invoices/${id}/payments`));
    expect(items.map(({ reference }: { reference: string }) => reference)).toEqual(['one', 'two']);
    expect(await booked('parts')).toEqual([
      'finalized: accounts_receivable 20.00, revenue -20.00',
      'received: payments 5.00, accounts_receivable -5.00',
      'received: payments 18.50, accounts_receivable -15.00, customer_credit -3.50',
    ]);
    // Paid twice: the second is credit as a whole.
    expect(await made(pay(id, '20', 'twice'))).toMatchObject({ applied: '0.00', credited: '20.00' });
  });

  it('is paid once by many payments at the same moment', async () => {
    const { id } = await issued('race');
    const answers = await Promise.all(Array.from({ length: 6 }, (_, index) => made(pay(id, '8', `at-once-${index}`))));
    const applied = answers.reduce((sum: number, { applied: each }) => sum + Number(each), 0);
    expect(applied).toBe(20);
    expect(await find(id)).toMatchObject({ status: 'paid', amountPaid: '20.00' });
  });

  it('is voided: what was booked is reversed, what was paid is credit; a repeat changes nothing', async () => {
    const { id, invoice } = await issued('void');
    await made(pay(id, '5', 'part'));
    const voided = await made(close(id, 'void'));
    expect(voided).toMatchObject({
      status: 'void', number: invoice.number, total: '20.00', amountDue: '0.00', closedReason: 'Sent by mistake',
    }); // prettier-ignore
    expect(voided.lines).toEqual(invoice.lines);
    expect(await made(close(id, 'void', 'Again'))).toEqual(voided);
    expect((await booked('void')).sort()).toEqual([
      'finalized: accounts_receivable 20.00, revenue -20.00',
      'received: payments 5.00, accounts_receivable -5.00',
      'void: accounts_receivable -20.00, revenue 20.00',
      'void_paid: accounts_receivable 5.00, customer_credit -5.00',
    ]);
    const { items } = await made(server.api('GET', '/v1/ledger/entries?customer=void&account=revenue'));
    expect(items.find(({ source }: Answer['body']) => source.purpose === 'void').reverses).toBe(
      items.find(({ source }: Answer['body']) => source.purpose === 'finalized').posting,
    );
    const log = await made(server.api('GET', `/v1/audit-log?subject=${id}`));
    expect(log.items.map(({ action, reason }: Answer['body']) => [action, reason])).toEqual([
      ['invoice.voided', 'Sent by mistake'],
      ['invoice.payment_recorded', null],
      ['invoice.finalized', null],
    ]);
  });

  it('is given up, and paid after all', async () => {
    const { id } = await issued('given-up');
    expect(await made(close(id, 'mark-uncollectible', 'Gone'))).toMatchObject({
      status: 'uncollectible', amountDue: '20.00', closedReason: 'Gone',
    }); // prettier-ignore
    expect(await made(pay(id, '20', 'late'))).toMatchObject({ invoice: { status: 'paid', amountDue: '0.00' } });
    expect((await booked('given-up')).sort()).toEqual([
      'finalized: accounts_receivable 20.00, revenue -20.00',
      'received: payments 20.00, write_offs -20.00',
      'uncollectible: write_offs 20.00, accounts_receivable -20.00',
    ]);
  });
});

it.each`
  state              | then                    | because
  ${'draft'}         | ${'pay'}                | ${'it has no number yet'}
  ${'draft'}         | ${'void'}               | ${'nothing was asked for'}
  ${'draft'}         | ${'mark-uncollectible'} | ${'nothing was asked for'}
  ${'void'}          | ${'pay'}                | ${'nothing is due'}
  ${'void'}          | ${'mark-uncollectible'} | ${'nothing is due'}
  ${'paid'}          | ${'void'}               | ${'a credit note takes back what is paid'}
  ${'paid'}          | ${'mark-uncollectible'} | ${'nothing is due'}
  ${'uncollectible'} | ${'void'}               | ${'it is closed'}
`('$then is refused of one that is $state: $because', async ({ state, then }) => {
  const key = `${state}-${then}`;
  let id: string;
  if (state === 'draft') {
    const { clock } = await subscribe(server, key, { plan: 'twenty', startAt: START });
    await advance(server, clock, END);
    id = (await invoicesOf(server, key))[0].id;
  } else {
    id = (await issued(key)).id;
    if (state === 'paid') await made(pay(id, '20', 'all'));
    else await made(close(id, state === 'void' ? 'void' : 'mark-uncollectible'));
  }
  const before = await find(id);
  const answer = then === 'pay' ? await pay(id, '1', 'more') : await close(id, then);
  expect(answer).toMatchObject({ status: 409, body: { code: 'invoice_not_open' } });
  expect(await find(id)).toEqual(before);
});

it('payments that can’t be are refused: of nothing, of half a yen, from the future', async () => {
  const { id } = await issued('yen', 'yen');
  for (const [amount, more, field] of [
    ['0', {}, 'amount'],
    ['-1', {}, 'amount'],
    ['0.5', {}, 'amount'],
    ['10', { paidAt: '2026-04-02T00:00:00Z' }, 'paidAt'],
  ] as const) {
    expect(await pay(id, amount, 'no', more)).toMatchObject({
      status: 422,
      body: { code: 'invalid_payment', errors: [{ field }] },
    });
  }
  expect(await made(pay(id, '1500', 'yes'))).toMatchObject({ amount: '1500', invoice: { status: 'paid' } });
});

it('the database itself keeps what a finalized invoice says, and lets its state go forward only', async () => {
  const { id, invoice } = await issued('guarded');
  const owner = new Client({ connectionString: server.databaseUrl });
  await owner.connect();
  try {
    const refused = async (change: string): Promise<void> => {
      await expect(owner.query(`UPDATE invoice SET ${change} WHERE number = $1`, [invoice.number])).rejects.toThrow(
        /never change/,
      );
    };
    for (const change of [`total = 0`, `due_on = '2027-01-01'`, `issued_at = now()`, `number = 'X-1'`]) {
      await refused(change);
      await refused(`${change}, status = 'paid', closed_at = now()`);
    }
    await made(pay(id, '20', 'all'));
    for (const change of [`status = 'finalized', closed_at = NULL`, `status = 'void'`, `amount_paid = 1`]) {
      await refused(change);
    }
    await expect(owner.query('DELETE FROM payment')).rejects.toThrow(/never changed/);
  } finally {
    await owner.end();
  }
});

it('entries come by page, each once', async () => {
  const all = await made(server.api('GET', '/v1/ledger/entries?limit=200'));
  const paged: Answer['body'][] = [];
  let cursor = '';
  do {
    const page = await made(server.api('GET', `/v1/ledger/entries?limit=7${cursor}`));
    paged.push(...page.items);
    cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`;
  } while (cursor !== '');
  expect(paged.length).toBeGreaterThan(14);
  expect(paged).toEqual(all.items);
});

it('numbers follow the format that is set, without a gap', async () => {
  const other = await server.organisation('Numbers');
  const api = (method: string, path: string, body?: unknown) => server.api(method, path, body, other.apiKey);
  expect(await made(api('GET', '/v1/invoice-settings'))).toEqual({
    numberFormat: 'INV-{number:6}',
    netDays: 30,
    approval: 'none',
  });
  const prices = [{ key: 'base', name: 'Base fee', charge: { model: 'flat', amount: '1' } }];
  await made(api('POST', '/v1/plans', { key: 'p', name: 'P', currency: 'USD', interval: 'month', prices }));
  const clock = await makeClock({ api }, START);
  const subscribed = await subscribe({ api }, 'c', { plan: 'p', startAt: START, clock });
  await advance({ api }, subscribed.clock, '2026-06-10T00:00:00Z');
  // Those of March and April were finalized by themselves.
  const numbers = async () => (await invoicesOf({ api }, 'c')).map(({ number }) => number);
  expect(await numbers()).toEqual(['INV-000001', 'INV-000002', 'INV-000003']);

  expect(await api('PATCH', '/v1/invoice-settings', { numberFormat: 'INV-{year}' })).toMatchObject({
    status: 422,
    body: { code: 'invalid_number_format', errors: [{ field: 'numberFormat' }] },
  });
  const wanted = { numberFormat: 'W-{year}.{month}-{number:3}', netDays: 0 };
  expect(await made(api('PATCH', '/v1/invoice-settings', wanted))).toMatchObject(wanted);
  await advance({ api }, subscribed.clock, '2027-01-01T00:00:00Z');
  await advance({ api }, subscribed.clock, '2027-01-10T00:00:00Z');
  expect((await numbers()).slice(3)).toEqual([
    'W-2026.07-004',
    'W-2026.08-005',
    'W-2026.09-006',
    'W-2026.10-007',
    'W-2026.11-008',
    'W-2026.12-009',
    'W-2027.01-010',
  ]);
  expect((await invoicesOf({ api }, 'c')).at(-1)).toMatchObject({ dueOn: '2027-01-02' });
});
