import { advance, invoicesOf, made, subscribe } from '../../../test/support/books';
import { type Answer, startTestServer, type TestServer } from '../../../test/support/server';

const START = '2026-01-01T00:00:00Z';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ WEIR_EVENT_MAX_AGE: '36500d', WEIR_DRAFT_GRACE: '3650d' });
  const meter = { key: 'calls', name: 'Calls', eventType: 'call', aggregation: 'sum', value: 'data.calls' };
  await made(server.api('POST', '/v1/meters', meter));
});
afterAll(() => server.stop());

type Line = Answer['body'];

async function plan(key: string, prices: object[], more: object = {}): Promise<void> {
  const body = { key, name: key, currency: 'USD', interval: 'month', prices, ...more };
  await made(server.api('POST', '/v1/plans', body));
}

async function use(
  customer: string,
  id: string,
  time: string,
  calls: number | string,
  more: object = {},
): Promise<void> {
  const event = { id, source: customer, type: 'call', customer, time, data: { calls }, ...more };
  expect(await made(server.api('POST', '/v1/events', [event]))).toMatchObject({ accepted: 1 });
}

const finalize = (id: string): Promise<Line> => made(server.api('POST', `/v1/invoices/${id}/finalize`));
const find = (id: string): Promise<Line> => made(server.api('GET', `/v1/invoices/${id}`));

/** Moves the clock and finalizes what has ended. */
async function close(customer: string, clock: string, now: string): Promise<Line> {
  await advance(server, clock, now);
  const drafts = (await invoicesOf(server, customer)).filter(({ status }) => status === 'draft');
  for (const { id } of drafts) await finalize(id);
  return find(drafts.at(-1)!.id);
}

const said = (invoice: Line): string[] =>
  invoice.lines.map(
    ({ kind, key, servicePeriod, quantity, amount }: Line) =>
      `${kind} ${key} ${servicePeriod.start.slice(0, 10)} ${quantity} ${amount}`,
  );

const CALLS = { key: 'calls', name: 'Calls', meter: 'calls' };
const TIERS = {
  model: 'graduated',
  tiers: [
    { upTo: '10', unitPrice: '2' },
    { upTo: null, unitPrice: '1' },
  ],
};

