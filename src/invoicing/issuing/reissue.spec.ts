import { advance, invoicesOf, made, subscribe } from '../../../test/support/books';
import { type Answer, startTestServer, type TestServer } from '../../../test/support/server';

/** What all invoices that stand say of a period stays what the period is, whichever of them is issued again. */
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ WEIR_EVENT_MAX_AGE: '36500d', WEIR_DRAFT_GRACE: '3650d' });
  const meter = { key: 'calls', name: 'Calls', eventType: 'call', aggregation: 'sum', value: 'data.calls' };
  await made(server.api('POST', '/v1/meters', meter));
  const prices = [{ key: 'calls', name: 'Calls', meter: 'calls', charge: TIERS }];
  await made(server.api('POST', '/v1/plans', { key: 'tiered', name: 'Tiered', currency: 'USD', interval: 'month', prices })); // prettier-ignore
});
afterAll(() => server.stop());

const TIERS = {
  model: 'graduated',
  tiers: [
    { upTo: '10', unitPrice: '2' },
    { upTo: null, unitPrice: '1' },
  ],
};

type Body = Answer['body'];

async function use(customer: string, id: string, time: string, calls: number): Promise<void> {
  const event = { id, source: customer, type: 'call', customer, time, data: { calls } };
  expect(await made(server.api('POST', '/v1/events', [event]))).toMatchObject({ accepted: 1 });
}

/** Moves the clock and finalizes what has ended. @returns what it was */
async function close(customer: string, clock: string, now: string): Promise<Body> {
  await advance(server, clock, now);
  const drafts = (await invoicesOf(server, customer)).filter(({ status }) => status === 'draft');
  for (const { id } of drafts) await made(server.api('POST', `/v1/invoices/${id}/finalize`));
  return made(server.api('GET', `/v1/invoices/${drafts.at(-1)!.id}`));
}

async function reissue(invoice: Body): Promise<Body> {
  const { id } = await made(server.api('POST', `/v1/invoices/${invoice.id}/reissue`, { reason: 'A wrong address' }));
  return made(server.api('POST', `/v1/invoices/${id}/finalize`));
}

/** What invoices that stand ask for January. */
async function january(customer: string): Promise<number> {
  const standing = (await invoicesOf(server, customer)).filter(({ status }) => status !== 'void');
  const lines = standing.flatMap(({ lines }) => lines as Body[]);
  return lines
    .filter(({ servicePeriod }) => servicePeriod.start.startsWith('2026-01'))
    .reduce((total: number, { amount }) => total + Number(amount), 0);
}

describe('an invoice that is issued again', () => {
  // January: 12 calls are 22.00, with 5 late ones 27.00.
  it('says of its period what later invoices have not adjusted of it', async () => {
    const { clock } = await subscribe(server, 'up', { plan: 'tiered', startAt: '2026-01-01T00:00:00Z' });
    await use('up', 'jan', '2026-01-10T00:00:00Z', 12);
    const first = await close('up', clock, '2026-02-01T00:00:00Z');
    await use('up', 'late', '2026-01-20T00:00:00Z', 5);
    expect(await close('up', clock, '2026-03-01T00:00:00Z')).toMatchObject({ total: '5.00' });

    const again = await reissue(first);
    expect(again).toMatchObject({ total: '22.00', reissueOf: first.id });
    expect(await january('up')).toBe(27);
    expect(await close('up', clock, '2026-04-01T00:00:00Z')).toMatchObject({ total: '0.00' });
  });

  it('is not below what stands, where its usage was voided since', async () => {
    const { clock } = await subscribe(server, 'down', { plan: 'tiered', startAt: '2026-01-01T00:00:00Z' });
    await use('down', 'jan', '2026-01-10T00:00:00Z', 12);
    const first = await close('down', clock, '2026-02-01T00:00:00Z');
    await made(server.api('POST', '/v1/events/jan/void', { reason: 'A test', source: 'down' }));
    expect(await close('down', clock, '2026-03-01T00:00:00Z')).toMatchObject({ total: '-22.00' });

    await reissue(first);
    expect(await january('down')).toBe(0);
  });

  it('adjusts again what it adjusted, though a later one has adjusted the same period since', async () => {
    const { clock } = await subscribe(server, 'both', { plan: 'tiered', startAt: '2026-01-01T00:00:00Z' });
    await use('both', 'jan', '2026-01-10T00:00:00Z', 10);
    await close('both', clock, '2026-02-01T00:00:00Z');
    await use('both', 'late', '2026-01-20T00:00:00Z', 5);
    const second = await close('both', clock, '2026-03-01T00:00:00Z');
    await use('both', 'later', '2026-01-21T00:00:00Z', 3);
    expect(await close('both', clock, '2026-04-01T00:00:00Z')).toMatchObject({ total: '3.00' });

    expect(await reissue(second)).toMatchObject({ total: '5.00' });
    expect(await january('both')).toBe(28);
    expect(await close('both', clock, '2026-05-01T00:00:00Z')).toMatchObject({ total: '0.00' });
    expect(await january('both')).toBe(28);
  });
});

describe('a change that was billed at once and is taken back', () => {
  it('is asked about like any other, and so is what comes next', async () => {
    const base = (amount: string): object => ({
      key: 'base',
      name: 'Base fee',
      charge: { model: 'flat', amount },
      billing: { in: 'advance' },
    });
    for (const [key, amount] of [
      ['basic', '30'],
      ['pro', '60'],
    ] as const) {
      const plan = { key, name: key, currency: 'USD', interval: 'month', prices: [base(amount)] };
      await made(server.api('POST', '/v1/plans', plan));
    }
    const { clock } = await subscribe(server, 'back', { plan: 'basic', startAt: '2026-04-01T00:00:00Z' });
    // Before it begins, the fee it begins with is what comes next: 30.00 of April, and not May's beside it.
    const first = await made(server.api('POST', '/v1/subscriptions/back/preview', { change: null }));
    expect(first.nextAmountDue).toBe('30.00');

    await advance(server, clock, '2026-04-16T00:00:00Z');
    const { change } = await made(
      server.api('POST', '/v1/subscriptions/back/changes', { plan: 'pro', invoice: 'now' }),
    );
    const wanted = { change: { kind: 'take_back', change: change.id } };
    const asked = await made(server.api('POST', '/v1/subscriptions/back/preview', wanted));
    // −30.00 of pro, 15.00 of basic, 30.00 for May.
    expect(asked).toMatchObject({ now: null, next: { total: '15.00' }, nextAmountDue: '15.00' });
    await made(server.api('DELETE', `/v1/subscriptions/back/changes/${change.id}`));
    expect(await made(server.api('GET', '/v1/customers/back/invoices/preview'))).toMatchObject({ total: '15.00' });
  });
});
