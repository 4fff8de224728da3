import { made } from '../../test/support/books';
import { type Answer, startTestServer, type TestServer } from '../../test/support/server';
import { Clock } from '../kernel';

/** A day on which February 2026 is the last full month. */
class FixedClock extends Clock {
  now(): Date {
    return new Date('2026-03-05T12:00:00Z');
  }
}
const FEBRUARY = { from: '2026-02-01T00:00:00Z', to: '2026-03-01T00:00:00Z' };

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({}, { clock: new FixedClock() });
  await fill();
});
afterAll(() => server.stop());

const post = (path: string, body?: unknown) => made(server.api('POST', path, body));
const get = (path: string) => made(server.api('GET', path));

const plan = (key: string, prices: unknown[], more: object = {}) => ({
  ...{ key, name: key, currency: 'USD', interval: 'month', prices },
  ...more,
});
const base = (amount: string) => ({ key: 'base', name: 'Base', charge: { model: 'flat', amount } });
const tokens = (unitPrice: string, more: object = {}) => ({
  key: 'tokens',
  name: 'Tokens',
  meter: 'tokens',
  charge: { model: 'unit', unitPrice },
  ...more,
});
const onCost = (charge: object) => ({
  key: 'calls',
  name: 'Calls',
  meter: 'calls',
  charge: { model: 'consumption_margin', ...charge },
});

/**
 * Three customers on 0.01 a token. `a` used 1,000 tokens that cost 2.00 at openai, `b` 10,000 for 20.00 at openai and 10.00
 * at mistral, `c` nothing.
 */
async function fill(): Promise<void> {
  await post('/v1/meters', {
    ...{ key: 'tokens', name: 'Tokens', eventType: 'llm.request', aggregation: 'sum', value: 'data.tokens' },
  });
  await post('/v1/meters', {
    ...{ key: 'calls', name: 'Calls', eventType: 'llm.request', aggregation: 'count', groupBy: ['model'] },
  });
  await post('/v1/plans', plan('pay-as-you-go', [tokens('0.01')]));
  for (const key of ['a', 'b', 'c']) {
    await post('/v1/customers', { key, name: `Customer ${key}` });
    await post('/v1/subscriptions', { key, customer: key, plan: 'pay-as-you-go', startAt: '2026-01-01T00:00:00Z' });
  }
  const event = (id: string, customer: string, provider: string, count: number, cost: string) => ({
    ...{ id, type: 'llm.request', customer, time: '2026-02-10T09:30:00Z' },
    cost: { amount: cost, currency: 'USD' },
    data: { provider, model: `${provider}-large`, tokens: count },
  });
  await post('/v1/events', [
    event('1', 'a', 'openai', 1_000, '2'),
    event('2', 'b', 'openai', 4_000, '20'),
    event('3', 'b', 'mistral', 6_000, '10'),
  ]);
}

const simulate = (body: object): Promise<Answer['body']> => post('/v1/simulations', { ...FEBRUARY, ...body });
const BASE_AND_TOKENS = { name: 'base and tokens', plan: plan('idea', [base('10'), tokens('0.005')]) };