describe('late and corrected usage', () => {
  it('of two closed periods goes on the next invoice, by the tiers of its own month, once', async () => {
    await plan('tiered', [{ ...CALLS, charge: TIERS }]);
    const { clock } = await subscribe(server, 'late', { plan: 'tiered', startAt: START });
    await use('late', 'jan', '2026-01-10T00:00:00Z', 8);
    expect(said(await close('late', clock, '2026-02-01T00:00:00Z'))).toEqual(['price calls 2026-01-01 8 16.00']);
    await use('late', 'feb', '2026-02-10T00:00:00Z', 20);
    expect(said(await close('late', clock, '2026-03-01T00:00:00Z'))).toEqual(['price calls 2026-02-01 20 30.00']);

    // January: 2 more in the first tier, 3 in the second. February: 4 more in the second.
    await use('late', 'jan-late', '2026-01-20T00:00:00Z', 5);
    await use('late', 'feb-late', '2026-02-20T00:00:00Z', 4);
    await use('late', 'mar', '2026-03-05T00:00:00Z', 1);
    const preview = await made(server.api('GET', '/v1/customers/late/invoices/preview'));
    const lines = [
      'price calls 2026-03-01 1 2.00',
      'adjustment calls 2026-01-01 5 7.00',
      'adjustment calls 2026-02-01 4 4.00',
    ];
    expect(said(preview)).toEqual(lines);
    const march = await close('late', clock, '2026-04-01T00:00:00Z');
    expect(said(march)).toEqual(lines);
    expect(march).toMatchObject({ total: '13.00', exactTotal: '13' });
    const explained = await made(server.api('GET', `/v1/invoices/${march.id}/lines/2/explain`));
    expect(explained.steps).toEqual([
      'This period was billed before and is rated again. Of the customer’s events since then: 1 came late or as an amendment.',
      'The quantity is 13 now; 8 were billed.',
      ...explained.steps.slice(2, -1),
      '16.00 USD were billed on INV-000001, so this line is 7.00 USD.',
    ]);
    expect(explained.breakdown.map(({ kind, amount }: Line) => `${kind} ${amount}`)).toEqual([
      'tier 20',
      'tier 3',
      'billed -16',
    ]);

    // April sees what was billed; what comes late again is the difference to all of it.
    await use('late', 'jan-later', '2026-01-21T00:00:00Z', 1);
    expect(said(await close('late', clock, '2026-05-01T00:00:00Z'))).toEqual([
      'price calls 2026-04-01 0 0.00',
      'adjustment calls 2026-01-01 1 1.00',
    ]);
    expect(said(await close('late', clock, '2026-06-01T00:00:00Z'))).toEqual(['price calls 2026-05-01 0 0.00']);
  });

  it('within an allowance is nothing, and beyond it is charged from there', async () => {
    await plan('included', [{ ...CALLS, allowance: '10', charge: { model: 'unit', unitPrice: '0.333' } }]);
    const { clock } = await subscribe(server, 'included', { plan: 'included', startAt: START });
    await use('included', 'jan', '2026-01-10T00:00:00Z', 6);
    await close('included', clock, '2026-02-01T00:00:00Z');
    await use('included', 'late-1', '2026-01-11T00:00:00Z', 3);
    expect(said(await close('included', clock, '2026-03-01T00:00:00Z'))).toEqual(['price calls 2026-02-01 0 0.00']);
    await use('included', 'late-2', '2026-01-12T00:00:00Z', 2);
    // 11 − 10 = 1 at 0.333.
    expect(said(await close('included', clock, '2026-04-01T00:00:00Z'))).toEqual([
      'price calls 2026-03-01 0 0.00',
      'adjustment calls 2026-01-01 5 0.33',
    ]);
    await use('included', 'late-3', '2026-01-13T00:00:00Z', 1);
    // 0.666 are 0.67 altogether, of which 0.33 are billed.
    expect(said(await close('included', clock, '2026-05-01T00:00:00Z'))).toEqual([
      'price calls 2026-04-01 0 0.00',
      'adjustment calls 2026-01-01 1 0.34',
    ]);
  });

  it('voided and amended after finalizing is credited', async () => {
    const { clock } = await subscribe(server, 'voided', { plan: 'tiered', startAt: START });
    await use('voided', 'one', '2026-01-10T00:00:00Z', 12);
    await use('voided', 'two', '2026-01-11T00:00:00Z', 5);
    // 20 + 7
    expect(said(await close('voided', clock, '2026-02-01T00:00:00Z'))).toEqual(['price calls 2026-01-01 17 27.00']);
    await made(server.api('POST', '/v1/events/one/void', { reason: 'A test', source: 'voided' }));
    const event = { type: 'call', customer: 'voided', data: { calls: 4 } };
    await made(server.api('POST', '/v1/events/two/amend', { reason: 'Four', source: 'voided', event }));
    const february = await close('voided', clock, '2026-03-01T00:00:00Z');
    // 4 × 2 − 27
    expect(said(february)).toEqual(['price calls 2026-02-01 0 0.00', 'adjustment calls 2026-01-01 -13 -19.00']);
    expect(february.total).toBe('-19.00');
    const { steps } = await made(server.api('GET', `/v1/invoices/${february.id}/lines/2/explain`));
    expect(steps[0]).toContain('1 came late or as an amendment, 1 voided, 1 amended.');
  });

  it('in a segment before a plan change is charged by the plan that was in force', async () => {
    await plan('stepped', [{ ...CALLS, charge: { model: 'unit', unitPrice: '1' } }]);
    const { clock } = await subscribe(server, 'moved', { plan: 'stepped', startAt: START });
    await plan('stepped', [{ ...CALLS, charge: { model: 'unit', unitPrice: '3' } }]);
    await advance(server, clock, '2026-01-20T00:00:00Z');
    const move = {
      fromPlan: 'stepped',
      toPlan: 'stepped',
      mode: 'now',
      reason: 'Dearer',
      effectiveAt: '2026-01-11T00:00:00Z',
    };
    await made(server.api('POST', '/v1/plan-moves', move));
    await use('moved', 'before', '2026-01-05T00:00:00Z', 2);
    await use('moved', 'after', '2026-01-15T00:00:00Z', 2);
    expect(said(await close('moved', clock, '2026-02-01T00:00:00Z'))).toEqual([
      'price calls 2026-01-01 2 2.00',
      'price calls 2026-01-11 2 6.00',
    ]);
    await use('moved', 'late', '2026-01-06T00:00:00Z', 4);
    expect(said(await close('moved', clock, '2026-03-01T00:00:00Z'))).toEqual([
      'price calls 2026-02-01 0 0.00',
      'adjustment calls 2026-01-01 4 4.00',
    ]);
  });

  it('re-costed after finalizing changes what is charged by cost', async () => {
    await plan('margin', [{ ...CALLS, charge: { model: 'consumption_margin', markupPercent: '10' } }]);
    const { clock } = await subscribe(server, 'costly', { plan: 'margin', startAt: START });
    const data = { calls: 1, provider: 'late-ai', model: 'm', input_tokens: 1_000_000 };
    const price = (input: string, validFrom?: string) =>
      made(server.api('POST', '/v1/price-book', { provider: 'late-ai', model: 'm', units: { input: { amount: input } }, validFrom })); // prettier-ignore
    await price('2');
    await use('costly', 'one', '2026-01-10T00:00:00Z', 1, { data });
    expect(said(await close('costly', clock, '2026-02-01T00:00:00Z'))).toEqual(['price calls 2026-01-01 2 2.20']);

    await price('3', '2026-01-01T00:00:00Z');
    const range = { from: START, to: '2026-02-01T00:00:00Z', provider: 'late-ai', model: 'm' };
    const recosting = await made(server.api('POST', '/v1/recostings', { reason: 'It was 3', ...range }));
    expect(await made(server.api('POST', `/v1/recostings/${recosting.id}/apply`))).toMatchObject({ status: 'applied' });
    const february = await close('costly', clock, '2026-03-01T00:00:00Z');
    // 3 × 1.1 − 2.20
    expect(said(february)).toEqual(['price calls 2026-02-01 0 0.00', 'adjustment calls 2026-01-01 1 1.10']);
    // The margin is that of February alone, in which nothing was used.
    expect(february).toMatchObject({ total: '1.10', margin: '0' });
  });

  it('twice and at the same moment is billed once', async () => {
    const { clock } = await subscribe(server, 'racing', { plan: 'tiered', startAt: START });
    await use('racing', 'jan', '2026-01-10T00:00:00Z', 8);
    await close('racing', clock, '2026-02-01T00:00:00Z');
    await advance(server, clock, '2026-04-01T00:00:00Z');
    await use('racing', 'late', '2026-01-20T00:00:00Z', 5);
    const [, february, march] = await invoicesOf(server, 'racing');
    expect(said(february)).toEqual(['price calls 2026-02-01 0 0.00', 'adjustment calls 2026-01-01 5 7.00']);
    // Of two drafts it is on the older one.
    expect(said(march)).toEqual(['price calls 2026-03-01 0 0.00']);

    const written = async (): Promise<unknown> => server.query(`SELECT xmin::text, id FROM invoice_line ORDER BY id`);
    const before = await written();
    await Promise.all([1, 2, 3].map(() => find(february.id)));
    expect(await written()).toEqual(before);

    await Promise.all([
      finalize(march.id),
      finalize(february.id),
      finalize(february.id),
      find(march.id),
      find(february.id),
    ]);
    expect(said(await find(february.id))).toEqual(said(february));
    expect(said(await find(march.id))).toEqual(said(march));
    expect(said(await close('racing', clock, '2026-05-01T00:00:00Z'))).toEqual(['price calls 2026-04-01 0 0.00']);
  });

  it('changes what a pool leaves to the months behind it', async () => {
    await plan(
      'pooled',
      [{ ...CALLS, charge: { model: 'unit', unitPrice: '1' }, pool: { key: 'credits', weight: '1' } }],
      {
        pools: [
          {
            key: 'credits',
            name: 'Credits',
            amount: '10',
            unit: 'credits',
            rollover: { limit: '10', expiresAfterPeriods: 3 },
          },
        ],
      },
    );
    const { clock } = await subscribe(server, 'pooled', { plan: 'pooled', startAt: START });
    await use('pooled', 'jan', '2026-01-10T00:00:00Z', 4);
    await close('pooled', clock, '2026-02-01T00:00:00Z');
    await use('pooled', 'feb', '2026-02-10T00:00:00Z', 16);
    expect(said(await close('pooled', clock, '2026-03-01T00:00:00Z'))).toEqual(['price calls 2026-02-01 16 0.00']);
    // January leaves 4 instead of 6, so that of February's 16 two are beyond the pool.
    await use('pooled', 'late', '2026-01-11T00:00:00Z', 2);
    expect(said(await close('pooled', clock, '2026-04-01T00:00:00Z'))).toEqual([
      'price calls 2026-03-01 0 0.00',
      'adjustment calls 2026-02-01 0 2.00',
    ]);
  });

  it('counts towards a commitment: the true-up gives way to it', async () => {
    await plan('promised', [{ ...CALLS, charge: { model: 'unit', unitPrice: '1' } }], {
      commitment: { amount: '20', periods: 1 },
    });
    const { clock } = await subscribe(server, 'promised', { plan: 'promised', startAt: START });
    await use('promised', 'jan', '2026-01-10T00:00:00Z', 5);
    expect(said(await close('promised', clock, '2026-02-01T00:00:00Z'))).toEqual([
      'price calls 2026-01-01 5 5.00',
      'true_up plan:true_up 2026-01-01 1 15.00',
    ]);
    await use('promised', 'late', '2026-01-11T00:00:00Z', 18);
    expect(said(await close('promised', clock, '2026-03-01T00:00:00Z'))).toEqual([
      'price calls 2026-02-01 0 0.00',
      'true_up plan:true_up 2026-02-01 1 20.00',
      'adjustment calls 2026-01-01 18 18.00',
      'adjustment plan:true_up 2026-01-01 -1 -15.00',
    ]);
  });
});

