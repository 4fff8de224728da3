import { startTestServer, type Answer, type TestServer } from '../support/server';
import { made } from '../support/books';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const preview = (body: unknown): Promise<Answer> => server.api('POST', '/v1/rating/preview', body);
const priced = (charge: unknown, usage?: unknown, more: object = {}): Promise<Answer['body']> =>
  made(preview({ currency: 'USD', price: { charge, ...more }, ...(usage === undefined ? {} : { usage }) }));

const TIERS = [
  { upTo: '10', unitPrice: '2' },
  { upTo: '20', unitPrice: '1.5' },
  { upTo: null, unitPrice: '1' },
];
const UNIT = { model: 'unit', unitPrice: '0.5' };
const values = (...amounts: string[]) => ({ events: amounts.map((quantity) => ({ data: { quantity } })) });

describe('every model', () => {
  it.each`
    charge                                                                                                                                                                                | usage                                                                                                                                                                                       | amount     | because
    ${{ model: 'flat', amount: '20' }}                                                                                                                                                    | ${undefined}                                                                                                                                                                                | ${'20'}    | ${'it is charged whatever is used'}
    ${UNIT}                                                                                                                                                                               | ${{ quantity: '10.5' }}                                                                                                                                                                     | ${'5.25'}  | ${'10.5 × 0.50'}
    ${{ model: 'graduated', tiers: TIERS }}                                                                                                                                               | ${{ quantity: '10.5' }}                                                                                                                                                                     | ${'20.75'} | ${'10 × 2 + 0.5 × 1.5'}
    ${{ model: 'volume', tiers: TIERS }}                                                                                                                                                  | ${{ quantity: '15' }}                                                                                                                                                                       | ${'22.5'}  | ${'all 15 at 1.50'}
    ${{ model: 'package', packageSize: '100', packagePrice: '5' }}                                                                                                                        | ${{ quantity: '101' }}                                                                                                                                                                      | ${'10'}    | ${'a begun package is a full one'}
    ${{ model: 'stair_step', steps: [{ upTo: '100', amount: '10' }, { upTo: null, amount: '50' }] }}                                                                                      | ${{ quantity: '100' }}                                                                                                                                                                      | ${'10'}    | ${'the bound is in the step'}
    ${{ model: 'percentage', percent: '1.2' }}                                                                                                                                            | ${{ quantity: '200' }}                                                                                                                                                                      | ${'2.4'}   | ${'1.2 % of 200'}
    ${{ model: 'percentage', percent: '1', fixedPerEvent: '0.1' }}                                                                                                                        | ${values('100', '50')}                                                                                                                                                                      | ${'1.7'}   | ${'1 + 0.5, and 0.10 twice'}
    ${{ model: 'graduated_percentage', tiers: [{ upTo: '100', percent: '2' }, { upTo: null, percent: '1' }] }}                                                                            | ${{ quantity: '150' }}                                                                                                                                                                      | ${'2.5'}   | ${'2 % of 100 and 1 % of 50'}
    ${{ model: 'matrix', dimensions: ['data.model'], cells: [{ match: { 'data.model': 'a' }, unitPrice: '3' }], fallback: '1' }}                                                          | ${{ groups: [{ by: { 'data.model': 'a' }, quantity: '2' }, { by: {}, quantity: '4' }] }}                                                                                                    | ${'10'}    | ${'2 × 3 + 4 × 1'}
    ${{ model: 'matrix', dimensions: ['model'], cells: [{ match: { model: 'a' }, unitPrice: '3' }], fallback: '1' }}                                                                      | ${{ events: [{ data: { model: 'a', quantity: 2 } }, { data: { model: 'b', quantity: 4 } }] }}                                                                                               | ${'10'}    | ${'groups come from the events'}
    ${{ model: 'event_amount' }}                                                                                                                                                          | ${values('19.99', '0.01')}                                                                                                                                                                  | ${'20'}    | ${'the events say the amounts'}
    ${{ model: 'scheduled', timeZone: 'UTC', windows: [{ name: 'night', hours: { from: '22:00', to: '06:00' }, charge: UNIT }], otherwise: { model: 'unit', unitPrice: '1' } }}           | ${{ windows: [{ window: 'night', quantity: '10' }, { window: 'otherwise', quantity: '2' }] }}                                                                                               | ${'7'}     | ${'10 × 0.50 + 2 × 1'}
    ${{ model: 'scheduled', timeZone: 'Europe/Berlin', windows: [{ name: 'night', hours: { from: '22:00', to: '06:00' }, charge: UNIT }], otherwise: { model: 'unit', unitPrice: '1' } }} | ${{ events: [{ time: '2026-01-05T21:30:00Z', data: { quantity: 10 } }, { time: '2026-01-05T20:30:00Z', data: { quantity: 2 } }] }}                                                          | ${'7'}     | ${'half past nine in the evening, UTC, is night in Berlin'}
    ${{ model: 'recurring', unitPrice: '15', quantity: '3' }}                                                                                                                             | ${undefined}                                                                                                                                                                                | ${'45'}    | ${'three seats'}
    ${{ model: 'recurring', unitPrice: '15' }}                                                                                                                                            | ${{ quantity: '4' }}                                                                                                                                                                        | ${'60'}    | ${'as many seats as the meter says'}
    ${{ model: 'consumption_margin', markupPercent: '30' }}                                                                                                                               | ${{ cost: '1' }}                                                                                                                                                                            | ${'1.3'}   | ${'cost and 30 %'}
    ${{ model: 'consumption_margin', grossMarginPercent: '50' }}                                                                                                                          | ${{ events: [{ cost: '0.4' }, { cost: { amount: '0.6', currency: 'USD' }, data: { quantity: 1 } }] }}                                                                                       | ${'1.2'}   | ${'an event without a quantity is not the meter’s'}
    ${{ model: 'outcome', prices: [{ type: 'resolved', unitPrice: '0.99' }], success: [{ field: 'data.ok', equals: true }] }}                                                             | ${{ events: [{ task: 't1', data: { ok: false, outcome: 'resolved' } }, { task: 't1', data: { ok: true, outcome: 'resolved' } }, { task: 't1', data: { ok: true, outcome: 'resolved' } }] }} | ${'0.99'}  | ${'a task is billed once'}
    ${{ model: 'per_group', dimensions: ['feature'], charge: { model: 'graduated', tiers: TIERS } }}                                                                                      | ${{ groups: [{ by: { feature: 'chat' }, quantity: '10' }, { by: { feature: 'search' }, quantity: '11' }] }}                                                                                 | ${'41.5'}  | ${'each feature begins in the first tier'}
  `('$charge.model: $because', async ({ charge, usage, amount }) => {
    const answer = await priced(charge, usage);
    expect(answer.exactTotal).toBe(amount);
    const [line] = answer.lines;
    expect(line).toMatchObject({ key: 'price', kind: 'price', name: 'Price', exactAmount: amount, pendingEvents: 0 });
    expect(line.steps.length).toBeGreaterThan(0);
  });
});

