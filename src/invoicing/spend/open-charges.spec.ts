import { Decimal, fromPublicId, sum } from '../../kernel';
import { startTestServer, type TestServer } from '../../../test/support/server';

let server: TestServer;
beforeAll(async () => (server = await startTestServer()));
afterAll(() => server.stop());

const START = '2026-04-01T00:00:00Z';
type Json = Record<string, unknown>;

/** A customer in UTC on a test clock at 1 April 2026 with a plan by the month in USD; what is charged is capped at a great deal. */
async function company(prices: Json[], options: { terms?: Json; capped?: boolean; subscribed?: boolean } = {}) {
  const { id, apiKey } = await server.organisation();
  const organisationId = fromPublicId('organisation', id);
  const call = (method: string, path: string, body?: unknown) => server.api(method, path, body, apiKey);
  const made = async (path: string, body?: unknown) => {
    const { status, body: answer } = await call('POST', path, body);
    expect({ path, ok: status < 300, answer }).toEqual({ path, ok: true, answer });
    return answer;
  };
  const { id: testClock } = await made('/v1/test-clocks', { now: START });
  await made('/v1/customers', { key: 'acme', name: 'Acme', timeZone: 'UTC', testClock });
  await made('/v1/meters', { key: 'calls', name: 'Calls', eventType: 'call', aggregation: 'sum', value: 'data.n' });
  await made('/v1/meters', { key: 'docs', name: 'Docs', eventType: 'doc', aggregation: 'count' });
  await made('/v1/meters', { key: 'tokens', name: 'Tokens', eventType: 'llm', aggregation: 'sum', value: 'data.output_tokens', groupBy: ['model'] }); // prettier-ignore
  const plan = { currency: 'USD', interval: 'month', ...options.terms };
  await made('/v1/plans', { key: 'plan', name: 'Plan', prices, ...plan });
  const subscribe = () => made('/v1/subscriptions', { key: 'sub', customer: 'acme', plan: 'plan', startAt: START });
  if (options.subscribed !== false) await subscribe();
  const cap = (more: Json = {}) =>
    made('/v1/caps', { key: 'much', scope: {}, each: ['customer'], measure: 'spend', currency: 'USD', period: 'lifetime', kind: 'hard', limit: '100000', ...more }); // prettier-ignore
  if (options.capped !== false) await cap();
  let sent = 0;
  return {
    call,
    made,
    cap,
    subscribe,
    advance: (now: string) => made(`/v1/test-clocks/${testClock}/advance`, { now }),
    async use(time: string, data: number | Json, more: Json = {}) {
      const body = typeof data === 'number' ? { n: data } : data;
      await made('/v1/events', { id: `use-${(sent += 1)}`, type: 'call', customer: 'acme', time, data: body, ...more });
      return `use-${sent}`;
    },
    hold: (estimate: Json, more: Json = {}) => made('/v1/holds', { customer: 'acme', estimate, ...more }),
    /** What is written down once all that waits is counted: by period and charge the total, and by feature the entries. */
    async spend() {
      await made('/v1/holds', { customer: 'acme', estimate: { amount: '0.000001' }, ttl: '1s' });
      const totals = await server.query<{ name: string; amount: string }>(
        `SELECT period_index || ' ' || charge AS name, trim_scale(amount)::text AS amount
           FROM spend_total WHERE organisation_id = $1 AND amount <> 0 ORDER BY 1`,
        [organisationId],
      );
      const entries = await server.query<{ name: string; amount: string }>(
        `SELECT period_index || ' ' || charge || ' ' || COALESCE(scope->>'feature', '-') AS name,
                trim_scale(sum(amount))::text AS amount
           FROM spend_entry WHERE organisation_id = $1 GROUP BY 1 HAVING sum(amount) <> 0 ORDER BY 1`,
        [organisationId],
      );
      const [state] = await server.query<{ unknown_reason: string | null }>(
        'SELECT unknown_reason FROM spend_state WHERE organisation_id = $1',
        [organisationId],
      );
      const texts = (rows: { name: string; amount: string }[]) => rows.map(({ name, amount }) => `${name}: ${amount}`);
      return { totals: texts(totals), entries: texts(entries), unknown: state?.unknown_reason ?? null };
    },
    /** Of the cap: what is settled, in the answer to a hold. */
    async settled(): Promise<string> {
      const { caps } = await made('/v1/holds', { customer: 'acme', estimate: { amount: '0.000001' }, ttl: '1s' });
      return caps[0].settled;
    },
  };
}

