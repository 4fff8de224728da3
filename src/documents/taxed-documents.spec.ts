import { advance, eventsBehind, made, makeClock } from '../../test/support/books';
import { startTestServer, type TestServer } from '../../test/support/server';

// One customer in Germany with a plan, VAT of 19 %, 250 events and a credit note: as files, and explained.
let server: TestServer;
let invoice: { id: string; number: string; lines: { id: string; position: number }[] };
let clock: string;
const EVENTS = 250;

beforeAll(async () => {
  server = await startTestServer({ WEIR_EVENT_MAX_AGE: '36500d' });
  const post = (path: string, body?: unknown) => made(server.api('POST', path, body));
  await post('/v1/meters', {
    ...{ key: 'tokens', name: 'Tokens', eventType: 'llm.request', aggregation: 'sum', value: 'data.tokens' },
  });
  await post('/v1/plans', {
    ...{ key: 'pro', name: 'Professional', currency: 'EUR', interval: 'month' },
    prices: [
      { key: 'base', name: 'Base fee', charge: { model: 'flat', amount: '20' } },
      { key: 'tokens', name: 'Output tokens', meter: 'tokens', allowance: '100', charge: { model: 'unit', unitPrice: '0.05' } },
    ],
  }); // prettier-ignore
  await post('/v1/tax-rates', {
    ...{ key: 'de', tax: 'vat', name: 'VAT', percent: '19', country: 'DE', category: 'S', behaviour: 'exclusive' },
    ...{ validFrom: '2000-01-01' },
  });
  await made(server.api('PATCH', '/v1/organisation', { billing: { country: 'DE', taxId: 'DE123456789' } }));
  clock = await makeClock(server, '2026-02-01T00:00:00Z');
  await post('/v1/customers', { key: 'acme', name: 'Acme', testClock: clock });
  await made(server.api('PATCH', '/v1/customers/acme', { billing: { country: 'DE', city: 'Hamburg' } }));
  await post('/v1/subscriptions', { key: 'acme-pro', customer: 'acme', plan: 'pro', startAt: '2026-02-01T00:00:00Z' });
  await post(
    '/v1/events',
    Array.from({ length: EVENTS }, (_, index) => ({
      ...{ id: `e${index}`, type: 'llm.request', customer: 'acme', data: { tokens: 1 } },
      time: new Date(Date.UTC(2026, 1, 10, 0, 0, index)).toISOString(),
    })),
  );
  await advance(server, clock, '2026-03-01T00:00:00Z');
  const { items } = await made(server.api('GET', '/v1/customers/acme/invoices'));
  invoice = await made(server.api('POST', `/v1/invoices/${items[0].id}/finalize`));
});
afterAll(() => server.stop());

