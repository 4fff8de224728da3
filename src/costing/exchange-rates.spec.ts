import { startTestServer, type TestServer } from '../../test/support/server';

let server: TestServer;
beforeAll(async () => (server = await startTestServer()));
afterAll(() => server.stop());

const RATES = [
  { base: 'EUR', quote: 'USD', rate: '1.085', validFrom: '2026-01-01T00:00:00Z' },
  { base: 'EUR', quote: 'USD', rate: '1.1', validFrom: '2026-02-01T00:00:00+01:00' },
  { base: 'USD', quote: 'EUR', rate: '0.92', validFrom: '2026-01-01T00:00:00Z' },
];
const csv = (text: string) =>
  server.send('/v1/exchange-rates', { method: 'POST', headers: { 'content-type': 'text/csv' }, body: text });

describe('exchange rates', () => {
  it('are stored once, and listed by pair and time, page by page', async () => {
    expect((await server.api('POST', '/v1/exchange-rates', RATES)).body).toEqual({
      added: 3,
      replaced: 0,
      unchanged: 0,
    });
    expect((await server.api('POST', '/v1/exchange-rates', RATES)).body).toEqual({
      added: 0,
      replaced: 0,
      unchanged: 3,
    });

    const listed: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const at: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const { status, body } = await server.api('GET', `/v1/exchange-rates?limit=1${at}`);
      expect(status).toBe(200);
      listed.push(...body.items);
      cursor = body.nextCursor;
    }
    const stored = (base: string, quote: string, rate: string, validFrom: string) => ({
      base,
      quote,
      rate,
      validFrom,
      createdAt: expect.any(String),
      replacedAt: null,
    });
    expect(listed).toEqual([
      stored('EUR', 'USD', '1.085', '2026-01-01T00:00:00.000Z'),
      stored('EUR', 'USD', '1.1', '2026-01-31T23:00:00.000Z'),
      stored('USD', 'EUR', '0.92', '2026-01-01T00:00:00.000Z'),
    ]);
  });

  it('take the place of another for the same instant, which stays readable, and are in the audit log', async () => {
    const { apiKey } = await server.organisation();
    const post = (rate: string) => server.api('POST', '/v1/exchange-rates', [{ ...RATES[0], rate }], apiKey);
    await post('1.08');
    expect((await post('1.09')).body).toEqual({ added: 0, replaced: 1, unchanged: 0 });
    expect((await post('1.090')).body).toEqual({ added: 0, replaced: 0, unchanged: 1 });

    const list = async (query: string) =>
      (await server.api('GET', `/v1/exchange-rates?${query}`, undefined, apiKey)).body;
    expect((await list('base=EUR&quote=USD')).items).toMatchObject([{ rate: '1.09', replacedAt: null }]);
    expect((await list('base=USD')).items).toEqual([]);
    const all = (await list('replaced=true')).items;
    expect(all).toHaveLength(2);
    expect(all.find((rate: { rate: string }) => rate.rate === '1.08')).toMatchObject({
      replacedAt: expect.any(String),
    });

    const log = await server.api('GET', '/v1/audit-log?action=exchange_rate.added', undefined, apiKey);
    expect(log.body.items).toMatchObject([
      { subject: { kind: 'exchange_rate', id: 'EUR/USD' }, after: { replaced: 1 } },
      { subject: { kind: 'exchange_rate', id: 'EUR/USD' }, after: { added: 1 } },
    ]);
  });

  it('come as CSV', async () => {
    const { status, body } = await csv(
      '\ufeffvalid_from,base,quote,rate\r\n2026-03-01T00:00:00Z, GBP ,USD,1.27\r\n\r\n2026-03-01T00:00:00Z,"GBP",EUR,"1.17"\r\n',
    );
    expect([status, body]).toEqual([200, { added: 2, replaced: 0, unchanged: 0 }]);
  });

  it.each([
    ['', 'body: must begin with a line that names the columns base, quote, rate, validFrom, each once'],
    [
      'base,quote,rate\nEUR,USD,1',
      'body: must begin with a line that names the columns base, quote, rate, validFrom, each once',
    ],
    [
      'base,quote,rate,rate\n',
      'body: must begin with a line that names the columns base, quote, rate, validFrom, each once',
    ],
    ['base,quote,rate,validFrom\nEUR,USD,1', 'body: is not CSV: Invalid Record Length: expect 4, got 3 on line 2'],
    ['base,quote,rate,validFrom\nEUR,"USD,1,x', /^body: is not CSV: /],
    ['base,quote,rate,validFrom\nEUR,USD,1.1,yesterday', /^\[0\].validFrom: must be an RFC 3339 instant/],
    ['base,quote,rate,validFrom\nEUR,USD,"1,1",2026-01-01T00:00:00Z', /^\[0\].rate: /],
  ])('refuse the CSV %j', async (text, detail) => {
    const answer = await csv(text);
    expect(answer).toMatchObject({ status: 422, body: { code: 'invalid_request' } });
    expect(answer.body.detail).toEqual(typeof detail === 'string' ? detail : expect.stringMatching(detail));
  });

  it('take CSV nowhere else', async () => {
    const headers = { 'content-type': 'text/csv' };
    expect((await server.send('/v1/meters', { method: 'POST', headers, body: 'a,b' })).status).toBe(415);
  });

  it.each([
    ['a rate of zero', { rate: '0' }, '[0].rate'],
    ['one to itself', { quote: 'EUR' }, '[0].quote'],
  ])('refuse %s', async (_name, change, field) => {
    expect(await server.api('POST', '/v1/exchange-rates', [{ ...RATES[0], ...change }])).toMatchObject({
      status: 422,
      body: { code: 'invalid_exchange_rate', errors: [{ field }] },
    });
  });

  it('refuse the whole list for one wrong rate', async () => {
    const { apiKey } = await server.organisation();
    const answer = await server.api('POST', '/v1/exchange-rates', [RATES[0], { ...RATES[1], rate: '-1' }], apiKey);
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ field: '[1].rate' }] } });
    expect((await server.api('GET', '/v1/exchange-rates', undefined, apiKey)).body.items).toEqual([]);
  });
});