describe('a candidate beside what customers have', () => {
  let simulation: Answer['body'];
  beforeAll(async () => {
    simulation = await simulate({ name: 'A base fee?', candidates: [BASE_AND_TOKENS] });
  });

  it('says in total who pays what, what is left of it, who gains and who loses', () => {
    expect(simulation).toMatchObject({
      id: expect.stringMatching(/^sim_/),
      name: 'A base fee?',
      status: 'done',
      baseline: 'current',
      progress: { customers: 3, total: 3, percent: 100 },
      failedReason: null,
    });
    expect(simulation.results).toHaveLength(1);
    const [{ candidate, currency, totals, histogram }] = simulation.results;
    expect({ candidate, currency }).toEqual({ candidate: 'base and tokens', currency: 'USD' });
    // a: 10.00 → 10 + 1,000 × 0.005 = 15.00; b: 100.00 → 10 + 50 = 60.00; c: 0 → 10.00.
    expect(totals).toEqual({
      revenueNow: '110',
      revenueThen: '85',
      change: '-25',
      changePercent: '-22.7273',
      cost: '32',
      costNow: '32',
      marginNow: '78',
      marginThen: '53',
      marginPercentThen: '62.3529',
      pendingEvents: 0,
      compared: 3,
      gainers: 1,
      losers: 2,
      unchanged: 0,
      notRated: 0,
      shareAbove: { abovePercent: '10', customers: 2, percent: '66.6667' },
    });
    expect(histogram.filter(({ customers }: { customers: number }) => customers > 0)).toEqual([
      { fromPercent: -50, toPercent: -25, customers: 1 },
      { fromPercent: 25, toPercent: 50, customers: 1 },
      { fromPercent: 100, toPercent: null, customers: 1 },
    ]);
  });

  it('rates a plan once per customer and month, beside the one it is compared with', () => {
    expect(simulation.work).toEqual({ events: 3, ratings: 3 * 1 * 2 });
  });

  it.each`
    order        | customers
    ${'change'}  | ${['c', 'a', 'b']}
    ${'-change'} | ${['b', 'a', 'c']}
    ${'margin'}  | ${['c', 'a', 'b']}
  `('lists customers by $order, page by page', async ({ order, customers }: { order: string; customers: string[] }) => {
    const found: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const at: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const page = await get(`/v1/simulations/${simulation.id}/customers?order=${order}&limit=1${at}`);
      found.push(...page.items.map((item: Answer['body']) => item.customer.key));
      cursor = page.nextCursor;
    }
    expect(found).toEqual(customers);
  });

  it('tells of a customer what each price comes to', async () => {
    const { items, currency, candidate } = await get(
      `/v1/simulations/${simulation.id}/customers?order=-change&limit=1`,
    );
    expect({ currency, candidate }).toEqual({ currency: 'USD', candidate: 'base and tokens' });
    expect(items).toEqual([
      {
        customer: { id: expect.stringMatching(/^cus_/), key: 'b', name: 'Customer b' },
        revenueNow: '100',
        revenueThen: '60',
        change: '-40',
        changePercent: '-40',
        costNow: '30',
        cost: '30',
        marginThen: '30',
        marginPercentThen: '50',
        pendingEvents: 0,
        events: 2,
        lines: [
          { key: 'base', name: 'Base', quantity: '1', amount: '10' },
          { key: 'tokens', name: 'Tokens', quantity: '10000', amount: '50' },
        ],
        pools: [],
        problem: null,
      },
    ]);
  });

  it('gives the same as a file', async () => {
    const { status, body, headers } = await server.send(`/v1/simulations/${simulation.id}/customers.csv`, {});
    expect({ status, type: headers.get('content-type') }).toEqual({ status: 200, type: 'text/csv; charset=utf-8' });
    const rows = (body as string)
      .trimEnd()
      .split('\r\n')
      .map((line) => line.split(','));
    expect(rows[0]).toEqual(expect.arrayContaining(['customer', 'revenue_now', 'revenue_then', 'problem']));
    const columns = rows[0]!;
    const cells = rows.slice(1).map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]])));
    expect(cells).toEqual([
      expect.objectContaining({ customer: 'c', revenue_now: '0', revenue_then: '10', change_percent: '', events: '0' }),
      expect.objectContaining({
        customer: 'a',
        revenue_now: '10',
        revenue_then: '15',
        change_percent: '50',
        cost: '2',
      }),
      expect.objectContaining({
        customer: 'b',
        revenue_now: '100',
        revenue_then: '60',
        change: '-40',
        currency: 'USD',
      }),
      expect.objectContaining({
        candidate: simulation.results[0].candidate,
        customer: 'total',
        customer_id: '',
        revenue_now: '110',
        revenue_then: '85',
        change: '-25',
        problem: '',
      }),
    ]);
  });

  it('is found again and listed', async () => {
    expect(await get(`/v1/simulations/${simulation.id}`)).toEqual(simulation);
    const { items } = await get('/v1/simulations?limit=200');
    expect(items).toContainEqual(simulation);
  });

  it('cannot be cancelled once it is done', async () => {
    const { status, body } = await server.api('POST', `/v1/simulations/${simulation.id}/cancel`);
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'simulation_finished' });
  });
});

