import { made } from '../../test/support/books';
import { startTestServer, type TestServer } from '../../test/support/server';
import { PLAN_TEMPLATES } from './templates';

/** Plans over HTTP: drafts, versions, archives, currencies, and files of plans. */
let server: TestServer;
beforeAll(async () => (server = await startTestServer()), 60_000);
afterAll(() => server.stop());

const post = (path: string, body?: unknown) => server.api('POST', path, body);
const get = async (path: string) => made(server.api('GET', path));

function plan(key: string, amount: string, more: object = {}) {
  const prices = [{ key: 'base', name: 'Base', charge: { model: 'flat', amount } }];
  return { key, name: 'Plan', currency: 'USD', interval: 'month', prices, ...more };
}

describe('a draft', () => {
  it('is worked on until it is published, and has the number it would get', async () => {
    const draft = await made(post('/v1/plans', plan('drafted', '1', { draft: true })));
    expect(draft).toMatchObject({ version: 1, status: 'draft', publishedAt: null });
    expect(await get('/v1/plans/drafted')).toEqual(draft);

    const again = await made(post('/v1/plans', plan('drafted', '2', { draft: true })));
    expect(again).toMatchObject({ id: draft.id, version: 1 });
    const { key: _, ...content } = plan('drafted', '3', { minimum: '10' });
    const changed = await made(server.api('PUT', '/v1/plans/drafted', content));
    expect(changed).toMatchObject({ id: draft.id, minimum: '10', prices: [{ charge: { amount: '3' } }] });
    expect(await get(`/v1/plans/${draft.id}`)).toEqual(changed);

    const published = await made(post('/v1/plans/drafted/publish'));
    expect(published).toMatchObject({ id: draft.id, version: 1, status: 'published', minimum: '10' });
    expect(published.publishedAt).not.toBeNull();
    expect(await made(post(`/v1/plans/${draft.id}/publish`, {}))).toEqual(published);
    for (const [method, path, body] of [
      ['PUT', '/v1/plans/drafted', content],
      ['DELETE', '/v1/plans/drafted', undefined],
      ['POST', '/v1/plans/drafted/publish', undefined],
    ] as const) {
      expect(await server.api(method, path, body)).toMatchObject({ status: 409, body: { code: 'plan_not_draft' } });
    }
  });

  it('steps aside for a version that is published meanwhile, and can be thrown away', async () => {
    const first = await made(post('/v1/plans', plan('busy', '1')));
    const draft = await made(post('/v1/plans', plan('busy', '5', { draft: true })));
    expect(draft.version).toBe(2);
    const second = await made(post('/v1/plans', plan('busy', '2')));
    expect([first.version, second.version]).toEqual([1, 2]);
    expect(await get(`/v1/plans/${draft.id}`)).toMatchObject({ version: 3, status: 'draft' });
    // By key it is what is on sale, until it is asked for as a draft.
    expect(await get('/v1/plans/busy')).toEqual(second);
    expect((await get('/v1/plans?status=draft')).items).toHaveLength(1);
    const { plans: onSale } = await get('/v1/plans/export');
    expect(onSale.find(({ key }: { key: string }) => key === 'busy').prices[0].charge.amount).toBe('2');

    expect((await server.api('DELETE', '/v1/plans/busy')).status).toBe(204);
    expect(await server.api('GET', `/v1/plans/${draft.id}`)).toMatchObject({ status: 404, body: { code: 'plan_not_found' } }); // prettier-ignore
    expect(await server.api('DELETE', '/v1/plans/busy')).toMatchObject({ body: { code: 'plan_not_draft' } });
  });

  it('can’t be subscribed to', async () => {
    await made(post('/v1/customers', { key: 'early', name: 'Early' }));
    await made(post('/v1/plans', plan('later', '1', { draft: true })));
    expect((await post('/v1/subscriptions', { customer: 'early', plan: 'later' })).status).toBeGreaterThanOrEqual(400);
  });

  it('of eight published at once is published once', async () => {
    await made(post('/v1/plans', plan('rushed', '1', { draft: true })));
    const answers = await Promise.all(Array.from({ length: 8 }, () => post('/v1/plans/rushed/publish')));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(7).fill(409)]);
    expect((await get('/v1/plans/rushed')).version).toBe(1);
  });
});

