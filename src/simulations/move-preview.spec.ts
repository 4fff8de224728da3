import { advance, made, makeClock, subscribe } from '../../test/support/books';
import { type Answer, startTestServer, type TestServer } from '../../test/support/server';

const JANUARY = '2026-01-01T00:00:00.000Z';
const FEBRUARY = '2026-02-01T00:00:00.000Z';
const MARCH = '2026-03-01T00:00:00.000Z';

let server: TestServer;
const post = (path: string, body?: unknown) => made(server.api('POST', path, body));

const plan = (base: string, unitPrice: string) => ({
  ...{ key: 'pro', name: 'Pro', currency: 'USD', interval: 'month' },
  prices: [
    { key: 'base', name: 'Base', charge: { model: 'flat', amount: base } },
    { key: 'tokens', name: 'Tokens', meter: 'tokens', charge: { model: 'unit', unitPrice } },
  ],
});

/**
 * `a` and `b` are on version 1, 10.00 and 0.01 a token. In January `a` used 1,000 tokens and `b` 100, in February `a` 2,000.
 * It is 3 March. `b` has agreed on a base fee of 1.00. `c` began in March, and used 50.
 */
beforeAll(async () => {
  server = await startTestServer();
  await post('/v1/meters', {
    ...{ key: 'tokens', name: 'Tokens', eventType: 'llm.request', aggregation: 'sum', value: 'data.tokens' },
  });
  const version1 = await post('/v1/plans', plan('10', '0.01'));
  const clock = await makeClock(server, JANUARY);
  for (const key of ['a', 'b']) await subscribe(server, key, { plan: version1.id, startAt: JANUARY, clock });
  const override = await server.api('PUT', '/v1/subscriptions/b/overrides/base', {
    ...{ charge: { model: 'flat', amount: '1' }, from: JANUARY, reason: 'Agreed in the contract' },
  });
  expect(override.status).toBeLessThan(300);
  const use = (id: string, customer: string, time: string, tokens: number) =>
    post('/v1/events', { id, type: 'llm.request', customer, time, data: { tokens } });
  await use('1', 'a', '2026-01-10T00:00:00Z', 1_000);
  await use('2', 'b', '2026-01-10T00:00:00Z', 100);
  await advance(server, clock, '2026-02-10T00:00:00Z');
  await use('3', 'a', '2026-02-10T00:00:00Z', 2_000);
  await advance(server, clock, '2026-03-03T00:00:00Z');
  await subscribe(server, 'c', { plan: version1.id, startAt: MARCH, clock });
  await use('4', 'c', '2026-03-02T00:00:00Z', 50);
  await post('/v1/plans', plan('5', '0.02'));
});
afterAll(() => server.stop());

const move = { fromPlan: 'pro', toPlan: 'pro', mode: 'renewal' };
const preview = (more: object = {}): Promise<Answer> =>
  server.api('POST', '/v1/plan-moves/preview', { ...move, ...more });

it('bills what each subscription used last by both versions, and says who pays more', async () => {
  const { toPlan, totals, subscriptions } = await made(preview());
  expect(toPlan).toMatchObject({ key: 'pro', version: 2 });
  expect(subscriptions).toMatchObject([
    {
      ...{ customer: 'a', currency: 'USD', effectiveAt: '2026-04-01T00:00:00.000Z', already: false },
      usage: { from: FEBRUARY, to: MARCH, closed: true },
      // 10 + 2,000 × 0.01, and 5 + 2,000 × 0.02
      ...{ now: '30', then: '45', change: '15', changePercent: '50', problem: null },
    },
    // The agreed base fee goes along: 1 + 0 both times.
    { customer: 'b', now: '1', then: '1', change: '0', changePercent: '0' },
    // No period of it is closed: March so far, 10 + 0.50, and 5 + 1.
    {
      ...{ customer: 'c', usage: { from: MARCH, closed: false } },
      ...{ now: '10.5', then: '6', change: '-4.5', changePercent: '-42.8571' },
    },
  ]);
  expect(totals).toEqual([
    {
      ...{ currency: 'USD', subscriptions: 3, now: '41.5', then: '52', change: '10.5', changePercent: '25.3012' },
      ...{ gainers: 1, losers: 1, unchanged: 1, notRated: 0 },
    },
  ]);
});

