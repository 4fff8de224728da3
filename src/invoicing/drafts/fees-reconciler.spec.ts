import { advance, invoicesOf, made, subscribe } from '../../../test/support/books';
import { type Answer, startTestServer, type TestServer } from '../../../test/support/server';

/** Fees in advance on real invoices: void ones, ones that are issued again, and what usage has to do with them. */
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ WEIR_EVENT_MAX_AGE: '36500d', WEIR_DRAFT_GRACE: '0d' });
  await made(
    server.api('POST', '/v1/meters', { key: 'calls', name: 'Calls', eventType: 'call', aggregation: 'count' }),
  );
}, 120_000);
afterAll(() => server.stop());

const advanced = { billing: { in: 'advance' } };
const flat = (amount: string): object => ({ key: 'base', name: 'Base fee', charge: { model: 'flat', amount }, ...advanced }); // prettier-ignore

async function makePlan(key: string, prices: object[], terms: object = {}): Promise<void> {
  await made(server.api('POST', '/v1/plans', { key, name: key, currency: 'USD', interval: 'month', prices, ...terms }));
}

const feesOf = (invoice: Answer['body']): string[] =>
  invoice.lines.map(
    ({ kind, amount, servicePeriod }: Answer['body']) =>
      `${kind} ${amount} ${servicePeriod.start.slice(0, 10)}..${servicePeriod.end.slice(0, 10)}`,
  );

it('of a void invoice are waived, and those of one that is issued again come back as they should be now', async () => {
  await makePlan('thirty', [flat('30')]);
  await makePlan('sixty', [flat('60')]);
  const { clock } = await subscribe(server, 'void', { plan: 'thirty', startAt: '2026-04-01T00:00:00Z' });
  await advance(server, clock, '2026-04-10T00:00:00Z');
  const [april] = await invoicesOf(server, 'void');
  expect(feesOf(april)).toEqual(['price 30.00 2026-04-01..2026-05-01']);
  await made(server.api('POST', `/v1/invoices/${april.id}/void`, { reason: 'A favour' }));

  // Nobody is asked for April, so the half of it that isn't used is no credit.
  await made(server.api('POST', '/v1/subscriptions/void/changes', { plan: 'sixty', at: '2026-04-16T00:00:00Z' }));
  await advance(server, clock, '2026-06-10T00:00:00Z');
  const later = (await invoicesOf(server, 'void')).filter(({ id }) => id !== april.id);
  expect(later.flatMap(feesOf)).toEqual([
    'price 30.00 2026-04-16..2026-05-01',
    'price 60.00 2026-05-01..2026-06-01',
    'price 60.00 2026-06-01..2026-07-01',
  ]);

  // Issued again after all, in June: April's own invoice asks for the half that was used, and for nothing else.
  const again = await made(server.api('POST', `/v1/invoices/${april.id}/reissue`, { reason: 'No favour' }));
  expect(feesOf(again)).toEqual(['price 15.00 2026-04-01..2026-04-16']);
  await advance(server, clock, '2026-07-10T00:00:00Z');
  const all = (await invoicesOf(server, 'void')).filter(({ status }) => status !== 'void');
  expect(all.flatMap(feesOf).sort()).toEqual([
    'price 15.00 2026-04-01..2026-04-16',
    'price 30.00 2026-04-16..2026-05-01',
    'price 60.00 2026-05-01..2026-06-01',
    'price 60.00 2026-06-01..2026-07-01',
    'price 60.00 2026-07-01..2026-08-01',
  ]);
}, 120_000);