describe('an archived plan', () => {
  it('takes no new subscriptions; those that have it go on', async () => {
    await made(post('/v1/customers', { key: 'loyal', name: 'Loyal' }));
    const first = await made(post('/v1/plans', plan('ending', '1')));
    await made(post('/v1/plans', plan('ending', '2')));
    await made(post('/v1/subscriptions', { key: 'kept', customer: 'loyal', plan: first.id as string }));

    const archived = await made(post('/v1/plans/ending/archive'));
    expect(archived).toMatchObject({ version: 2, status: 'archived' });
    expect(await made(post('/v1/plans/ending/archive'))).toEqual(archived);
    expect(await get(`/v1/plans/${first.id}`)).toMatchObject({ status: 'archived' });
    expect(await post('/v1/subscriptions', { customer: 'loyal', plan: 'ending' })).toMatchObject({
      status: 409,
      body: { code: 'plan_archived' },
    });
    expect((await get('/v1/customers/loyal/invoices/preview?subscription=kept')).total).toBe('1.00');
    // What is published under the key from then on is a version of its own.
    expect(await made(post('/v1/plans', plan('ending', '2')))).toMatchObject({ version: 3, status: 'published' });
  });

  it('by its id gives way to the version before it', async () => {
    const first = await made(post('/v1/plans', plan('undone', '1')));
    const second = await made(post('/v1/plans', plan('undone', '2')));
    await made(post(`/v1/plans/${second.id}/archive`));
    expect(await get('/v1/plans/undone')).toEqual(first);
    const draft = await made(post('/v1/plans', plan('never', '1', { draft: true })));
    expect(await post(`/v1/plans/${draft.id}/archive`)).toMatchObject({ body: { code: 'plan_is_draft' } });
  });
});

it('the database itself keeps what is published, for every role', async () => {
  const { id } = await made(post('/v1/plans', plan('kept', '1')));
  expect(id).toMatch(/^pln_/);
  for (const sql of [
    `UPDATE plan SET name = 'Other' WHERE key = 'kept'`,
    `DELETE FROM plan WHERE key = 'kept'`,
    `UPDATE plan SET status = 'archived', archived_at = now(), name = 'Other' WHERE key = 'kept'`,
    `UPDATE plan SET status = 'draft', published_at = NULL WHERE key = 'kept'`,
    `UPDATE price SET name = 'Other' FROM plan WHERE plan.id = price.plan_id AND plan.key = 'kept'`,
    `DELETE FROM price USING plan WHERE plan.id = price.plan_id AND plan.key = 'kept'`,
    `INSERT INTO price SELECT price.organisation_id, gen_random_uuid(), plan_id, 9, 'more', 'More', NULL, NULL, charge
       FROM price JOIN plan ON plan.id = price.plan_id WHERE plan.key = 'kept'`,
  ]) {
    await expect(server.query(sql)).rejects.toMatchObject({ code: '23000' });
  }
});