it('looks at more periods if asked, as far as there are any', async () => {
  const { subscriptions } = await made(preview({ periods: 12, customers: ['a', 'b'] }));
  expect(subscriptions).toMatchObject([
    // 2 × 10 + 3,000 × 0.01, and 2 × 5 + 3,000 × 0.02
    { customer: 'a', usage: { from: JANUARY, to: MARCH, closed: true }, now: '50', then: '70' },
    { customer: 'b', now: '3', then: '4' },
  ]);
});

it('is about those of a list or a rule, like the move itself', async () => {
  const keys = async (more: object) =>
    (await made(preview(more))).subscriptions.map(({ customer }: { customer: string }) => customer);
  expect(await keys({ customers: ['b'] })).toEqual(['b']);
  expect(await keys({ rule: { startedBefore: MARCH } })).toEqual(['a', 'b']);
});

it('refuses what the move would be refused with', async () => {
  const closed = await preview({ mode: 'now', effectiveAt: '2026-02-15T00:00:00Z' });
  expect(closed).toMatchObject({ status: 409, body: { code: 'period_closed' } });
  expect(await preview({ toPlan: 'nobodys' })).toMatchObject({ status: 404, body: { code: 'plan_not_found' } });
});

it('moves nobody, and a move to stay is seen beside the move it takes back', async () => {
  const before = await server.rowCounts();
  await made(preview());
  expect(await server.rowCounts()).toEqual(before);

  await post('/v1/plan-moves', { ...move, reason: 'Dearer', customers: ['a'] });
  const planned = (await made(preview({ customers: ['a'] }))).subscriptions;
  expect(planned).toMatchObject([{ already: true, now: '45', then: '45' }]);
  const stays = (await made(preview({ mode: 'stay', customers: ['a'] }))).subscriptions;
  expect(stays).toMatchObject([{ effectiveAt: '2026-04-01T00:00:00.000Z', already: false, now: '45', then: '30' }]);
});

it('counts what pools kept of earlier periods, as the invoice did', async () => {
  const pooled = (unitPrice: string) => ({
    ...{ key: 'pooled', name: 'Pooled', currency: 'USD', interval: 'month' },
    pools: [{ key: 'free', name: 'Free', amount: '100', rollover: { limit: '50', expiresAfterPeriods: 1 } }],
    prices: [
      { ...{ key: 'tokens', name: 'Tokens', meter: 'tokens' }, pool: { key: 'free', weight: '1' }, charge: { model: 'unit', unitPrice } },
    ], // prettier-ignore
  });
  await post('/v1/plans', pooled('1'));
  const clock = await makeClock(server, JANUARY);
  await subscribe(server, 'p', { plan: 'pooled', startAt: JANUARY, clock });
  await advance(server, clock, '2026-02-10T00:00:00Z');
  await post('/v1/events', { id: '5', type: 'llm.request', customer: 'p', time: '2026-01-10T00:00:00Z', data: { tokens: 20 } }); // prettier-ignore
  await post('/v1/events', { id: '6', type: 'llm.request', customer: 'p', time: '2026-02-10T00:00:00Z', data: { tokens: 160 } }); // prettier-ignore
  await advance(server, clock, '2026-03-03T00:00:00Z');
  await post('/v1/plans', pooled('2'));

  // January used 20 of 100, of the rest 50 are kept: of 160 in February 150 cost nothing, and 10 are charged.
  const { items } = await made(server.api('GET', '/v1/customers/p/invoices'));
  expect(items.find((each: Answer['body']) => each.servicePeriod.start === FEBRUARY)).toMatchObject({ total: '10.00' });
  const { subscriptions } = await made(preview({ fromPlan: 'pooled', toPlan: 'pooled' }));
  expect(subscriptions).toMatchObject([{ usage: { from: FEBRUARY, to: MARCH }, now: '10', then: '20' }]);
  const both = await made(preview({ fromPlan: 'pooled', toPlan: 'pooled', periods: 2 }));
  expect(both.subscriptions).toMatchObject([{ usage: { from: JANUARY, to: MARCH }, now: '10', then: '20' }]);
});
