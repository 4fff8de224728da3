import { made } from '../../test/support/books';
import { type Answer, startTestServer, type TestServer } from '../../test/support/server';
import { Clock } from '../kernel';

class FixedClock extends Clock {
  now(): Date {
    return new Date('2026-03-12T12:00:00Z');
  }
}

let server: TestServer;
let apiKey: string;
beforeAll(async () => {
  server = await startTestServer({}, { clock: new FixedClock() });
});
afterAll(() => server.stop());

const send = (method: string, path: string, body?: unknown) => server.api(method, path, body, apiKey);
const plan = (unitPrice: string, more: object = {}) => ({
  ...{ key: 'tokens', name: 'Tokens', currency: 'USD', interval: 'month' },
  prices: [{ key: 'tokens', name: 'Tokens', meter: 'tokens', charge: { model: 'unit', unitPrice } }],
  ...more,
});

/** 1,000 tokens in February, which cost 8.00. */
beforeEach(async () => {
  apiKey = (await server.organisation()).apiKey;
  await made(
    send('POST', '/v1/meters', {
      ...{ key: 'tokens', name: 'Tokens', eventType: 'llm.request', aggregation: 'sum', value: 'data.tokens' },
    }),
  );
  for (const key of ['heavy', 'idle']) await made(send('POST', '/v1/customers', { key, name: key }));
  await made(
    send('POST', '/v1/events', {
      ...{ id: '1', type: 'llm.request', customer: 'heavy', time: '2026-02-10T09:30:00Z' },
      ...{ data: { tokens: 1_000 }, cost: { amount: '8', currency: 'USD' } },
    }),
  );
});

const floor = (marginFloorPercent: string | null) => made(send('PATCH', '/v1/organisation', { marginFloorPercent }));
const audited = async (action: string): Promise<Answer['body'][]> =>
  (await made(send('GET', `/v1/audit-log?action=${action}`))).items;

it('without a floor every plan is published', async () => {
  expect((await send('POST', '/v1/plans', plan('0.0001'))).status).toBe(201);
});

it('a plan below the floor is published for a reason only, which is written down with the figures', async () => {
  expect(await floor('20')).toMatchObject({ currency: 'USD', marginFloorPercent: '20' });

  // 9.00 for what cost 8.00 leaves 11.11 %.
  const refused = await send('POST', '/v1/plans', plan('0.009'));
  expect(refused).toMatchObject({
    status: 409,
    body: {
      code: 'margin_below_floor',
      detail: expect.stringMatching(/2026-02-01T.* to 2026-03-01T.* 11\.11 per cent, below the floor of 20\./),
      errors: [{ field: 'reason' }],
    },
  });
  expect((await send('GET', '/v1/plans/tokens')).status).toBe(404);

  const published = await send('POST', '/v1/plans', plan('0.009', { reason: 'To win the first customers' }));
  expect(published.status).toBe(201);
  const [entry] = await audited('plan.published');
  expect(entry).toMatchObject({
    reason: 'To win the first customers',
    after: { marginPercent: '11.1111', marginFloorPercent: '20' },
  });
});

it.each`
  unitPrice   | floorPercent | status | because
  ${'0.01'}   | ${'20'}      | ${201} | ${'10.00 for 8.00 leaves exactly 20 %, which is not below'}
  ${'0.0099'} | ${'20'}      | ${409} | ${'9.90 for 8.00 leaves less'}
  ${'0'}      | ${'-50'}     | ${409} | ${'nothing for what cost something is below every floor'}
  ${'0.007'}  | ${'-50'}     | ${201} | ${'a floor may be below zero: a loss of 14 % is wanted'}
`('$unitPrice a token, floor $floorPercent: $because', async ({ unitPrice, floorPercent, status }) => {
  await floor(floorPercent as string);
  expect((await send('POST', '/v1/plans', plan(unitPrice as string))).status).toBe(status);
});

