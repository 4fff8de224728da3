import type { Answer, TestServer } from './server';

/** A clock-driven customer with a plan, made through the API as a user would. */
export interface Subscribed {
  readonly customer: string;
  readonly subscription: string;
  readonly clock: string;
}

type Api = Pick<TestServer, 'api'>;

/** @throws Error with the answer when it is not a success */
export async function made(answer: Promise<Answer>): Promise<Answer['body']> {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(`The request was refused: ${status} ${JSON.stringify(body)}`);
  return body;
}

export async function makeClock(server: Api, now: string): Promise<string> {
  return (await made(server.api('POST', '/v1/test-clocks', { now }))).id as string;
}

export async function advance(server: Api, clock: string, now: string): Promise<void> {
  await made(server.api('POST', `/v1/test-clocks/${clock}/advance`, { now }));
}

/** A customer of this key on a test clock, with a subscription to the plan under the same key. */
export async function subscribe(
  server: Api,
  key: string,
  options: { plan: string; startAt: string; clock?: string; timeZone?: string },
): Promise<Subscribed> {
  const { plan, startAt, timeZone = 'UTC' } = options;
  const clock = options.clock ?? (await makeClock(server, startAt));
  const customer = await made(server.api('POST', '/v1/customers', { key, name: `${key} Ltd`, timeZone, testClock: clock })); // prettier-ignore
  const subscription = await made(server.api('POST', '/v1/subscriptions', { key, customer: key, plan, startAt }));
  return { customer: customer.id, subscription: subscription.id, clock };
}

/** A customer's invoices, oldest period first, each with its lines. */
export async function invoicesOf(server: Api, customer: string): Promise<Answer['body'][]> {
  const { items } = await made(server.api('GET', `/v1/customers/${customer}/invoices?limit=200`));
  const summaries = items as { id: string; servicePeriod: { start: string } }[];
  summaries.sort((a, b) => a.servicePeriod.start.localeCompare(b.servicePeriod.start));
  const invoices: Answer['body'][] = [];
  for (const { id } of summaries) invoices.push(await made(server.api('GET', `/v1/invoices/${id}`)));
  return invoices;
}

/** Every event behind a line, page by page. */
export async function eventsBehind(
  server: Api,
  invoice: string,
  line: number | string,
  limit = 7,
): Promise<{ id: string; quantity: string; cost: string | null; time: string }[]> {
  const events: { id: string; quantity: string; cost: string | null; time: string }[] = [];
  let cursor: string | null = null;
  do {
    const at: string = cursor === null ? '' : `&cursor=${cursor}`;
    const page = await made(server.api('GET', `/v1/invoices/${invoice}/lines/${line}/explain?limit=${limit}${at}`));
    events.push(...page.events.items);
    cursor = page.events.nextCursor;
  } while (cursor !== null);
  return events;
}