it('answers what an invoice line would say, and stores nothing', async () => {
  const before = await server.rowCounts();
  const answer = await made(
    preview({
      currency: 'USD',
      price: { key: 'tokens', name: 'Tokens', charge: { model: 'graduated', tiers: TIERS }, allowance: '5' },
      usage: { quantity: '16', events: 4 },
      period: { start: '2026-03-01T00:00:00Z', end: '2026-04-01T00:00:00Z' },
    }),
  );
  expect(answer).toEqual({
    currency: 'USD',
    period: { start: '2026-03-01T00:00:00.000Z', end: '2026-04-01T00:00:00.000Z' },
    lines: [
      {
        key: 'tokens',
        kind: 'price',
        name: 'Tokens',
        quantity: '16',
        events: 4,
        exactAmount: '21.5',
        amount: '21.50',
        breakdown: expect.any(Array),
        steps: expect.arrayContaining(['Used in the period: 16, from 4 events.', 'Together: 20 + 1.5 = 21.5.']),
        pendingEvents: 0,
      },
    ],
    exactTotal: '21.5',
    total: '21.50',
    pools: [],
  });
  expect(answer.lines[0].breakdown[0]).toEqual({
    kind: 'allowance',
    description: 'Included in the plan: the first 5 units',
    from: '0',
    upTo: '5',
    quantity: '5',
    unitPrice: '0',
    amount: '0',
  });
  expect(await server.rowCounts()).toEqual(before);
});

