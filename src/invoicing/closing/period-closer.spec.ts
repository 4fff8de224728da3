import { advance, invoicesOf, made, makeClock, subscribe } from '../../../test/support/books';
import { type Answer, startTestServer, type TestServer } from '../../../test/support/server';
import { Clock } from '../../kernel';

/** A clock for the whole server, moved by the test. */
class MovedClock extends Clock {
  constructor(private instant: string) {
    super();
  }
  moveTo(instant: string): void {
    this.instant = instant;
  }
  override now(): Date {
    return new Date(this.instant);
  }
}

const LOOK_EVERY_MS = 20;

let server: TestServer;

async function makePlan(to: TestServer): Promise<void> {
  const meter = { key: 'requests', name: 'Requests', eventType: 'llm.request', aggregation: 'count' };
  await made(to.api('POST', '/v1/meters', meter));
  const prices = [{ key: 'requests', name: 'Requests', meter: 'requests', charge: { model: 'unit', unitPrice: '1' } }];
  await made(to.api('POST', '/v1/plans', { key: 'usage', name: 'Usage', currency: 'USD', interval: 'month', prices }));
}

beforeAll(async () => {
  server = await startTestServer({ WEIR_EVENT_MAX_AGE: '36500d', WEIR_DRAFT_GRACE: '2d' });
  await makePlan(server);
});
afterAll(() => server.stop());

/**
 * Stands between a period that ended and its invoice: the plan's price says nothing that can be rated. It gets another id,
 * since what a price says is read once.
 */
async function breakPlanOf(subscription: string, key: string): Promise<void> {
  const { plan } = await made(server.api('GET', `/v1/subscriptions/${subscription}`));
  expect(plan.key).toBe(key);
  await server.query('ALTER TABLE price DISABLE TRIGGER price_guard');
  await server.query(
    `UPDATE price SET id = gen_random_uuid(), charge = '{"model": "nonsense"}' WHERE plan_id IN (SELECT id FROM plan WHERE key = $1)`,
    [key],
  );
}

async function mendPlan(key: string): Promise<void> {
  await server.query(
    `UPDATE price SET charge = '{"model": "unit", "unitPrice": "1"}' WHERE plan_id IN (SELECT id FROM plan WHERE key = $1)`,
    [key],
  );
  await server.query('ALTER TABLE price ENABLE TRIGGER price_guard');
}

