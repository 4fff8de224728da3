import { advance, invoicesOf, made, makeClock } from '../support/books';
import { type Answer, startTestServer, type TestServer } from '../support/server';

/**
 * Weeks, quarters, years and months of the calendar, through a leap February and the days on which clocks change. A
 * reader can check each date with a calendar and each amount by hand.
 */
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ WEIR_EVENT_MAX_AGE: '36500d' });
  const calls = { key: 'calls', name: 'Calls', eventType: 'calls', aggregation: 'sum', value: 'data.n' };
  await post('/v1/meters', calls);
  for (const { prices, ...plan } of PLANS) {
    await post('/v1/plans', { name: plan.key, currency: 'USD', prices: [...prices], ...plan });
  }
});
afterAll(() => server.stop());

const CALLS = { key: 'calls', name: 'Calls', meter: 'calls' };
const base = (amount: string) => ({ key: 'base', name: 'Base fee', charge: { model: 'flat', amount } });
const PLANS = [
  {
    key: 'weekly',
    interval: 'week',
    prices: [base('7'), { ...CALLS, allowance: '100', charge: { model: 'unit', unitPrice: '0.01' } }],
  },
  { key: 'daily', interval: 'day', prices: [base('2')] },
  { key: 'quarterly', interval: 'quarter', prices: [base('300'), { ...CALLS, charge: { model: 'unit', unitPrice: '0.5' } }] },
  { key: 'yearly', interval: 'year', prices: [base('366')] },
  { key: 'fortnight', interval: 'week', intervalCount: 2, prices: [base('14')] },
  {
    key: 'monthly',
    interval: 'month',
    minimum: '58',
    prices: [
      base('29'),
      { key: 'seats', name: 'Seats', charge: { model: 'recurring', unitPrice: '5.8', quantity: '3', proration: 'time' } },
      { ...CALLS, allowance: '290', charge: { model: 'unit', unitPrice: '0.01' } },
    ],
  },
]; // prettier-ignore

const post = (path: string, body: unknown) => made(server.api('POST', path, body));
const refused = async (path: string, body: unknown) => {
  const { status, body: answer } = await server.api('POST', path, body);
  return { status, code: answer.code, field: answer.errors?.[0]?.field };
};

/** A customer whose clock stands at `now`. */
async function customer(key: string, timeZone: string, now: string): Promise<string> {
  const clock = await makeClock(server, now);
  await post('/v1/customers', { key, name: key, timeZone, testClock: clock });
  return clock;
}

let sent = 0;
async function use(who: string, ...uses: readonly [time: string, n: number][]): Promise<void> {
  const events = uses.map(([time, n]) => {
    sent += 1;
    return { id: `e-${sent}`, type: 'calls', customer: who, time, data: { n } };
  });
  expect(await post('/v1/events', events)).toMatchObject({ accepted: events.length, rejected: 0 });
}

const short = (instant: string): string => instant.replace(':00.000Z', 'Z');

/** `2024-02-21T23:00Z to 2024-02-28T23:00Z: 7 + 0.5 = 7.50` for each invoice. */
async function told(who: string): Promise<string[]> {
  return (await invoicesOf(server, who)).map(({ servicePeriod: { start, end }, lines, total }: Answer['body']) => {
    const amounts = lines.map(({ exactAmount }: Answer['body']) => exactAmount).join(' + ');
    return `${short(start)} to ${short(end)}: ${amounts} = ${total}`;
  });
}