describe('the currency costs are kept in', () => {
  const change = (currency: string, apiKey: string) => server.api('PATCH', '/v1/organisation', { currency }, apiKey);
  const record = async (apiKey: string, event: object) => {
    await server.api('POST', '/v1/customers', { key: 'acme', name: 'Acme' }, apiKey);
    const sent = await server.api('POST', '/v1/events', { type: 'work', customer: 'acme', ...event }, apiKey);
    expect(sent.body).toMatchObject({ accepted: 1 });
    return (id: string) => server.api('GET', `/v1/events/${id}`, undefined, apiKey);
  };

  it('changes while there is no event, and then no more', async () => {
    const { apiKey } = await server.organisation();
    expect(await change('EUR', apiKey)).toMatchObject({ status: 200, body: { currency: 'EUR' } });
    expect((await server.api('GET', '/v1/organisation', undefined, apiKey)).body).toMatchObject({ currency: 'EUR' });

    const read = await record(apiKey, { id: 'one', cost: { amount: '2', currency: 'EUR' } });
    expect((await read('one')).body.cost).toMatchObject({ status: 'reported', amount: '2' });

    expect(await change('EUR', apiKey)).toMatchObject({ status: 200 });
    expect(await change('USD', apiKey)).toMatchObject({
      status: 409,
      body: {
        code: 'currency_is_fixed',
        errors: [{ field: 'currency', detail: 'is EUR for good: events are stored, and their costs are kept in it' }],
      },
    });
    const log = await server.api('GET', '/v1/audit-log?action=organisation.changed', undefined, apiKey);
    expect(log.body.items).toMatchObject([{ before: { currency: 'USD' }, after: { currency: 'EUR' } }]);
  });

  it('is what prices and reported costs of other currencies are converted to, at the rate of the event’s time', async () => {
    const { apiKey } = await server.organisation();
    await change('EUR', apiKey);
    await server.api(
      'POST',
      '/v1/exchange-rates',
      [
        { base: 'USD', quote: 'EUR', rate: '0.9', validFrom: '2026-01-01T00:00:00Z' },
        { base: 'USD', quote: 'EUR', rate: '0.8', validFrom: '2026-11-01T00:00:00Z' },
      ],
      apiKey,
    );
    const usage = { provider: 'openai', model: 'gpt-4o', input_tokens: 1_000_000 };
    const october = '2026-10-31T23:59:59Z';
    const read = await record(apiKey, { id: 'october', time: october, data: usage });
    await record(apiKey, { id: 'november', time: '2026-11-01T00:00:00Z', data: usage });
    await record(apiKey, { id: 'reported', time: october, cost: { amount: '3', currency: 'USD' } });
    await record(apiKey, { id: 'pounds', time: october, cost: { amount: '3', currency: 'GBP' } });

    expect((await read('october')).body.cost).toMatchObject({ status: 'priced', amount: '2.25' });
    expect((await read('november')).body.cost).toMatchObject({ status: 'priced', amount: '2' });
    expect((await read('reported')).body.cost).toMatchObject({ status: 'reported', amount: '2.7' });
    expect((await read('pounds')).body.cost).toMatchObject({ status: 'pending', amount: null });
  });
});
