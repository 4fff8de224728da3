import { Decimal, ZERO } from '../../src/kernel';
import { advance, made, makeClock } from '../support/books';
import { type Answer, startTestServer, type TestServer } from '../support/server';

/**
 * A month of a company on test clocks: customers in four zones with five plans, who use, change, pause, cancel, pay and
 * send late. In the end the books are read: every invoice, the trial balance, the ledger of usage.
 *
 *     WEIR_COMPANY_CUSTOMERS=1000 npx jest test/model/billing-company.spec.ts
 */
const CUSTOMERS = Number(process.env.WEIR_COMPANY_CUSTOMERS ?? 10);
const EVENTS = Number(process.env.WEIR_COMPANY_EVENTS ?? 20);
const SEED = Number(process.env.WEIR_COMPANY_SEED ?? 5);
const ZONES = ['UTC', 'America/New_York', 'Asia/Tokyo', 'Australia/Sydney'] as const;
const AT_ONCE = 8;

type Body = Answer['body'];

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ WEIR_EVENT_MAX_AGE: '36500d' });
});
afterAll(() => server.stop());

let state = SEED;
function random(below: number): number {
  state = (state * 48_271 + 11) % 2_147_483_647;
  return state % below;
}

const post = (path: string, body: unknown = {}): Promise<Body> => made(server.api('POST', path, body));
const get = (path: string): Promise<Body> => made(server.api('GET', path));

