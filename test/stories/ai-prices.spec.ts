import { advance, eventsBehind, invoicesOf, made, makeClock, subscribe } from '../support/books';
import { type Answer, startTestServer, type TestServer } from '../support/server';

/**
 * A customer in Berlin who pays for outcomes, by the hour of the day, by model and region, by project, and a margin by
 * provider. October has an hour twice; what October billed is taken back in November; and in November a model is used
 * that the plan has no price for. Every amount is worked by hand.
 */
let server: TestServer;
let clock: string;

// Midnight in Berlin: two hours ahead of UTC until 25 October, 01:00 UTC; one hour behind that.
const OCTOBER = '2026-09-30T22:00:00.000Z';
const NOVEMBER = '2026-10-31T23:00:00.000Z';
const DECEMBER = '2026-11-30T23:00:00.000Z';

const METERS = [
  // Attempts of every verdict: failures and reversals have to be seen, too.
  { key: 'attempts', name: 'Attempts', eventType: 'agent.attempt', aggregation: 'count' },
  { key: 'minutes', name: 'GPU minutes', eventType: 'gpu.used', aggregation: 'sum', value: 'data.minutes' },
  { key: 'tokens', name: 'Tokens', eventType: 'tokens.used', aggregation: 'sum', value: 'data.tokens', groupBy: ['model', 'data.region'] },
  { key: 'storage', name: 'Storage', eventType: 'storage.used', aggregation: 'sum', value: 'data.gb', groupBy: ['data.project'] },
  { key: 'calls', name: 'Calls', eventType: 'llm.called', aggregation: 'count', groupBy: ['provider'] },
]; // prettier-ignore

const TICKETS = {
  model: 'outcome',
  prices: [{ type: 'resolved', unitPrice: '1.00' }],
  success: [{ field: 'data.status', equals: 'done' }, { field: 'data.score', atLeast: '0.8' }],
  confirmationHours: 72,
  disputeHours: 240,
  failurePrice: '0.05',
}; // prettier-ignore
const MINUTES = {
  model: 'scheduled',
  timeZone: 'customer',
  windows: [{ name: 'night', hours: { from: '22:00', to: '06:00' }, charge: { model: 'unit', unitPrice: '0.004' } }],
  otherwise: { model: 'unit', unitPrice: '0.010' },
};
const tokens = (...more: object[]) => ({
  model: 'matrix',
  dimensions: ['model', 'data.region'],
  cells: [
    { match: { model: 'gpt-4o' }, unitPrice: '0.010' },
    { match: { model: 'gpt-4o', 'data.region': 'eu' }, unitPrice: '0.012' },
    ...more,
  ],
  fallback: null,
});
const STORAGE = {
  model: 'per_group',
  dimensions: ['data.project'],
  charge: { model: 'graduated', tiers: [{ upTo: '100', unitPrice: '1.00' }, { upTo: null, unitPrice: '0.50' }] },
}; // prettier-ignore
const CALLS = {
  model: 'consumption_margin',
  markupPercent: '30',
  byDimension: { dimensions: ['provider'], rules: [{ match: { provider: 'mine' }, grossMarginPercent: '20' }] },
};

const version = (...cells: object[]) => ({
  key: 'agents',
  name: 'Agents',
  currency: 'USD',
  interval: 'month',
  prices: [
    { key: 'tickets', name: 'Tickets', meter: 'attempts', charge: TICKETS },
    { key: 'minutes', name: 'GPU minutes', meter: 'minutes', charge: MINUTES },
    { key: 'tokens', name: 'Tokens', meter: 'tokens', charge: tokens(...cells) },
    { key: 'storage', name: 'Storage', meter: 'storage', charge: STORAGE },
    { key: 'calls', name: 'Calls', meter: 'calls', charge: CALLS },
  ],
});

