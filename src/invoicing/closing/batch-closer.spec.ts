import { Client } from 'pg';
import { advance, made, makeClock } from '../../../test/support/books';
import { billedState } from '../../../test/support/billed-state';
import { startTestServer, type TestServer } from '../../../test/support/server';
import { BatchCloser } from './batch-closer';
import { BatchFinalizer } from './batch-finalizer';

const SEED = Number(process.env['WEIR_SEED'] ?? Date.now() % 2 ** 31);
const CUSTOMERS = 10;
const MONTHS = [
  '2026-02-03T00:00:00Z',
  '2026-03-03T12:00:00Z',
  '2026-04-03T00:00:00Z',
  '2026-05-03T00:00:00Z',
] as const;

/** A number from 0 to below 1, the same sequence for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const CALLS = { name: 'Calls', meter: 'calls' } as const;
const BASE = { key: 'base', name: 'Base fee' } as const;
/** Plans that are plain, and plans in which something else has a say. */
const PLANS = [
  { key: 'usage', prices: [{ key: 'calls', ...CALLS, charge: { model: 'unit', unitPrice: '0.35' } }] },
  {
    key: 'bounded',
    prices: [
      { ...BASE, charge: { model: 'flat', amount: '20' } },
      { key: 'calls', ...CALLS, allowance: '3', charge: { model: 'graduated', tiers: [{ upTo: '5', unitPrice: '1' }, { upTo: null, unitPrice: '0.5' }] } }, // prettier-ignore
    ],
    minimum: '25',
    commitment: { amount: '22', periods: 1 },
    discounts: [{ key: 'welcome', name: 'Welcome', percent: '10', periods: 2 }],
  },
  {
    key: 'ahead',
    proration: 'day',
    prices: [
      { ...BASE, charge: { model: 'flat', amount: '30' }, billing: { in: 'advance' } },
      { key: 'calls', ...CALLS, charge: { model: 'unit', unitPrice: '0.10' } },
    ],
  },
  {
    key: 'pooled',
    pools: [{ key: 'credits', name: 'Credits', amount: '10', rollover: { limit: '20', expiresAfterPeriods: 2 } }],
    prices: [
      { key: 'seats', name: 'Seats', charge: { model: 'recurring', unitPrice: '15', quantity: '3' } },
      { key: 'calls', ...CALLS, pool: { key: 'credits', weight: '2' }, charge: { model: 'unit', unitPrice: '0.50' } },
    ],
  },
  { key: 'committed', commitment: { amount: '100', periods: 3 }, prices: [{ key: 'calls', ...CALLS, charge: { model: 'unit', unitPrice: '2' } }] }, // prettier-ignore
  { key: 'trial', trial: { days: 40, covers: 'base_fee' }, prices: [{ ...BASE, charge: { model: 'flat', amount: '9' } }, { key: 'calls', ...CALLS, charge: { model: 'unit', unitPrice: '1' } }] }, // prettier-ignore
] as const;

/** Plays the same months on a server: random subscriptions, usage that is late in part, and terms that change. */
async function play(server: TestServer, seed: number): Promise<void> {
  const random = randomFrom(seed);
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  const post = (path: string, body: unknown) => made(server.api('POST', path, body));
  await post('/v1/meters', { key: 'calls', name: 'Calls', eventType: 'call', aggregation: 'count' });
  for (const plan of PLANS) await post('/v1/plans', { name: plan.key, currency: 'USD', interval: 'month', ...plan });
  const clock = await makeClock(server, '2026-01-01T00:00:00Z');
  const subscribed: string[] = [];
  for (let index = 0; index < CUSTOMERS; index += 1) {
    const customer = `customer-${String(index).padStart(2, '0')}`;
    const timeZone = one(['UTC', 'Asia/Kolkata']);
    await post('/v1/customers', { key: customer, name: customer, timeZone, testClock: clock });
    for (let nth = 0; nth < (random() < 0.3 ? 2 : 1); nth += 1) {
      const key = `${customer}-${nth}`;
      const startAt = one(['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', '2026-01-02T10:30:00Z']);
      const invoicing = random() < 0.2 ? 'apart' : 'together';
      await post('/v1/subscriptions', { key, customer, plan: one(PLANS).key, startAt, invoicing });
      subscribed.push(key);
    }
  }

  let events = 0;
  for (const [month, now] of MONTHS.entries()) {
    const begin = Date.UTC(2026, month, 1);
    const sent = Array.from({ length: CUSTOMERS * 3 }, () => {
      // Some of them are of an earlier month, whose invoice may be final.
      const time = new Date(begin + Math.floor((random() - 0.08) * 30 * 86_400_000));
      const at = new Date(Math.max(time.getTime(), Date.UTC(2026, 0, 2, 12))).toISOString();
      const customer = `customer-${String(Math.floor(random() * CUSTOMERS)).padStart(2, '0')}`;
      return { id: `event-${(events += 1)}`, type: 'call', customer, time: at };
    });
    await post('/v1/events', sent);
    if (month > 0) await post(`/v1/events/event-${1 + Math.floor(random() * 20)}/void`, { reason: 'a test' }).catch(() => undefined); // prettier-ignore
    if (month === 2) {
      const override = { charge: { model: 'unit', unitPrice: '0.20' }, reason: 'a test' };
      for (const key of subscribed.filter(() => random() < 0.15))
        await server.api('PUT', `/v1/subscriptions/${key}/overrides/calls`, override);
    }
    await advance(server, clock, now);
  }
}

/**
 * Batches load for many what the general path loads for one, and decide by the same functions. Whatever a company does,
 * both must leave the same.
 */
describe('closing and finalizing in batches', () => {
  afterEach(() => jest.restoreAllMocks());

  async function played(): Promise<Awaited<ReturnType<typeof billedState>>> {
    const server = await startTestServer({ WEIR_EVENT_MAX_AGE: '36500d', WEIR_CLOSE_INTERVAL: '1h' });
    const client = new Client({ connectionString: server.databaseUrl });
    try {
      await play(server, SEED);
      await client.connect();
      return await billedState(client);
    } finally {
      await client.end();
      await server.stop();
    }
  }

  it(`leaves what the general path leaves (WEIR_SEED=${SEED})`, async () => {
    const closing = jest.spyOn(BatchCloser.prototype as never, 'together') as jest.SpyInstance;
    const finalizing = jest.spyOn(BatchFinalizer.prototype as never, 'together') as jest.SpyInstance;
    const together = await played();
    const counts = async (spy: jest.SpyInstance): Promise<number> =>
      (await Promise.all(spy.mock.results.map(({ value }) => value as Promise<unknown[]>))).flat().length;
    // Otherwise it would compare the general path with itself.
    expect(await counts(closing)).toBeGreaterThan(CUSTOMERS);
    expect(await counts(finalizing)).toBeGreaterThan(CUSTOMERS);

    closing.mockResolvedValue([]);
    finalizing.mockResolvedValue([]);
    const oneByOne = await played();
    expect(together).toEqual(oneByOne);
    expect(Number(together.balance)).toBe(0);
    expect(together.numbers.distinct).toBe(together.numbers.last);
    expect(together.subscriptions.filter((each) => each['parked_reason'] !== null)).toEqual([]);
  }, 400_000);
});
