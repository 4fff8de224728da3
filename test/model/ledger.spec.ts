import fc from 'fast-check';
import { Decimal, ZERO } from '../../src/kernel';
import { advance, invoicesOf, made, subscribe } from '../support/books';
import { type Answer, startTestServer, type TestServer } from '../support/server';

/**
 * Random sequences of what can happen to invoices, against the real database. Then the trial balance of every instant
 * at which something happened is held against the invoices and payments as the API shows them.
 */
const RUNS = Number(process.env.WEIR_LEDGER_RUNS ?? 6);
const SEED = process.env.WEIR_LEDGER_SEED === undefined ? Date.now() % 1_000_000 : Number(process.env.WEIR_LEDGER_SEED);

let server: TestServer;
let run = 0;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

/** What is done to the invoice that is meant, counted from the newest. */
type Command =
  | { readonly do: 'wait'; readonly days: number }
  | { readonly do: 'finalize' | 'void' | 'mark-uncollectible'; readonly which: number }
  | { readonly do: 'pay'; readonly which: number; readonly percent: number; readonly daysAgo: number };

const which = fc.nat(3);
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 20 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('finalize' as const), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('void' as const, 'mark-uncollectible' as const), which }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('pay' as const),
      which,
      percent: fc.constantFrom(10, 33, 50, 100, 120),
      daysAgo: fc.nat(10),
    }),
  },
);

interface World {
  readonly api: Pick<TestServer, 'api'>;
  readonly customers: readonly { readonly key: string; readonly currency: string; clock: string; now: number }[];
}

const DAY = 86_400_000;

/** An organisation of its own, with a customer for each currency; one is billed nothing. */
async function newWorld(): Promise<World> {
  const { apiKey } = await server.organisation(`Run ${(run += 1)}`);
  const api = { api: (method: string, path: string, body?: unknown) => server.api(method, path, body, apiKey) };
  const start = '2026-01-01T00:00:00.000Z';
  const customers = [];
  for (const [currency, amount] of [
    ['USD', '19.99'],
    ['JPY', '1501'],
    ['KWD', '7.125'],
    ['EUR', '0'],
  ] as const) {
    const key = currency.toLowerCase();
    const prices = [{ key: 'base', name: 'Base fee', charge: { model: 'flat', amount } }];
    await made(api.api('POST', '/v1/plans', { key, name: key, currency, interval: 'month', prices }));
    const { clock } = await subscribe(api, key, { plan: key, startAt: start });
    customers.push({ key, currency, clock, now: Date.parse(start) });
  }
  return { api, customers };
}

async function invoices(world: World, customer: string): Promise<Answer['body'][]> {
  return (await invoicesOf(world.api, customer)).reverse();
}

/** Does it where it can be done; what is refused must be refused by its code, and changes nothing. */
async function act(world: World, at: number, wanted: Command, step: number): Promise<void> {
  const customer = world.customers[at % world.customers.length]!;
  if (wanted.do === 'wait') {
    customer.now += wanted.days * DAY;
    await advance(world.api, customer.clock, new Date(customer.now).toISOString());
    return;
  }
  const invoice = (await invoices(world, customer.key))[wanted.which];
  if (invoice === undefined) return;
  const path = `/v1/invoices/${invoice.id}`;
  if (wanted.do === 'finalize') {
    await made(world.api.api('POST', `${path}/finalize`));
    return;
  }
  const isOpen = invoice.status === 'finalized';
  if (wanted.do !== 'pay') {
    const answer = await world.api.api('POST', `${path}/${wanted.do}`, { reason: 'Whatever' });
    const done = wanted.do === 'void' ? 'void' : 'uncollectible';
    expect(answer.status).toBe(isOpen || invoice.status === done ? 200 : 409);
    return;
  }
  const decimals = { JPY: 0, KWD: 3 }[customer.currency] ?? 2;
  const amount = new Decimal(invoice.total).times(wanted.percent).dividedBy(100).toDecimalPlaces(decimals);
  if (amount.isZero()) return;
  const paidAt = new Date(customer.now - wanted.daysAgo * DAY).toISOString();
  const payment = { amount: amount.toFixed(decimals), reference: `step ${step}`, paidAt };
  const answer = await world.api.api('POST', `${path}/payments`, payment);
  expect(answer.status).toBe(['draft', 'void'].includes(invoice.status) ? 409 : 201);
  // A repeat books nothing more.
  if (answer.status === 201) {
    expect((await made(world.api.api('POST', `${path}/payments`, payment))).id).toBe(answer.body.id);
  }
}

/** Something that moved an account, as the invoices tell it. */
interface Movement {
  readonly at: number;
  readonly account: string;
  readonly amount: Decimal;
}

