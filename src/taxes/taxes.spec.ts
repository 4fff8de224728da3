import { startTestServer, type TestServer } from '../../test/support/server';

let server: TestServer;
beforeAll(async () => (server = await startTestServer()));
afterAll(() => server.stop());

/** An organisation of its own with a customer in a place, and short ways to ask. */
async function inPlace(billing: object, customer: object = {}) {
  const { apiKey } = await server.organisation();
  const call = (method: string, path: string, body?: unknown) => server.api(method, path, body, apiKey);
  expect((await call('POST', '/v1/customers', { key: 'acme', name: 'Acme', ...customer })).status).toBe(201);
  expect((await call('PATCH', '/v1/customers/acme', { billing })).status).toBe(200);
  return {
    call,
    make: (rate: object) => call('POST', '/v1/tax-rates', rate),
    put: (status: object) => call('PUT', '/v1/customers/acme/tax', status),
    /** `tax of line, tax of line = all: rates` */
    taxes: async (currency: string, ...lines: object[]) => {
      const { status, body } = await call('POST', '/v1/tax-preview', { customer: 'acme', currency, lines });
      expect({ status, body }).toMatchObject({ status: 200 });
      const ofLines = body.lines.map(({ tax }: { tax: string }) => tax).join(', ');
      const rates = body.taxes.map(
        ({ name, percent, category, amount }: Record<string, string>) => `${name} ${percent} ${category} ${amount}`,
      );
      return `${ofLines} = ${body.tax}: ${rates.join(', ')}`;
    },
  };
}

const VAT = { key: 'de-vat', name: 'VAT', percent: '19', country: 'DE' };

