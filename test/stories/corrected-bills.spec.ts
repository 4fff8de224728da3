import { advance, eventsBehind, invoicesOf, made, subscribe } from '../support/books';
import { type Answer, startTestServer, type TestServer } from '../support/server';

/**
 * What a finance team lives through: a price that was missing, one that was wrong, an event that was, and usage that
 * turns up after the bill went out. Amounts are worked by hand.
 */
const JANUARY = '2026-01-01T00:00:00Z';
const FEBRUARY = '2026-02-01T00:00:00Z';
const TENTH = '2026-01-10T12:30:00Z';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ WEIR_EVENT_MAX_AGE: '36500d' });
  const meter = { key: 'requests', name: 'Requests', eventType: 'llm.request', aggregation: 'count' };
  await made(server.api('POST', '/v1/meters', meter));
  await made(
    server.api('POST', '/v1/plans', {
      key: 'plan',
      name: 'AI cost plus a quarter',
      currency: 'USD',
      interval: 'month',
      prices: [
        { key: 'ai', name: 'AI', meter: 'requests', charge: { model: 'consumption_margin', markupPercent: '25' } },
        { key: 'requests', name: 'Requests', meter: 'requests', charge: { model: 'unit', unitPrice: '1' } },
      ],
    }),
  );
});
afterAll(() => server.stop());

/** 1,000 input and 100 output tokens. */
function event(customer: string, id: string, model: string) {
  const data = { provider: 'acme-ai', model, input_tokens: 1_000, output_tokens: 100 };
  return { id, source: customer, type: 'llm.request', customer, time: TENTH, data };
}

const send = (...events: object[]): Promise<Answer['body']> => made(server.api('POST', '/v1/events', events));

/** Prices per million tokens. */
function price(model: string, input: string, output: string, validFrom?: string): Promise<Answer['body']> {
  const units = { input: { amount: input }, output: { amount: output } };
  return made(server.api('POST', '/v1/price-book', { provider: 'acme-ai', model, units, validFrom }));
}

async function draftOf(customer: string): Promise<Answer['body']> {
  const [invoice] = await invoicesOf(server, customer);
  return invoice;
}

async function closed(customer: string): Promise<Answer['body']> {
  const { clock } = await subscribe(server, customer, { plan: 'plan', startAt: JANUARY });
  return { clock, close: () => advance(server, clock, FEBRUARY) };
}

/** A re-costing goes on by itself when a request's time is up. */
async function settled(asked: Promise<Answer['body']>): Promise<Answer['body']> {
  let answer = await asked;
  while (answer.status === 'previewing' || answer.status === 'applying') {
    answer = await made(server.api('GET', `/v1/recostings/${answer.id}`));
  }
  return answer;
}

const previewed = (body: object) => settled(made(server.api('POST', '/v1/recostings', body)));
const appliedNow = (id: string) => settled(made(server.api('POST', `/v1/recostings/${id}/apply`)));

/** Until every pending event was looked at with the prices as they are. */
async function pricingDone(): Promise<Answer['body']> {
  for (;;) {
    const answer = await made(server.api('GET', '/v1/costs/pending'));
    if (answer.pricing.state === 'idle') return answer;
  }
}

it('an invoice waits for a cost that is not known, and can be finalized once the price has arrived', async () => {
  const { close } = await closed('waiting');
  await send(event('waiting', 'w-1', 'unheard-of'), event('waiting', 'w-2', 'unheard-of'));
  await close();
  const draft = await draftOf('waiting');
  const finalize = () => server.api('POST', `/v1/invoices/${draft.id}/finalize`);
  expect(await finalize()).toMatchObject({ status: 409, body: { code: 'cost_pending' } });
  expect((await pricingDone()).groups).toEqual([
    {
      reason: 'model_unknown',
      detail: expect.any(String),
      provider: 'acme-ai',
      model: 'unheard-of',
      events: 2,
      firstTime: '2026-01-10T12:30:00.000000Z',
      lastTime: '2026-01-10T12:30:00.000000Z',
      example: { id: expect.stringMatching(/^w-[12]$/), source: 'waiting' },
    },
  ]);

  await price('unheard-of', '2', '10');
  expect(await pricingDone()).toMatchObject({ events: 0, complete: true, groups: [], pricing: { priced: 2 } });

  // Each 1,000 × 2 + 100 × 10 USD per million = 0.003; two of them plus 25 per cent = 0.0075.
  const finalized = await made(finalize());
  expect(finalized).toMatchObject({ status: 'finalized', cost: { amount: '0.006', pendingEvents: 0 } });
  expect(finalized.lines[0]).toMatchObject({ exactAmount: '0.0075', events: 2 });
  const story = await made(server.api('GET', '/v1/events/w-1?source=waiting'));
  expect(story).toMatchObject({
    state: 'effective',
    cost: { status: 'priced', amount: '0.003' },
    revisions: [
      {
        revision: 0,
        cost: { status: 'pending', amount: null },
        laterCosts: [{ status: 'priced', amount: '0.003', reason: 'price arrived', madeBy: 'system' }],
        ended: null,
      },
    ],
  });
  expect(story.cost.breakdown.map(({ unit, amount }: Answer['body']) => [unit, amount])).toEqual([
    ['input', '0.002'],
    ['output', '0.001'],
  ]);
});

