import { type Client, ProgramError, RefusedError } from '../client';
import { CUSTOMER_KEYS, CUSTOMERS, type CustomerKey, type DemoPeriod, METERS, PLANS } from './scenario';

interface TestClock {
  readonly id: string;
  readonly now: string;
}

interface Customer {
  readonly testClock: string | null;
}

interface Subscription {
  readonly currentPeriod: { readonly start: string; readonly end: string };
}

/**
 * Makes what is billed against: meters, plans, a test clock at the period's start, three customers on it and a
 * subscription for each. Safe to repeat: what the server has already stays, and another period than its own is refused.
 *
 * @returns the test clock's id
 */
export async function openBooks(client: Client, period: DemoPeriod): Promise<string> {
  return refusingOtherWorkloads(async () => {
    for (const meter of METERS) await client.post('/v1/meters', meter);
    for (const plan of PLANS) await client.post('/v1/plans', plan);

    // A clock has no key of its own to be found by; the customers on it have.
    const known = await client.find<Customer>(`/v1/customers/${CUSTOMER_KEYS[0]}`);
    const clockId = known?.testClock ?? (await makeClock(client, period)).id;

    for (const key of CUSTOMER_KEYS) await openAccount(client, key, clockId, period);
    return clockId;
  });
}

function makeClock(client: Client, period: DemoPeriod): Promise<TestClock> {
  const clock = { name: 'Demo', now: period.start };
  return client.post<TestClock>('/v1/test-clocks', clock, `weir-demo-clock-${period.start}`);
}

async function openAccount(client: Client, key: CustomerKey, clockId: string, period: DemoPeriod): Promise<void> {
  const { name, plan } = CUSTOMERS[key];
  await client.post('/v1/customers', { key, name, testClock: clockId });
  const subscription = await client.post<Subscription>('/v1/subscriptions', {
    key,
    customer: key,
    plan,
    startAt: period.start,
  });

  // Once its first period is closed, a repeated run sees the second.
  const { start, end } = subscription.currentPeriod;
  const sameInstant = (a: string, b: string) => new Date(a).getTime() === new Date(b).getTime();
  if (!sameInstant(end, period.end) && !sameInstant(start, period.end)) {
    throw new ProgramError(
      `The server bills ${key} from ${start} to ${end}, not from ${period.start} to ${period.end}.`,
    );
  }
}

async function refusingOtherWorkloads<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RefusedError && error.status === 409) {
      throw new ProgramError(
        `${error.message} The server holds the demo of another workload or other things of these names: use a server with fresh data.`,
      );
    }
    throw error;
  }
}

/** Moves the customers' clock to the period's end, which drafts the invoices. Safe to repeat: a clock only goes on. */
export async function closePeriod(client: Client, clockId: string, period: DemoPeriod): Promise<void> {
  const clock = await client.get<TestClock>(`/v1/test-clocks/${clockId}`);
  if (new Date(clock.now).getTime() >= new Date(period.end).getTime()) return;
  await client.post(
    `/v1/test-clocks/${clockId}/advance`,
    { now: period.end },
    `weir-demo-advance-${clockId}-${period.end}`,
  );
}
