import { type Answer, startTestServer, type TestServer } from '../support/server';

/** What is agreed with providers and what else costs something, from the request that says so to the cost of an event. */
let server: TestServer;
let key: string;
let sent = 0;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());
beforeEach(async () => {
  key = (await server.organisation('Each its own')).apiKey;
  await made('/v1/customers', { key: 'acme', name: 'Acme' });
});

const ask = (method: string, path: string, body?: unknown): Promise<Answer> => server.api(method, path, body, key);

async function made(path: string, body: unknown): Promise<Answer['body']> {
  const answer = await ask('POST', path, body);
  expect(answer).toMatchObject({ status: path.endsWith('/retire') ? 200 : 201 });
  return answer.body;
}

const GPT_4O = { provider: 'openai', model: 'gpt-4o' };
const NOW = () => new Date().toISOString();

/** Sends one event and reads back what it costs. */
async function costOf(data: object, more: object = {}): Promise<{ status: string; amount: string | null }> {
  const id = `e-${(sent += 1)}`;
  const answer = await ask('POST', '/v1/events', {
    id,
    type: 'llm.request',
    customer: 'acme',
    time: NOW(),
    data,
    ...more,
  });
  expect(answer.body).toMatchObject({ accepted: 1 });
  const { status, amount } = (await ask('GET', `/v1/events/${id}`)).body.cost;
  return { status, amount };
}
const priced = (amount: string) => ({ status: 'priced', amount });
const PENDING = { status: 'pending', amount: null };

