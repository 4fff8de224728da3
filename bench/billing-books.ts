import { request as httpRequest } from 'node:http';
import { BenchError } from './bench-error';
import { EVENT_TYPE } from './events';
import type { Weir } from './processes';

const AT_ONCE = 16;

/** A fee, seats, tiers behind an allowance, a price for each unit, and cost plus a margin. */
export const PRICES = [
  { key: 'base', name: 'Base fee', charge: { model: 'flat', amount: '20' } },
  { key: 'seats', name: 'Seats', charge: { model: 'recurring', unitPrice: '15', quantity: '3' } },
  {
    key: 'requests',
    name: 'Requests',
    meter: 'requests',
    allowance: '10',
    charge: {
      model: 'graduated',
      tiers: [
        { upTo: '1000', unitPrice: '0.05' },
        { upTo: null, unitPrice: '0.02' },
      ],
    },
  },
  { key: 'tokens', name: 'Output tokens', meter: 'output-tokens', charge: { model: 'unit', unitPrice: '0.00002' } },
  { key: 'models', name: 'Models', meter: 'requests', charge: { model: 'consumption_margin', grossMarginPercent: '30' } }, // prettier-ignore
] as const;

const PLAN = 'bench';

/** Makes the meters and the plan with its five prices. */
export async function openBillingBooks(weir: Weir): Promise<void> {
  const meter = { eventType: EVENT_TYPE };
  await ask(weir, 'POST', '/v1/meters', { ...meter, key: 'requests', name: 'Requests', aggregation: 'count' });
  const sum = { aggregation: 'sum', value: 'data.output_tokens' };
  await ask(weir, 'POST', '/v1/meters', { ...meter, key: 'output-tokens', name: 'Output tokens', ...sum });
  await ask(weir, 'POST', '/v1/plans', {
    key: PLAN,
    name: 'Bench',
    currency: 'USD',
    interval: 'month',
    prices: PRICES,
  });
}

/** Makes customers on a test clock, each with a subscription to the plan. @returns the clock's id */
export async function subscribeAll(weir: Weir, keys: readonly string[], startAt: Date): Promise<string> {
  const { id: testClock } = await ask<{ id: string }>(weir, 'POST', '/v1/test-clocks', { now: startAt.toISOString() });
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let key = keys[next++]; key !== undefined; key = keys[next++]) {
      await ask(weir, 'POST', '/v1/customers', { key, name: key, timeZone: 'UTC', testClock });
      await ask(weir, 'POST', '/v1/subscriptions', { key, customer: key, plan: PLAN, startAt: startAt.toISOString() });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return testClock;
}

/** Moves the clock; answers when everything that fell due has been done. @returns seconds */
export async function advanceTo(weir: Weir, clock: string, now: Date): Promise<number> {
  const startedAt = performance.now();
  await ask(weir, 'POST', `/v1/test-clocks/${clock}/advance`, { now: now.toISOString() });
  return (performance.now() - startedAt) / 1_000;
}

/** A request that may take as long as it takes: `fetch` gives up after five minutes. */
export async function ask<T>({ port, apiKey }: Weir, method: string, path: string, body?: unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${apiKey}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const sent = httpRequest({ port, method, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', reject).on('end', () => {
        if ((response.statusCode ?? 500) < 300) resolve(JSON.parse(text) as T);
        else reject(new BenchError(`${method} ${path} was answered: ${response.statusCode} ${text}`));
      });
    });
    sent.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
}