it('says nothing of events where nobody told how many there were', async () => {
  const { lines } = await priced(UNIT, { quantity: '3' });
  expect(lines[0].steps[0]).toBe('Used in the period: 3.');
});

it('tells what more usage adds: charge(total) − charge(previous)', async () => {
  const previewed = (quantity: string, previous: string, charge: unknown) =>
    made(preview({ currency: 'USD', price: { charge }, usage: { quantity }, previous: { quantity: previous } }));
  const graduated = await previewed('22', '10.5', { model: 'graduated', tiers: TIERS });
  expect(graduated).toMatchObject({ exactTotal: '37', increment: { exactAmount: '16.25' } });
  // 11 units cost less than 10, all at the price of their tier.
  expect(await previewed('11', '10', { model: 'volume', tiers: TIERS })).toMatchObject({ increment: { exactAmount: '-3.5' } }); // prettier-ignore
});

describe('a whole plan', () => {
  const PLAN = {
    key: 'agents',
    name: 'Agents',
    currency: 'USD',
    interval: 'month',
    pools: [{ key: 'credits', name: 'Credits', amount: '100', rollover: { limit: '30', expiresAfterPeriods: 2 } }],
    minimum: '30',
    prices: [
      { key: 'base', name: 'Base fee', charge: { model: 'flat', amount: '20' } },
      { key: 'small', name: 'Small', meter: 'small', pool: { key: 'credits', weight: '1' }, charge: UNIT },
      { key: 'large', name: 'Large', meter: 'large', pool: { key: 'credits', weight: '10' }, charge: UNIT },
    ],
    currencies: {
      EUR: {
        minimum: '18.5',
        prices: {
          base: { charge: { model: 'flat', amount: '18' } },
          small: { charge: UNIT },
          large: { charge: UNIT },
        },
      },
    },
  };
  const meter = (key: string) => ({
    key,
    name: key,
    eventType: 'llm.request',
    aggregation: 'count',
    filters: [{ field: 'data.size', operator: 'equals', value: key }],
  });
  const METERS = [meter('small'), meter('large')];

  it('is rated with its pools and what is agreed for all of it', async () => {
    const answer = await made(
      preview({
        plan: PLAN,
        meters: METERS,
        usage: { small: { quantity: '60' }, large: { quantity: '7' } },
        pools: [{ pool: 'credits', rolledIn: [{ amount: '10', expiresAfterPeriod: 1 }] }],
        period: { start: '2026-03-01T00:00:00Z', end: '2026-04-01T00:00:00Z', index: 1 },
      }),
    );
    // 10 rolled in and 100 granted: 60 for small ones, 50 for five of the seven large ones.
    expect(answer.lines.map(({ key, kind, exactAmount }: Answer['body']) => [key, kind, exactAmount])).toEqual([
      ['base', 'price', '20'],
      ['small', 'price', '0'],
      ['large', 'price', '1'],
      ['plan:minimum', 'minimum', '9'],
    ]);
    expect(answer).toMatchObject({
      total: '30.00',
      pools: [{ pool: 'credits', granted: '100', rolledIn: '10', used: '110', left: '0', rollsOver: '0' }],
    });
  });

  it('counts one list of events by the meters of all its prices', async () => {
    const events = ['small', 'small', 'large', 'other'].map((size) => ({ type: 'llm.request', data: { size } }));
    const answer = await made(preview({ plan: PLAN, meters: METERS, events }));
    expect(answer.lines.map(({ quantity, events: count }: Answer['body']) => [quantity, count])).toEqual([
      ['1', 0],
      ['2', 2],
      ['1', 1],
      ['1', 0],
    ]);
    expect(answer.pools).toEqual([
      { pool: 'credits', granted: '100', rolledIn: '0', used: '12', left: '88', rollsOver: '30' },
    ]);
  });

  it('counts no event of no type', async () => {
    const answer = await preview({ plan: PLAN, meters: METERS, events: [{ data: { size: 'small' } }] });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ field: 'events[0].type' }] } });
  });

  it('is charged in the currency that is asked for, with the minimum of that', async () => {
    const answer = await made(preview({ plan: PLAN, meters: METERS, currency: 'EUR' }));
    expect(answer).toMatchObject({ currency: 'EUR', exactTotal: '18.5', total: '18.50' });
    expect(await preview({ plan: PLAN, meters: METERS, currency: 'GBP' })).toMatchObject({
      status: 422,
      body: { code: 'invalid_request', errors: [{ field: 'currency' }] },
    });
  });

  it('may be one that is stored, and use stored meters', async () => {
    for (const each of METERS) await made(server.api('POST', '/v1/meters', each));
    await made(server.api('POST', '/v1/plans', PLAN));
    const usage = { large: { quantity: '12' } };
    const stored = await made(preview({ planReference: 'agents', usage }));
    expect(stored).toMatchObject({ total: '30.00', lines: [{}, {}, { exactAmount: '1' }, { exactAmount: '9' }] });
    expect(await made(preview({ plan: PLAN, usage }))).toEqual(stored);
  });
});