it('of a plan that was billed at once and taken back are credited, though no plan that is left has fees in advance', async () => {
  await makePlan('fee-behind', [{ key: 'base', name: 'Base fee', charge: { model: 'flat', amount: '8' } }]);
  const { clock } = await subscribe(server, 'back', { plan: 'fee-behind', startAt: '2026-04-01T00:00:00Z' });
  await advance(server, clock, '2026-04-10T00:00:00Z');
  const body = { plan: 'thirty', at: '2026-04-10T00:00:00Z', invoice: 'now' };
  const { change, invoice } = await made(server.api('POST', '/v1/subscriptions/back/changes', body));
  expect(feesOf(invoice)).toEqual(['price 21.00 2026-04-10..2026-05-01']);
  await made(server.api('DELETE', `/v1/subscriptions/back/changes/${change.id}`));
  await advance(server, clock, '2026-06-02T00:00:00Z');
  const later = (await invoicesOf(server, 'back')).filter(({ id }) => id !== invoice.id);
  expect(later.map(feesOf)).toEqual([
    ['credit -21.00 2026-04-10..2026-05-01', 'price 8.00 2026-04-01..2026-05-01'],
    ['price 8.00 2026-05-01..2026-06-01'],
  ]);
}, 120_000);

it('change without cutting what usage has: more seats leave the included calls whole', async () => {
  const seats = { key: 'seats', name: 'Seats', charge: { model: 'recurring', unitPrice: '10', quantity: '5' }, ...advanced }; // prettier-ignore
  const calls = { key: 'calls', name: 'Calls', meter: 'calls', allowance: '100', charge: { model: 'unit', unitPrice: '0.10' } }; // prettier-ignore
  await makePlan('seats', [seats, calls]);
  const { clock } = await subscribe(server, 'seats', { plan: 'seats', startAt: '2026-04-01T00:00:00Z' });
  await advance(server, clock, '2026-04-05T00:00:00Z');
  const events = Array.from({ length: 80 }, (_, index) => ({ id: `seats-${index}`, type: 'call', customer: 'seats', time: '2026-04-04T00:00:00Z' })); // prettier-ignore
  await made(server.api('POST', '/v1/events', events));
  await made(server.api('POST', '/v1/subscriptions/seats/changes', { quantities: { seats: '8' }, at: '2026-04-16T00:00:00Z' })); // prettier-ignore
  await advance(server, clock, '2026-05-02T00:00:00Z');
  const may = (await invoicesOf(server, 'seats')).find(({ lines }) => lines.length > 1)!;
  expect(feesOf(may).sort()).toEqual([
    'credit -25.00 2026-04-16..2026-05-01',
    'price 0.00 2026-04-01..2026-05-01',
    'price 40.00 2026-04-16..2026-05-01',
    'price 80.00 2026-05-01..2026-06-01',
  ]);
}, 120_000);

it('and allowances that a month has once, when the plan changes in it', async () => {
  const calls = (unitPrice: string): object => ({ key: 'calls', name: 'Calls', meter: 'calls', allowance: '100', charge: { model: 'unit', unitPrice } }); // prettier-ignore
  await makePlan('once-1', [calls('1')], { allowancesOnChange: 'carry' });
  await makePlan('once-2', [calls('2')], { allowancesOnChange: 'carry' });
  const { clock } = await subscribe(server, 'once', { plan: 'once-1', startAt: '2026-04-01T00:00:00Z' });
  await advance(server, clock, '2026-04-20T00:00:00Z');
  const used = (count: number, day: string): object[] =>
    Array.from({ length: count }, (_, index) => ({ id: `${day}-${index}`, type: 'call', customer: 'once', time: `2026-04-${day}T00:00:00Z` })); // prettier-ignore
  await made(server.api('POST', '/v1/events', [...used(70, '10'), ...used(50, '18')]));
  await made(server.api('POST', '/v1/subscriptions/once/changes', { plan: 'once-2', at: '2026-04-16T00:00:00Z' }));
  await advance(server, clock, '2026-05-02T00:00:00Z');
  const [april] = await invoicesOf(server, 'once');
  // 70 of 100 are used before, 30 of 50 behind: 20 × 2.00.
  expect(feesOf(april)).toEqual(['price 0.00 2026-04-01..2026-04-16', 'price 40.00 2026-04-16..2026-05-01']);
}, 120_000);
