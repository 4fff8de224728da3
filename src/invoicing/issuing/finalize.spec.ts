import { Client } from 'pg';
import { advance, eventsBehind, invoicesOf, made, makeClock, subscribe } from '../../../test/support/books';
import { type Answer, startTestServer, type TestServer } from '../../../test/support/server';

const START = '2026-03-01T00:00:00Z';
const END = '2026-04-01T00:00:00Z';

/** Two servers on one database, so that what must hold between processes is tried between two. */
let servers: [TestServer, TestServer];
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ WEIR_EVENT_MAX_AGE: '36500d' });
  const second = await startTestServer(
    { WEIR_EVENT_MAX_AGE: '36500d' },
    { databaseUrl: server.databaseUrl, apiKey: server.apiKey },
  );
  servers = [server, second];
  const meter = { key: 'tokens', name: 'Tokens', eventType: 'llm.request', aggregation: 'sum', value: 'data.tokens' };
  await made(server.api('POST', '/v1/meters', meter));
  const count = { key: 'requests', name: 'Requests', eventType: 'llm.request', aggregation: 'count' };
  await made(server.api('POST', '/v1/meters', count));
  await made(
    server.api('POST', '/v1/plans', {
      key: 'usage',
      name: 'Usage',
      currency: 'USD',
      interval: 'month',
      prices: [
        { key: 'tokens', name: 'Tokens', meter: 'tokens', charge: { model: 'unit', unitPrice: '0.001' } },
        { key: 'requests', name: 'Requests', meter: 'requests', charge: { model: 'unit', unitPrice: '0.333' } },
        { key: 'ai', name: 'AI cost plus 10 per cent', meter: 'requests', charge: { model: 'consumption_margin', markupPercent: '10' } },
        { key: 'base', name: 'Base fee', charge: { model: 'flat', amount: '5' } },
      ],
    }),
  ); // prettier-ignore
});
afterAll(async () => {
  await servers[1].stop();
  await servers[0].stop();
});

function event(customer: string, id: string, tokens = 7) {
  const cost = { amount: '0.0001', currency: 'USD' };
  return { id, source: customer, type: 'llm.request', customer, time: '2026-03-15T12:30:00Z', cost, data: { tokens } };
}

function send(to: TestServer, events: readonly object[]): Promise<Answer['body']> {
  return made(to.api('POST', '/v1/events', events));
}

async function closed(key: string): Promise<string> {
  const { clock } = await subscribe(server, key, { plan: 'usage', startAt: START });
  await advance(server, clock, END);
  const [invoice] = await invoicesOf(server, key);
  return invoice.id as string;
}

/** What is true of every invoice. */
function expectWhole(invoice: Answer['body']): void {
  const cents = (amount: string): bigint => BigInt(amount.replace('.', ''));
  expect(invoice.lines.reduce((sum: bigint, line: Answer['body']) => sum + cents(line.amount), 0n)).toBe(
    cents(invoice.total),
  );
}