describe('the ledger of usage', () => {
  it('has every event in one class', async () => {
    const { clock } = await subscribe(server, 'told', { plan: 'tiered', startAt: START });
    await use('told', 'billed-1', '2026-01-10T00:00:00Z', 3, { cost: { amount: '0.5', currency: 'USD' } });
    await use('told', 'billed-2', '2026-01-11T00:00:00Z', 3);
    await use('told', 'gone', '2026-01-12T00:00:00Z', 3);
    await use('told', 'elsewhere', '2026-01-12T00:00:00Z', 3, { type: 'other' });
    await close('told', clock, '2026-02-01T00:00:00Z');
    await use('told', 'late-1', '2026-01-13T00:00:00Z', 1, { cost: { amount: '0.25', currency: 'USD' } });
    await close('told', clock, '2026-03-01T00:00:00Z');
    await use('told', 'late-2', '2026-01-14T00:00:00Z', 1);
    await made(server.api('POST', '/v1/events/gone/void', { reason: 'A test', source: 'told' }));
    await advance(server, clock, '2026-04-01T00:00:00Z');
    await use('told', 'draft', '2026-03-10T00:00:00Z', 1);
    await use('told', 'open', '2026-04-10T00:00:00Z', 1);

    const path = '/v1/customers/told/usage-ledger?from=2025-12-01T00:00:00Z&to=2026-05-01T00:00:00Z';
    const ledger = await made(server.api('GET', path));
    const [january, february, march] = await invoicesOf(server, 'told');
    const at = ({ id, number }: Line) => ({ id, number });
    const line = { id: january.lines[0].id, position: 1 };
    expect(ledger.classes).toEqual([
      { class: 'billed', invoice: at(january), line, events: 2, cost: '0.5', pendingCostEvents: 0 },
      { class: 'adjusted', invoice: at(february), line: null, events: 1, cost: '0.25', pendingCostEvents: 0 },
      { class: 'draft', invoice: at(march), line: null, events: 1, cost: '0', pendingCostEvents: 0 },
      { class: 'open', invoice: null, line: null, events: 1, cost: '0', pendingCostEvents: 0 },
      { class: 'late', invoice: null, line: null, events: 1, cost: '0', pendingCostEvents: 0 },
      { class: 'not_charged', invoice: null, line: null, events: 1, cost: '0', pendingCostEvents: 0 },
      { class: 'voided', invoice: null, line: null, events: 1, cost: '0', pendingCostEvents: 0 },
    ]);
    expect(ledger.allEvents).toEqual({ events: 8, cost: '0.75', pendingCostEvents: 0 });
    const upsideDown = await server.api('GET', '/v1/customers/told/usage-ledger?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z'); // prettier-ignore
    expect(upsideDown).toMatchObject({ status: 422, body: { errors: [{ field: 'to' }] } });
    expect((await made(server.api('GET', '/v1/customers/told/late-usage'))).items).toEqual([]);
  });
});