const PRICE = {
  provider: 'acme-ai',
  model: 'm1',
  units: { input: { amount: '2' }, output: { amount: '10' } },
  validFrom: '2026-01-01T00:00:00Z',
};
const TIERS = {
  key: 'calls',
  name: 'Calls',
  meter: 'calls',
  allowance: '100',
  charge: {
    model: 'graduated',
    tiers: [
      { upTo: '1000', unitPrice: '0.1' },
      { upTo: null, unitPrice: '0.05' },
    ],
  },
};
const BASE = { key: 'base', name: 'Base', charge: { model: 'flat', amount: '500' } };
const CALLS = { key: 'calls', name: 'Calls', meter: 'calls', charge: { model: 'unit', unitPrice: '0.1' } };
const MARGIN = { key: 'ai', name: 'AI', meter: 'tokens', charge: { model: 'consumption_margin', markupPercent: '20' } };

it('says what tiers behind an allowance charge, and which feature used them', async () => {
  const { use, spend, settled } = await company([TIERS, BASE]);
  // Of the time before the subscription nothing is charged.
  await use('2026-03-31T23:00:00Z', 80, { feature: 'chat' });
  await use(START, 80, { feature: 'chat' });
  expect(await spend()).toEqual({ totals: [], entries: [], unknown: null });

  // 180 of which 100 are included: 80 × 0.10.
  await use('2026-04-01T00:00:01Z', 100, { feature: 'search' });
  expect(await spend()).toEqual({ totals: ['0 calls: 8'], entries: ['0 calls search: 8'], unknown: null });

  // 1,280 − 100 = 1,180: 1,000 × 0.10 + 180 × 0.05 = 109.
  await use('2026-04-01T00:00:02Z', 1000, { feature: 'chat' });
  await use('2026-04-01T00:00:02Z', 100, { feature: 'search' });
  const { totals, entries } = await spend();
  expect(totals).toEqual(['0 calls: 109']);
  expect(sumOf(entries)).toBe('109');
  expect(await settled()).toBe('109');
});

it('spreads a package that is begun over who filled it, in proportion', async () => {
  const charge = { model: 'package', packageSize: '100', packagePrice: '7' };
  const { spend, made } = await company([{ ...CALLS, charge }]);
  const event = (id: string, n: number, feature: string) => ({ id, type: 'call', customer: 'acme', time: START, feature, data: { n } }); // prettier-ignore
  await made('/v1/events', [event('a', 60, 'chat'), event('b', 45, 'search')]);
  // 105 are two packages: 14.00, 60/105 and 45/105 of it.
  expect(await spend()).toEqual({
    totals: ['0 calls: 14'],
    entries: ['0 calls chat: 8', '0 calls search: 6'],
    unknown: null,
  });
});

it('charges each transaction its percentage and its fixed fee', async () => {
  const charge = { model: 'percentage', percent: '1.5', fixedPerEvent: '0.25' };
  const { spend, use, hold } = await company([{ ...CALLS, charge }]);
  await use(START, 200);
  await use(START, 40);
  // 3.00 + 0.25 and 0.60 + 0.25.
  expect((await spend()).totals).toEqual(['0 calls: 4.1']);
  // One more of 100: 1.50 + 0.25.
  expect((await hold({ units: { calls: '100' } })).held.spend).toEqual({ USD: '1.75' });
});