it('bills weeks in Berlin, one of them an hour short', async () => {
  const clock = await customer('weeks', 'Europe/Berlin', '2024-02-21T23:00:00Z');
  const made = await post('/v1/subscriptions', { key: 'weeks', customer: 'weeks', plan: 'weekly' });
  expect(made).toMatchObject({
    anchor: 'anniversary',
    currentPeriod: { start: '2024-02-21T23:00:00.000Z', end: '2024-02-28T23:00:00.000Z' },
  });
  // The last instant of 28 February there, and the first of the 29th; the same of 3 and 4 April, in summer time.
  await use('weeks', ['2024-02-28T22:59:59.999Z', 150], ['2024-02-28T23:00:00Z', 100]);
  await use('weeks', ['2024-04-03T21:59:59.999Z', 130], ['2024-04-03T22:00:00Z', 101]);

  await advance(server, clock, '2024-04-11T00:00:00Z');
  expect(await told('weeks')).toEqual([
    '2024-02-21T23:00Z to 2024-02-28T23:00Z: 7 + 0.5 = 7.50', // 50 calls beyond the 100
    '2024-02-28T23:00Z to 2024-03-06T23:00Z: 7 + 0 = 7.00',
    '2024-03-06T23:00Z to 2024-03-13T23:00Z: 7 + 0 = 7.00',
    '2024-03-13T23:00Z to 2024-03-20T23:00Z: 7 + 0 = 7.00',
    '2024-03-20T23:00Z to 2024-03-27T23:00Z: 7 + 0 = 7.00',
    '2024-03-27T23:00Z to 2024-04-03T22:00Z: 7 + 0.3 = 7.30', // 31 March has 23 hours; the week is whole all the same
    '2024-04-03T22:00Z to 2024-04-10T22:00Z: 7 + 0.01 = 7.01',
  ]);
});

it('bills quarters in Sydney from 30 November on: to 29 February, and then to 30 May', async () => {
  const clock = await customer('quarters', 'Australia/Sydney', '2023-11-29T13:00:00Z');
  await post('/v1/subscriptions', { customer: 'quarters', plan: 'quarterly' });
  await use('quarters', ['2024-02-28T12:59:59.999Z', 10], ['2024-02-28T13:00:00Z', 4]);
  await use('quarters', ['2024-05-29T13:59:59.999Z', 7], ['2024-05-29T14:00:00Z', 1_000]);

  await advance(server, clock, '2024-05-29T15:00:00Z');
  expect(await told('quarters')).toEqual([
    '2023-11-29T13:00Z to 2024-02-28T13:00Z: 300 + 5 = 305.00',
    '2024-02-28T13:00Z to 2024-05-29T14:00Z: 300 + 5.5 = 305.50', // standard time from 7 April on
  ]);
});

it('begins with the calendar in New York: of February there are 10 of 29 days', async () => {
  const clock = await customer('calendar', 'America/New_York', '2024-02-20T05:00:00Z');
  const subscription = { key: 'calendar', customer: 'calendar', plan: 'monthly', anchor: 'calendar' };
  expect(await post('/v1/subscriptions', subscription)).toMatchObject({
    anchor: 'calendar',
    currentPeriod: { start: '2024-02-20T05:00:00.000Z', end: '2024-03-01T05:00:00.000Z' },
  });
  await use('calendar', ['2024-02-29T12:00:00Z', 150], ['2024-04-01T03:59:59Z', 300]);

  await advance(server, clock, '2024-04-01T06:00:00Z');
  expect(await told('calendar')).toEqual([
    // 29 × 10/29; 3 × 5.80 × 10/29; 150 less the allowance's 290 × 10/29 = 100; up to the minimum of 58 × 10/29 = 20
    '2024-02-20T05:00Z to 2024-03-01T05:00Z: 10 + 6 + 0.5 + 3.5 = 20.00',
    // March is whole, though its 10th has 23 hours: 3 × 5.80 = 17.40, ten calls beyond 290, 46.50 up to 58
    '2024-03-01T05:00Z to 2024-04-01T04:00Z: 29 + 17.4 + 0.1 + 11.5 = 58.00',
  ]);
});

it('prorates the first quarter of the calendar: 15 February to 1 April are 46 of 91 days', async () => {
  const clock = await customer('quarter', 'UTC', '2024-02-15T00:00:00Z');
  await post('/v1/subscriptions', { customer: 'quarter', plan: 'quarterly', anchor: 'calendar' });
  const preview = await made(server.api('GET', '/v1/customers/quarter/invoices/preview'));
  expect(preview.total).toBe('151.65'); // 300 × 46/91 = 151.648…

  await advance(server, clock, '2024-07-01T02:00:00Z');
  const totals = (await invoicesOf(server, 'quarter')).map(({ total }) => total);
  expect(totals).toEqual(['151.65', '300.00']);
});