/** A few at a time, as clients do. */
async function forEach<T>(all: readonly T[], work: (each: T, index: number) => Promise<unknown>): Promise<void> {
  const waiting = [...all.entries()];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await work(next[1], next[0]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

const ahead = { billing: { in: 'advance' } };
const flat = (amount: string, more = {}): object => ({ key: 'base', name: 'Base fee', charge: { model: 'flat', amount }, ...more }); // prettier-ignore
const calls = (charge: object, more = {}): object => ({ key: 'calls', name: 'Calls', meter: 'calls', charge, ...more });
const PLANS = [
  { key: 'basic', interval: 'month', prices: [flat('29', ahead), calls({ model: 'unit', unitPrice: '0.07' }, { allowance: '100' })] },
  { key: 'pro', interval: 'month', prices: [flat('99.99', ahead), calls({ model: 'unit', unitPrice: '0.03' }, { allowance: '1000' })] },
  { key: 'metered', interval: 'month', minimum: '5', prices: [calls({ model: 'graduated', tiers: [{ upTo: '500', unitPrice: '0.1' }, { upTo: null, unitPrice: '0.04' }] })] },
  { key: 'weekly', interval: 'week', prices: [flat('7'), calls({ model: 'unit', unitPrice: '0.05' })] },
  { key: 'yearly', interval: 'month', prices: [flat('1200', { billing: { in: 'advance', every: 12 } }), calls({ model: 'unit', unitPrice: '0.02' })] },
]; // prettier-ignore

const day = (number: number, hour = 12): string => new Date(Date.UTC(2026, 2, number, hour)).toISOString();

let sent = 0;
async function use(customers: readonly string[], from: number, to: number, each: number): Promise<void> {
  const events: object[] = [];
  for (const customer of customers) {
    for (let count = 0; count < each; count += 1) {
      const time = new Date(Date.parse(day(from, 0)) + random((to - from) * 86_400) * 1000).toISOString();
      events.push({ id: `e-${(sent += 1)}`, source: 'company', type: 'calls', customer, time, data: { n: 1 + random(60) } }); // prettier-ignore
    }
  }
  const batches = Array.from({ length: Math.ceil(events.length / 500) }, (_, index) => events.slice(index * 500, index * 500 + 500)); // prettier-ignore
  await forEach(batches, async (batch) => expect(await post('/v1/events', batch)).toMatchObject({ rejected: 0 }));
}

/** Every page of a list. */
async function all(path: string): Promise<Body[]> {
  const items: Body[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: Body = await get(
      `${path}${path.includes('?') ? '&' : '?'}limit=200${cursor === '' ? '' : `&cursor=${cursor}`}`,
    );
    items.push(...page.items);
    cursor = page.nextCursor;
  }
  return items;
}

async function invoicesOf(customers: readonly string[]): Promise<Body[]> {
  const found: Body[][] = customers.map(() => []);
  await forEach(customers, async (key, index) => (found[index] = await all(`/v1/customers/${key}/invoices`)));
  return found.flat();
}

const total = (amounts: readonly string[]): Decimal => amounts.reduce((sum, amount) => sum.plus(amount), ZERO);

it(`a month of ${CUSTOMERS} customers`, async () => {
  const began = performance.now();
  const seconds: Record<string, number> = {};
  let mark = began;
  const lap = (name: string): void => {
    const now = performance.now();
    seconds[name] = Math.round((now - mark) / 100) / 10;
    mark = now;
  };

  await post('/v1/meters', { key: 'calls', name: 'Calls', eventType: 'calls', aggregation: 'sum', value: 'data.n' });
  await post('/v1/tax-rates', { key: 'vat', name: 'VAT', tax: 'vat', percent: '19', behaviour: 'exclusive', category: 'S' }); // prettier-ignore
  for (const plan of PLANS) await post('/v1/plans', { name: plan.key, currency: 'USD', ...plan });
  const clocks: string[] = [];
  for (const _zone of ZONES) clocks.push(await makeClock(server, day(1, 16)));
  const keys = Array.from({ length: CUSTOMERS }, (_, index) => `c-${index}`);
  const planOf = (index: number): string => PLANS[index % PLANS.length]!.key;
  await forEach(keys, async (key, index) => {
    const place = Math.floor(index / PLANS.length) % ZONES.length;
    await post('/v1/customers', { key, name: key, timeZone: ZONES[place], testClock: clocks[place] });
    await post('/v1/subscriptions', { key, customer: key, plan: planOf(index) });
  });
  lap('made');
  const clocksTo = async (to: string): Promise<void> => {
    for (const clock of clocks) await advance(server, clock, to);
  };

  await use(keys, 2, 14, EVENTS);
  await clocksTo(day(14));
  lap('until the 14th');

  const some = (every: number, of: (index: number) => boolean): string[] =>
    keys.filter((_, index) => of(index) && Math.floor(index / PLANS.length) % every === 0);
  const upgraded = some(3, (index) => planOf(index) === 'basic');
  const seldom = some(7, (index) => planOf(index) === 'pro');
  const leaving = some(9, (index) => planOf(index) === 'metered');
  await forEach(upgraded, (key, index) => post(`/v1/subscriptions/${key}/changes`, { plan: 'pro', invoice: index % 2 === 0 ? 'now' : 'next', reason: 'Grows' })); // prettier-ignore
  await forEach(seldom, (key) => post(`/v1/subscriptions/${key}/pause`, { bills: 'nothing', until: day(24), reason: 'Holidays' })); // prettier-ignore
  await forEach(leaving, (key) => post(`/v1/subscriptions/${key}/cancel`, { at: 'now', settle: 'invoice', reason: 'Leaves' })); // prettier-ignore
  lap('changes');

  await use(keys, 14, 31, EVENTS);
  await clocksTo(new Date(Date.UTC(2026, 3, 2, 18)).toISOString());
  lap('the month closed');

  await use(
    some(2, () => true),
    10,
    30,
    2,
  );
  const issued = (await invoicesOf(keys)).filter(({ status }: Body) => status === 'finalized');
  await forEach(issued, async ({ id, amountDue, issuedAt }: Body, index) => {
    if (index % 10 === 3) await post(`/v1/invoices/${id}/void`, { reason: 'Wrong address' });
      else if (index % 10 < 7) await post(`/v1/invoices/${id}/payments`, { amount: amountDue, reference: `bank ${id}`, paidAt: issuedAt }); // prettier-ignore
  });
  lap('paid, voided, late');
  await clocksTo(new Date(Date.UTC(2026, 4, 5, 18)).toISOString());
  lap('the next month closed');

  const invoices = await invoicesOf(keys);
  const byStatus = new Map<string, number>();
  for (const { status } of invoices) byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
  expect(byStatus.get('draft')).toBeUndefined();
  const numbers = invoices.map(({ number }: Body) => Number(number.slice(4))).sort((one, other) => one - other);
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));

  const { currencies } = await get('/v1/ledger/trial-balance?currency=USD');
  const [{ debits, credits, accounts }] = currencies;
  const balance = (account: string): Decimal =>
    new Decimal(accounts.find((each: Body) => each.account === account)?.balance ?? '0');
  expect(debits).toBe(credits);
  const open = invoices.filter(({ status }: Body) => status === 'finalized');
  const asked = invoices.filter(({ status }: Body) => status !== 'void');
  const text = (amount: Decimal): string => amount.toFixed(2);
  expect(text(balance('accounts_receivable'))).toBe(text(total(open.map(({ amountDue }: Body) => amountDue))));
  expect(text(balance('tax'))).toBe(text(total(asked.map(({ taxTotal }: Body) => taxTotal)).negated()));
  expect(text(balance('revenue').plus(balance('deferred_revenue')))).toBe(
    text(total(asked.map(({ subtotal }: Body) => subtotal)).negated()),
  );

  const classes: Record<string, number> = {};
  let counted = 0;
  await forEach(keys, async (key) => {
    const ledger = await get(`/v1/customers/${key}/usage-ledger?from=2026-03-01T00:00:00Z&to=2026-06-01T00:00:00Z`);
    for (const each of ledger.classes as { class: string; events: number }[]) {
      classes[each.class] = (classes[each.class] ?? 0) + each.events;
      counted += each.events;
    }
  });
  expect(counted).toBe(sent);
  lap('read');

  const runs = await get('/v1/billing-runs');
  expect((await all('/v1/subscriptions?parked=true')).length).toBe(0);
  process.stdout.write(
      [
        `${CUSTOMERS} customers, ${sent} events, ${invoices.length} invoices in ${Math.round((performance.now() - began) / 1000)} s`,
        `seconds: ${JSON.stringify(seconds)}`,
        `invoices: ${[...byStatus].map(([status, count]) => `${count} ${status}`).join(', ')}; asked for ${text(total(asked.map((each: Body) => each.total)))} USD`,
        'trial balance:',
        ...accounts.map((each: Body) => `  ${each.account.padEnd(20)} ${each.balance.padStart(14)}`),
        `  debits ${debits} = credits ${credits}`,
        `usage: ${Object.entries(classes).map(([name, count]) => `${count} ${name}`).join(' + ')} = ${counted} events`,
        `runs: ${runs.items.length}`,
        '',
      ].join('\n'),
    ); // prettier-ignore
}, 3_600_000);