describe('the templates', () => {
  const APRIL = { start: '2026-04-01T00:00:00Z', end: '2026-05-01T00:00:00Z' };
  /** A template's plan on usage, as of somebody who has made nothing of it yet. */
  async function previewed(key: string, usage: object): Promise<Answer['body']> {
    const { items } = await made(server.api('GET', '/v1/plan-templates'));
    const { document } = items.find((template: { key: string }) => template.key === key);
    return made(preview({ plan: document.plans[0], meters: document.meters, period: APRIL, ...usage }));
  }
  const amounts = ({ lines }: Answer['body']) => lines.map((line: Answer['body']) => [line.key, line.exactAmount]);

  it('margin: cost and a margin by provider, and 10.00 at least', async () => {
    const call = (provider: string, cost: string) => ({ type: 'llm.request', cost, data: { provider, model: 'm' } });
    const events = [call('openai', '5'), call('anthropic', '2'), call('mistral', '5')];
    // 7 ÷ (1 − 0.30) and 5 × 1.20.
    expect(await previewed('margin', { events })).toMatchObject({ total: '16.00' });
    const little = await previewed('margin', { usage: { models: { groups: [{ by: { provider: 'mistral' }, cost: '5' }] } } }); // prettier-ignore
    expect(amounts(little)).toEqual([
      ['models', '6'],
      ['plan:minimum', '4'],
    ]);
    // Any calls at all, whose cost nobody says, are not calls that cost nothing.
    expect(await preview({ ...(await templateRequest('margin')), usage: { models: { groups: [{ by: {}, quantity: '1' }] } } })).toMatchObject({ status: 422, body: { errors: [{ field: 'usage.models.groups[0].cost' }] } }); // prettier-ignore
  });

  async function templateRequest(key: string): Promise<object> {
    const { items } = await made(server.api('GET', '/v1/plan-templates'));
    const { document } = items.find((template: { key: string }) => template.key === key);
    return { plan: document.plans[0], meters: document.meters };
  }

  it('outcome: solved tickets once, confirmed, credited when reopened, and never below cost', async () => {
    const attempt = (task: string, day: number, data: object, cost = '0') => ({
      type: 'agent.attempt',
      task,
      time: new Date(Date.UTC(2026, 3, day, 12)).toISOString(),
      cost,
      data: { outcome: 'resolved', success: true, score: 0.9, ...data },
    });
    const events = [
      attempt('solved at the second try', 1, { success: false }),
      attempt('solved at the second try', 2, {}),
      attempt('escalated', 3, { outcome: 'escalated' }),
      attempt('not good enough', 4, { score: 0.79 }),
      attempt('reopened before it counted', 5, {}),
      attempt('reopened before it counted', 6, { reopened: true }),
      attempt('counts in May', 29, {}),
    ];
    expect(amounts(await previewed('outcome', { events }))).toEqual([
      ['base', '99'],
      ['outcomes', '1.24'],
    ]);

    // All of that cost 2.00: 2.20 at least. And what was solved and billed in March, and is reopened now, is given back.
    const dear = events.map((event, index) => (index === 0 ? { ...event, cost: '2' } : event));
    const before = { ...attempt('solved in March', 1, {}), time: '2026-03-20T00:00:00Z' };
    const reopened = attempt('solved in March', 10, { reopened: true });
    const answer = await previewed('outcome', { events: [...dear, before, reopened] });
    expect(amounts(answer)).toEqual([
      ['base', '99'],
      ['outcomes', '1.21'],
    ]);
    const kinds = answer.lines[1].breakdown.map(({ kind, amount }: Answer['body']) => [kind, amount]);
    expect(kinds).toEqual(expect.arrayContaining([['floor', '0.96'], ['credit', '-0.99']])); // prettier-ignore
  });

  it('hybrid: seats, and credits that models draw on', async () => {
    const usage = { seats: { quantity: '6' }, small_models: { quantity: '60000000' }, large_models: { quantity: '3000000' } }; // prettier-ignore
    const dollars = await previewed('hybrid', { usage });
    // 5 × 15 + 12; 6,000 of the 10,000 credits for small models, the rest for large ones, of which 2,000 are beyond.
    expect(amounts(dollars)).toEqual([
      ['base', '49'],
      ['seats', '87'],
      ['small_models', '0'],
      ['large_models', '20'],
    ]);
    expect(dollars).toMatchObject({ total: '156.00', pools: [{ used: '10000', left: '0', rollsOver: '0' }] });
    expect(dollars.lines[3].units).toEqual({ key: 'credit', amount: '2000' });
    expect(await previewed('hybrid', { usage, currency: 'EUR' })).toMatchObject({ currency: 'EUR', total: '144.00' });

    const trial = await previewed('hybrid', { usage: { small_models: { quantity: '25000000' } }, trial: 'base_fee' });
    expect(trial).toMatchObject({ total: '0.00', pools: [{ used: '2500', left: '7500', rollsOver: '2500' }] });
  });
});