describe('a test clock that is moved', () => {
  it('over several periods closes each of them, and the one it stands in stays open', async () => {
    const { clock } = await subscribe(server, 'months', { plan: 'usage', startAt: '2026-01-10T15:00:00Z' });
    await made(
      server.api(
        'POST',
        '/v1/events',
        ['2026-01-10T15:00:00Z', '2026-02-09T23:59:59.999999Z', '2026-02-10T00:00:00Z', '2026-04-10T00:00:00Z'].map(
          (time, index) => ({ id: `months-${index}`, type: 'llm.request', customer: 'months', time }),
        ),
      ),
    );
    await advance(server, clock, '2026-04-15T00:00:00Z');

    const invoices = await invoicesOf(server, 'months');
    expect(invoices.map(({ servicePeriod, total }) => [servicePeriod.start, servicePeriod.end, total])).toEqual([
      ['2026-01-10T15:00:00.000Z', '2026-02-10T00:00:00.000Z', '2.00'],
      ['2026-02-10T00:00:00.000Z', '2026-03-10T00:00:00.000Z', '1.00'],
      ['2026-03-10T00:00:00.000Z', '2026-04-10T00:00:00.000Z', '0.00'],
    ]);
    const { currentPeriod } = await made(server.api('GET', '/v1/subscriptions/months'));
    expect(currentPeriod).toEqual({ start: '2026-04-10T00:00:00.000Z', end: '2026-05-10T00:00:00.000Z' });
    // A repeat finds nothing to do.
    await advance(server, clock, '2026-04-15T00:00:00Z');
    expect(await invoicesOf(server, 'months')).toEqual(invoices);
  });

  it('a moment before the end of a period closes nothing, at the end it does', async () => {
    const { clock } = await subscribe(server, 'edge', { plan: 'usage', startAt: '2026-01-01T00:00:00Z' });
    await advance(server, clock, '2026-01-31T23:59:59.999Z');
    expect(await invoicesOf(server, 'edge')).toEqual([]);
    await advance(server, clock, '2026-02-01T00:00:00Z');
    expect(await invoicesOf(server, 'edge')).toHaveLength(1);
  });

  it('keeps the 31st over shorter months, at midnight in a zone with a half-hour offset', async () => {
    const { clock } = await subscribe(server, 'chennai', {
      plan: 'usage',
      startAt: '2026-01-31T04:30:00Z', // 10:00 in Chennai
      timeZone: 'Asia/Kolkata',
    });
    // The last half hour of 27 February in India is the first period's; the next instant is the second one's.
    const times = ['2026-02-27T18:29:59.999999Z', '2026-02-27T18:30:00Z', '2026-03-30T18:29:59Z'];
    await made(
      server.api(
        'POST',
        '/v1/events',
        times.map((time, index) => ({ id: `chennai-${index}`, type: 'llm.request', customer: 'chennai', time })),
      ),
    );
    await advance(server, clock, '2026-05-01T00:00:00Z');

    const invoices = await invoicesOf(server, 'chennai');
    expect(invoices.map(({ servicePeriod, total }) => [servicePeriod.start, servicePeriod.end, total])).toEqual([
      ['2026-01-31T04:30:00.000Z', '2026-02-27T18:30:00.000Z', '1.00'], // until 28 February 00:00 there
      ['2026-02-27T18:30:00.000Z', '2026-03-30T18:30:00.000Z', '2.00'], // until 31 March
      ['2026-03-30T18:30:00.000Z', '2026-04-29T18:30:00.000Z', '0.00'], // until 30 April
    ]);
  });

  it('finalizes what is due at once in its order: what the first gives back pays the second', async () => {
    const base = { key: 'base', name: 'Base fee', charge: { model: 'flat', amount: '30' }, billing: { in: 'advance' } };
    const plan = { key: 'ahead', name: 'Ahead', currency: 'USD', interval: 'month', prices: [base] };
    await made(server.api('POST', '/v1/plans', plan));
    const startAt = '2026-04-01T00:00:00Z';
    const { clock } = await subscribe(server, 'order', { plan: 'ahead', startAt });
    const second = { key: 'order-2', customer: 'order', plan: 'usage', startAt, invoicing: 'apart' };
    await made(server.api('POST', '/v1/subscriptions', second));
    const used = Array.from({ length: 25 }, (_, nth) => ({ id: `order-${nth}`, type: 'llm.request', customer: 'order', time: '2026-04-05T00:00:00Z' })); // prettier-ignore
    await made(server.api('POST', '/v1/events', used));
    await advance(server, clock, '2026-04-11T00:00:00Z');
    // A period that is cut in two is finalized by itself, and the plain one of usage in a batch.
    await made(server.api('POST', '/v1/subscriptions/order/pause', { bills: 'nothing' }));
    await advance(server, clock, '2026-05-04T00:00:00Z');

    const invoices = await invoicesOf(server, 'order');
    const told = invoices.map(({ number, total, creditApplied, amountDue }) => ({ number, total, creditApplied, amountDue })); // prettier-ignore
    expect(told.sort((one, other) => one.number.localeCompare(other.number))).toMatchObject([
      { total: '30.00', creditApplied: '0.00', amountDue: '30.00' },
      // 20 of 30 days of April.
      { total: '-20.00', creditApplied: '0.00', amountDue: '0.00' },
      { total: '25.00', creditApplied: '20.00', amountDue: '5.00' },
    ]);
  });

  it('finalizes drafts whose grace is over, and not before', async () => {
    const { clock } = await subscribe(server, 'grace', { plan: 'usage', startAt: '2026-01-01T00:00:00Z' });
    await advance(server, clock, '2026-02-02T23:59:59.999Z');
    expect(await invoicesOf(server, 'grace')).toMatchObject([{ status: 'draft', number: null }]);

    // Late, but in time.
    const late = { id: 'grace-late', type: 'llm.request', customer: 'grace', time: '2026-01-31T00:00:00Z' };
    await made(server.api('POST', '/v1/events', late));
    await advance(server, clock, '2026-02-03T00:00:00Z');
    expect(await invoicesOf(server, 'grace')).toMatchObject([{ status: 'finalized', total: '1.00' }]);
  });

  it('only moves forward', async () => {
    const clock = await makeClock(server, '2026-01-02T00:00:00Z');
    expect(await server.api('POST', `/v1/test-clocks/${clock}/advance`, { now: '2026-01-01T00:00:00Z' })).toMatchObject(
      { status: 409, body: { code: 'clock_backwards' } },
    );
  });
});

