import { advance, eventsBehind, made, makeClock } from '../../test/support/books';
import { startTestServer, type TestServer } from '../../test/support/server';

let server: TestServer;
let invoice: { id: string; number: string; lines: { id: string }[] };
let clock: string;
const EVENTS = 1_203;

beforeAll(async () => {
  server = await startTestServer({ WEIR_EVENT_MAX_AGE: '36500d' });
  const post = (path: string, body?: unknown) => made(server.api('POST', path, body));
  await post('/v1/meters', {
    ...{ key: 'tokens', name: 'Tokens', eventType: 'llm.request', aggregation: 'sum', value: 'data.tokens' },
  });
  await post('/v1/plans', {
    ...{ key: 'pro', name: 'Professional', currency: 'USD', interval: 'month' },
    prices: [
      { key: 'base', name: 'Base fee', charge: { model: 'flat', amount: '20' } },
      { key: 'tokens', name: 'Output tokens', meter: 'tokens', allowance: '203', charge: { model: 'unit', unitPrice: '0.005' } },
    ],
  }); // prettier-ignore
  clock = await makeClock(server, '2026-02-01T00:00:00Z');
  await post('/v1/customers', { key: 'acme', name: 'Acme', timeZone: 'Asia/Tokyo', testClock: clock });
  await post('/v1/subscriptions', { key: 'acme', customer: 'acme', plan: 'pro', startAt: '2026-01-31T15:00:00Z' });
  await post(
    '/v1/events',
    Array.from({ length: EVENTS }, (_, index) => ({
      ...{ id: `e${index}`, type: 'llm.request', customer: 'acme', data: { tokens: 1 } },
      time: new Date(Date.UTC(2026, 1, 10, 0, 0, index)).toISOString(),
    })),
  );
  await advance(server, clock, '2026-02-28T15:00:00Z');
  const { items } = await made(server.api('GET', '/v1/customers/acme/invoices'));
  invoice = await made(server.api('GET', `/v1/invoices/${items[0].id}`));
});
afterAll(() => server.stop());

async function fileOf(name: string): Promise<{ status: number; type: string; disposition: string; body: Buffer }> {
  const response = await fetch(`${server.url}/v1/invoices/${invoice.id}/${name}`, {
    headers: { authorization: `Bearer ${server.apiKey}` },
  });
  const { status, headers } = response;
  const [type, disposition] = [headers.get('content-type')!, headers.get('content-disposition')!];
  return { status, type, disposition, body: Buffer.from(await response.arrayBuffer()) };
}

describe('of a draft', () => {
  it('the PDF is a draft', async () => {
    const { status, type, disposition, body } = await fileOf('document.pdf?paper=letter');
    expect({ status, type, disposition }).toEqual({
      status: 200,
      type: 'application/pdf',
      disposition: `inline; filename="draft-${invoice.id}.pdf"`,
    });
    expect(body.subarray(0, 5).toString()).toBe('%PDF-');
    expect(body.toString('latin1')).toContain('/MediaBox [0 0 612 792]');
  });

  it('there is no e-invoice', async () => {
    const { status, body } = await server.api('GET', `/v1/invoices/${invoice.id}/ubl.xml`);
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'invoice_is_draft' });
  });

  it('another paper is refused', async () => {
    const { status, body } = await server.api('GET', `/v1/invoices/${invoice.id}/document.pdf?paper=a3`);
    expect({ status, field: body.errors[0].field }).toEqual({ status: 422, field: 'paper' });
  });
});

describe('of a finalized invoice', () => {
  beforeAll(async () => {
    invoice = await made(server.api('POST', `/v1/invoices/${invoice.id}/finalize`));
  });

  it('the CSV has its lines, exactly', async () => {
    const { type, disposition, body } = await fileOf('lines.csv');
    expect({ type, disposition }).toEqual({
      type: 'text/csv; charset=utf-8',
      disposition: 'attachment; filename="INV-000001.csv"',
    });
    const service = '2026-01-31T15:00:00.000Z,2026-02-28T15:00:00.000Z';
    expect(body.toString().trimEnd().split('\r\n').slice(1)).toEqual([
      `INV-000001,1,price,base,Base fee,pro,1,,1,0,20,20.00,USD,${service},acme,20.00,0.00,`,
      `INV-000001,2,price,tokens,Output tokens,pro,1,Tokens,1203,1203,5,5.00,USD,${service},acme,5.00,0.00,`,
    ]);
  });

  it('the NDJSON has all events behind a line, over more pages than one, as they are explained', async () => {
    const { type, body } = await fileOf('lines/2/events.ndjson');
    expect(type).toBe('application/x-ndjson; charset=utf-8');
    const events = body.toString().trimEnd().split('\n').map((line) => JSON.parse(line) as { id: string }); // prettier-ignore
    expect(events.map(({ id }) => id)).toEqual(Array.from({ length: EVENTS }, (_, index) => `e${index}`));
    expect(events).toEqual(await eventsBehind(server, invoice.id, 2, 200));
    expect((await fileOf('lines/1/events.ndjson')).body).toHaveLength(0);
    expect((await fileOf('lines/9/events.ndjson')).status).toBe(404);
  });

  it('the e-invoice asks for the countries, then says what the invoice says', async () => {
    const refused = await server.api('GET', `/v1/invoices/${invoice.id}/ubl.xml`);
    expect(refused).toMatchObject({ status: 409, body: { code: 'billing_details_missing' } });
    await made(server.api('PATCH', '/v1/organisation', { billing: { country: 'DE', legalName: 'Nordlicht AI GmbH' } }));
    await made(server.api('PATCH', '/v1/customers/acme', { billing: { country: 'JP', city: 'Tokyo' } }));

    const { status, type, body } = await fileOf('ubl.xml');
    expect({ status, type }).toEqual({ status: 200, type: 'application/xml; charset=utf-8' });
    const xml = body.toString();
    expect(xml).toContain('<cbc:ID>INV-000001</cbc:ID>');
    expect(xml).toContain('<cbc:RegistrationName>Nordlicht AI GmbH</cbc:RegistrationName>');
    expect(xml).toContain('<cbc:StartDate>2026-02-01</cbc:StartDate>');
    expect(xml).toContain('<cbc:EndDate>2026-02-28</cbc:EndDate>');
    expect(xml).toContain('<cbc:PayableAmount currencyID="USD">25.00</cbc:PayableAmount>');
  });

  it('a later move changes nothing on it: it keeps the details it had, and its bytes', async () => {
    const before = [await fileOf('document.pdf'), await fileOf('ubl.xml')];
    await made(server.api('PATCH', '/v1/customers/acme', { billing: { country: 'FR', city: 'Paris' } }));
    const after = [await fileOf('document.pdf'), await fileOf('ubl.xml')];
    expect(after).toEqual(before);
    expect(after[1]!.body.toString()).toContain('Tokyo');
  });

  it('late events change no bars: the usage by day is what was billed', async () => {
    const before = (await fileOf('document.pdf')).body;
    const late = {
      id: 'late',
      type: 'llm.request',
      customer: 'acme',
      time: '2026-02-11T00:00:00Z',
      data: { tokens: 9 },
    };
    await made(server.api('POST', '/v1/events', late));
    const after = (await fileOf('document.pdf')).body;
    expect(after).toEqual(before);
  });
});