describe('an own price', () => {
  it('says steps of context, units of every kind, and the first instant it holds for', async () => {
    const units = {
      input: { amount: '3', tiers: [{ above: '100', amount: '6' }] },
      output: { amount: '15' },
      webSearches: { amount: '10', per: '1000' },
      audioSeconds: { amount: '0.36', per: '3600' },
    };
    const price = await made('/v1/price-book', {
      provider: 'our-cluster',
      model: 'm',
      units,
      validFrom: '2026-01-01T00:00:00Z',
    });
    expect(price).toMatchObject({ id: expect.stringMatching(/^mpr_/), own: true, model: 'm', warnings: [] });

    const m = { provider: 'our-cluster', model: 'm' };
    expect(await costOf({ ...m, input_tokens: 100, output_tokens: 10 })).toEqual(priced('0.00045'));
    expect(await costOf({ ...m, input_tokens: 101, output_tokens: 10 })).toEqual(priced('0.000756'));
    expect(await costOf({ ...m, input_tokens: 0, web_searches: 2 })).toEqual(priced('0.02'));
    expect(await costOf({ ...m, audio_seconds: 90 })).toEqual(priced('0.009'));
    expect(await costOf({ ...m, input_tokens: 0, input_pixels: 5 })).toEqual(PENDING);
  });

  it('is for all names that its match fits, and an exact name goes before', async () => {
    const input = (amount: string) => ({ units: { input: { amount } } });
    await made('/v1/price-book', { provider: 'us', match: { startsWith: 'llama-', endsWith: '-fast' }, ...input('2') });
    await made('/v1/price-book', { provider: 'us', model: 'llama-4-fast', ...input('1') });
    const cost = (model: string) => costOf({ provider: 'us', model, input_tokens: 1_000_000 });
    expect(await cost('Llama-3-fast')).toEqual(priced('2'));
    expect(await cost('llama-4-fast')).toEqual(priced('1'));
    expect(await cost('llama-4')).toEqual(PENDING);
  });

  it('holds for its part of each day', async () => {
    const units = { input: { amount: '1' } };
    await made('/v1/price-book', { provider: 'us', model: 'm', units });
    await made('/v1/price-book', {
      provider: 'us',
      model: 'm',
      units: { input: { amount: '0.5' } },
      dailyFrom: '22:00',
      dailyTo: '06:00',
    });
    const day = NOW().slice(0, 10);
    const yesterday = new Date(Date.parse(`${day}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
    const cost = (time: string) =>
      costOf({ provider: 'us', model: 'm', input_tokens: 1_000_000 }, { time: `${yesterday}T${time}Z` });
    expect(await cost('21:59:59')).toEqual(priced('1'));
    expect(await cost('22:00:00')).toEqual(priced('0.5'));
    expect(await cost('05:59:59')).toEqual(priced('0.5'));
  });

  it('of a class is for that class; without one its requests wait, never at the standard price', async () => {
    const batch = { ...GPT_4O, input_tokens: 1_000_000, serviceTier: 'batch' };
    expect(await costOf({ ...batch, serviceTier: 'default' })).toEqual(priced('2.5'));
    expect(await costOf(batch)).toEqual(PENDING);
    await made('/v1/price-book', { ...GPT_4O, class: 'batch', factor: '0.5' });
    expect(await costOf(batch)).toEqual(priced('1.25'));
    expect(await costOf({ ...batch, serviceTier: 'priority' })).toEqual(PENDING);
    await made('/v1/price-book', { ...GPT_4O, class: 'batch', units: { input: { amount: '1.2' } } });
    expect(await costOf(batch)).toEqual(priced('1.2'));
    expect((await ask('GET', '/v1/price-book/in-force?provider=openai&model=gpt-4o&class=priority')).status).toBe(404);
  });

  it('in another currency waits for an exchange rate', async () => {
    await made('/v1/price-book', { provider: 'us', model: 'm', currency: 'EUR', units: { input: { amount: '1' } } });
    const data = { provider: 'us', model: 'm', input_tokens: 2_000_000 };
    expect(await costOf(data)).toEqual(PENDING);
    const rates = await ask('POST', '/v1/exchange-rates', [
      { base: 'EUR', quote: 'USD', rate: '1.085', validFrom: '2026-01-01T00:00:00Z' },
    ]);
    expect(rates.status).toBe(200);
    expect(await costOf(data)).toEqual(priced('2.17'));
  });

  it('is listed page by page, and found by the names of an event', async () => {
    for (const model of ['a', 'b', 'c'])
      await made('/v1/price-book', { provider: 'us', model, units: { input: { amount: '1' } } });
    const first = (await ask('GET', '/v1/price-book?limit=2')).body;
    expect(first.items.map((price: { model: string }) => price.model)).toEqual(['a', 'b']);
    const rest = (await ask('GET', `/v1/price-book?limit=2&cursor=${first.nextCursor}`)).body;
    expect(rest).toMatchObject({ items: [{ model: 'c' }], nextCursor: null });
    expect((await ask('GET', '/v1/price-book?provider=US')).body.items).toHaveLength(3);
    expect((await ask('GET', '/v1/price-book/in-force?provider=us&model=B')).body).toMatchObject({
      model: 'b',
      own: true,
    });
  });

  it('is retired from an instant on; what it held for before stays', async () => {
    const price = await made('/v1/price-book', { ...GPT_4O, units: { input: { amount: '2' } } });
    const million = { ...GPT_4O, input_tokens: 1_000_000 };
    const at = new Date(Date.now() - 3_600_000).toISOString();
    const { price: left } = await made(`/v1/price-book/${price.id}/retire`, { at });
    expect(left).toMatchObject({ validTo: at });
    expect(left.id).not.toBe(price.id);
    expect(await costOf(million)).toEqual(priced('2.5'));
    expect(await costOf(million, { time: new Date(Date.parse(at) - 1).toISOString() })).toEqual(priced('2'));
    expect((await ask('POST', `/v1/price-book/${price.id}/retire`, {})).body.code).toBe('model_price_not_found');

    const later = await made('/v1/price-book', {
      provider: 'us',
      model: 'm',
      units: { input: { amount: '2' } },
      validFrom: '2030-01-01T00:00:00Z',
    });
    expect(await made(`/v1/price-book/${later.id}/retire`, {})).toEqual({ price: null });
  });

  it('ten times off the catalogue’s has to be confirmed: a price per token instead of per million', async () => {
    const slip = { ...GPT_4O, units: { input: { amount: '0.0000025' }, output: { amount: '10' } } };
    const refused = await ask('POST', '/v1/price-book', slip);
    expect(refused).toMatchObject({
      status: 422,
      body: { code: 'suspicious_price', errors: [{ field: 'units.input.amount' }] },
    });
    expect((await ask('GET', '/v1/price-book')).body.items).toEqual([]);
    const meant = await made('/v1/price-book', { ...slip, confirm: true });
    expect(meant.warnings).toMatchObject([{ field: 'units.input.amount' }]);
  });
});

describe('a contract', () => {
  it('takes its per cent off the catalogue, exactly, and the price says which', async () => {
    const contract = {
      key: 'openai-2026',
      name: 'OpenAI 2026',
      provider: 'openai',
      match: { startsWith: 'gpt-4o' },
      discountPercent: '12.5',
    };
    expect(await made('/v1/contracts', contract)).toMatchObject({ key: 'openai-2026', discountPercent: '12.5' });
    expect(await made('/v1/contracts', contract)).toMatchObject({ name: 'OpenAI 2026' });
    expect((await ask('POST', '/v1/contracts', { ...contract, discountPercent: '15' })).body.code).toBe(
      'contract_exists',
    );

    expect(await costOf({ ...GPT_4O, input_tokens: 1155, output_tokens: 211 })).toEqual(priced('0.0043728125'));
    expect(await costOf({ provider: 'openai', model: 'o3', input_tokens: 1_000_000 })).toEqual(priced('2'));
    const { body } = await ask('GET', '/v1/price-book/in-force?provider=openai&model=gpt-4o');
    expect(body).toMatchObject({ contract: 'openai-2026', own: false, units: { input: { amount: '2.1875' } } });
    expect((await ask('GET', '/v1/contracts')).body.items).toHaveLength(1);

    await made('/v1/contracts/openai-2026/retire', {});
    expect(
      await costOf({ ...GPT_4O, input_tokens: 1_000_000 }, { time: new Date(Date.now() + 1_000).toISOString() }),
    ).toEqual(priced('2.5'));
  });

  it('may have prices of its own', async () => {
    const units = { input: { amount: '2' }, output: { amount: '8' } };
    await made('/v1/contracts', { key: 'own', name: 'Own', provider: 'openai', match: { contains: 'gpt-4o' }, units });
    expect(await costOf({ ...GPT_4O, input_tokens: 1_000_000 })).toEqual(priced('2'));
  });

  it('is a discount or prices, not both nor neither', async () => {
    const terms = { key: 'k', name: 'N', provider: 'openai' };
    for (const wrong of [terms, { ...terms, discountPercent: '5', units: { input: { amount: '1' } } }]) {
      expect(await ask('POST', '/v1/contracts', wrong)).toMatchObject({
        status: 422,
        body: { errors: [{ field: 'discountPercent' }] },
      });
    }
  });
});

describe('a resource', () => {
  const GPU = { key: 'gpu', name: 'H100', unit: 'GPU second', field: 'data.gpu_seconds' };

  it('is costed by the field that says how much, at the price of the event’s time', async () => {
    expect(await made('/v1/resources', GPU)).toMatchObject({ id: expect.stringMatching(/^res_/), prices: [] });
    expect(await costOf({ gpu_seconds: 90 })).toEqual(PENDING);
    expect(await costOf({ other: 90 })).toEqual({ status: 'none', amount: null });

    await made('/v1/resources/gpu/prices', { amount: '3.6', per: '3600' });
    expect(await costOf({ gpu_seconds: '90.5' })).toEqual(priced('0.0905'));
    expect(await costOf({ gpu_seconds: 0 })).toEqual({ status: 'none', amount: null });
    expect(await costOf({ gpu_seconds: 'many' })).toEqual(PENDING);

    const from = new Date(Date.now() - 60_000).toISOString();
    const dearer = await made('/v1/resources/gpu/prices', { amount: '7.2', per: '3600', validFrom: from });
    expect(dearer.prices).toHaveLength(2);
    expect(
      (await made('/v1/resources/gpu/prices', { amount: '7.2', per: '3600', validFrom: from })).prices,
    ).toHaveLength(2);
    expect(await costOf({ gpu_seconds: 1 })).toEqual(priced('0.002'));
    expect(await costOf({ gpu_seconds: 1 }, { time: new Date(Date.parse(from) - 1).toISOString() })).toEqual(
      priced('0.001'),
    );
  });

  it('adds to what the model costs, and with it to nothing less than all', async () => {
    await made('/v1/resources', { ...GPU, prices: [{ amount: '0.001' }] });
    const tool = {
      key: 'tools',
      name: 'Tool calls',
      unit: 'call',
      filters: [{ field: 'data.tool', operator: 'equals', value: 'maps' }],
    };
    await made('/v1/resources', { ...tool, prices: [{ amount: '5', per: '1000' }] });
    const data = { ...GPT_4O, input_tokens: 1_000_000, gpu_seconds: 2, tool: 'maps' };
    expect(await costOf(data)).toEqual(priced('2.507'));
    expect(await costOf({ ...data, model: 'unheard-of' })).toEqual(PENDING);
  });

  it('never changes, and one without a field needs a filter', async () => {
    await made('/v1/resources', GPU);
    expect(await ask('POST', '/v1/resources', { ...GPU, unit: 'hour' })).toMatchObject({
      status: 409,
      body: { code: 'resource_exists' },
    });
    expect(await ask('POST', '/v1/resources', { key: 'k', name: 'N', unit: 'u' })).toMatchObject({
      status: 422,
      body: { code: 'invalid_resource' },
    });
    expect((await ask('GET', '/v1/resources/gpu')).body).toMatchObject({ key: 'gpu', unit: 'GPU second' });
    expect((await ask('GET', '/v1/resources')).body).toMatchObject({ items: [{ key: 'gpu' }], nextCursor: null });
    expect((await ask('GET', '/v1/resources/nothing')).body.code).toBe('resource_not_found');
  });
});

describe('what the sender reports', () => {
  it('is kept beside what is computed, which counts where it is known', async () => {
    const cost = { amount: '0.01', currency: 'USD' };
    expect(await costOf({ ...GPT_4O, input_tokens: 1_000_000 }, { cost })).toEqual(priced('2.5'));
    const last = (await ask('GET', `/v1/events/e-${sent}`)).body.cost;
    expect(JSON.stringify(last)).toContain('"0.01"');
    expect(await costOf({ provider: 'openai', model: 'unheard-of', input_tokens: 1 }, { cost })).toEqual({
      status: 'reported',
      amount: '0.01',
    });
    expect(
      await costOf(
        { provider: 'openai', model: 'unheard-of', input_tokens: 1 },
        { cost: { ...cost, currency: 'EUR' } },
      ),
    ).toEqual(PENDING);
  });
});