describe('finalizing', () => {
  it('many invoices from two servers at once numbers them without gap or repeat', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 12; index += 1) ids.push(await closed(`many-${index}`));

    const asked = ids.flatMap((id) => servers.map((each) => made(each.api('POST', `/v1/invoices/${id}/finalize`))));
    const answers = await Promise.all(asked);

    for (const [index, id] of ids.entries()) {
      // Both servers answer the same invoice.
      expect(answers[2 * index]).toEqual(answers[2 * index + 1]);
      expect(answers[2 * index]).toMatchObject({ id, status: 'finalized' });
    }
    const numbers = new Set(answers.map(({ number }) => Number(number.replace('INV-', ''))));
    expect([...numbers].sort((a, b) => a - b)).toEqual(ids.map((_, index) => index + 1));
  });

  it('while events pour in bills exactly the events its explanation lists; later ones are not in it', async () => {
    const id = await closed('busy');
    let sent = 0;
    let stop = false;
    const pour = async (to: TestServer): Promise<void> => {
      while (!stop) {
        const batch = Array.from({ length: 4 }, () => event('busy', `busy-${(sent += 1)}`, sent % 50));
        expect(await send(to, batch)).toMatchObject({ accepted: 4 });
      }
    };
    const pouring = Promise.all([pour(servers[0]), pour(servers[1]), pour(servers[0]), pour(servers[1])]);
    while (sent < 120) await server.api('GET', '/healthz');
    const finalized = await made(servers[1].api('POST', `/v1/invoices/${id}/finalize`));
    const atCut = sent;
    while (sent < atCut + 120) await server.api('GET', '/healthz');
    stop = true;
    await pouring;

    expectWhole(finalized);
    expect(await made(server.api('GET', `/v1/invoices/${id}`))).toEqual(finalized);
    const [tokens, requests, ai] = finalized.lines;
    const behind = await eventsBehind(server, id, 1, 60);
    expect(behind).toHaveLength(tokens.events);
    expect(new Set(behind.map((each) => each.id)).size).toBe(behind.length);
    expect(behind.reduce((sum, each) => sum + Number(each.quantity), 0)).toBe(Number(tokens.quantity));
    expect((await eventsBehind(server, id, 2, 200)).length).toBe(Number(requests.quantity));
    // Each event costs 0.0001.
    expect(Number(ai.quantity) * 10_000).toBeCloseTo(behind.length, 6);

    // Some came after the cut: they are stored and metered, but not on this invoice.
    const [{ all }] = (await server.query<{ all: number }>(`SELECT count(*)::int AS all FROM event WHERE source = 'busy'`)) as [{ all: number }]; // prettier-ignore
    expect(all).toBeGreaterThan(behind.length);
    const usage = await made(server.api('GET', `/v1/customers/busy/usage?from=${START}&to=${END}`));
    expect(usage.allEvents.events).toBe(all);
    // And what was accepted before finalizing began is on it.
    expect(behind.length).toBeGreaterThanOrEqual(100);
  });

  it('waits for costs that are not known, and uses up no number', async () => {
    const id = await closed('unpriced');
    const data = { provider: 'nobody', model: 'unheard-of', input_tokens: 10, tokens: 1 };
    await send(server, [{ ...event('unpriced', 'u-1'), cost: null, data }]);

    const refused = await server.api('POST', `/v1/invoices/${id}/finalize`);
    expect(refused).toMatchObject({ status: 409, body: { code: 'cost_pending' } });
    const draft = await made(server.api('GET', `/v1/invoices/${id}`));
    expect(draft).toMatchObject({ status: 'draft', number: null, margin: null, cost: { pendingEvents: 1 } });
    // Nothing of the refused try is left: no number is used up.
    const next = await made(server.api('POST', `/v1/invoices/${await closed('after-unpriced')}/finalize`));
    expect(next.number).toBe('INV-000014');
  });

  it('is answered like everything else for what does not exist', async () => {
    for (const id of ['inv_00000000000000000000000000', 'nonsense', 'INV-999999']) {
      expect(await server.api('POST', `/v1/invoices/${id}/finalize`)).toMatchObject({
        status: 404,
        body: { code: 'invoice_not_found' },
      });
    }
  });
});

describe('a draft', () => {
  it('is brought up to date with late events whenever it is looked at, and its lines keep their ids', async () => {
    const id = await closed('late');
    const before = await made(server.api('GET', `/v1/invoices/${id}`));
    expect(before).toMatchObject({ total: '5.00', lines: [{ quantity: '0' }, {}, {}, {}] });

    await send(server, [event('late', 'late-1', 1_500), event('late', 'late-2', 0)]);
    const after = await made(servers[1].api('GET', `/v1/invoices/${id}`));
    // 1,500 × 0.001 + 2 × 0.333 + 0.0002 × 1.1 + 5 = 1.50 + 0.67 (0.666) + 0.00 (0.00022) + 5.00
    expect(after).toMatchObject({
      total: '7.17',
      exactTotal: '7.16622',
      cost: { amount: '0.0002' },
      margin: '7.16602',
      lines: [
        { quantity: '1500', events: 2, amount: '1.50' },
        { quantity: '2', exactAmount: '0.666', amount: '0.67' },
        { quantity: '0.0002', exactAmount: '0.00022', amount: '0.00' },
        { quantity: '1', amount: '5.00' },
      ],
    });
    expectWhole(after);
    expect(after.lines.map((line: Answer['body']) => line.id)).toEqual(
      before.lines.map((line: Answer['body']) => line.id),
    );
    // The explanation of a line speaks of the same.
    const explained = await made(server.api('GET', `/v1/invoices/${id}/lines/${after.lines[0].id}/explain`));
    expect(explained).toMatchObject({ line: after.lines[0], events: { count: 2 } });
    expect(explained.steps.at(-1)).toContain('1.50');
  });

  it('does not explain by events that its meter could not count', async () => {
    const id = await closed('odd');
    const odd = { ...event('odd', 'odd-1'), type: 'odd', data: { size: 'enormous' } };
    await send(server, [
      odd,
      { ...odd, id: 'odd-2', data: { size: -4 } },
      { ...odd, id: 'odd-3', data: { size: 0.5 } },
    ]);
    const meter = { key: 'odd', name: 'Odd', eventType: 'odd', aggregation: 'sum', value: 'data.size' };
    await made(server.api('POST', '/v1/meters', meter));
    const prices = [{ key: 'odd', name: 'Odd', meter: 'odd', charge: { model: 'unit', unitPrice: '2' } }];
    await made(
      server.api('POST', '/v1/plans', { key: 'odd', name: 'Odd', currency: 'USD', interval: 'month', prices }),
    );
    const apart = { customer: 'odd', plan: 'odd', key: 'odd-2', startAt: START, invoicing: 'apart' };
    await made(server.api('POST', '/v1/subscriptions', apart));
    const clock = (await made(server.api('GET', '/v1/customers/odd'))).testClock;
    await advance(server, clock, END);

    const invoices = await invoicesOf(server, 'odd');
    const invoice = invoices.find((each) => each.id !== id);
    expect(invoice.lines).toMatchObject([{ quantity: '0.5', events: 1, amount: '1.00' }]);
    expect(await eventsBehind(server, invoice.id, 1)).toMatchObject([{ id: 'odd-3', quantity: '0.5' }]);
  });
});