describe('terms', () => {
  const everything = {
    features: [{ feature: 'models', value: true }],
    pools: [{ key: 'credits', name: 'Credits', amount: '10', rollover: { limit: '5', expiresAfterPeriods: 2 } }],
    pricingUnits: [{ key: 'credit', name: 'Credit', rate: '0.01' }],
    minimum: '1',
    maximum: '100',
    commitment: { amount: '120', periods: 12 },
    discounts: [{ key: 'launch', name: 'Launch', prices: ['base'], percent: '10', periods: 3 }],
    trial: { days: 14, covers: 'base_fee' },
  };
  const prices = [
    { key: 'base', name: 'Base', charge: { model: 'flat', amount: '20' }, feature: 'models' },
    {
      key: 'calls',
      name: 'Calls',
      meter: 'calls',
      charge: { model: 'unit', unitPrice: '2' },
      rounding: { mode: 'up', decimals: -3 },
      pool: { key: 'credits', weight: '0.5' },
      beyond: { price: 'more' },
      pricingUnit: 'credit',
      discounts: [{ key: 'free', name: 'Free units', freeUnits: '5' }],
    },
    { key: 'more', name: 'More', meter: 'calls', charge: { model: 'unit', unitPrice: '0.1' } },
  ];
  const currencies = {
    EUR: {
      prices: {
        base: { charge: { model: 'flat', amount: '18' } },
        more: { charge: { model: 'unit', unitPrice: '0.09' } },
      },
      pricingUnits: [{ key: 'credit', name: 'Credit', rate: '0.009' }],
      minimum: '1',
      maximum: '90',
      commitment: { amount: '110', periods: 12 },
    },
  };

  beforeAll(async () => {
    await made(post('/v1/features', { key: 'models', name: 'Models' }));
    await made(post('/v1/meters', { key: 'calls', name: 'Calls', eventType: 'call', aggregation: 'count' }));
  });

  it('are answered as they were given, and the same terms are the same version', async () => {
    const wanted = plan('rich', '1', { ...everything, prices, currencies });
    const published = await made(post('/v1/plans', wanted));
    const meter = (await get('/v1/meters/calls')).id as string;
    const { key: _, meter: __, ...second } = prices[1]!;
    expect(published).toMatchObject({ ...everything, currencies });
    expect(published.prices[1]).toMatchObject({ ...second, meter });
    expect(await get('/v1/plans/rich')).toEqual(published);
    const rewritten = { ...wanted, minimum: 1.0, pools: [{ ...everything.pools[0], amount: 10 }], draft: false };
    expect(await made(post('/v1/plans', rewritten))).toEqual(published);
    expect(await made(post('/v1/plans', { ...wanted, minimum: '2' }))).toMatchObject({ version: 2, minimum: '2' });
  });

  it('of fees in advance, of shares and of taxes come back as they went in, through a file as well', async () => {
    const charge = { model: 'flat', amount: '1200' };
    const fee = { key: 'fee', name: 'Fee', charge, billing: { in: 'advance', every: 12 }, tax: { code: 'saas', behaviour: 'inclusive' } }; // prettier-ignore
    const rules = { proration: 'day', allowancesOnChange: 'carry' };
    const wanted = plan('ahead', '1', { prices: [fee], ...rules, currencies: { EUR: { prices: { fee: { charge } } } } }); // prettier-ignore
    const published = await made(post('/v1/plans', wanted));
    expect(published).toMatchObject({ ...rules, prices: [fee] });
    expect(await made(post('/v1/plans', wanted))).toEqual(published);
    const { plans: exported } = await get('/v1/plans/export');
    const [document] = exported.filter(({ key }: { key: string }) => key === 'ahead');
    expect(document).toEqual(wanted);
    expect(await made(post('/v1/plans/apply', { plans: [document] }))).toMatchObject({
      changes: [{ key: 'ahead', action: 'unchanged' }],
    });
    const monthly = { ...document, prices: [{ ...document.prices[0], billing: { in: 'advance' } }] };
    expect(await made(post('/v1/plans/apply', { dryRun: true, plans: [monthly] }))).toMatchObject({
      changes: [{ key: 'ahead', version: 2, fields: [{ field: 'prices.fee.billing.every', before: 12, after: null }] }],
    });
  });

  it.each`
    field                   | body
    ${'proration'}          | ${{ proration: 'weekly' }}
    ${'allowancesOnChange'} | ${{ allowancesOnChange: 'keep' }}
  `('$field is one of its words', async ({ field, body }) => {
    const answer = await post('/v1/plans', plan('wrong', '1', body));
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ field }] } });
  });

  it('that don’t say anything make the plan that doesn’t have them', async () => {
    const first = await made(post('/v1/plans', plan('empty', '1')));
    const nothing = { pools: [], discounts: [], features: [], currencies: {} };
    expect(await made(post('/v1/plans', plan('empty', '1', nothing)))).toEqual(first);
  });

  it.each`
    field                                        | detail                      | change
    ${'pools[0].amount'}                         | ${'below zero'}             | ${{ pools: [{ ...everything.pools[0], amount: '-1' }] }}
    ${'prices[1].pool.key'}                      | ${'no pool'}                | ${{ pools: [] }}
    ${'prices[1].pricingUnit'}                   | ${'no pricing unit'}        | ${{ pricingUnits: [], currencies: {} }}
    ${'pricingUnits[0].rate'}                    | ${'above 0'}                | ${{ pricingUnits: [{ ...everything.pricingUnits[0], rate: '0' }] }}
    ${'minimum'}                                 | ${'above the maximum, 100'} | ${{ minimum: '101' }}
    ${'commitment.periods'}                      | ${'from 1 to 120'}          | ${{ commitment: { amount: '1', periods: 0 } }}
    ${'trial.days'}                              | ${'from 1 to 365'}          | ${{ trial: { days: 366, covers: 'everything' } }}
    ${'discounts[0].percent'}                    | ${'at most 100'}            | ${{ discounts: [{ key: 'd', name: 'D', percent: '101' }] }}
    ${'discounts[0].prices[0]'}                  | ${'no price'}               | ${{ discounts: [{ key: 'd', name: 'D', prices: ['x'], percent: '1' }] }}
    ${'discounts[0]'}                            | ${'exactly one'}            | ${{ discounts: [{ key: 'd', name: 'D' }] }}
    ${'discounts[0]'}                            | ${'exactly one'}            | ${{ discounts: [{ key: 'd', name: 'D', percent: '1', amount: '1' }] }}
    ${'discounts[0].freeUnits'}                  | ${'free in a price'}        | ${{ discounts: [{ key: 'd', name: 'D', freeUnits: '1' }] }}
    ${'discounts[1].key'}                        | ${'twice'}                  | ${{ discounts: [everything.discounts[0], everything.discounts[0]] }}
    ${'discounts[0].prices[0]'}                  | ${'billed in advance'}      | ${{ prices: [{ ...prices[0], billing: { in: 'advance' } }, ...prices.slice(1)] }}
    ${'features[0].feature'}                     | ${"no feature 'x'"}         | ${{ features: [{ feature: 'x', value: true }] }}
    ${'currencies.USD'}                          | ${'own currency'}           | ${{ currencies: { USD: currencies.EUR } }}
    ${'currencies.EUR.prices.more'}              | ${'is needed'}              | ${{ currencies: { EUR: { ...currencies.EUR, prices: { base: currencies.EUR.prices.base } } } }}
    ${'currencies.EUR.prices.x'}                 | ${'no price'}               | ${{ currencies: { EUR: { ...currencies.EUR, prices: { ...currencies.EUR.prices, x: currencies.EUR.prices.base } } } }}
    ${'currencies.EUR.minimum'}                  | ${'is needed'}              | ${{ currencies: { EUR: { ...currencies.EUR, minimum: undefined } } }}
    ${'currencies.EUR.commitment'}               | ${'is needed'}              | ${{ currencies: { EUR: { ...currencies.EUR, commitment: undefined } } }}
    ${'currencies.EUR.pricingUnits'}             | ${"one 'credit' is"}        | ${{ currencies: { EUR: { ...currencies.EUR, pricingUnits: undefined } } }}
    ${'currencies.EUR.prices.more.charge.model'} | ${'must be unit'}           | ${{ currencies: { EUR: { ...currencies.EUR, prices: { ...currencies.EUR.prices, more: currencies.EUR.prices.base } } } }}
  `('$field: $detail', async ({ field, detail, change }) => {
    const answer = await post('/v1/plans', plan('wrong', '1', { ...everything, prices, currencies, ...change }));
    expect(answer).toMatchObject({ status: 422, body: { code: 'invalid_plan' } });
    expect(answer.body.errors).toContainEqual({ field, detail: expect.stringContaining(detail) });
  });

  const [, calls, more] = prices;
  it.each`
    field                                 | detail                          | price
    ${'prices[0].feature'}                | ${"no feature 'x'"}             | ${{ feature: 'x' }}
    ${'prices[0].pool'}                   | ${'beside an allowance'}        | ${{ ...calls, key: 'a', allowance: '1' }}
    ${'prices[0].pool'}                   | ${'a flat charge has no units'} | ${{ pool: { key: 'credits', weight: '1' } }}
    ${'prices[0].pool.weight'}            | ${'above 0'}                    | ${{ ...calls, key: 'a', pool: { key: 'credits', weight: '0' } }}
    ${'prices[0].beyond'}                 | ${'no allowance and no pool'}   | ${{ beyond: 'block' }}
    ${'prices[0].rounding'}               | ${'one quantity'}               | ${{ rounding: { mode: 'up', decimals: 0 } }}
    ${'prices[0].rounding.decimals'}      | ${'from -6 to 12'}              | ${{ ...calls, key: 'a', rounding: { mode: 'up', decimals: 13 } }}
    ${'prices[0].minimum'}                | ${'above the maximum'}          | ${{ minimum: '2', maximum: '1' }}
    ${'prices[0].discounts[0].freeUnits'} | ${'a flat charge has no'}       | ${{ discounts: [{ key: 'd', name: 'D', freeUnits: '1' }] }}
    ${'prices[0].discounts[0].prices'}    | ${'for that price'}             | ${{ discounts: [{ key: 'd', name: 'D', prices: ['base'], percent: '1' }] }}
    ${'prices[0].key'}                    | ${'must not begin'}             | ${{ key: 'plan:minimum' }}
    ${'prices[0].beyond.price'}           | ${'later price'}                | ${{ ...calls, key: 'a', beyond: { price: 'a' } }}
    ${'prices[0].beyond.price'}           | ${'no price'}                   | ${{ ...calls, key: 'a', beyond: { price: 'nothing' } }}
    ${'prices[0].beyond.price'}           | ${'not draw from a pool'}       | ${{ ...calls, key: 'a', beyond: { price: 'calls' } }}
    ${'prices[0].charge.dimensions[0]'}   | ${"apart by 'model'"}           | ${{ ...more, key: 'a', charge: { model: 'per_group', dimensions: ['model'], charge: more!.charge } }}
    ${'prices[0].meter'}                  | ${'must be a sum, not count'}   | ${{ ...more, key: 'a', charge: { model: 'event_amount' } }}
    ${'prices[0].meter'}                  | ${'how many?'}                  | ${{ charge: { model: 'recurring', unitPrice: '1' } }}
    ${'prices[0].billing'}                | ${'known only afterwards'}      | ${{ ...more, key: 'a', billing: { in: 'advance' } }}
    ${'prices[0].billing'}                | ${'known only afterwards'}      | ${{ meter: 'calls', charge: { model: 'recurring', unitPrice: '1' }, billing: { in: 'advance' } }}
    ${'prices[0].billing.every'}          | ${'from 1 to 120'}              | ${{ billing: { in: 'advance', every: 121 } }}
    ${'prices[0].pricingUnit'}            | ${'in advance is in the'}       | ${{ pricingUnit: 'credit', billing: { in: 'advance' } }}
    ${'prices[0].pool'}                   | ${'before anything is used'}    | ${{ ...calls, key: 'a', billing: { in: 'advance' } }}
    ${'prices[0].tax'}                    | ${'code or a behaviour'}        | ${{ tax: {} }}
  `('$field: $detail', async ({ field, detail, price }) => {
    const first = { key: 'a', name: 'A', charge: { model: 'flat', amount: '1' }, ...price };
    const answer = await post('/v1/plans', plan('wrong', '1', { ...everything, prices: [first, ...prices] }));
    expect(answer).toMatchObject({ status: 422, body: { code: 'invalid_plan' } });
    expect(answer.body.errors).toContainEqual({ field, detail: expect.stringContaining(detail) });
  });
});