async function textOf(path: string): Promise<string> {
  const response = await fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${server.apiKey}` } });
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer()).toString('latin1');
}

it('the e-invoice has the VAT of 19 % on 27.50: 5.23 (5.225, rounded once)', async () => {
  const xml = await textOf(`/v1/invoices/${invoice.id}/ubl.xml`);
  for (const part of [
    '<cbc:TaxableAmount currencyID="EUR">27.50</cbc:TaxableAmount>',
    '<cbc:TaxAmount currencyID="EUR">5.23</cbc:TaxAmount>',
    '<cbc:Percent>19</cbc:Percent>',
    '<cbc:CompanyID>DE123456789</cbc:CompanyID>',
    '<cbc:TaxInclusiveAmount currencyID="EUR">32.73</cbc:TaxInclusiveAmount>',
    '<cbc:PayableAmount currencyID="EUR">32.73</cbc:PayableAmount>',
  ]) {
    expect(xml).toContain(part);
  }
  const csv = (await textOf(`/v1/invoices/${invoice.id}/lines.csv`)).trimEnd().split('\r\n');
  expect(csv[1]!.endsWith(',acme-pro,20.00,3.80,VAT 19%')).toBe(true);
  expect(csv[2]!.endsWith(',acme-pro,7.50,1.43,VAT 19%')).toBe(true);
});

it('running totals go on over pages, and end at the line', async () => {
  const path = `/v1/invoices/${invoice.id}/lines/2/explain?limit=100`;
  const first = await made(server.api('GET', path));
  expect(first.events.items[99].runningTotal).toEqual({ quantity: '100', amount: '0' });
  const second = await made(server.api('GET', `${path}&cursor=${first.events.nextCursor}`));
  expect(second.events.items[0].runningTotal).toEqual({ quantity: '101', amount: '0.05' });
  const all = await eventsBehind(server, invoice.id, 2, 70);
  expect(all).toHaveLength(EVENTS);
  expect(all.at(-1)).toMatchObject({ runningTotal: { quantity: '250', amount: '7.5' } });
});

it.each`
  query                 | answer                                                    | because
  ${'less=10'}          | ${{ saved: '0.50', savedInPeriod: '0.50', less: '10' }}   | ${'10 × 0.05'}
  ${'less=200'}         | ${{ saved: '7.50', savedInPeriod: '7.50' }}               | ${'only 150 of them were charged'}
  ${'less=251'}         | ${{ code: 'invalid_request', status: 422 }}               | ${'there were 250'}
  ${'less=0'}           | ${{ code: 'invalid_request', status: 422 }}               | ${'nothing less is no question'}
  ${'less=1&group=a'}   | ${{ code: 'invalid_request', status: 422 }}               | ${'the charge knows no groups'}
`('a line with $query: $because', async ({ query, answer }) => {
  const { body } = await server.api('GET', `/v1/invoices/${invoice.id}/lines/2/counterfactual?${query}`);
  expect(body).toMatchObject(answer as object);
}); // prettier-ignore

it('a base fee can’t be less by a number of units', async () => {
  const { status, body } = await server.api('GET', `/v1/invoices/${invoice.id}/lines/1/counterfactual?less=1`);
  expect({ status, code: body.code }).toEqual({ status: 409, code: 'not_counterfactual' });
});

it('the usage ledger: 100 events were included, 150 are billed on the line', async () => {
  const { classes } = await made(
    server.api('GET', '/v1/customers/acme/usage-ledger?from=2026-02-01T00:00:00Z&to=2026-03-01T00:00:00Z'),
  );
  const line = { id: invoice.lines[1]!.id, position: 2 };
  expect(classes).toMatchObject([
    { class: 'billed', line, events: 150 },
    { class: 'allowance', line, events: 100 },
  ]);
  // From the middle of the period on, what came before is counted all the same.
  const late = await made(
    server.api('GET', '/v1/customers/acme/usage-ledger?from=2026-02-10T00:01:30Z&to=2026-03-01T00:00:00Z'),
  );
  expect(late.classes).toMatchObject([
    { class: 'billed', events: 150 },
    { class: 'allowance', events: 10 },
  ]);
});

it('a credit note is a PDF and an e-invoice of type 381', async () => {
  const note = await made(
    server.api('POST', `/v1/invoices/${invoice.id}/credit-notes`, {
      ...{ as: 'invoice', reason: 'Outage on 10 February', lines: [{ line: invoice.lines[1]!.id, amount: '4.00' }] },
    }),
  );
  const pdf = await textOf(`/v1/credit-notes/${note.id}/document.pdf?paper=letter`);
  expect(pdf.startsWith('%PDF-')).toBe(true);
  expect(pdf).toContain('/MediaBox [0 0 612 792]');
  const xml = await textOf(`/v1/credit-notes/${note.number}/ubl.xml`);
  for (const part of [
    '<cbc:CreditNoteTypeCode>381</cbc:CreditNoteTypeCode>',
    `<cbc:ID>${invoice.number}</cbc:ID>`,
    '<cbc:TaxableAmount currencyID="EUR">4.00</cbc:TaxableAmount>',
    '<cbc:TaxAmount currencyID="EUR">0.76</cbc:TaxAmount>',
    '<cbc:PayableAmount currencyID="EUR">4.76</cbc:PayableAmount>',
  ]) {
    expect(xml).toContain(part);
  }
});

it('of what is void its events are taken back, and its pages say so', async () => {
  await made(server.api('POST', '/v1/customers', { key: 'gone', name: 'Gone', testClock: clock }));
  await made(
    server.api('POST', '/v1/subscriptions', {
      ...{ key: 'gone', customer: 'gone', plan: 'pro', startAt: '2026-03-01T00:00:00Z' },
    }),
  );
  await made(
    server.api('POST', '/v1/events', {
      ...{ id: 'gone-1', type: 'llm.request', customer: 'gone', data: { tokens: 1 }, time: '2026-03-02T00:00:00Z' },
    }),
  );
  await advance(server, clock, '2026-04-01T00:00:00Z');
  const { items } = await made(server.api('GET', '/v1/customers/gone/invoices'));
  const { id, number } = await made(server.api('POST', `/v1/invoices/${items[0].id}/finalize`));
  const path = '/v1/customers/gone/usage-ledger?from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z';
  expect((await made(server.api('GET', path))).classes).toMatchObject([{ class: 'allowance', events: 1 }]);
  await made(server.api('POST', `/v1/invoices/${id}/void`, { reason: 'Wrong customer' }));
  expect((await made(server.api('GET', path))).classes).toMatchObject([
    { class: 'taken_back', invoice: { id, number }, line: null, events: 1 },
  ]);
});