describe('costs that are supposed', () => {
  /** Cost plus a quarter: a 2.50, b 37.50. */
  const QUARTER = { name: 'quarter', plan: plan('quarter', [onCost({ markupPercent: '25' })]) };
  const totals = async (body: object) => (await simulate({ candidates: [QUARTER], ...body })).results[0].totals;

  it.each`
    costChanges                                                                            | revenueThen | cost       | because
    ${[]}                                                                                  | ${'40'}     | ${'32'}    | ${'costs as they were'}
    ${[{ percent: '20' }]}                                                                 | ${'48'}     | ${'38.4'}  | ${'everything is a fifth dearer'}
    ${[{ provider: 'OpenAI', percent: '20' }]}                                             | ${'45.5'}   | ${'36.4'}  | ${'22 of openai become 26.40'}
    ${[{ model: 'mistral-large', percent: '-100' }]}                                       | ${'27.5'}   | ${'22'}    | ${'10 of mistral are for nothing'}
    ${[{ provider: 'openai', percent: '20' }, { percent: '10' }]}                          | ${'50.05'}  | ${'40.04'} | ${'changes that meet are multiplied'}
    ${[{ provider: 'mistral', percent: '20' }, { model: 'mistral-large', percent: '50' }]} | ${'50'}     | ${'40'}    | ${'10 × 1.2 × 1.5'}
    ${[{ provider: 'nobody', percent: '20' }]}                                             | ${'40'}     | ${'32'}    | ${'nobody is met'}
  `('$because', async ({ costChanges, revenueThen, cost }) => {
    expect(await totals({ costChanges })).toMatchObject({ revenueNow: '110', costNow: '32', revenueThen, cost });
  });

  it('are added up by the database where no price depends on them, month by month', async () => {
    const range = { from: '2026-01-01T00:00:00Z', to: '2026-03-01T00:00:00Z' };
    const changes = {
      costChanges: [
        { provider: 'openai', percent: '20' },
        { model: 'mistral-large', percent: '-50' },
      ],
    };
    const { results } = await simulate({ candidates: [BASE_AND_TOKENS], ...range, ...changes });
    // 22 × 1.2 + 10 × 0.5, and two months of three base fees.
    expect(results[0].totals).toMatchObject({ costNow: '32', cost: '31.4', revenueThen: '115', marginThen: '83.6' });
  });

  it('reach the groups of a margin by model', async () => {
    const byModel = { dimensions: ['model'], rules: [{ match: { model: 'mistral-large' }, markupPercent: '100' }] };
    const candidates = [{ name: 'x', plan: plan('x', [onCost({ markupPercent: '0', byDimension: byModel })]) }];
    // a 2, b 20 + 10 × 2; then mistral costs 15: b 20 + 30.
    expect(await totals({ candidates })).toMatchObject({ revenueThen: '42' });
    expect(await totals({ candidates, costChanges: [{ provider: 'mistral', percent: '50' }] })).toMatchObject({
      revenueThen: '52',
      cost: '37',
    });
  });
});

describe('what it is compared with', () => {
  it('another plan, or nothing', async () => {
    await post('/v1/plans', plan('dearer', [tokens('0.02')]));
    const [{ totals }] = (await simulate({ candidates: [BASE_AND_TOKENS], baseline: 'dearer' })).results;
    expect(totals).toMatchObject({ revenueNow: '220', revenueThen: '85', gainers: 2, losers: 1 });
    const alone = await simulate({ candidates: [BASE_AND_TOKENS], baseline: null });
    expect(alone.results[0].totals).toMatchObject({ revenueNow: null, change: null, compared: 0, revenueThen: '85' });
    expect(alone.work.ratings).toBe(3);
  });

  it('amounts of another currency only by an exchange rate', async () => {
    const euros = { ...plan('euros', [tokens('0.005')]), currency: 'EUR' };
    const totals = async () => (await simulate({ candidates: [{ name: 'e', plan: euros }] })).results[0].totals;
    expect(await totals()).toMatchObject({ revenueThen: '55', revenueNow: null, cost: null, marginThen: null, compared: 0 }); // prettier-ignore

    await post('/v1/exchange-rates', [{ base: 'USD', quote: 'EUR', rate: '0.9', validFrom: '2026-01-01T00:00:00Z' }]);
    expect(await totals()).toMatchObject({ revenueThen: '55', revenueNow: '99', cost: '28.8', marginThen: '26.2' });
  });

  it('chosen customers alone', async () => {
    const customers = { keys: ['b'] };
    const named = await simulate({ candidates: [BASE_AND_TOKENS], customers });
    expect(named).toMatchObject({ progress: { total: 1 }, results: [{ totals: { revenueNow: '100' } }] });
    const ofPlan = await simulate({ candidates: [BASE_AND_TOKENS], customers: { plan: 'dearer' } });
    expect(ofPlan).toMatchObject({ status: 'done', progress: { total: 0, percent: 100 }, work: { ratings: 0 } });
  });
});

it('usage that isn’t all counted yet is not taken for all there is', async () => {
  await server.query(`UPDATE meter SET status = 'filling' WHERE key = 'tokens'`);
  const answer = await server.api('POST', '/v1/simulations', { ...FEBRUARY, candidates: [BASE_AND_TOKENS] });
  const others = [{ name: 'x', plan: plan('x', [base('10')]) }];
  const compared = await simulate({ candidates: others });
  await server.query(`UPDATE meter SET status = 'ready' WHERE key = 'tokens'`);

  expect(answer).toMatchObject({ status: 409, body: { code: 'meter_filling' } });
  // What customers have depends on it, the candidate doesn't.
  expect(compared).toMatchObject({ status: 'failed', failedReason: expect.stringContaining("'tokens'") });
});