it('charges what models cost with a margin, and says it is unknown while a cost is', async () => {
  const { call, made, spend, use } = await company([MARGIN]);
  const tokens = { provider: 'acme-ai', model: 'm1', input_tokens: 1000, output_tokens: 500 };
  await use(START, tokens, { type: 'llm', feature: 'chat' });
  expect(await spend()).toEqual({ totals: [], entries: [], unknown: expect.stringContaining('not known yet') });
  const { decision, reason } = await made('/v1/holds', { customer: 'acme', estimate: { amount: '1' } });
  expect({ decision, reason }).toEqual({ decision: 'deny', reason: 'spend_unknown' });

  await made('/v1/price-book', PRICE);
  while ((await call('GET', '/v1/costs/pending')).body.pricing.state !== 'idle');
  // (1,000 × 2 + 500 × 10) per million = 0.007, and 20 %.
  expect(await spend()).toEqual({ totals: ['0 ai: 0.0084'], entries: ['0 ai chat: 0.0084'], unknown: null });
});

it('goes on through a change of plan in mid-period, and into the next period', async () => {
  const { advance, made, spend, use } = await company([CALLS]);
  await made('/v1/plans', { key: 'dearer', name: 'Dearer', currency: 'USD', interval: 'month', prices: [{ ...CALLS, charge: { model: 'unit', unitPrice: '0.3' } }] }); // prettier-ignore
  await use('2026-04-02T00:00:00Z', 10, { feature: 'chat' });
  await advance('2026-04-10T00:00:00Z');
  await made('/v1/subscriptions/sub/changes', { plan: 'dearer' });
  await use('2026-04-11T00:00:00Z', 10, { feature: 'chat' });
  // 10 × 0.10 and 10 × 0.30.
  expect(await spend()).toEqual({ totals: ['0 calls: 4'], entries: ['0 calls chat: 4'], unknown: null });

  // April is a draft, May is open.
  await advance('2026-05-01T00:10:00Z');
  await use('2026-04-30T00:00:00Z', 1, { feature: 'late' });
  await use('2026-05-01T00:05:00Z', 20, { feature: 'chat' });
  expect(await spend()).toEqual({
    totals: ['0 calls: 4.3', '1 calls: 6'],
    entries: ['0 calls chat: 4', '0 calls late: 0.3', '1 calls chat: 6'],
    unknown: null,
  });

  // Once April is finalized, what came late for it is for an adjustment.
  await advance('2026-05-03T00:00:00Z');
  await use('2026-04-30T00:00:00Z', 1, { feature: 'later' });
  expect((await spend()).totals).toEqual(['0 calls: 4.3', '1 calls: 6']);
});

it('takes off what is voided where it was, also in the moment in which as much is added elsewhere', async () => {
  const { call, made, spend, use } = await company([CALLS]);
  await use(START, 30, { feature: 'chat' });
  const mistaken = await use(START, 30, { feature: 'search' });
  expect((await spend()).entries).toEqual(['0 calls chat: 3', '0 calls search: 3']);
  await made(`/v1/events/${mistaken}/void`, { reason: 'a mistake' });
  expect((await spend()).entries).toEqual(['0 calls chat: 3']);

  // In one correction: what was chat's was really search's.
  const event = { type: 'call', customer: 'acme', time: START, feature: 'search', data: { n: 30 } };
  const amended = await call('POST', '/v1/events/use-1/amend', { reason: 'whose it was', event });
  expect({ amended, ok: amended.status < 300 }).toEqual({ amended, ok: true });
  expect((await spend()).entries).toEqual(['0 calls search: 3']);
});