describe('a preview is what happens', () => {
  const APRIL = { start: '2026-04-01T00:00:00Z', end: '2026-05-01T00:00:00Z' };
  const at = (hour: number): string => new Date(Date.UTC(2026, 3, 1, hour)).toISOString();
  const cost = (index: number, dollars = 0) =>
    index % 5 === 0 ? {} : { cost: { amount: `${dollars}.0${index}`, currency: 'USD' } };
  const EVENTS: Record<string, object[]> = {
    margin: Array.from({ length: 30 }, (_, index) => ({
      type: 'llm.request',
      time: at(index * 24),
      data: { provider: ['mistral', 'nobody'][index % 2], model: 'unpriced' },
      ...cost(index, 1),
    })),
    outcome: Array.from({ length: 60 }, (_, index) => ({
      type: 'agent.attempt',
      time: at(index * 12),
      task: `ticket ${index % 13}`,
      data: {
        outcome: ['resolved', 'escalated', 'other'][index % 3],
        success: index % 4 !== 0,
        score: index % 7 === 0 ? 0.5 : '0.8',
        reopened: index % 11 === 10,
      },
      ...cost(index),
    })),
    hybrid: Array.from({ length: 30 }, (_, index) => ({
      type: 'llm.request',
      time: at(index * 24 + 23),
      data: { class: ['small', 'large'][index % 2], output_tokens: 1_000_000 * index },
    })),
  };

  it.each(Object.keys(EVENTS))(
    '%s: the same events, listed and sent',
    async (template) => {
      const live = await startTestServer({ WEIR_EVENT_MAX_AGE: '400d' });
      try {
        const { items } = await made(live.api('GET', '/v1/plan-templates'));
        const { document } = items.find(({ key }: { key: string }) => key === template);
        await made(live.api('POST', '/v1/plans/apply', { ...document, dryRun: false }));
        const clock = (await made(live.api('POST', '/v1/test-clocks', { now: '2026-05-01T00:00:00Z' }))).id;
        await made(live.api('POST', '/v1/customers', { key: 'acme', name: 'Acme', testClock: clock }));
        // The trial of a template is over by then; this is the fourth period.
        const subscription = { customer: 'acme', plan: template, startAt: '2026-01-01T00:00:00Z' };
        await made(live.api('POST', '/v1/subscriptions', subscription));
        const events = EVENTS[template]!.map((event, index) => ({ id: `e-${index}`, ...event }));
        const sent = events.map((event) => ({ ...event, customer: 'acme' }));
        expect(await made(live.api('POST', '/v1/events', sent))).toMatchObject({ accepted: events.length });
        await made(live.api('POST', `/v1/test-clocks/${clock}/advance`, { now: '2026-05-02T00:00:00Z' }));
        const { items: invoices } = await made(live.api('GET', '/v1/customers/acme/invoices'));
        const { id } = invoices.find((each: Answer['body']) => each.servicePeriod.start === '2026-04-01T00:00:00.000Z');
        const invoice = await made(live.api('GET', `/v1/invoices/${id}`));

        const rolledIn = template === 'hybrid' ? [{ pool: 'credits', rolledIn: [{ amount: '2500', expiresAfterPeriod: 3 }] }] : []; // prettier-ignore
        const period = { ...APRIL, index: 3 };
        const listed = await made(live.api('POST', '/v1/rating/preview', { planReference: template, events, period, pools: rolledIn })); // prettier-ignore

        expect(listed).toMatchObject({ total: invoice.total, exactTotal: invoice.exactTotal });
        const shown = ({ lines }: Answer['body']) => lines.map(({ quantity, events: count, amount, exactAmount, breakdown }: Answer['body']) => ({ quantity, count, amount, exactAmount, breakdown })); // prettier-ignore
        expect(shown(listed)).toEqual(shown(invoice));
        expect(Number(listed.total)).toBeGreaterThan(10);
      } finally {
        await live.stop();
      }
    },
    60_000,
  );
});