it('counts customers of the plan with their base fees, whether they used anything or not', async () => {
  const withBase = (amount: string, more: object = {}) =>
    plan('0.001', {
      prices: [...plan('0.001').prices, { key: 'base', name: 'Base', charge: { model: 'flat', amount } }],
      ...more,
    });
  await floor('20');
  // Nobody has it: only heavy's usage is looked at. 1 + 5 for 8.
  expect((await send('POST', '/v1/plans', withBase('5'))).status).toBe(409);
  await made(send('POST', '/v1/plans', withBase('5', { reason: 'A try' })));
  for (const customer of ['heavy', 'idle']) {
    await made(send('POST', '/v1/subscriptions', { customer, plan: 'tokens', startAt: '2026-02-01T00:00:00Z' }));
  }
  // 1 + 2 × 4.60 for 8.
  expect((await send('POST', '/v1/plans', withBase('4.6'))).status).toBe(201);
});

it('a margin that can’t be told needs a reason, too', async () => {
  await floor('20');
  const refused = await send('POST', '/v1/plans', plan('1', { currency: 'EUR' }));
  expect(refused).toMatchObject({
    status: 409,
    body: { code: 'margin_below_floor', detail: expect.stringContaining('no exchange rate') },
  });
});

it('so does one whose usage is not all counted yet', async () => {
  await floor('20');
  await server.query(`UPDATE meter SET status = 'filling'`);
  const refused = await send('POST', '/v1/plans', plan('1'));
  const published = await send('POST', '/v1/plans', plan('1', { reason: 'In a hurry' }));
  await server.query(`UPDATE meter SET status = 'ready'`);
  expect(refused).toMatchObject({ status: 409, body: { detail: expect.stringContaining("'tokens' has not counted") } });
  expect(published.status).toBe(201);
});

it('asks nothing where nothing was used before this month', async () => {
  apiKey = (await server.organisation()).apiKey;
  await made(
    send('POST', '/v1/meters', {
      ...{ key: 'tokens', name: 'Tokens', eventType: 'llm.request', aggregation: 'sum', value: 'data.tokens' },
    }),
  );
  await floor('20');
  expect((await send('POST', '/v1/plans', plan('0'))).status).toBe(201);
});

it('the floor is shown, taken away again, and every change is in the log', async () => {
  await floor('20');
  expect(await made(send('GET', '/v1/organisation'))).toMatchObject({ marginFloorPercent: '20' });
  await floor('20');
  await floor(null);
  expect(await made(send('GET', '/v1/organisation'))).toMatchObject({ marginFloorPercent: null });
  expect((await audited('organisation.changed')).map(({ before, after }) => [before, after])).toEqual([
    [{ marginFloorPercent: '20' }, { marginFloorPercent: null }],
    [{ marginFloorPercent: null }, { marginFloorPercent: '20' }],
  ]);
  const { status, body } = await send('PATCH', '/v1/organisation', {});
  expect({ status, code: body.code }).toEqual({ status: 422, code: 'invalid_request' });
});

it('is held for drafts when they are published, for files, tried or applied, and under an Idempotency-Key', async () => {
  await floor('20');
  const cheap = plan('0.0071', { key: 'cheap' });
  const below = { status: 409, body: { code: 'margin_below_floor' } };
  const draft = await made(send('POST', '/v1/plans', { ...cheap, draft: true }));
  expect(await send('POST', '/v1/plans/cheap/publish')).toMatchObject(below);
  for (const dryRun of [true, false]) {
    expect(await send('POST', '/v1/plans/apply', { plans: [cheap], dryRun })).toMatchObject(below);
  }
  const idempotent = { 'content-type': 'application/json', 'idempotency-key': 'cheap' };
  const body = JSON.stringify(cheap);
  expect(await server.send('/v1/plans', { method: 'POST', headers: idempotent, body }, apiKey)).toMatchObject(below);
  expect(await send('GET', '/v1/plans/cheap')).toMatchObject({ body: { id: draft.id, status: 'draft' } });

  const reason = 'For a week';
  expect((await made(send('POST', '/v1/plans/cheap/publish', { reason }))).publishReason).toBe(reason);
  const cheaper = plan('0.007', { key: 'cheap' });
  await made(send('POST', '/v1/plans/apply', { plans: [cheaper], reason }));
  const entries = (await audited('plan.published')).slice(0, 2);
  for (const entry of entries)
    expect(entry).toMatchObject({ reason, after: { key: 'cheap', marginFloorPercent: '20' } });
});
