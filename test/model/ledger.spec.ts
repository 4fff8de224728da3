import fc from 'fast-check';
import { Decimal, ZERO } from '../../src/kernel';
import { advance, invoicesOf, made, subscribe } from '../support/books';
import { type Answer, startTestServer, type TestServer } from '../support/server';

/**
 * Random sequences of what can happen to invoices, against the real database. Then the trial balance of every instant
 * at which something happened is held against the invoices, payments and credit notes as the API shows them: also what is
 * deferred, which is worked out here once more from the days of each line; and the revenue report against the ledger.
 */
const RUNS = Number(process.env.WEIR_LEDGER_RUNS ?? 4);
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
  | {
      readonly do: 'note';
      readonly which: number;
      readonly as: NoteAs;
      readonly line: number;
      readonly percent: number;
    }
  | { readonly do: 'pay'; readonly which: number; readonly percent: number; readonly daysAgo: number };
type NoteAs = 'invoice' | 'balance' | 'refund';

const which = fc.nat(3);
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 45 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('finalize' as const), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('void' as const, 'mark-uncollectible' as const), which }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('note' as const),
      which,
      as: fc.constantFrom('invoice' as const, 'balance' as const, 'refund' as const),
      line: fc.nat(3),
      percent: fc.constantFrom(1, 20, 33, 100),
    }),
  },
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
  await made(api.api('POST', '/v1/tax-rates', { key: 'vat', name: 'VAT', percent: '19', country: 'DE' }));
  const customers = [];
  for (const [currency, amount] of [
    ['USD', '19.99'],
    ['JPY', '1501'],
    ['KWD', '7.125'],
    ['EUR', '0'],
  ] as const) {
    const key = currency.toLowerCase();
    // In arrears, and a quarter ahead; the quarter's tax is included, and the other's added.
    const base = { key: 'base', name: 'Base fee', charge: { model: 'flat', amount }, tax: { behaviour: 'exclusive' } };
    const ahead = {
      ...base,
      key: 'ahead',
      name: 'Support',
      billing: { in: 'advance', every: 3 },
      tax: { behaviour: 'inclusive' },
    };
    const prices = [base, ahead];
    await made(api.api('POST', '/v1/plans', { key, name: key, currency, interval: 'month', prices }));
    const { clock } = await subscribe(api, key, { plan: key, startAt: start });
    if (key !== 'kwd') await made(api.api('PATCH', `/v1/customers/${key}`, { billing: { country: 'DE' } }));
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
  if (wanted.do === 'note') {
    await note(world, customer.currency, invoice, wanted, step);
    return;
  }
  if (wanted.do !== 'pay') {
    const answer = await world.api.api('POST', `${path}/${wanted.do}`, { reason: 'Whatever' });
    const done = wanted.do === 'void' ? 'void' : 'uncollectible';
    const isNoted = wanted.do === 'void' && (await notesOf(world, invoice.id)).length > 0;
    expect(answer.status).toBe((isOpen && !isNoted) || invoice.status === done ? 200 : 409);
    return;
  }
  const decimals = decimalsOf(customer.currency);
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

const decimalsOf = (currency: string): number => ({ JPY: 0, KWD: 3 })[currency] ?? 2;

async function notesOf(world: World, invoice: string): Promise<Answer['body'][]> {
  return (await made(world.api.api('GET', `/v1/invoices/${invoice}/credit-notes`))).items;
}

/** Takes a part of a line back, as far as that is possible; a repeat is the same note. */
async function note(
  world: World,
  currency: string,
  invoice: Answer['body'],
  wanted: Extract<Command, { do: 'note' }>,
  step: number,
): Promise<void> {
  const line = invoice.lines[wanted.line % Math.max(invoice.lines.length, 1)];
  if (line === undefined) return;
  const amount = new Decimal(line.amount).times(wanted.percent).dividedBy(100).toDecimalPlaces(decimalsOf(currency));
  const body = {
    ...{ as: wanted.as, reason: 'Whatever', reference: `step ${step}` },
    ...(wanted.percent === 100 ? {} : { lines: [{ line: line.id, amount: amount.toFixed() }] }),
  };
  const path = `/v1/invoices/${invoice.id}/credit-notes`;
  const before = await notesOf(world, invoice.id);
  const answer = await world.api.api('POST', path, body);
  if (answer.status !== 201) {
    const codes = ['credit_too_large', 'invoice_not_open', 'invalid_credit_note'];
    expect({ ...answer.body, codes: codes.includes(answer.body.code) }).toMatchObject({ codes: true });
    return;
  }
  expect(await made(world.api.api('POST', path, body))).toEqual(answer.body);
  const all = [...before, answer.body];
  const noted = all.reduce((sum: Decimal, { total }) => sum.plus(total), ZERO);
  expect(noted.lessThanOrEqualTo(invoice.total)).toBe(true);
  for (const { id, amount: whole, tax } of invoice.lines) {
    const parts = all.flatMap(({ lines }) => lines).filter((each: Answer['body']) => each.line === id);
    const taken = parts.reduce((sum: Decimal, each: Answer['body']) => sum.plus(each.amount), ZERO);
    const taxed = parts.reduce((sum: Decimal, each: Answer['body']) => sum.plus(each.tax), ZERO);
    expect(taken.lessThanOrEqualTo(whole)).toBe(true);
    expect(taxed.lessThanOrEqualTo(tax)).toBe(true);
    if (taken.equals(whole)) expect(taxed.toFixed()).toBe(new Decimal(tax).toFixed());
  }
}

/** Something that moved an account, as the invoices tell it. */
interface Movement {
  readonly at: number;
  readonly account: string;
  readonly amount: Decimal;
}

/**
 * What a line earns in which month, in UTC: by its days, counted one by one. The longest remainders get the minor units
 * that are over, earlier months first.
 */
function monthsOf(line: Answer['body'], decimals: number): Map<string, Decimal> {
  const [start, end] = [line.servicePeriod.start, line.servicePeriod.end].map((at) => Date.parse(at)) as [
    number,
    number,
  ];
  const days = new Map<string, number>();
  for (let day = start; day < end; day += DAY) {
    const month = new Date(day).toISOString().slice(0, 7);
    days.set(month, (days.get(month) ?? 0) + 1);
  }
  const whole = [...days.values()].reduce((all, each) => all + each, 0);
  const units = new Decimal(line.net).times(new Decimal(10).pow(decimals));
  const shares = [...days].map(([month, count], index) => {
    const product = units.times(count);
    const floor = product.dividedToIntegerBy(whole);
    return { month, index, floor, remainder: product.minus(floor.times(whole)) };
  });
  let over = units.minus(shares.reduce((all, each) => all.plus(each.floor), ZERO)).toNumber();
  for (const share of [...shares].sort((x, y) => y.remainder.comparedTo(x.remainder) || x.index - y.index)) {
    if (over === 0) break;
    share.floor = share.floor.plus(1);
    over -= 1;
  }
  return new Map(shares.map(({ month, floor }) => [month, floor.dividedBy(new Decimal(10).pow(decimals))]));
}

type Move = (at: string, account: string, amount: Decimal) => void;

/** Moves what an invoice's lines earn: at issue, as months begin, and off what is still to be where notes take it. */
function moveRevenue(
  invoice: Answer['body'],
  notes: readonly Answer['body'][],
  decimals: number,
  now: number,
  move: Move,
): void {
  const issuedIn = invoice.issuedAt.slice(0, 7);
  const closed = invoice.status === 'void' ? Date.parse(invoice.closedAt) : Infinity;
  for (const line of invoice.lines) {
    const later = new Map<string, Decimal>();
    for (const [month, amount] of monthsOf(line, decimals)) {
      const isLater = month > issuedIn;
      move(invoice.issuedAt, isLater ? 'deferred_revenue' : 'revenue', amount.negated());
      if (isLater) later.set(month, amount);
      if (!isLater && closed !== Infinity) move(invoice.closedAt, 'revenue', amount);
    }
    const begins = (month: string): number => Date.parse(`${month}-01T00:00:00Z`);
    const earn = (until: number): void => {
      for (const [month, amount] of [...later]) {
        if (begins(month) > until) continue;
        move(`${month}-01T00:00:00Z`, 'deferred_revenue', amount);
        move(`${month}-01T00:00:00Z`, 'revenue', amount.negated());
        later.delete(month);
        if (closed !== Infinity) move(invoice.closedAt, 'revenue', amount);
      }
    };
    for (const note of notes) {
      earn(Date.parse(note.issuedAt));
      const part = note.lines.find((each: Answer['body']) => each.line === line.id);
      let rest = new Decimal(part?.net ?? 0);
      for (const month of [...later.keys()].sort().reverse()) {
        const taken = Decimal.min(rest, later.get(month)!);
        later.set(month, later.get(month)!.minus(taken));
        rest = rest.minus(taken);
        move(note.issuedAt, 'deferred_revenue', taken);
      }
      move(note.issuedAt, 'revenue', rest);
    }
    earn(Math.min(now, closed));
    if (closed !== Infinity) for (const amount of later.values()) move(invoice.closedAt, 'deferred_revenue', amount);
  }
}

const GOES_TO = { balance: 'customer_credit', refund: 'payments' } as const;

/** What should have been booked, from the invoices, their payments and their credit notes alone. */
async function movementsOf(world: World, { key, currency, now }: World['customers'][number]): Promise<Movement[]> {
  const all: Movement[] = [];
  const move: Move = (at, account, amount) => void all.push({ at: Date.parse(at), account, amount });
  for (const invoice of await invoices(world, key)) {
    if (invoice.status === 'draft') continue;
    const notes = await notesOf(world, invoice.id);
    const giving = writtenOff.get(invoice.id);
    const owedAt = (reference: string): string =>
      giving?.has(reference) === true ? 'write_offs' : 'accounts_receivable';
    const [total, tax, used] = [invoice.total, invoice.taxTotal, invoice.creditApplied].map((each) => new Decimal(each)) as [Decimal, Decimal, Decimal]; // prettier-ignore
    expect(total.minus(tax).equals(invoice.subtotal)).toBe(true);
    move(invoice.issuedAt, 'accounts_receivable', total.minus(used));
    move(invoice.issuedAt, 'customer_credit', used);
    move(invoice.issuedAt, 'tax', tax.negated());
    moveRevenue(invoice, notes, decimalsOf(currency), now, move);

    const { items } = await made(world.api.api('GET', `/v1/invoices/${invoice.id}/payments`));
    let paid = ZERO;
    for (const payment of items) {
      const applied = new Decimal(payment.applied);
      paid = paid.plus(applied);
      move(payment.paidAt, 'payments', new Decimal(payment.amount));
      move(payment.paidAt, 'customer_credit', new Decimal(payment.credited).negated());
      move(payment.paidAt, owedAt(payment.reference), applied.negated());
    }
    let credited = ZERO;
    for (const note of notes) {
      move(note.issuedAt, 'tax', new Decimal(note.taxTotal));
      const account = note.as === 'invoice' ? owedAt(note.reference) : GOES_TO[note.as as keyof typeof GOES_TO];
      move(note.issuedAt, account, new Decimal(note.total).negated());
      if (note.as === 'invoice') credited = credited.plus(note.total);
    }
    expect(paid.equals(invoice.amountPaid)).toBe(true);
    expect(credited.equals(invoice.credited)).toBe(true);
    const due = invoice.status === 'void' ? ZERO : total.minus(used).minus(credited).minus(paid);
    expect(due.equals(invoice.amountDue)).toBe(true);
    if (invoice.status !== 'uncollectible') expect(due.isZero()).toBe(invoice.status !== 'finalized');

    if (invoice.status === 'void') {
      move(invoice.closedAt, 'accounts_receivable', paid.plus(used).minus(total));
      move(invoice.closedAt, 'tax', tax);
      move(invoice.closedAt, 'customer_credit', paid.plus(used).negated());
    }
    if (giving !== undefined) {
      move(giving.at, 'write_offs', giving.amount);
      move(giving.at, 'accounts_receivable', giving.amount.negated());
    }
  }
  return all;
}

/** The report of a customer says what the ledger does, and what is to come is what is deferred. */
async function expectReportToAgree(
  world: World,
  customer: World['customers'][number],
  booked: readonly Movement[],
): Promise<void> {
  // prettier-ignore
  const path = `/v1/reports/revenue?from=2026-01&to=2029-12&customer=${customer.key}`;
  const [found] = (await made(world.api.api('GET', path))).currencies;
  if (found === undefined) return;
  const of = (account: string, from: number, to: number): string =>
    booked.filter((each) => each.account === account && each.at >= from && each.at < to).reduce((all, { amount }) => all.minus(amount), ZERO).toFixed(); // prettier-ignore
  let toCome = new Decimal(found.scheduledLater);
  for (const { month, recognised, deferred, scheduled } of found.months) {
    const start = new Date(`${month}-01T00:00:00Z`);
    const end = new Date(start);
    end.setUTCMonth(end.getUTCMonth() + 1);
    expect({ month, recognised: new Decimal(recognised).toFixed() }).toEqual({ month, recognised: of('revenue', start.getTime(), end.getTime()) }); // prettier-ignore
    expect({ month, deferred: new Decimal(deferred).toFixed() }).toEqual({ month, deferred: of('deferred_revenue', 0, end.getTime()) }); // prettier-ignore
    toCome = toCome.plus(scheduled);
    if (start.getTime() <= customer.now) expect(new Decimal(scheduled).isZero()).toBe(true);
  }
  expect(toCome.toFixed()).toBe(of('deferred_revenue', 0, Infinity));
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
      const both = [...items, ...(await notesOf(world, invoice.id))];
      const before = new Set<string>(both.map(({ reference }: { reference: string }) => reference));
      writtenOff.set(invoice.id, new GivenUp(invoice.closedAt, new Decimal(invoice.amountDue), before));
    }
  }
}

async function expectBooksToAgree(world: World): Promise<void> {
  for (const customer of world.customers) {
    const { currency } = customer;
    const movements = await movementsOf(world, customer);
    await expectReportToAgree(world, customer, movements);
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
}, 600_000);