describe('events', () => {
  const sum = (events: unknown, more: object = {}): Promise<Answer> =>
    preview({ currency: 'USD', price: { charge: UNIT }, usage: { events }, ...more });

  it('are counted by a meter that is given with them', async () => {
    const events = [
      { time: '2026-03-01T00:00:00Z', data: { seats: 2 } },
      { time: '2026-03-16T12:00:00Z', data: { seats: 4 } },
    ];
    const meter = { eventType: 'seats', aggregation: 'time_weighted', value: 'data.seats', timeUnit: 'day' };
    const answer = await made(sum(events, { meter }));
    // 15.5 days with two seats and 15.5 with four.
    expect(answer).toMatchObject({
      period: { start: '2026-03-01T00:00:00.000Z', end: '2026-04-01T00:00:00.000Z' },
      lines: [{ quantity: '93', exactAmount: '46.5', events: 2 }],
    });
  });

  it('tell how many seats are held, until others tell otherwise', async () => {
    const seats = (time: string, quantity: number) => ({ time, data: { quantity } });
    const held = (aggregation: string, ...events: unknown[]) =>
      preview({
        currency: 'USD',
        price: { charge: { model: 'recurring', unitPrice: '10' } },
        meter: { aggregation },
        usage: { events },
        period: { start: '2026-04-01T00:00:00Z', end: '2026-05-01T00:00:00Z' },
      });
    const march = seats('2026-03-05T00:00:00Z', 5);
    expect(await made(held('latest', march))).toMatchObject({ total: '50.00' });
    expect(await made(held('latest', march, seats('2026-04-30T00:00:00Z', 2)))).toMatchObject({ total: '20.00' });
    expect(await made(held('max', march, seats('2026-04-30T00:00:00Z', 2)))).toMatchObject({ total: '50.00' });
  });

  it('lie in the month of the customer’s zone', async () => {
    const answer = await made(sum([{ time: '2026-03-01T03:00:00Z', data: { quantity: 1 } }], { timeZone: 'America/New_York' })); // prettier-ignore
    expect(answer.period).toEqual({ start: '2026-02-01T05:00:00.000Z', end: '2026-03-01T05:00:00.000Z' });
  });

  it('whose cost is in a currency that costs aren’t kept in wait to be priced', async () => {
    const { lines } = await priced(
      { model: 'consumption_margin', markupPercent: '0' },
      { events: [{ cost: { amount: '3', currency: 'EUR' }, data: { quantity: 1 } }, { cost: '1', data: { quantity: 1 } }] }, // prettier-ignore
    );
    expect(lines[0]).toMatchObject({ exactAmount: '1', pendingEvents: 1, events: 2 });
  });

  it.each`
    event                                                                               | pending | because
    ${{ data: { quantity: 1, provider: 'openai', model: 'gpt-4o', output_tokens: 7 } }} | ${1}    | ${'the price book isn’t asked'}
    ${{ data: { quantity: 1, input_tokens: 1200 } }}                                    | ${1}    | ${'tokens cost something, whoever made them'}
    ${{ data: { quantity: 1 } }}                                                        | ${0}    | ${'nothing in it costs anything'}
    ${{ data: { quantity: 1, input_tokens: 1200 }, cost: '0' }}                         | ${0}    | ${'it says that it was free'}
  `('without a cost wait for one if they cost something: $because', async ({ event, pending }) => {
    const { lines } = await priced({ model: 'consumption_margin', markupPercent: '10' }, { events: [event] });
    expect(lines[0]).toMatchObject({ exactAmount: '0', events: 1, pendingEvents: pending });
  });

  it.each`
    events                                                                      | field                              | because
    ${[{ id: 'a', data: { quantity: 1 } }, { id: 'a', data: { quantity: 1 } }]} | ${'usage.events[1].id'}            | ${'a repeat would not be counted'}
    ${[{ data: { quantity: 'many' } }]}                                         | ${'usage.events[0].data.quantity'} | ${'the meter could not take it'}
    ${[{ time: 'yesterday' }]}                                                  | ${'usage.events[0].time'}          | ${'it is no instant'}
    ${[{ time: '2026-03-31T00:00:00Z' }, { time: '2026-04-01T00:00:00Z' }]}     | ${'period'}                        | ${'they lie in two months'}
    ${[{ nonsense: 1 }]}                                                        | ${'usage.events[0].nonsense'}      | ${'events have no such field'}
  `('are refused at $field: $because', async ({ events, field }) => {
    expect(await sum(events)).toMatchObject({ status: 422, body: { code: 'invalid_request', errors: [{ field }] } });
  });
});

