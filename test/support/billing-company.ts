/** A server that a company is made on. */
interface Reachable {
  readonly url: string;
  readonly apiKey: string;
}

const START = '2026-01-01T00:00:00Z';
const AT_ONCE = 8;

/** How far the company's clock is moved, one after the other; a month's drafts are finalized in the next. */
export const COMPANY_MONTHS = [
  '2026-02-01T00:00:00Z',
  '2026-02-20T00:00:00Z',
  '2026-03-05T00:00:00Z',
  '2026-04-05T00:00:00Z',
] as const;

/** Plans that take different ways through billing: usage alone, fees in advance, and a pool that is rolled over. */
const PLANS = [
  {
    key: 'usage',
    prices: [
      { key: 'base', name: 'Base fee', charge: { model: 'flat', amount: '20' } },
      { key: 'calls', name: 'Calls', meter: 'calls', allowance: '2', charge: { model: 'unit', unitPrice: '0.35' } },
    ],
  },
  {
    key: 'ahead',
    prices: [
      { key: 'base', name: 'Base fee', charge: { model: 'flat', amount: '30' }, billing: { in: 'advance' } },
      { key: 'calls', name: 'Calls', meter: 'calls', charge: { model: 'unit', unitPrice: '0.10' } },
    ],
  },
  {
    key: 'pooled',
    pools: [{ key: 'credits', name: 'Credits', amount: '10', rollover: { limit: '20', expiresAfterPeriods: 2 } }],
    prices: [
      { key: 'seats', name: 'Seats', charge: { model: 'recurring', unitPrice: '15', quantity: '3' } },
      { key: 'calls', name: 'Calls', meter: 'calls', pool: { key: 'credits', weight: '2' }, charge: { model: 'unit', unitPrice: '0.50' } }, // prettier-ignore
    ],
  },
] as const;

/**
 * Makes customers on one test clock, each with a subscription, some with two, and usage in every month: the same in every
 * run.
 *
 * @returns the clock's id
 */
export async function makeCompany(server: Reachable, customers: number): Promise<string> {
  const post = async (path: string, body: unknown): Promise<{ id: string }> => {
    const response = await fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (response.status >= 300)
      throw new Error(`POST ${path} was answered ${response.status} ${await response.text()}`);
    return (await response.json()) as { id: string };
  };
  await post('/v1/meters', { key: 'calls', name: 'Calls', eventType: 'call', aggregation: 'count' });
  for (const plan of PLANS) await post('/v1/plans', { name: plan.key, currency: 'USD', interval: 'month', ...plan });
  const { id: testClock } = await post('/v1/test-clocks', { now: START });

  const keys = Array.from({ length: customers }, (_, index) => `customer-${String(index).padStart(4, '0')}`);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < keys.length; index = next++) {
      const key = keys[index]!;
      await post('/v1/customers', { key, name: key, timeZone: index % 2 === 0 ? 'UTC' : 'Asia/Kolkata', testClock });
      await post('/v1/subscriptions', { key, customer: key, plan: PLANS[index % PLANS.length]!.key, startAt: START });
      // A second one is on the same invoices.
      if (index % 5 === 0)
        await post('/v1/subscriptions', { key: `${key}-2`, customer: key, plan: 'usage', startAt: START });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));

  const events = keys.flatMap((customer, index) =>
    Array.from({ length: 3 + (index % 7) }, (_, nth) => {
      const time = new Date(Date.parse(START) + (nth * 13 + (index % 11)) * 86_400_000).toISOString();
      return { id: `${customer}-${nth}`, type: 'call', customer, time };
    }),
  );
  for (let from = 0; from < events.length; from += 500) await post('/v1/events', events.slice(from, from + 500));
  return testClock;
}