describe('a subscription whose period cannot be closed', () => {
  const END = '2026-02-01T00:00:00Z';

  it.each`
    headers                                 | because
    ${{}}                                   | ${'each close is a transaction of its own'}
    ${{ 'idempotency-key': 'one-advance' }} | ${'the whole advance is one transaction'}
  `(
    'is parked with a reason, and the others go on: $because',
    async ({ headers }: { headers: Record<string, string> }) => {
      const name = Object.keys(headers).length === 0 ? 'plain' : 'keyed';
      const clock = await makeClock(server, '2026-01-01T00:00:00Z');
      const prices = [{ key: 'p', name: 'P', meter: 'requests', charge: { model: 'unit', unitPrice: '1' } }];
      const broken = `${name}-broken`;
      const plan = { key: broken, name: 'Broken', currency: 'USD', interval: 'month', prices };
      await made(server.api('POST', '/v1/plans', plan));
      const startAt = '2026-01-01T00:00:00Z';
      await subscribe(server, `${name}-before`, { plan: 'usage', startAt, clock });
      const bad = await subscribe(server, `${name}-bad`, { plan: broken, startAt, clock });
      await subscribe(server, `${name}-behind`, { plan: 'usage', startAt, clock });
      await breakPlanOf(bad.subscription, broken);

      const answer = await server.send(`/v1/test-clocks/${clock}/advance`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ now: END }),
      });
      expect(answer.status).toBe(200);
      const parked = await server.query<{ key: string; parked_reason: string | null; open_period: number }>(
        `SELECT key, parked_reason, open_period FROM subscription WHERE starts_with(key, $1) ORDER BY key`,
        [`${name}-`],
      );
      expect(parked).toEqual([
        { key: `${name}-bad`, parked_reason: expect.stringMatching(/^Closing its period failed: ./), open_period: 0 },
        { key: `${name}-before`, parked_reason: null, open_period: 1 },
        { key: `${name}-behind`, parked_reason: null, open_period: 1 },
      ]);

      const { items } = await made(server.api('GET', '/v1/subscriptions?parked=true'));
      expect(items.find(({ key }: { key: string }) => key === `${name}-bad`)).toMatchObject({
        id: bad.subscription,
        customer: { key: `${name}-bad` },
        dueAt: '2026-02-01T00:00:00.000Z',
        parkedReason: expect.stringMatching(/^Closing its period failed: ./),
      });

      // It stays parked, though the reason is gone, until somebody says so; then the next sweep closes it.
      await mendPlan(broken);
      await advance(server, clock, END);
      expect(await invoicesOf(server, `${name}-bad`)).toEqual([]);
      const resumed = server.api('POST', `/v1/subscriptions/${name}-bad/resume-billing`);
      expect(await made(resumed)).toMatchObject({ parkedReason: null });
      await advance(server, clock, END);
      expect(await invoicesOf(server, `${name}-bad`)).toHaveLength(1);
      expect(await made(server.api('GET', `/v1/subscriptions/${name}-bad`))).toMatchObject({ parkedReason: null });
    },
  );
});

describe('real time', () => {
  it('closes periods and finalizes drafts by itself, for every organisation', async () => {
    const clock = new MovedClock('2026-06-01T00:00:00Z');
    const own = await startTestServer({ WEIR_CLOSE_INTERVAL: '50ms', WEIR_DRAFT_GRACE: '1d' }, { clock });
    try {
      await makePlan(own);
      const other = await own.organisation();
      const elsewhere: Pick<TestServer, 'api'> = {
        api: (method, path, body) => own.api(method, path, body, other.apiKey),
      };
      await makePlan({ ...own, ...elsewhere });
      for (const each of [own, elsewhere]) {
        await made(each.api('POST', '/v1/customers', { key: 'real', name: 'Real' }));
        await made(each.api('POST', '/v1/subscriptions', { key: 'real', customer: 'real', plan: 'usage' }));
        await made(each.api('POST', '/v1/events', { id: 'r', type: 'llm.request', customer: 'real' }));
        expect(await invoicesOf(each, 'real')).toEqual([]);
      }

      clock.moveTo('2026-07-01T00:00:00Z');
      for (const each of [own, elsewhere]) {
        const [draft] = await untilThere(
          () => invoicesOf(each, 'real'),
          (invoices) => invoices.length > 0,
        );
        expect(draft).toMatchObject({ status: 'draft', total: '1.00', createdAt: '2026-07-01T00:00:00.000Z' });
      }
      clock.moveTo('2026-07-02T00:00:00Z');
      for (const each of [own, elsewhere]) {
        const [invoice] = await untilThere(
          () => invoicesOf(each, 'real'),
          ([first]) => first.status === 'finalized',
        );
        // Each organisation counts its own numbers.
        expect(invoice).toMatchObject({ number: 'INV-000001', finalizedAt: '2026-07-02T00:00:00.000Z' });
      }
    } finally {
      await own.stop();
    }
  });
});

async function untilThere(
  look: () => Promise<Answer['body'][]>,
  isThere: (found: Answer['body'][]) => boolean,
): Promise<Answer['body'][]> {
  for (;;) {
    const found = await look();
    if (isThere(found)) return found;
    await new Promise((soon) => setTimeout(soon, LOOK_EVERY_MS));
  }
}
