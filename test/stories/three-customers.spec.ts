import { advance, eventsBehind, invoicesOf, made, makeClock, subscribe } from '../support/books';
import { type Answer, startTestServer, type TestServer } from '../support/server';

/**
 * Three customers through one month, with numbers a reader can check by hand. The cost of each event follows from the
 * published price of gpt-4o: 2.50 USD per million input tokens, 10.00 USD per million output tokens.
 */
let server: TestServer;
let clock: string;

const JANUARY = '2026-01-01T00:00:00Z';
const FEBRUARY = '2026-02-01T00:00:00Z';

beforeAll(async () => {
  server = await startTestServer({ WEIR_EVENT_MAX_AGE: '36500d' });
  clock = await makeClock(server, JANUARY);
  for (const meter of METERS) await made(server.api('POST', '/v1/meters', meter));
  for (const plan of PLANS)
    await made(server.api('POST', '/v1/plans', { currency: 'USD', interval: 'month', ...plan }));
  for (const plan of ['margin', 'outcome', 'hybrid']) await subscribe(server, plan, { plan, startAt: JANUARY, clock });
});
afterAll(() => server.stop());

const METERS = [
  { key: 'requests', name: 'Requests', eventType: 'llm.request', aggregation: 'count' },
  {
    key: 'successes',
    name: 'Successful tasks',
    eventType: 'task.outcome',
    aggregation: 'count',
    filters: [{ field: 'data.success', operator: 'equals', value: true }],
  },
  {
    key: 'standard',
    name: 'Standard actions',
    eventType: 'llm.request',
    aggregation: 'count',
    filters: [{ field: 'data.input_tokens', operator: 'less_than', value: 2000 }],
  },
  {
    key: 'premium',
    name: 'Premium actions',
    eventType: 'llm.request',
    aggregation: 'count',
    filters: [{ field: 'data.input_tokens', operator: 'at_least', value: 2000 }],
  },
];

const PLANS = [
  {
    key: 'margin',
    name: 'Cost plus 30 per cent',
    prices: [{ key: 'ai', name: 'AI usage', meter: 'requests', charge: { model: 'consumption_margin', markupPercent: '30' } }],
  },
  {
    key: 'outcome',
    name: 'Pay for success',
    prices: [{ key: 'task', name: 'Successful tasks', meter: 'successes', charge: { model: 'unit', unitPrice: '0.05' } }],
  },
  {
    key: 'hybrid',
    name: 'Base and usage',
    prices: [
      { key: 'base', name: 'Base fee', charge: { model: 'flat', amount: '20' } },
      { key: 'standard', name: 'Standard actions', meter: 'standard', allowance: '3', charge: { model: 'unit', unitPrice: '0.002' } },
      { key: 'premium', name: 'Premium actions', meter: 'premium', charge: { model: 'unit', unitPrice: '0.01' } },
    ],
  },
]; // prettier-ignore

function request(customer: string, id: string, time: string, input: number, output: number) {
  const data = { provider: 'openai', model: 'gpt-4o', input_tokens: input, output_tokens: output };
  return { id, type: 'llm.request', customer, time, data };
}

async function send(events: readonly object[]): Promise<void> {
  expect(await made(server.api('POST', '/v1/events', events))).toMatchObject({ accepted: events.length });
}

/** The parts of an invoice that a customer reads. */
function readable({ total, exactTotal, margin, cost, lines }: Answer['body']) {
  return {
    total,
    exactTotal,
    cost: cost.amount,
    margin,
    lines: lines.map(({ description, quantity, exactAmount, amount }: Record<string, string>) => [description, quantity, exactAmount, amount]),
  };
} // prettier-ignore

it('is used during January', async () => {
  await send([
    // 1,000 × 0.0000025 + 200 × 0.00001 = 0.0025 + 0.002 = 0.0045
    request('margin', 'm-1', '2026-01-01T00:00:00Z', 1_000, 200),
    // 3,333 × 0.0000025 + 77 × 0.00001 = 0.0083325 + 0.00077 = 0.0091025
    request('margin', 'm-2', '2026-01-15T12:00:00.123456Z', 3_333, 77),
    // 400,001 × 0.0000025 + 50,000 × 0.00001 = 1.0000025 + 0.5 = 1.5000025
    request('margin', 'm-3', '2026-01-31T23:59:59.999999Z', 400_001, 50_000),
    // The first instant of February is not January's.
    request('margin', 'm-4', '2026-02-01T00:00:00Z', 1_000_000, 0),
  ]);

  // Seven outcomes, five of them successes; one success comes twice and counts once.
  const outcomes = [true, true, false, true, true, false, true].map((success, index) => ({
    id: `o-${index}`,
    type: 'task.outcome',
    customer: 'outcome',
    time: `2026-01-${String(index + 10)}T08:00:00Z`,
    data: { success },
  }));
  await send(outcomes);
  expect(await made(server.api('POST', '/v1/events', outcomes.slice(0, 1)))).toMatchObject({ duplicates: 1 });
  // What the tasks cost: 4 × 2,000 input tokens = 8,000 × 0.0000025 = 0.02
  await send([1, 2, 3, 4].map((n) => request('outcome', `o-cost-${n}`, '2026-01-20T00:00:00Z', 2_000, 0)));

  await send([
    // Eight standard actions: three are included, five cost 0.002 each. 8 × 1,999 × 0.0000025 = 0.03998
    ...[1, 2, 3, 4, 5, 6, 7, 8].map((n) => request('hybrid', `s-${n}`, `2026-01-0${n}T00:00:00Z`, 1_999, 0)),
    // Three premium actions at 0.01. 3 × 2,000 × 0.0000025 = 0.015
    ...[1, 2, 3].map((n) => request('hybrid', `p-${n}`, `2026-01-0${n}T00:00:00Z`, 2_000, 0)),
  ]);
});