it('what is too long ago is not adjusted but listed', async () => {
  const near = await startTestServer(
    { WEIR_EVENT_MAX_AGE: '36500d', WEIR_DRAFT_GRACE: '3650d', WEIR_ADJUSTMENT_PERIODS: '1' },
    { databaseUrl: server.databaseUrl, apiKey: server.apiKey },
  );
  try {
    const { clock, subscription } = await subscribe(near, 'old', { plan: 'tiered', startAt: START });
    await use('old', 'jan', '2026-01-10T00:00:00Z', 1);
    await advance(near, clock, '2026-03-01T00:00:00Z');
    for (const { id } of await invoicesOf(near, 'old')) await finalize(id);
    const [january] = await invoicesOf(near, 'old');
    await use('old', 'too-late', '2026-01-11T00:00:00Z', 1);
    await use('old', 'in-time', '2026-02-11T00:00:00Z', 1);

    const preview = await made(near.api('GET', '/v1/customers/old/invoices/preview'));
    expect(said(preview)).toEqual(['price calls 2026-03-01 0 0.00', 'adjustment calls 2026-02-01 1 2.00']);
    expect(await made(near.api('GET', '/v1/customers/old/late-usage'))).toMatchObject({
      items: [
        {
          subscription,
          invoice: { id: january.id, number: january.number },
          servicePeriod: { start: '2026-01-01T00:00:00.000Z', end: '2026-02-01T00:00:00.000Z' },
          entered: 1,
          voided: 0,
          amended: 0,
          recosted: 0,
        },
      ],
    });
    const path = '/v1/customers/old/usage-ledger?from=2026-01-01T00:00:00Z&to=2026-04-01T00:00:00Z';
    const { classes } = await made(near.api('GET', path));
    expect(classes.map(({ class: of, events }: Line) => `${of} ${events}`)).toEqual([
      'billed 1',
      'late 1',
      'beyond_reach 1',
    ]);
  } finally {
    await near.stop();
  }
});