beforeAll(async () => {
  server = await startTestServer({ WEIR_EVENT_MAX_AGE: '36500d' });
  clock = await makeClock(server, OCTOBER);
  for (const meter of METERS) await made(server.api('POST', '/v1/meters', meter));
  await made(server.api('POST', '/v1/plans', version()));
  await subscribe(server, 'acme', { plan: 'agents', startAt: OCTOBER, clock, timeZone: 'Europe/Berlin' });
});
afterAll(() => server.stop());

let sent = 0;
async function use(type: string, ...events: readonly [time: string, rest: object][]): Promise<void> {
  const body = events.map(([time, rest]) => ({ id: `e-${(sent += 1)}`, type, customer: 'acme', time, ...rest }));
  expect(await made(server.api('POST', '/v1/events', body))).toMatchObject({ accepted: events.length, rejected: 0 });
}

const DONE = { status: 'done', outcome: 'resolved', score: 0.93 };
const attempt = (time: string, task: string, data: object): [string, object] => [time, { task, data }];
const minutes = (time: string, n: number): [string, object] => [time, { data: { minutes: n } }];
const called = (provider: string, cost: string): [string, object] => [
  '2026-10-10T00:00:00Z',
  { data: { provider, model: 'x' }, cost: { amount: cost, currency: 'USD' } },
];

/** What each line charged, and of which rows it is made. */
function told({ lines }: Answer['body']): Record<string, string[]> {
  return Object.fromEntries(
    lines.map(({ key, exactAmount, breakdown }: Answer['body']) => [
      key,
      [exactAmount, ...breakdown.map((row: Answer['body']) => `${row.description} = ${row.amount}`)],
    ]),
  );
}

const preview = () => server.api('GET', '/v1/customers/acme/invoices/preview');

describe('October', () => {
  beforeAll(async () => {
    await use(
      'agent.attempt',
      attempt('2026-10-03T10:00:00Z', 't1', { status: 'failed' }),
      attempt('2026-10-04T10:00:00Z', 't1', { ...DONE, score: 0.79 }), // done, but not well enough: failed
      attempt('2026-10-05T10:00:00Z', 't1', DONE), // counts on the 8th
      attempt('2026-10-25T10:00:00Z', 't3', DONE), // counts on the 28th
      attempt('2026-10-28T22:59:59Z', 't2', DONE), // counts a second before November
      attempt('2026-10-28T23:00:00Z', 't5', DONE), // counts when November begins
      attempt('2026-10-10T10:00:00Z', 't4', DONE),
      attempt('2026-10-11T10:00:00Z', 't4', { reversed: true }), // before it counted
    );
    await use(
      'gpu.used',
      minutes('2026-10-24T19:59:59.999999Z', 320), // 21:59
      minutes('2026-10-24T20:00:00Z', 160), // 22:00, in summer
      minutes('2026-10-25T00:30:00Z', 10), // 02:30
      minutes('2026-10-25T01:30:00Z', 20), // 02:30 again
      minutes('2026-10-25T04:59:59Z', 40), // 05:59, in winter
      minutes('2026-10-25T05:00:00Z', 80), // 06:00
    );
    const tokensUsed = (data: object): [string, object] => ['2026-10-12T00:00:00Z', { data }];
    await use(
      'tokens.used',
      tokensUsed({ model: 'gpt-4o', region: 'eu', tokens: 100 }),
      tokensUsed({ model: 'gpt-4o', region: 'us', tokens: 60 }),
      tokensUsed({ model: 'gpt-4o', tokens: 40 }),
    );
    const stored = (project: string, gb: number): [string, object] => [
      '2026-10-12T00:00:00Z',
      { data: { project, gb } },
    ];
    await use('storage.used', stored('a', 120), stored('b', 60), stored('a', 30));
    await use('llm.called', called('mine', '8'), called('other', '0.6'), called('third', '0.4'));
    await advance(server, clock, NOVEMBER);
  });

  it('is billed by outcome, time, model, project and provider', async () => {
    const [october] = await invoicesOf(server, 'acme');
    expect(told(october)).toEqual({
      tickets: [
        '3.1',
        'resolved: billed once for each task = 3', // t1, t3, t2
        'Successes taken back before they counted = 0', // t4
        'Successes that wait for their confirmation and count later = 0', // t5
        'Attempts that failed = 0.1', // two of t1
      ],
      minutes: [
        '4.92',
        'night: Units at 0.004 each = 0.92', // 160 + 10 + 20 + 40
        'Other times: Units at 0.01 each = 4', // 320 + 80
      ],
      tokens: ['2.2', 'model gpt-4o: at 0.01 each = 1', 'model gpt-4o, region eu: at 0.012 each = 1.2'],
      storage: [
        '185',
        'project a: Tier 1, up to 100: at 1 each = 100',
        'project a: Tier 2, above 100: at 0.5 each = 25',
        'project b: Tier 1, up to 100: at 1 each = 60',
      ],
      calls: [
        '11.3',
        'provider mine: Cost of the usage = 8',
        'provider mine: Margin of 20% of the charge, on the cost ÷ 0.8 = 2',
        'All other usage: Cost of the usage = 1',
        'All other usage: Markup of 30% on the cost = 0.3',
      ],
    });
    // 3.10 + 4.92 + 2.20 + 185.00 + 11.30
    expect(october.total).toBe('206.52');
  });

  it('leads from each line to its events', async () => {
    const [october] = await invoicesOf(server, 'acme');
    const behind = async (key: string) => {
      const line = october.lines.find((of: Answer['body']) => of.key === key);
      return (await eventsBehind(server, october.id, line.id)).length;
    };
    expect([await behind('tickets'), await behind('minutes'), await behind('tokens'), await behind('calls')]).toEqual([8, 6, 3, 3]); // prettier-ignore
  });
});