it('a repeat with the same Idempotency-Key is the same simulation', async () => {
  const body = JSON.stringify({ ...FEBRUARY, candidates: [BASE_AND_TOKENS] });
  const headers = { 'content-type': 'application/json', 'idempotency-key': 'once' };
  const send = () => server.send('/v1/simulations', { method: 'POST', headers, body });
  const first = await send();
  expect(first).toMatchObject({ status: 201, body: { status: 'done' } });
  expect((await send()).body).toEqual(first.body);
});

describe('months', () => {
  it('chain: an allowance each month, a short last month a share of it', async () => {
    const candidates = [{ name: 'x', plan: plan('x', [tokens('0.01', { allowance: '2000' })]) }];
    const { results, work } = await simulate({
      ...{ candidates, baseline: null, from: '2026-01-01T00:00:00Z', to: '2026-02-15T00:00:00Z' },
      customers: { keys: ['b'] },
    });
    // January nothing; half of February: 10,000 − 1,000.
    expect(results[0].totals.revenueThen).toBe('90');
    expect(results[0].allowances).toEqual([
      { kind: 'allowance', key: 'tokens', granted: '3000', used: '1000', percent: '33.3333' },
    ]);
    expect(work.ratings).toBe(2);
  });

  it('hold a commitment to the part that the range covers', async () => {
    const commitment = { amount: '1200', periods: 12 };
    const candidates = [{ name: 'x', plan: plan('x', [tokens('0.01')], { commitment }) }];
    const quarter = { from: '2025-12-01T00:00:00Z', to: '2026-03-01T00:00:00Z' };
    const { results } = await simulate({ candidates, ...quarter, customers: { keys: ['a'] } });
    // 300 of 1,200 for three months of twelve, 10 of them charged.
    expect(results[0].totals.revenueThen).toBe('300');
  });
});

it('a customer whose usage a candidate can’t charge is told apart, the others go on', async () => {
  const cells = [{ match: { model: 'openai-large' }, unitPrice: '1' }];
  const matrix = { model: 'matrix', dimensions: ['model'], cells, fallback: null };
  const candidates = [{ name: 'x', plan: plan('x', [{ key: 'm', name: 'M', meter: 'calls', charge: matrix }]) }];
  const { id, results } = await simulate({ candidates });
  expect(results[0].totals).toMatchObject({ revenueThen: '1', notRated: 1, compared: 2 });
  const { items } = await get(`/v1/simulations/${id}/customers`);
  expect(items.at(-1)).toMatchObject({
    ...{ customer: { key: 'b' }, revenueThen: null, change: null, lines: [] },
    problem: expect.stringContaining('mistral-large'),
  });
});

describe('one million events', () => {
  it('need one rating for each customer, month and plan: usage is summed already', async () => {
    const other = (await server.organisation('Many events')).apiKey;
    const ask = (method: string, path: string, body?: unknown) => made(server.api(method, path, body, other));
    await ask('POST', '/v1/meters', {
      ...{ key: 'tokens', name: 'Tokens', eventType: 'llm.request', aggregation: 'sum', value: 'data.tokens' },
    });
    await ask('POST', '/v1/customers', { key: 'busy', name: 'Busy' });
    await ask('POST', '/v1/customers', { key: 'quiet', name: 'Quiet' });
    // As a fold leaves it behind: 100 hours of 10,000 events, in which 7 tokens were used each.
    await server.query(
      `INSERT INTO usage (organisation_id, customer_id, meter_id, hour, dimensions, quantity, cost, events, pending_events)
       SELECT c.organisation_id, c.id, m.id, timestamptz '2026-02-02' + n * interval '1 hour', '', 70000, 1, 10000, 0
         FROM customer AS c
         JOIN LATERAL (SELECT usage_id AS id FROM meter WHERE organisation_id = c.organisation_id
                       UNION ALL SELECT '00000000-0000-0000-0000-000000000000') AS m ON true,
              generate_series(0, 99) AS n
        WHERE c.key = 'busy'`,
    );
    const candidates = [
      { name: 'one', plan: plan('one', [tokens('0.001')]) },
      { name: 'two', plan: plan('two', [tokens('0.002')]) },
    ];
    const simulation = await ask('POST', '/v1/simulations', { ...FEBRUARY, candidates, baseline: null });
    expect(simulation.work).toEqual({ events: 1_000_000, ratings: 2 * 1 * 2 });
    expect(simulation.results.map(({ totals }: Answer['body']) => totals.revenueThen)).toEqual(['7000', '14000']);
  });
});