it('random late events and voids: all finalized lines together are the rating of the final usage', async () => {
  const seed = Number(process.env.WEIR_SEED ?? Date.now() % 1_000_000);
  let state = seed;
  const random = (below: number): number => {
    state = (state * 48_271 + 11) % 2_147_483_647;
    return state % below;
  };
  const unit = 333;
  await plan('fractions', [
    { ...CALLS, allowance: '7', charge: { model: 'unit', unitPrice: '0.333' } },
    { ...CALLS, key: 'steps', charge: TIERS },
  ]);
  for (let turn = 0; turn < 3; turn += 1) {
    const customer = `random-${turn}`;
    const { clock } = await subscribe(server, customer, { plan: 'fractions', startAt: START });
    /** What counts, by month; the model. */
    const counted = new Map<string, { month: number; calls: number }>();
    let sent = 0;
    const months = 5;
    for (let now = 1; now <= months; now += 1) {
      for (let step = 0; step < 4; step += 1) {
        const alive = [...counted.keys()];
        if (alive.length > 0 && random(4) === 0) {
          const id = alive[random(alive.length)]!;
          await made(server.api('POST', `/v1/events/${id}/void`, { reason: 'Random', source: customer }));
          counted.delete(id);
        } else {
          const id = `e-${(sent += 1)}`;
          const month = 1 + random(now);
          const calls = random(9);
          await use(customer, id, `2026-0${month}-1${random(9)}T00:00:00Z`, calls);
          counted.set(id, { month, calls });
        }
      }
      await close(customer, clock, `2026-0${now + 1}-01T00:00:00Z`);
    }
    await close(customer, clock, `2026-0${months + 2}-01T00:00:00Z`);

    const cents = new Map<string, number>();
    for (const invoice of await invoicesOf(server, customer)) {
      expect(invoice.status).toMatch(/^(finalized|paid)$/); // one of nothing is paid at once
      for (const { key, servicePeriod, amount } of invoice.lines) {
        const line = `${key} ${Number(servicePeriod.start.slice(5, 7))}`;
        cents.set(line, (cents.get(line) ?? 0) + Math.round(Number(amount) * 100));
      }
    }
    for (let month = 1; month <= months; month += 1) {
      const calls = [...counted.values()]
        .filter((each) => each.month === month)
        .reduce((sum, each) => sum + each.calls, 0);
      const mills = Math.max(0, calls - 7) * unit;
      const told = { seed, customer, month, calls };
      expect({ ...told, cents: cents.get(`calls ${month}`) }).toEqual({ ...told, cents: Math.floor((mills + 5) / 10) });
      const steps = Math.min(calls, 10) * 200 + Math.max(0, calls - 10) * 100;
      expect({ ...told, cents: cents.get(`steps ${month}`) }).toEqual({ ...told, cents: steps });
    }
  }
});