describe('a meter that prices need', () => {
  const meter = { key: 'grouped', name: 'Grouped', eventType: 'g', aggregation: 'count', groupBy: ['model', 'user'] };
  const matrix = {
    key: 'matrix',
    name: 'Matrix',
    meter: 'grouped',
    charge: {
      model: 'matrix',
      dimensions: ['model'],
      cells: [{ match: { model: 'a' }, unitPrice: '1' }],
      fallback: '2',
    },
  };

  it('keeps what they need, and may drop the rest', async () => {
    await made(post('/v1/meters', meter));
    await made(post('/v1/plans', plan('matrix', '1', { prices: [matrix] })));
    const { key: _, ...definition } = meter;
    const change = (to: object) => server.api('PUT', '/v1/meters/grouped', { ...definition, ...to });
    expect((await change({ groupBy: ['model'] })).status).toBe(200);
    expect(await change({ groupBy: ['user'] })).toMatchObject({
      status: 409,
      body: {
        code: 'meter_in_use',
        detail: expect.stringMatching(/'matrix' of version 1 of the plan 'matrix' .* needs it apart by model/),
        errors: [{ field: 'groupBy' }],
      },
    });
    expect((await change({ groupBy: ['model', 'data.region'] })).status).toBe(200);
  });

  it('is not changed so that a plan doesn’t fit that is published at the same moment', async () => {
    await made(post('/v1/customers', { key: 'grouper', name: 'G' }));
    await made(post('/v1/events', { id: 'g-1', type: 'g', customer: 'grouper' }));
    for (let round = 0; round < 6; round += 1) {
      const key = `raced-${round}`;
      await made(post('/v1/meters', { ...meter, key }));
      const { key: _, ...definition } = meter;
      const [published, changed] = await Promise.all([
        post('/v1/plans', plan(key, '1', { prices: [{ ...matrix, meter: key }] })),
        server.api('PUT', `/v1/meters/${key}`, { ...definition, groupBy: ['user'] }),
      ]);
      const outcome = `${published.status} ${published.body.code ?? ''}, ${changed.status} ${changed.body.code ?? ''}`;
      expect(['201 , 409 meter_in_use', '422 invalid_plan, 200 ']).toContain(outcome);
    }
  });
});