describe('a finalized invoice', () => {
  it('can be changed by nobody, the owner of the tables included', async () => {
    const id = await closed('locked');
    await send(server, [event('locked', 'locked-1')]);
    const invoice = await made(server.api('POST', `/v1/invoices/${id}/finalize`));

    const owner = new Client({ connectionString: server.databaseUrl });
    await owner.connect();
    try {
      for (const sql of [
        `UPDATE invoice SET total = 0 WHERE number = $1`,
        `UPDATE invoice SET status = 'draft', number = NULL, finalized_at = NULL, events_through = NULL WHERE number = $1`,
        `DELETE FROM invoice WHERE number = $1`,
        `UPDATE invoice_line SET amount = 0 WHERE invoice_id = (SELECT id FROM invoice WHERE number = $1)`,
        `DELETE FROM invoice_line WHERE invoice_id = (SELECT id FROM invoice WHERE number = $1)`,
        `UPDATE event SET customer_id = gen_random_uuid() WHERE source = 'locked' OR id = $1`,
        `DELETE FROM event WHERE source = 'locked' OR id = $1`,
      ]) {
        await expect(owner.query(sql, [invoice.number])).rejects.toThrow(/never change/);
      }
      // A line of a draft can't be moved onto it either.
      const draft = await closed('draft-beside');
      await expect(
        owner.query(
          `UPDATE invoice_line SET invoice_id = (SELECT id FROM invoice WHERE number = $1), position = 99
            WHERE position = 0 AND invoice_id = (SELECT id FROM invoice WHERE number IS NULL ORDER BY id DESC LIMIT 1)`,
          [invoice.number],
        ),
      ).rejects.toThrow(/never change/);
      expect(await made(server.api('GET', `/v1/invoices/${draft}`))).toMatchObject({ status: 'draft' });
    } finally {
      await owner.end();
    }
    expect(await made(server.api('GET', `/v1/invoices/${id}`))).toEqual(invoice);
  });

  it('stays as it was when events come late; they are stored and metered', async () => {
    const id = await closed('too-late');
    const invoice = await made(server.api('POST', `/v1/invoices/${id}/finalize`));
    await send(server, [event('too-late', 'tl-1')]);

    expect(await made(server.api('GET', `/v1/invoices/${id}`))).toEqual(invoice);
    expect(await eventsBehind(server, id, 1)).toEqual([]);
    const usage = await made(server.api('GET', `/v1/customers/too-late/usage?from=${START}&to=${END}`));
    expect(usage.allEvents).toMatchObject({ events: 1, cost: '0.0001' });
  });
});

describe('closing a period', () => {
  it('twice and from two servers at once makes one invoice', async () => {
    const clock = await makeClock(server, START);
    for (let index = 0; index < 6; index += 1) {
      await subscribe(server, `twice-${index}`, { plan: 'usage', startAt: START, clock });
    }
    await Promise.all([0, 1, 0, 1].map((which) => advance(servers[which]!, clock, '2026-05-20T00:00:00Z')));

    for (let index = 0; index < 6; index += 1) {
      const invoices = await invoicesOf(server, `twice-${index}`);
      expect(invoices.map(({ servicePeriod }) => servicePeriod.start)).toEqual([
        '2026-03-01T00:00:00.000Z',
        '2026-04-01T00:00:00.000Z',
      ]);
    }
  });
});