describe('refusals', () => {
  const PRICE = { charge: UNIT };
  const MATRIX = { model: 'matrix', dimensions: ['model'], cells: [{ match: { model: 'a' }, unitPrice: '1' }], fallback: null }; // prettier-ignore
  const PERIOD = { start: '2026-03-01T00:00:00Z', end: '2026-04-01T00:00:00Z' };
  it.each`
    body                                                                                                                                                                  | code                 | field                         | because
    ${{}}                                                                                                                                                                 | ${'invalid_request'} | ${'price'}                    | ${'there is nothing to preview'}
    ${{ price: PRICE, planReference: 'x', currency: 'USD' }}                                                                                                              | ${'invalid_request'} | ${'planReference'}            | ${'it is one or the other'}
    ${{ price: PRICE, usage: {} }}                                                                                                                                        | ${'invalid_request'} | ${'currency'}                 | ${'a price alone says no currency'}
    ${{ currency: 'USD', price: PRICE }}                                                                                                                                  | ${'invalid_request'} | ${'usage'}                    | ${'it depends on usage'}
    ${{ currency: 'USD', price: { charge: { model: 'flat', amount: '1' } }, usage: { quantity: '1' } }}                                                                   | ${'invalid_request'} | ${'usage'}                    | ${'it depends on none'}
    ${{ currency: 'USD', price: { charge: MATRIX }, usage: { quantity: '1' } }}                                                                                           | ${'invalid_request'} | ${'usage'}                    | ${'which cell would it be?'}
    ${{ currency: 'USD', price: { charge: MATRIX }, usage: { groups: [{ by: { agent: 'a' }, quantity: '1' }] } }}                                                         | ${'invalid_request'} | ${'usage.groups[0].by.agent'} | ${'it is no dimension of the price'}
    ${{ currency: 'USD', price: { charge: { model: 'percentage', percent: '1', freeEvents: 2 } }, usage: { quantity: '1' } }}                                             | ${'invalid_request'} | ${'usage'}                    | ${'transactions are looked at one by one'}
    ${{ currency: 'USD', price: { charge: { model: 'consumption_margin', markupPercent: '1' } }, usage: { quantity: '1' } }}                                              | ${'invalid_request'} | ${'usage.cost'}               | ${'a cost that is not told is not nothing'}
    ${{ currency: 'USD', price: PRICE, usage: { quantity: '1', groups: [] } }}                                                                                            | ${'invalid_request'} | ${'usage'}                    | ${'there are two answers'}
    ${{ currency: 'USD', price: PRICE, usage: { quantity: '1e3' } }}                                                                                                      | ${'invalid_request'} | ${'usage.quantity'}           | ${'decimals are plain'}
    ${{ currency: 'USD', price: PRICE, usage: { quantity: '1', colour: 'red' } }}                                                                                         | ${'invalid_request'} | ${'usage.colour'}             | ${'there is no such field'}
    ${{ currency: 'USD', price: PRICE, usage: { quantity: '1' }, period: { start: PERIOD.end, end: PERIOD.start } }}                                                      | ${'invalid_request'} | ${'period.end'}               | ${'it ends before it begins'}
    ${{ currency: 'USD', price: PRICE, usage: { quantity: '1' }, pools: [{ pool: 'x', rolledIn: [] }] }}                                                                  | ${'invalid_request'} | ${'pools[0].pool'}            | ${'the plan has no such pool'}
    ${{ currency: 'USD', price: { charge: { model: 'unit', unitPrice: '-1' } }, usage: {} }}                                                                              | ${'invalid_plan'}    | ${'price.charge.unitPrice'}   | ${'prices are not below zero'}
    ${{ currency: 'EUR', price: { charge: { model: 'consumption_margin', markupPercent: '1' } }, usage: { cost: '1' } }}                                                  | ${'invalid_plan'}    | ${'price.charge.model'}       | ${'costs are kept in USD'}
    ${{ currency: 'USD', price: { charge: UNIT }, meter: 'nowhere', usage: {} }}                                                                                          | ${'invalid_plan'}    | ${'meter'}                    | ${'there is no such meter'}
    ${{ currency: 'USD', price: { charge: { model: 'event_amount' } }, meter: { aggregation: 'max' }, usage: {} }}                                                        | ${'invalid_plan'}    | ${'meter'}                    | ${'amounts are added up'}
    ${{ plan: { key: 'p', name: 'P', currency: 'USD', interval: 'month', prices: [{ key: 'a', name: 'A', charge: UNIT }] } }}                                             | ${'invalid_plan'}    | ${'plan.prices[0].meter'}     | ${'it needs a meter'}
    ${{ plan: { key: 'p', name: 'P', currency: 'USD', interval: 'month', prices: [{ key: 'a', name: 'A', charge: { model: 'flat', amount: '1' } }] }, usage: { b: {} } }} | ${'invalid_request'} | ${'usage.b'}                  | ${'the plan has no such price'}
  `('$field: $because', async ({ body, code, field }) => {
    const answer = await preview(body);
    expect(answer).toMatchObject({ status: 422, body: { code } });
    expect(answer.body.errors[0].field).toBe(field);
  });

  it('takes nothing but a quantity for seats that a subscription agrees on', async () => {
    const seats = { charge: { model: 'recurring', unitPrice: '15', quantity: '1' } };
    expect(await made(preview({ currency: 'USD', price: seats, usage: { quantity: '4' } }))).toMatchObject({ total: '60.00' }); // prettier-ignore
    expect(await preview({ currency: 'USD', price: seats, usage: { cost: '4' } })).toMatchObject({ status: 422 });
  });

  it('names the plan that isn’t there', async () => {
    expect(await preview({ planReference: 'nowhere' })).toMatchObject({
      status: 404,
      body: { code: 'plan_not_found' },
    });
  });

  it('does not give usage away that no cell of a matrix prices', async () => {
    const groups = [{ by: { model: 'b' }, quantity: '1' }];
    expect(await preview({ currency: 'USD', price: { charge: MATRIX }, usage: { groups } })).toMatchObject({
      status: 409,
      body: { code: 'unpriced_usage' },
    });
  });

  it('shows another organisation neither plans nor meters', async () => {
    const other = await server.organisation();
    const body = { currency: 'USD', price: PRICE, meter: 'small', usage: {} };
    expect(await server.api('POST', '/v1/rating/preview', body, other.apiKey)).toMatchObject({ status: 422 });
    expect(await server.api('POST', '/v1/rating/preview', { planReference: 'agents' }, other.apiKey)).toMatchObject({
      status: 404,
    });
  });
});