describe('a file of plans', () => {
  const apply = (document: object) => post('/v1/plans/apply', document);
  const actions = (changes: { kind: string; key: string; action: string }[]) =>
    changes.map(({ kind, key, action }) => `${kind} ${key}: ${action}`);

  it.each(PLAN_TEMPLATES.map(({ key, document }) => ({ key, document })))(
    'the template $key is applied, tried before, and changes nothing the second time',
    async ({ document }) => {
      const { apiKey } = await server.organisation('Templates');
      const here = (path: string, body?: unknown) =>
        server.api(body === undefined ? 'GET' : 'POST', path, body, apiKey);
      const empty = await made(here('/v1/plans/export'));
      expect(empty).toEqual({ features: [], meters: [], plans: [] });
      const tried = await made(here('/v1/plans/apply', { ...document, dryRun: true }));
      expect(await made(here('/v1/plans/export'))).toEqual(empty);

      const applied = await made(here('/v1/plans/apply', document));
      expect(applied).toEqual({ ...tried, dryRun: false });
      expect(new Set(applied.changes.map(({ action }: { action: string }) => action))).toEqual(new Set(['create']));
      const exported = await made(here('/v1/plans/export'));
      const byKey = (items: { key: string }[]) => items.toSorted((one, other) => (one.key < other.key ? -1 : 1));
      expect(exported).toEqual({
        features: byKey(document.features),
        meters: byKey(document.meters),
        plans: byKey(document.plans),
      });
      const again = await made(here('/v1/plans/apply', exported));
      expect(new Set(again.changes.map(({ action }: { action: string }) => action))).toEqual(new Set(['unchanged']));
      expect((await made(here('/v1/plans?'))).items).toHaveLength(document.plans.length);
    },
  );

  it('tells field by field what a new version changes', async () => {
    const before = plan('file', '1', { minimum: '5', discounts: [{ key: 'd', name: 'D', percent: '10' }] });
    expect(actions((await made(apply({ plans: [before] }))).changes)).toEqual(['plan file: create']);
    const prices = [{ key: 'more', name: 'More', charge: { model: 'flat', amount: '2' } }, ...before.prices];
    const { discounts: _, ...rest } = before as typeof before & { discounts?: unknown };
    const after = { ...rest, prices, minimum: '6' };
    const { changes } = await made(apply({ plans: [after], dryRun: true }));
    expect(changes).toEqual([
      {
        kind: 'plan',
        key: 'file',
        action: 'new_version',
        version: 2,
        fields: [
          { field: 'prices.more', before: null, after: prices[0] },
          { field: 'minimum', before: '5', after: '6' },
          { field: 'discounts', before: [{ key: 'd', name: 'D', percent: '10' }], after: null },
        ],
      },
    ]);
    expect((await get('/v1/plans/file')).version).toBe(1);
    await made(apply({ plans: [after] }));
    expect(await get('/v1/plans/file')).toMatchObject({ version: 2, minimum: '6' });
  });

  it('is refused whole, with every field that is wrong, and leaves nothing', async () => {
    const before = await server.rowCounts();
    const wrong = plan('wrong-file', '-1', { trial: { days: 0, covers: 'everything' } });
    const answer = await apply({
      features: [{ key: 'new-feature', name: 'New' }],
      meters: [{ key: 'new-meter', name: 'New', eventType: 'n', aggregation: 'count' }],
      plans: [plan('right-file', '1'), wrong],
    });
    expect(answer).toMatchObject({ status: 422, body: { code: 'invalid_document' } });
    expect(answer.body.errors.map(({ field }: { field: string }) => field)).toEqual([
      'plans[1].prices[0].charge.amount',
      'plans[1].trial.days',
    ]);
    expect(await apply({ plans: [plan('two', '1'), plan('two', '2')] })).toMatchObject({
      body: { code: 'invalid_document', errors: [{ field: 'plans[1].key', detail: 'is there twice' }] },
    });
    const noValue = { key: 'no-value', name: 'N', eventType: 'n', aggregation: 'sum' };
    expect(await apply({ meters: [noValue] })).toMatchObject({
      body: { code: 'invalid_document', errors: [{ field: 'meters[0].value' }] },
    });
    expect(await server.rowCounts()).toEqual(before);
  });

  it('never changes a meter or a feature', async () => {
    const meter = { key: 'in-file', name: 'In file', eventType: 'f', aggregation: 'count' };
    await made(apply({ meters: [meter], features: [{ key: 'in-file', name: 'F' }] }));
    expect(await apply({ meters: [{ ...meter, groupBy: ['user'] }] })).toMatchObject({
      status: 409,
      body: { code: 'meter_differs', errors: [{ field: 'meters[0]' }] },
    });
    expect(await apply({ features: [{ key: 'in-file', name: 'G' }] })).toMatchObject({
      status: 409,
      body: { code: 'feature_exists' },
    });
  });

  it('tried with an Idempotency-Key is tried only, too', async () => {
    const body = JSON.stringify({ plans: [plan('only-tried', '1')], dryRun: true });
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'tried-once' };
    const answer = await server.send('/v1/plans/apply', { method: 'POST', headers, body });
    expect(answer).toMatchObject({ status: 200, body: { dryRun: true } });
    expect((await server.api('GET', '/v1/plans/only-tried')).status).toBe(404);
  });

  it('applied by many at once is applied once', async () => {
    const document = { plans: ['a', 'b', 'c'].map((key) => plan(`many-${key}`, '1')), features: [{ key: 'many', name: 'M' }] }; // prettier-ignore
    const turned = { ...document, plans: document.plans.toReversed() };
    const answers = await Promise.all([document, turned, document, turned].map(apply));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const made = answers.flatMap(({ body }) => actions(body.changes)).filter((line) => line.endsWith('create'));
    expect(made.sort()).toEqual(['feature many: create', ...['a', 'b', 'c'].map((key) => `plan many-${key}: create`)]);
  });
});