it('closes in the next run all periods that have ended when a subscription begins in the past', async () => {
  const clock = await customer('late', 'Europe/Berlin', '2024-04-02T12:00:00Z');
  await post('/v1/subscriptions', { customer: 'late', plan: 'daily', startAt: '2024-03-29T23:00:00Z' });
  await advance(server, clock, '2024-04-02T12:01:00Z');
  expect(await told('late')).toEqual([
    '2024-03-29T23:00Z to 2024-03-30T23:00Z: 2 = 2.00',
    '2024-03-30T23:00Z to 2024-03-31T22:00Z: 2 = 2.00', // 23 hours are a day
    '2024-03-31T22:00Z to 2024-04-01T22:00Z: 2 = 2.00',
  ]);
});

it('bills nothing before a subscription begins, and years from 29 February on to the 28th, until the next 29th', async () => {
  const clock = await customer('years', 'UTC', '2023-10-01T00:00:00Z');
  await post('/v1/subscriptions', { customer: 'years', plan: 'yearly', startAt: '2024-02-29T00:00:00Z' });
  await advance(server, clock, '2024-02-28T23:00:00Z');
  expect(await told('years')).toEqual([]);

  await advance(server, clock, '2028-03-01T00:00:00Z');
  expect(await told('years')).toEqual([
    '2024-02-29T00:00Z to 2025-02-28T00:00Z: 366 = 366.00',
    '2025-02-28T00:00Z to 2026-02-28T00:00Z: 366 = 366.00',
    '2026-02-28T00:00Z to 2027-02-28T00:00Z: 366 = 366.00',
    '2027-02-28T00:00Z to 2028-02-29T00:00Z: 366 = 366.00',
  ]);
});

it('skips a day that the zone left out', async () => {
  const clock = await customer('samoa', 'Pacific/Apia', '2011-12-29T10:00:00Z');
  await post('/v1/subscriptions', { customer: 'samoa', plan: 'daily' });
  await advance(server, clock, '2012-01-01T10:00:00Z');
  expect(await told('samoa')).toEqual([
    '2011-12-29T10:00Z to 2011-12-30T10:00Z: 2 = 2.00',
    '2011-12-30T10:00Z to 2011-12-31T10:00Z: 2 = 2.00', // the 31st: there was no 30th
    '2011-12-31T10:00Z to 2012-01-01T10:00Z: 2 = 2.00',
  ]);
});

it('has a price change in the middle of a first short period', async () => {
  const clock = await customer('changed', 'UTC', '2024-02-20T00:00:00Z');
  const subscription = { key: 'changed', customer: 'changed', plan: 'fortnight', anchor: 'calendar' };
  await post('/v1/subscriptions', subscription); // a Tuesday: two weeks from Monday, 19 February
  await post('/v1/plans', { ...PLANS[4], name: 'dearer', currency: 'USD', prices: [base('28')] });
  const move = { fromPlan: 'fortnight', toPlan: 'fortnight', mode: 'now', reason: 'Dearer' };
  expect(await post('/v1/plan-moves', { ...move, effectiveAt: '2024-02-26T00:00:00Z' })).toMatchObject({ moved: 1 });

  await advance(server, clock, '2024-03-04T02:00:00Z');
  // 14 × 6/14 from the 20th, 28 × 7/14 from the 26th.
  expect(await told('changed')).toEqual(['2024-02-20T00:00Z to 2024-03-04T00:00Z: 6 + 14 = 20.00']);
});

