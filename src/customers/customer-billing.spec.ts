import { startTestServer, type TestServer } from '../../test/support/server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await server.api('POST', '/v1/customers', { key: 'acme', name: 'Acme' });
});
afterAll(() => server.stop());

const BILLING = {
  legalName: 'Acme Corporation',
  addressLines: ['1 Market Street', 'Floor 3'],
  city: 'San Francisco',
  region: 'CA',
  postalCode: '94105',
  country: 'US',
  taxId: '12-3456789',
  email: 'ap@acme.example',
};
const NOTHING_TOLD = {
  ...{
    legalName: null,
    addressLines: [],
    city: null,
    region: null,
    postalCode: null,
    country: null,
    taxId: null,
    email: null,
  },
};

describe.each(['/v1/customers/acme', '/v1/organisation'])('billing details of %s', (path) => {
  const told = async () => (await server.api('GET', path)).body.billing;

  it('are null until they are told, and then what was told last', async () => {
    expect(await told()).toBeNull();

    expect(await server.api('PATCH', path, { billing: BILLING })).toMatchObject({
      status: 200,
      body: { billing: BILLING },
    });
    expect(await told()).toEqual(BILLING);

    await server.api('PATCH', path, { billing: { country: 'DE' } });
    expect(await told()).toEqual({ ...NOTHING_TOLD, country: 'DE' });
  });

  it('a repeat writes nothing, not even in the audit log', async () => {
    await server.api('PATCH', path, { billing: BILLING });
    const before = await server.rowCounts();
    await server.api('PATCH', path, { billing: BILLING });
    expect(await server.rowCounts()).toEqual(before);
    const { items } = (await server.api('GET', '/v1/audit-log')).body;
    expect(items[0]).toMatchObject({ after: { billing: BILLING } });
  });

  it.each`
    field                | billing                  | because
    ${'billing.country'} | ${{ country: 'de' }}     | ${'codes are written in capitals'}
    ${'billing.country'} | ${{ country: 'QQ' }}     | ${'there is no such country'}
    ${'billing.email'}   | ${{ email: 'somebody' }} | ${'that is no address'}
    ${'billing'}         | ${{ vat: 'DE1' }}        | ${'a misspelt field would be lost without a word'}
    ${'billing.city'}    | ${{ city: '' }}          | ${'what is not known is left out'}
  `('$field is refused: $because', async ({ field, billing }) => {
    const { status, body } = await server.api('PATCH', path, { billing });
    expect({ status, fields: body.errors.map((error: { field: string }) => error.field) }).toEqual({
      status: 422,
      fields: [expect.stringMatching(`^${field}`)],
    });
  });
});