it('is unknown without a subscription or a price, not free, and known again with one', async () => {
  const { hold, spend, subscribe, use } = await company([CALLS], { subscribed: false });
  await use(START, 10);
  expect((await spend()).unknown).toMatch(/no subscription/);
  const tokens = await hold({ units: { calls: '5' } });
  expect([tokens.decision, tokens.flags]).toEqual(['deny', ['unknown_price']]);

  await subscribe();
  await use(START, 10);
  expect(await spend()).toEqual({ totals: ['0 calls: 2'], entries: ['0 calls -: 2'], unknown: null });
  expect((await hold({ units: { calls: '5' } })).held.spend).toEqual({ USD: '0.5' });
});

it('is known to be nothing in a pause, and not known by a plan of fees alone', async () => {
  const { advance, hold, made, spend, use } = await company([CALLS]);
  await made('/v1/subscriptions/sub/pause', { bills: 'nothing' });
  await advance('2026-04-02T00:00:00Z');
  await use('2026-04-01T12:00:00Z', 10);
  expect(await spend()).toEqual({ totals: [], entries: [], unknown: null });
  expect((await hold({ units: { calls: '5' } })).decision).toBe('allow');

  const fees = await company([BASE]);
  await fees.use(START, 10);
  expect((await fees.spend()).unknown).toMatch(/No price/);
});

it('draws on pools, of which another price’s usage may leave less', async () => {
  const terms = { terms: { pools: [{ key: 'credits', name: 'Credits', amount: '10' }] } };
  const drawing = (key: string, meter: string) => ({ key, name: key, meter, pool: { key: 'credits', weight: '1' }, charge: { model: 'unit', unitPrice: '1' } }); // prettier-ignore
  const { spend, use, hold } = await company([drawing('docs', 'docs'), drawing('calls', 'calls')], {
    terms: terms.terms,
  });
  await use(START, 8, { feature: 'chat' });
  expect((await spend()).totals).toEqual([]);
  // Three documents come first in the plan: of the pool 7 are left for 8 calls, because of the documents.
  for (const n of [1, 2, 3]) await use(START, n, { type: 'doc', feature: 'docs' });
  expect(await spend()).toEqual({ totals: ['0 calls: 1'], entries: ['0 calls docs: 1'], unknown: null });
  expect((await hold({ units: { docs: '2' } })).held.spend).toEqual({ USD: '2' });
});

it('counts what was charged before anybody capped it, where and when it was', async () => {
  const { advance, cap, spend, use, settled } = await company([TIERS], { capped: false });
  await advance('2026-04-20T12:00:00Z');
  await use('2026-04-02T10:07:00Z', 300, { feature: 'chat' });
  await use('2026-04-20T10:07:00Z', 100, { feature: 'search' });
  await cap({ key: 'day', period: 'day', limit: '1000' });
  // 300 × 0.10; three quarters of it on the 2nd, by chat.
  expect(await spend()).toEqual({
    totals: ['0 calls: 30'],
    entries: ['0 calls chat: 22.5', '0 calls search: 7.5'],
    unknown: null,
  });
  expect(await settled()).toBe('7.5');
});

it('estimates by where the customer stands: allowance, tiers, tokens of a model', async () => {
  const { hold, made, use, spend } = await company([TIERS, { ...MARGIN }]);
  expect((await hold({ units: { calls: '150' } })).held.spend).toEqual({ USD: '5' });
  await use(START, 1090);
  await spend();
  // 990 of the first tier are used: 10 × 0.10 + 10 × 0.05.
  expect((await hold({ units: { calls: '20' } })).held.spend).toEqual({ USD: '1.5' });

  const work = { provider: 'acme-ai', model: 'm1', inputTokens: '1000', maxTokens: '500' };
  expect((await hold(work)).reason).toBe('price_unknown');
  await made('/v1/price-book', PRICE);
  const { held } = await hold(work);
  expect([held.cost, held.spend]).toEqual(['0.007', { USD: '0.0084' }]);
});

/** The amounts behind the names, added up. */
function sumOf(texts: string[]): string {
  return sum(texts.map((text) => new Decimal(text.split(': ')[1]!))).toFixed();
}