it('previews what the invoice then says', async () => {
  const preview = await made(server.api('GET', '/v1/customers/hybrid/invoices/preview'));
  expect(preview).toMatchObject({ status: 'preview', id: null, number: null, total: '20.04' });

  await advance(server, clock, FEBRUARY);
  const [draft] = await invoicesOf(server, 'hybrid');
  expect(draft.status).toBe('draft');
  expect(readable(draft)).toEqual(readable(preview));
  expect(draft.lines.map((line: Answer['body']) => line.breakdown)).toEqual(
    preview.lines.map((line: Answer['body']) => line.breakdown),
  );
});

it('bills cost plus 30 per cent', async () => {
  const [invoice, ...others] = await invoicesOf(server, 'margin');
  expect(others).toEqual([]);
  expect(invoice.servicePeriod).toEqual({ start: '2026-01-01T00:00:00.000Z', end: '2026-02-01T00:00:00.000Z' });
  // Cost 0.0045 + 0.0091025 + 1.5000025 = 1.513605; × 1.30 = 1.9676865, rounded 1.97; margin 1.9676865 − 1.513605.
  expect(readable(invoice)).toEqual({
    cost: '1.513605',
    exactTotal: '1.9676865',
    total: '1.97',
    margin: '0.4540815',
    lines: [['AI usage', '1.513605', '1.9676865', '1.97']],
  });
  expect(invoice.lines[0].breakdown.map(({ kind, amount }: Answer['body']) => [kind, amount])).toEqual([
    ['cost', '1.513605'],
    ['markup', '0.4540815'],
  ]);

  const events = await eventsBehind(server, invoice.id, 1, 2);
  expect(events.map(({ id, cost }) => [id, cost])).toEqual([
    ['m-1', '0.0045'],
    ['m-2', '0.0091025'],
    ['m-3', '1.5000025'],
  ]);
});

it('bills successes, and shows that this month they cost less than they earn', async () => {
  const [invoice] = await invoicesOf(server, 'outcome');
  // 5 × 0.05 = 0.25; cost 0.02
  expect(readable(invoice)).toEqual({
    cost: '0.02',
    exactTotal: '0.25',
    total: '0.25',
    margin: '0.23',
    lines: [['Successful tasks', '5', '0.25', '0.25']],
  });
  expect((await eventsBehind(server, invoice.id, 1)).map(({ id }) => id)).toEqual(['o-0', 'o-1', 'o-3', 'o-4', 'o-6']);
});

it('bills a base fee, usage beyond the allowance, and premium usage', async () => {
  const [invoice] = await invoicesOf(server, 'hybrid');
  // 20 + (8 − 3) × 0.002 + 3 × 0.01 = 20 + 0.01 + 0.03; cost 0.03998 + 0.015
  expect(readable(invoice)).toEqual({
    cost: '0.05498',
    exactTotal: '20.04',
    total: '20.04',
    margin: '19.98502',
    lines: [
      ['Base fee', '1', '20', '20.00'],
      ['Standard actions', '8', '0.01', '0.01'],
      ['Premium actions', '3', '0.03', '0.03'],
    ],
  });
  expect(
    invoice.lines[1].breakdown.map(({ kind, quantity, amount }: Answer['body']) => [kind, quantity, amount]),
  ).toEqual([
    ['allowance', '3', '0'],
    ['unit', '5', '0.01'],
  ]);
  expect(await eventsBehind(server, invoice.id, 1)).toEqual([]);
  expect((await eventsBehind(server, invoice.id, 3)).map(({ id }) => id)).toEqual(['p-1', 'p-2', 'p-3']);
});

it('numbers the invoices in the order they are finalized, and leaves February open', async () => {
  const numbers: string[] = [];
  for (const customer of ['outcome', 'hybrid', 'margin']) {
    const [{ id }] = (await invoicesOf(server, customer)) as [{ id: string }];
    const finalized = await made(server.api('POST', `/v1/invoices/${id}/finalize`));
    expect(finalized.status).toBe('finalized');
    numbers.push(finalized.number);
    expect(await made(server.api('GET', `/v1/invoices/${finalized.number}`))).toEqual(finalized);
    expect(await made(server.api('POST', `/v1/invoices/${id}/finalize`))).toEqual(finalized);
  }
  expect(numbers).toEqual(['INV-000001', 'INV-000002', 'INV-000003']);

  const preview = await made(server.api('GET', '/v1/customers/margin/invoices/preview'));
  // m-4: 1,000,000 × 0.0000025 = 2.5; × 1.30 = 3.25
  expect(preview).toMatchObject({ total: '3.25', servicePeriod: { start: '2026-02-01T00:00:00.000Z' } });
});
