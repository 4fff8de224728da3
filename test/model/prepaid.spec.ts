import fc from 'fast-check';
import { Decimal, decimalText, roundToMinorUnit } from '../../src/kernel';
import { advance, invoicesOf, made, subscribe } from '../support/books';
import { type Answer, startTestServer, type TestServer } from '../support/server';

/** Random lives of a customer with a wallet, through the API. After each step the database is asked whether all agrees. */
const RUNS = Number(process.env.PREPAID_RUNS ?? 4);
const START_MS = Date.parse('2026-03-01T00:00:00Z');
const day = (number: number): string => new Date(START_MS + number * 86_400_000).toISOString();

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ WEIR_DRAFT_GRACE: '0s' });
  for (const key of ['chat', 'images']) await made(server.api('POST', '/v1/features', { key, name: key }));
  await made(server.api('POST', '/v1/meters', { key: 'calls', name: 'Calls', eventType: 'call', aggregation: 'sum', value: 'data.n' })); // prettier-ignore
  const tiers = [
    { upTo: '100', unitPrice: '0.0733' },
    { upTo: null, unitPrice: '0.01' },
  ];
  const prices = [
    { key: 'calls', name: 'Calls', meter: 'calls', charge: { model: 'volume', tiers } },
    { key: 'base', name: 'Base', charge: { model: 'flat', amount: '3.33' } },
  ];
  await made(server.api('POST', '/v1/plans', { key: 'usage', name: 'Usage', currency: 'USD', interval: 'month', prices })); // prettier-ignore
});
afterAll(() => server.stop());

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constant('use' as const), n: fc.integer({ min: 1, max: 150 }), feature: fc.constantFrom('chat', 'images', null) }) }, // prettier-ignore
  { weight: 2, arbitrary: fc.record({ does: fc.constant('grant' as const), mills: fc.integer({ min: 1, max: 20_000 }), isGift: fc.boolean(), lasts: fc.constantFrom(null, 10, 40), feature: fc.constantFrom('chat', null), rolls: fc.boolean() }) }, // prettier-ignore
  { weight: 1, arbitrary: fc.record({ does: fc.constant('take back' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('wait' as const), days: fc.integer({ min: 3, max: 25 }) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('reissue' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

let lives = 0;

it('the wallet, its journal, its grants, the invoices and the ledger agree after every step', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 8, maxLength: 14 }),
      fc.constantFrom('0', '2'),
      async (steps, limit) => {
        const key = `life-${(lives += 1)}`;
        const { clock } = await subscribe(server, key, { plan: 'usage', startAt: day(0) });
        await made(server.api('POST', '/v1/wallets', { key, customer: key, currency: 'USD', overdraftLimit: limit }));
        const life = { key, clock, today: 0, events: [] as string[] };
        for (const each of steps) {
          await live(life, each);
          await check(key);
        }
      },
    ),
    { numRuns: RUNS, endOnFailure: true },
  );
});

interface Life {
  readonly key: string;
  readonly clock: string;
  today: number;
  readonly events: string[];
}

async function live(life: Life, what: Step): Promise<void> {
  const { key } = life;
  if (what.does === 'use') {
    const id = `${key}-${life.events.length}`;
    const event = { id, type: 'call', customer: key, time: day(life.today), data: { n: what.n } };
    await made(server.api('POST', '/v1/events', what.feature === null ? event : { ...event, feature: what.feature }));
    life.events.push(id);
  } else if (what.does === 'grant') {
    const { mills, isGift, lasts, feature, rolls } = what;
    await made(
      server.api('POST', `/v1/wallets/${key}/grants`, {
        kind: isGift ? 'promotional' : 'bought',
        amount: decimalText(new Decimal(mills).dividedBy(1_000)),
        ...(isGift ? {} : { paid: decimalText(new Decimal(mills).dividedBy(1_000).toDecimalPlaces(2, Decimal.ROUND_DOWN)) }), // prettier-ignore
        ...(lasts === null ? {} : { expiresAt: day(life.today + lasts) }),
        ...(lasts !== null && rolls ? { rolloverLimit: '1.5' } : {}),
        ...(feature === null ? {} : { features: [feature] }),
      }),
    );
  } else if (what.does === 'take back') {
    const id = life.events[what.which % Math.max(life.events.length, 1)];
    if (id !== undefined) await server.api('POST', `/v1/events/${id}/void`, { reason: 'sent by mistake' });
  } else if (what.does === 'wait') {
    life.today += what.days;
    await advance(server, life.clock, day(life.today));
  } else {
    const open = (await invoicesOf(server, key)).find(({ status }) => status === 'finalized');
    if (open === undefined) return;
    const fresh = await made(server.api('POST', `/v1/invoices/${open.id}/reissue`, { reason: 'again' }));
    const { status } = await server.api('POST', `/v1/invoices/${fresh.id}/finalize`);
    expect([200, 201, 409]).toContain(status);
  }
}