describe('November', () => {
  beforeAll(async () => {
    await use(
      'agent.attempt',
      attempt('2026-11-03T10:00:00Z', 't3', { reversed: true }), // within ten days of 28 October
      attempt('2026-11-05T10:00:00Z', 't3', DONE), // and resolved again: counts on the 8th
      attempt('2026-11-20T10:00:00Z', 't1', { reversed: true }), // ten days from 8 October are over
    );
    await use('tokens.used', ['2026-11-12T00:00:00Z', { data: { model: 'new', region: 'eu', tokens: 50 } }]);
  });

  it('can’t be previewed while a model has no price', async () => {
    expect(await preview()).toMatchObject({ status: 409, body: { code: 'unpriced_usage' } });
  });

  it('isn’t billed meanwhile, and the subscription says why', async () => {
    await advance(server, clock, DECEMBER);
    expect(await invoicesOf(server, 'acme')).toHaveLength(1);
    const subscription = await made(server.api('GET', '/v1/subscriptions/acme'));
    expect(JSON.stringify(subscription)).toContain(
      'The usage of model new, region eu, a quantity of 50, is in no cell of its price, which has no fallback.',
    );
  });

  it('is billed once a version of the plan has one: what waited, and what was taken back', async () => {
    await made(server.api('POST', '/v1/plans', version({ match: { model: 'new' }, unitPrice: '0.02' })));
    const move = { fromPlan: 'agents', toPlan: 'agents', mode: 'now', effectiveAt: NOVEMBER, reason: 'A new model' };
    await made(server.api('POST', '/v1/plan-moves', move));
    await made(server.api('POST', '/v1/subscriptions/acme/resume-billing'));
    await advance(server, clock, '2026-12-01T00:00:00.000Z');
    const [, november] = await invoicesOf(server, 'acme');
    expect(told(november)).toMatchObject({
      tickets: [
        '1',
        'resolved: billed once for each task = 2', // t5, and t3 anew
        'resolved: taken back, and credited = -1', // October's t3
        'Reversals that came too late, or had nothing to take back = 0', // of t1
      ],
      tokens: ['1', 'model new: at 0.02 each = 1'],
    });
    expect(november.total).toBe('2.00');
  });
});