describe('rates', () => {
  it('are found by where the customer is, what is sold and when', async () => {
    const { make, taxes } = await inPlace({ country: 'DE' }, { timeZone: 'Europe/Berlin' });
    expect(await taxes('EUR', { amount: '100' })).toBe('0.00 = 0.00: ');
    expect(await make(VAT)).toMatchObject({
      status: 201,
      body: {
        id: expect.stringMatching(/^txr_/),
        ...VAT,
        tax: 'vat',
        behaviour: 'exclusive',
        category: 'S',
        reason: null,
        region: null,
        validFrom: null,
        archivedAt: null,
      },
    });
    await make({ ...VAT, percent: '20.0', validFrom: '2031-01-01' });
    await make({ key: 'de-books', name: 'VAT (reduced)', percent: '7', country: 'DE', taxCode: 'books' });
    await make({ key: 'fr-vat', name: 'TVA', percent: '20', country: 'FR' });

    expect(
      await taxes(
        'EUR',
        { amount: '100', on: '2030-12-31' },
        { amount: '100', on: '2031-01-01' },
        { amount: '10', taxCode: 'books' },
        { amount: '119', behaviour: 'inclusive' },
        { amount: '-10' },
      ),
    ).toBe('19.00, 20.00, 0.70, 19.00, -1.90 = 56.80: VAT 19 S 17.10, VAT 20 S 20.00, VAT (reduced) 7 S 0.70, VAT 19 S 19.00'); // prettier-ignore
  });

  it('add up where they are of different taxes', async () => {
    const { make, taxes } = await inPlace({ country: 'CA', region: 'QC', city: 'Montréal' });
    await make({ key: 'gst', name: 'GST', tax: 'gst', percent: '5', country: 'CA' });
    await make({ key: 'hst-on', name: 'HST', tax: 'gst', percent: '13', country: 'CA', region: 'ON' });
    await make({ key: 'qst', name: 'QST', tax: 'qst', percent: '9.975', country: 'CA', region: 'QC' });
    expect(await taxes('CAD', { amount: '49.99' }, { amount: '50.01' })).toBe(
      '7.49, 7.49 = 14.98: GST 5 S 5.00, QST 9.975 S 9.98',
    );
  });

  it('are made once; a repeat is the stored one, and what contradicts it is refused', async () => {
    const { call, make } = await inPlace({ country: 'DE' });
    const made = await make(VAT);
    expect(await make({ ...VAT, percent: '19.00' })).toEqual(expect.objectContaining({ body: made.body }));

    const refused = async (rate: object, code: string, field: string) =>
      expect(await make(rate)).toMatchObject({ status: 409, body: { code, errors: [{ field }] } });
    await refused({ ...VAT, percent: '20' }, 'tax_rate_exists', 'key');
    await refused({ ...VAT, country: 'AT', validFrom: '2031-01-01' }, 'tax_rate_exists', 'key');
    await refused({ ...VAT, key: 'other', percent: '16' }, 'tax_rate_overlaps', 'tax');
    expect((await make({ ...VAT, key: 'other', tax: 'surcharge' })).status).toBe(201);
    expect((await make({ ...VAT, validFrom: '2020-07-01', validTo: '2021-01-01', percent: '16' })).status).toBe(201);

    const log = await call('GET', '/v1/audit-log?action=tax_rate.made');
    expect(log.body.items.map((entry: { after: object }) => entry.after)).toMatchObject([
      { key: 'de-vat', percent: '16', validFrom: '2020-07-01' },
      { key: 'other', tax: 'surcharge' },
      { key: 'de-vat', percent: '19' },
    ]);
  });

  it('refuse what can’t be', async () => {
    const { make } = await inPlace({});
    expect(await make({ ...VAT, percent: '0' })).toMatchObject({
      status: 422,
      body: { code: 'invalid_tax_rate', errors: [{ field: 'category' }] },
    });
    expect(await make({ ...VAT, category: 'E', percent: '0' })).toMatchObject({
      status: 422,
      body: { code: 'invalid_tax_rate', errors: [{ field: 'reason' }] },
    });
  });

  it('are listed by key, page by page, and leave by being archived', async () => {
    const { call, make, taxes } = await inPlace({ country: 'DE' });
    await make({ ...VAT, validFrom: '2021-01-01' });
    const lowered = { ...VAT, percent: '16', validFrom: '2020-07-01', validTo: '2021-01-01' };
    const { body: wrong } = await make({ ...lowered, percent: '15' });
    await make({ key: 'at-vat', name: 'USt', percent: '20', country: 'AT' });

    const archived = await call('POST', `/v1/tax-rates/${wrong.id}/archive`);
    expect(archived).toMatchObject({
      status: 200,
      body: { items: [{ id: wrong.id, archivedAt: expect.any(String) }] },
    });
    expect((await call('POST', `/v1/tax-rates/${wrong.id}/archive`)).body).toEqual(archived.body);
    expect((await make(lowered)).status).toBe(201);

    const listed: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await call('GET', `/v1/tax-rates?limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`);
      listed.push(...body.items.map((rate: { key: string; percent: string }) => `${rate.key} ${rate.percent}`));
      cursor = body.nextCursor;
    }
    expect(listed).toEqual(['at-vat 20', 'de-vat 19', 'de-vat 16']);
    expect((await call('GET', '/v1/tax-rates?key=de-vat&archived=true')).body.items).toHaveLength(3);
    expect((await call('GET', '/v1/tax-rates?country=AT')).body.items).toMatchObject([{ key: 'at-vat' }]);

    expect(await taxes('EUR', { amount: '100' }, { amount: '100', on: '2020-12-31' })).toMatch(/^19.00, 16.00 = /);
    expect((await call('POST', '/v1/tax-rates/de-vat/archive')).body.items).toHaveLength(3);
    expect(await taxes('EUR', { amount: '100' })).toBe('0.00 = 0.00: ');
    expect(await call('POST', '/v1/tax-rates/none/archive')).toMatchObject({
      status: 404,
      body: { code: 'tax_rate_not_found' },
    });
    const log = await call('GET', '/v1/audit-log?action=tax_rate.archived');
    expect(log.body.items.map((entry: { before: { rates: object[] } }) => entry.before.rates.length)).toEqual([2, 1]);
  });
});