describe('what doesn’t go together is refused', () => {
  it('a subscription of one interval isn’t moved to a plan of another', async () => {
    const move = { fromPlan: 'weekly', mode: 'renewal', reason: 'Longer' };
    const differs = { status: 422, code: 'interval_differs', field: 'toPlan' };
    expect(await refused('/v1/plan-moves', { ...move, toPlan: 'quarterly' })).toEqual(differs);
    expect(await refused('/v1/plan-moves', { ...move, toPlan: 'fortnight' })).toEqual(differs);
    expect(await refused('/v1/plan-moves/preview', { ...move, toPlan: 'fortnight' })).toEqual(differs);
  });

  it('a subscription’s anchor stays', async () => {
    const subscription = { key: 'weeks', customer: 'weeks', plan: 'weekly' };
    expect(await refused('/v1/subscriptions', { ...subscription, anchor: 'calendar' })).toMatchObject({
      status: 409,
      code: 'subscription_exists',
    });
    expect(await post('/v1/subscriptions', { ...subscription, anchor: 'anniversary' })).toMatchObject({ key: 'weeks' });
  });

  it('simulations are by the month', async () => {
    const simulation = { candidates: [{ name: 'a', plan: 'weekly' }], from: '2024-01-01T00:00:00Z', to: '2024-02-01T00:00:00Z' }; // prettier-ignore
    expect(await refused('/v1/simulations', simulation)).toEqual({
      status: 422,
      code: 'invalid_plan',
      field: 'candidates[0].plan',
    });
  });
});

it('previews a plan’s own period', async () => {
  const events = [{ type: 'calls', time: '2024-02-29T12:00:00Z', data: { n: 130 } }];
  const preview = await post('/v1/rating/preview', {
    plan: { ...PLANS[0], name: 'Weekly', currency: 'USD' },
    events,
    timeZone: 'Europe/Berlin',
  });
  expect(preview).toMatchObject({
    total: '7.30',
    period: { start: '2024-02-25T23:00:00.000Z', end: '2024-03-03T23:00:00.000Z' }, // Monday to Sunday
  });
});

it('keeps a plan’s interval in files and versions', async () => {
  const { plans } = await made(server.api('GET', '/v1/plans/export'));
  const exported = (wanted: string) => plans.find(({ key }: Answer['body']) => key === wanted);
  expect(exported('fortnight')).toMatchObject({ interval: 'week', intervalCount: 2 });
  expect(exported('weekly')).not.toHaveProperty('intervalCount');
  const again = { ...PLANS[1], name: 'daily', currency: 'USD' };
  expect(await post('/v1/plans', { ...again, intervalCount: 1 })).toMatchObject({ version: 1, intervalCount: 1 });
  expect(await post('/v1/plans', { ...again, intervalCount: 7 })).toMatchObject({ version: 2, intervalCount: 7 });
});

it('tells apart who isn’t billed by the month, where months are simulated', async () => {
  const simulated = await post('/v1/simulations', {
    candidates: [{ name: 'a', plan: 'monthly' }],
    customers: { keys: ['weeks', 'calendar'] },
    from: '2024-03-01T00:00:00Z',
    to: '2024-04-01T00:00:00Z',
  });
  // The weeks would pay 58 by the month, which is set beside nothing.
  expect(simulated.results[0].totals).toMatchObject({ compared: 1, revenueNow: '58', revenueThen: '116', change: '0' });
  const { items } = await made(server.api('GET', `/v1/simulations/${simulated.id}/customers`));
  const weeks = items.find(({ customer: { key } }: Answer['body']) => key === 'weeks');
  expect(weeks).toMatchObject({
    revenueNow: null,
    problem: "Simulations are by the month, and 'weekly' is billed by the week.",
  });
});

it('knows no margin of a plan that isn’t billed by the month', async () => {
  await made(server.api('PATCH', '/v1/organisation', { marginFloorPercent: '20' }));
  const dearer = { ...PLANS[0], name: 'Dearer', currency: 'USD' };
  const { status, body } = await server.api('POST', '/v1/plans', dearer);
  expect([status, body.code]).toEqual([409, 'margin_below_floor']);
  expect(body.detail).toContain("simulations are by the month, and 'weekly' is billed by the week");
  expect(await post('/v1/plans', { ...dearer, reason: 'Worked out by hand' })).toMatchObject({ version: 2 });
});