it('a wrong price is put right: previewed, then exactly that is done, and drafts follow', async () => {
  await price('mispriced', '20', '10');
  const { close } = await closed('wrong');
  const other = await closed('finished');
  await send(
    event('wrong', 'r-1', 'mispriced'),
    event('wrong', 'r-2', 'mispriced'),
    event('finished', 'r-3', 'mispriced'),
  );
  await send(event('wrong', 'r-4', 'mispriced'));
  await close();
  await other.close();
  const finished = await made(server.api('POST', `/v1/invoices/${(await draftOf('finished')).id}/finalize`));
  // 1,000 × 20 + 100 × 10 per million = 0.021 each.
  expect(await draftOf('wrong')).toMatchObject({ cost: { amount: '0.063' } });

  const range = { from: JANUARY, to: FEBRUARY, provider: 'ACME-AI', model: 'mispriced' };
  await price('mispriced', '2', '10', '2026-01-01T00:00:00Z');
  const preview = await previewed({ reason: 'typed 20 for 2', ...range });
  expect(preview).toMatchObject({
    status: 'previewed',
    effect: {
      events: 4,
      changed: 4,
      costBefore: '0.084',
      costAfter: '0.012',
      costChange: '-0.072',
      marginChange: '0.072',
      pendingBefore: 0,
      pendingAfter: 0,
    },
    progress: { applied: 0, skipped: 0 },
    invoiceCount: 2,
  });
  expect(preview.invoices.map(({ effect, status }: Answer['body']) => `${status} ${effect}`).sort()).toEqual([
    'draft follows',
    'finalized adjustment',
  ]);
  // A preview changes nothing.
  expect(await draftOf('wrong')).toMatchObject({ cost: { amount: '0.063' } });

  // One is voided before it is applied, and left alone.
  await made(server.api('POST', '/v1/events/r-4/void', { source: 'wrong', reason: 'a test' }));
  const applied = await appliedNow(preview.id);
  expect(applied).toMatchObject({ status: 'applied', progress: { applied: 3, skipped: 1 }, appliedBy: 'First key' });
  expect(await appliedNow(preview.id)).toEqual(applied);
  // 0.003 each now; the finalized invoice stays as it is.
  const draft = await draftOf('wrong');
  expect(draft).toMatchObject({ cost: { amount: '0.006' } });
  expect(draft.lines[0]).toMatchObject({ exactAmount: '0.0075', events: 2 });
  expect(await made(server.api('GET', `/v1/invoices/${finished.id}`))).toEqual(finished);
  expect(await eventsBehind(server, finished.id, 1)).toMatchObject([{ id: 'r-3', cost: '0.021' }]);
  expect(await eventsBehind(server, draft.id, 1)).toMatchObject([{ cost: '0.003' }, { cost: '0.003' }]);

  const again = await previewed({ reason: 'again', ...range });
  expect(again.effect).toMatchObject({ events: 3, changed: 0, costChange: '0' });
  const { items } = await made(server.api('GET', '/v1/audit-log?action=recosting.applied'));
  expect(items).toMatchObject([{ subject: { id: preview.id }, reason: 'typed 20 for 2', after: { changed: 4 } }]);
  const list = await made(server.api('GET', '/v1/recostings?limit=1'));
  expect([list.items[0].id, list.nextCursor === null]).toEqual([again.id, false]);
});

it('what was previewed by other prices is not applied', async () => {
  await price('moving', '1', '1');
  await made(server.api('POST', '/v1/customers', { key: 'moving', name: 'Moving' }));
  await send(event('moving', 'm-1', 'moving'));
  const preview = await previewed({ reason: 'r', from: JANUARY, to: FEBRUARY });
  await price('moving', '3', '3', JANUARY);
  expect(await server.api('POST', `/v1/recostings/${preview.id}/apply`)).toMatchObject({
    status: 409,
    body: { code: 'recosting_outdated' },
  });
  expect(await made(server.api('GET', `/v1/recostings/${preview.id}`))).toEqual(preview);
});

it('an event voided after its invoice was finalized stays on that invoice, and its answer names it', async () => {
  await price('plain', '2', '10');
  const { close } = await closed('voided-late');
  await send(event('voided-late', 'x-1', 'plain'), event('voided-late', 'x-2', 'plain'));
  await close();
  const finalized = await made(server.api('POST', `/v1/invoices/${(await draftOf('voided-late')).id}/finalize`));

  const answer = await made(server.api('POST', '/v1/events/x-1/void', { source: 'voided-late', reason: 'fraud' }));
  expect(answer.invoices).toEqual([
    {
      id: finalized.id,
      number: finalized.number,
      status: 'finalized',
      customer: expect.stringMatching(/^cus_/),
      servicePeriod: finalized.servicePeriod,
      effect: 'adjustment',
    },
  ]);
  expect((await eventsBehind(server, finalized.id, 2)).map(({ id }) => id).sort()).toEqual(['x-1', 'x-2']);
  const usage = await made(server.api('GET', `/v1/customers/voided-late/usage?from=${JANUARY}&to=${FEBRUARY}`));
  expect(usage.allEvents).toMatchObject({ events: 1, cost: '0.003' });
});