/** What should have been booked, from the invoices and their payments alone. */
async function movementsOf(world: World, customer: string): Promise<Movement[]> {
  const all: Movement[] = [];
  for (const invoice of await invoices(world, customer)) {
    if (invoice.status === 'draft') continue;
    const move = (at: string, account: string, amount: Decimal): number =>
      all.push({ at: Date.parse(at), account, amount });
    const total = new Decimal(invoice.total);
    move(invoice.issuedAt, 'accounts_receivable', total);
    move(invoice.issuedAt, 'revenue', total.negated());

    const { items } = await made(world.api.api('GET', `/v1/invoices/${invoice.id}/payments`));
    let paid = ZERO;
    for (const payment of items) {
      const applied = new Decimal(payment.applied);
      paid = paid.plus(applied);
      move(payment.paidAt, 'payments', new Decimal(payment.amount));
      move(payment.paidAt, 'customer_credit', new Decimal(payment.credited).negated());
      const givenUp = writtenOff.get(invoice.id)?.has(payment.reference) === true;
      move(payment.paidAt, givenUp ? 'write_offs' : 'accounts_receivable', applied.negated());
    }
    expect(paid.equals(invoice.amountPaid)).toBe(true);
    const due = invoice.status === 'void' ? ZERO : total.minus(paid);
    expect(due.equals(invoice.amountDue)).toBe(true);
    if (invoice.status !== 'uncollectible') expect(due.isZero()).toBe(invoice.status !== 'finalized');

    if (invoice.status === 'void') {
      move(invoice.closedAt, 'accounts_receivable', paid.minus(total));
      move(invoice.closedAt, 'revenue', total);
      move(invoice.closedAt, 'customer_credit', paid.negated());
    }
    const giving = writtenOff.get(invoice.id);
    if (giving !== undefined) {
      move(giving.at, 'write_offs', giving.amount);
      move(giving.at, 'accounts_receivable', giving.amount.negated());
    }
  }
  return all;
}

/** What was given up of an invoice, and when; kept here, since an invoice that is paid after all doesn't say it. */
class GivenUp {
  constructor(
    readonly at: string,
    readonly amount: Decimal,
    /** Payments that were there before. */
    private readonly before: ReadonlySet<string>,
  ) {}

  has(reference: string): boolean {
    return !this.before.has(reference);
  }
}
const writtenOff = new Map<string, GivenUp>();

async function noteGivenUp(world: World): Promise<void> {
  for (const { key } of world.customers) {
    for (const invoice of await invoices(world, key)) {
      if (invoice.status !== 'uncollectible' || writtenOff.has(invoice.id)) continue;
      const { items } = await made(world.api.api('GET', `/v1/invoices/${invoice.id}/payments`));
      const before = new Set<string>(items.map(({ reference }: { reference: string }) => reference));
      writtenOff.set(invoice.id, new GivenUp(invoice.closedAt, new Decimal(invoice.amountDue), before));
    }
  }
}

async function expectBooksToAgree(world: World): Promise<void> {
  for (const { key, currency } of world.customers) {
    const movements = await movementsOf(world, key);
    const instants = [...new Set(movements.flatMap(({ at }) => [at, at + 1]))];
    for (const at of [...instants, null]) {
      const asked = at === null ? '' : `&at=${new Date(at).toISOString()}`;
      const { currencies } = await made(world.api.api('GET', `/v1/ledger/trial-balance?currency=${currency}${asked}`));
      const [balance] = currencies;
      const wanted = new Map<string, Decimal>();
      for (const each of movements) {
        if (at !== null && each.at >= at) continue;
        wanted.set(each.account, (wanted.get(each.account) ?? ZERO).plus(each.amount));
      }
      const shown = Object.fromEntries([...wanted].filter(([, amount]) => !amount.isZero()).map(([name, amount]) => [name, amount.toFixed()])); // prettier-ignore
      const booked = Object.fromEntries(
        (balance?.accounts ?? [])
          .map((each: Answer['body']) => [each.account, new Decimal(each.balance)] as const)
          .filter(([, amount]: readonly [string, Decimal]) => !amount.isZero())
          .map(([name, amount]: readonly [string, Decimal]) => [name, amount.toFixed()]),
      );
      expect({ at, currency, booked }).toEqual({ at, currency, booked: shown });
      if (balance !== undefined) expect(balance.debits).toBe(balance.credits);
    }
  }
}

it(`the trial balance of every instant is what the invoices say (WEIR_LEDGER_SEED=${SEED})`, async () => {
  const step = fc.tuple(fc.nat(3), command);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 25, maxLength: 45 }), async (steps) => {
      const world = await newWorld();
      for (const { clock, now } of world.customers)
        await advance(world.api, clock, new Date(now + 62 * DAY).toISOString());
      for (const customer of world.customers) customer.now += 62 * DAY;
      for (const [index, [at, wanted]] of steps.entries()) {
        await act(world, at, wanted, index);
        if (wanted.do === 'mark-uncollectible') await noteGivenUp(world);
      }
      await expectBooksToAgree(world);
    }),
    { numRuns: RUNS, seed: SEED, endOnFailure: true },
  );
}, 300_000);