async function check(key: string): Promise<void> {
  const shown: Answer['body'] = await made(server.api('GET', `/v1/wallets/${key}`));
  const [found] = await server.query<Record<string, string>>(
    `SELECT wallet.settled, wallet.overdrawn, wallet.held, paid + given - applied - breakage AS owed, applied, customer_id,
            (SELECT COALESCE(sum(amount), 0) FROM wallet_entry AS entry WHERE entry.wallet_id = wallet.id AND kind <> 'uncovered') AS journal,
            (SELECT COALESCE(sum("left"), 0) FROM wallet_grant WHERE wallet_id = wallet.id) AS lefts,
            (SELECT COALESCE(-sum(amount), 0) FROM wallet_entry AS entry WHERE entry.wallet_id = wallet.id
                AND source_kind IN ('spend', 'applied') AND kind IN ('burn', 'give_back', 'overdraft')) AS unapplied,
            (SELECT count(*) FROM wallet_grant WHERE wallet_id = wallet.id AND "left" <>
               (SELECT sum(amount) FROM wallet_entry AS entry WHERE entry.grant_id = wallet_grant.id)) AS strangers,
            (SELECT COALESCE(sum(prepaid_applied), 0) FROM invoice WHERE invoice.customer_id = wallet.customer_id AND status <> 'void') AS invoiced,
            (SELECT COALESCE(sum(amount), 0) FROM ledger_entry JOIN ledger_posting AS posting ON posting.id = posting_id
              WHERE posting.customer_id = wallet.customer_id AND account = 'prepaid_credit') AS booked
       FROM wallet WHERE key = $1`,
    [key],
  );
  const said = Object.fromEntries(
    Object.entries(found!)
      .filter(([name]) => name !== 'customer_id')
      .map(([name, value]) => [name, new Decimal(value)]),
  ) as Record<string, Decimal>;
  const text = (value: Decimal | undefined): string => decimalText(value!);

  expect(shown.balance.settled).toBe(text(said.settled));
  expect(text(said.journal)).toBe(text(said.settled));
  expect(text(said.lefts!.minus(said.overdrawn!))).toBe(text(said.settled));
  expect(text(said.strangers)).toBe('0');
  // What is owed in credit is in the wallet, or was burned and waits for its invoice.
  expect(text(said.owed)).toBe(text(said.settled!.plus(said.unapplied!)));
  expect(text(said.invoiced)).toBe(text(said.applied));
  expect(text(said.booked)).toBe(decimalText(roundToMinorUnit(said.owed!, 'USD').negated()));
  await checkPeriods(found!.customer_id!);
  for (const { total, creditApplied, prepaidApplied, amountPaid, amountDue, status } of await invoicesOf(server, key)) {
    if (status === 'void' || status === 'draft') continue;
    const paid = new Decimal(creditApplied).plus(prepaidApplied).plus(amountPaid);
    expect(paid.plus(amountDue).toFixed(2)).toBe(Decimal.max(total, 0).toFixed(2));
  }
}

/** What usage of a period burned, less what was given back, is what it was charged; or an invoice has taken its place. */
async function checkPeriods(customerId: string): Promise<void> {
  const periods = await server.query<{ charged: string; burned: string; least: string; replaced: boolean }>(
    `SELECT (SELECT sum(amount) FROM spend_total AS total
              WHERE total.subscription_id = period.subscription_id AND total.period_index = period.period_index) AS charged,
            -sum(period.amount) AS burned, min(-period.amount) AS least, bool_or(period.replaced) AS replaced
       FROM (SELECT entry.subscription_id, entry.period_index, entry.feature, sum(entry.amount) AS amount,
                    bool_or(entry.source_kind = 'applied') AS replaced
               FROM wallet_entry AS entry JOIN wallet ON wallet.id = entry.wallet_id
              WHERE wallet.customer_id = $1 AND entry.source_kind IN ('spend', 'applied')
                AND entry.kind IN ('burn', 'give_back', 'overdraft', 'uncovered')
              GROUP BY 1, 2, 3) AS period
      GROUP BY period.subscription_id, period.period_index`,
    [customerId],
  );
  for (const { charged, burned, least, replaced } of periods) {
    expect(new Decimal(least).lessThan(0)).toBe(false);
    const isReplaced = replaced && new Decimal(burned).isZero();
    if (!isReplaced) expect(decimalText(new Decimal(burned))).toBe(decimalText(new Decimal(charged)));
  }
}