describe('a customer', () => {
  it('is taxed until something else is said', async () => {
    const { call } = await inPlace({ country: 'US', region: 'CA', city: 'Oakland', taxId: '12-3456789' });
    expect(await call('GET', '/v1/customers/acme/tax')).toMatchObject({
      status: 200,
      body: {
        status: 'taxed',
        reason: null,
        rates: null,
        place: { country: 'US', region: 'CA', city: 'Oakland' },
        taxId: '12-3456789',
        changedAt: null,
      },
    });
  });

  it('may be exempt, or owe the tax themselves; the reason is on the bill', async () => {
    const { call, make, put, taxes } = await inPlace({ country: 'DE' });
    await make(VAT);
    expect(await put({ status: 'exempt', reason: 'Embassy' })).toMatchObject({
      status: 200,
      body: { status: 'exempt', reason: 'Embassy', changedAt: expect.any(String) },
    });
    expect(await taxes('EUR', { amount: '100' })).toBe('0.00 = 0.00: Tax exempt 0 E 0.00');

    expect(await put({ status: 'reverse_charge' })).toMatchObject({ status: 409, body: { code: 'tax_id_missing' } });
    await call('PATCH', '/v1/customers/acme', { billing: { country: 'FR', taxId: 'FR123' } });
    expect((await put({ status: 'reverse_charge' })).status).toBe(200);
    expect((await put({ status: 'reverse_charge' })).status).toBe(200);
    expect(await taxes('EUR', { amount: '119', behaviour: 'inclusive' })).toBe('0.00 = 0.00: Reverse charge 0 AE 0.00');
    const log = await call('GET', '/v1/audit-log?action=customer.tax_changed');
    expect(log.body.items).toMatchObject([
      { before: { status: 'exempt' }, after: { status: 'reverse_charge' } },
      { before: { status: 'taxed' }, after: { status: 'exempt', reason: 'Embassy' } },
    ]);
  });

  it('may have rates of their own, which stay as long as they do', async () => {
    const { call, make, put, taxes } = await inPlace({ country: 'US' });
    const { body: version } = await make(VAT);
    expect(await put({ status: 'taxed', rates: ['de-vat', 'none'] })).toMatchObject({
      status: 404,
      body: { code: 'tax_rate_not_found', errors: [{ field: 'rates[1]' }] },
    });
    expect((await put({ status: 'taxed', rates: ['de-vat'] })).body.rates).toEqual(['de-vat']);
    expect(await taxes('EUR', { amount: '100' })).toBe('19.00 = 19.00: VAT 19 S 19.00');

    for (const name of ['de-vat', version.id]) {
      expect(await call('POST', `/v1/tax-rates/${name}/archive`)).toMatchObject({
        status: 409,
        body: { code: 'tax_rate_in_use', detail: expect.stringContaining("'acme'") },
      });
    }
    await make({ ...VAT, percent: '20', validFrom: '2031-01-01' });
    expect((await call('POST', `/v1/tax-rates/${version.id}/archive`)).status).toBe(200);
    await put({ status: 'taxed' });
    expect((await call('POST', '/v1/tax-rates/de-vat/archive')).status).toBe(200);
  });

  it.each([
    ['exempt without a reason', { status: 'exempt' }, 'reason'],
    ['taxed for a reason', { status: 'taxed', reason: 'because' }, 'reason'],
    ['exempt and with rates', { status: 'exempt', reason: 'Embassy', rates: [] }, 'rates'],
  ])('can’t be %s', async (_name, status, field) => {
    const { put } = await inPlace({ country: 'DE' });
    expect(await put(status)).toMatchObject({
      status: 422,
      body: { code: 'invalid_tax_status', errors: [{ field }] },
    });
  });
});

it('a preview is of rounded amounts', async () => {
  const { call } = await inPlace({});
  const preview = { customer: 'acme', currency: 'JPY', lines: [{ amount: '1' }, { amount: '1.5' }] };
  expect(await call('POST', '/v1/tax-preview', preview)).toMatchObject({
    status: 422,
    body: { code: 'invalid_request', errors: [{ field: 'lines[1].amount' }] },
  });
});
