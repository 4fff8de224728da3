import { NestFactory } from '@nestjs/core';
import type { INestApplicationContext } from '@nestjs/common';
import { advance, invoicesOf, made, makeClock } from '../../../test/support/books';
import { type Answer, startTestServer, type TestServer } from '../../../test/support/server';
import { actingFor, type Tenant } from '../../access';
import { AppModule, ENTITIES } from '../../app.module';
import { fromPublicId, SystemClock, toPublicId } from '../../kernel';
import { createLogger } from '../../platform';
import { readSettings } from '../../platform/config';
import { Database } from '../../platform/database';
import { InvoiceStatesService } from '../issuing/invoice-states.service';
import { InvoicesService } from '../invoices.service';

const START = '2026-03-01T00:00:00Z';
const END = '2026-04-01T00:00:00Z';
const ROUNDS = 20;

interface Process {
  readonly app: INestApplicationContext;
  readonly database: Database;
  readonly invoices: InvoicesService;
  readonly states: InvoiceStatesService;
}

/** The rooms with connections of their own, as another process has them. */
async function startProcess(url: string): Promise<Process> {
  const settings = readSettings({ WEIR_LOG_LEVEL: 'silent' });
  const database = await Database.connect({ url, entities: ENTITIES, poolSize: 4 });
  const foundations = { settings, database, clock: new SystemClock(), logger: createLogger('silent') };
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest's options are written as a literal everywhere
  const app = await NestFactory.createApplicationContext(AppModule.with(foundations), { logger: false });
  return {
    app,
    database,
    invoices: app.get(InvoicesService, { strict: false }),
    states: app.get(InvoiceStatesService, { strict: false }),
  };
}

let server: TestServer;
let one: Process;
let other: Process;
let tenant: Tenant;

beforeAll(async () => {
  // Nobody but the test closes anything.
  server = await startTestServer({ WEIR_CLOSE_INTERVAL: '24h' });
  one = await startProcess(server.databaseUrl);
  other = await startProcess(server.databaseUrl);
  tenant = actingFor((await server.query<{ id: string }>('SELECT id FROM organisation'))[0]!.id);
  const flat = { key: 'base', name: 'Base fee', charge: { model: 'flat', amount: '20' } };
  const plan = { currency: 'USD', interval: 'month' };
  await made(server.api('POST', '/v1/plans', { ...plan, key: 'behind', name: 'Behind', prices: [flat] }));
  const ahead = { ...flat, billing: { in: 'advance' } };
  await made(server.api('POST', '/v1/plans', { ...plan, key: 'ahead', name: 'Ahead', prices: [ahead] }));
}, 120_000);
afterAll(async () => {
  for (const process of [one, other]) {
    await process.app.close();
    await process.database.close();
  }
  await server.stop();
});

/** A customer with subscriptions on a clock that stands still. */
async function customerWith(
  key: string,
  subscriptions: readonly Record<string, unknown>[],
): Promise<{ clock: string; ids: string[] }> {
  const clock = await makeClock(server, START);
  await made(server.api('POST', '/v1/customers', { key, name: key, testClock: clock }));
  const ids: string[] = [];
  for (const [nth, wanted] of subscriptions.entries()) {
    const request = { key: `${key}-${nth}`, customer: key, plan: 'behind', startAt: START, ...wanted };
    const { id } = await made(server.api('POST', '/v1/subscriptions', request));
    ids.push(fromPublicId('subscription', id as string)!);
  }
  return { clock, ids };
}

interface Row {
  id: string;
  status: string;
  total: string;
  parts: number;
  live: number;
}

async function storedOf(customer: string): Promise<Row[]> {
  return server.query<Row>(
    `SELECT invoice.id, invoice.status, invoice.total::text, count(part.id)::int AS parts,
            count(part.id) FILTER (WHERE part.live)::int AS live
       FROM invoice JOIN customer ON customer.id = invoice.customer_id
       LEFT JOIN invoice_part AS part ON part.invoice_id = invoice.id
      WHERE customer.key = $1 GROUP BY invoice.organisation_id, invoice.id ORDER BY invoice.created_at, invoice.id`,
    [customer],
  );
}

const CLOSE_AT = new Date(END);

it(`two subscriptions that are closed by two processes at once share one draft, ${ROUNDS} times`, async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const key = `both-${round}`;
    const { ids } = await customerWith(key, [{}, {}]);
    const closed = await Promise.all([
      one.invoices.closeOpenPeriod(tenant, ids[0]!, CLOSE_AT),
      other.invoices.closeOpenPeriod(tenant, ids[1]!, CLOSE_AT),
      // The same one again, by either.
      one.invoices.closeOpenPeriod(tenant, ids[1]!, CLOSE_AT),
      other.invoices.closeOpenPeriod(tenant, ids[0]!, CLOSE_AT),
    ]);
    expect(closed.filter(Boolean)).toHaveLength(2);
    expect(await storedOf(key)).toMatchObject([{ status: 'draft', total: '40', parts: 2, live: 2 }]);
  }
}, 240_000);

it(`what is closed while its draft is finalized is on that draft or on another, ${ROUNDS} times`, async () => {
  const seen = new Set<number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const key = `finalized-${round}`;
    const { ids } = await customerWith(key, [{}, {}]);
    await one.invoices.closeOpenPeriod(tenant, ids[0]!, CLOSE_AT);
    const [draft] = await server.query<{ number: string | null; id: string }>(
      `SELECT invoice.id FROM invoice JOIN customer ON customer.id = invoice.customer_id WHERE customer.key = $1`,
      [key],
    );
    const reference = toPublicId('invoice', draft!.id);
    await Promise.all([
      one.invoices.finalize(tenant, reference),
      other.invoices.closeOpenPeriod(tenant, ids[1]!, CLOSE_AT),
    ]);
    const stored = await storedOf(key);
    seen.add(stored.length);
    expect(stored.reduce((sum, { live }) => sum + live, 0)).toBe(2);
    expect(stored.map(({ total }) => Number(total)).reduce((sum, total) => sum + total)).toBe(40);
    expect(stored[0]).toMatchObject({ status: 'finalized' });
    if (stored.length === 2) expect(stored[1]).toMatchObject({ status: 'draft', total: '20', parts: 1 });
  }
  expect(Math.max(...seen)).toBeLessThanOrEqual(2);
}, 240_000);

it(`an invoice that is voided while another subscription is closed takes nothing of that with it, ${ROUNDS} times`, async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const key = `void-${round}`;
    const { ids } = await customerWith(key, [{}, {}]);
    await one.invoices.closeOpenPeriod(tenant, ids[0]!, CLOSE_AT);
    const reference = toPublicId('invoice', (await storedOf(key))[0]!.id);
    await one.invoices.finalize(tenant, reference);
    await Promise.all([
      one.states.void(tenant, reference, 'Twice'),
      other.invoices.closeOpenPeriod(tenant, ids[1]!, CLOSE_AT),
    ]);
    const stored = await storedOf(key);
    expect(stored).toMatchObject([
      { status: 'void', parts: 1, live: 0 },
      { status: 'draft', total: '20', parts: 1, live: 1 },
    ]);
  }
}, 240_000);

it('subscriptions that are invoiced apart get invoices of their own, and others share', async () => {
  const { clock } = await customerWith('apart', [{}, { invoicing: 'apart' }, {}]);
  await advance(server, clock, END);
  const invoices = await invoicesOf(server, 'apart');
  expect(invoices.map(({ total }) => total).sort()).toEqual(['20.00', '40.00']);
  const shared = invoices.find(({ total }) => total === '40.00');
  expect(shared).toMatchObject({ subscription: null, plan: null, parts: [{ kind: 'period' }, { kind: 'period' }] });
  expect(shared.subscriptions).toHaveLength(2);
  expect(shared.lines.map((line: Answer['body']) => [line.position, line.part])).toEqual([
    [1, 1],
    [2, 2],
  ]);
}, 60_000);

it('fees in advance stay as they were written while a draft is brought up to date', async () => {
  const { clock } = await customerWith('ahead', [{ plan: 'ahead' }]);
  await advance(server, clock, '2026-03-01T00:30:00Z');
  const [draft] = await invoicesOf(server, 'ahead');
  expect(draft).toMatchObject({ status: 'draft', total: '20.00', margin: null, parts: [{ kind: 'start' }] });
  expect(draft.lines).toMatchObject([
    { kind: 'price', amount: '20.00', servicePeriod: { start: '2026-03-01T00:00:00.000Z' } },
  ]);
  const again = await made(server.api('GET', `/v1/invoices/${draft.id}`));
  expect(again.lines).toEqual(draft.lines);

  // The period that closes has no usage; the fee of the next is on its invoice.
  await advance(server, clock, '2026-04-01T00:30:00Z');
  const second = (await invoicesOf(server, 'ahead')).find(({ id }) => id !== draft.id);
  expect(second).toMatchObject({ total: '20.00', parts: [{ kind: 'period' }] });
  expect(second.lines).toMatchObject([{ kind: 'price', servicePeriod: { start: '2026-04-01T00:00:00.000Z' } }]);
}, 60_000);

it('an invoice that is issued again says the same; twice is once; void alone stays taken back', async () => {
  const { clock } = await customerWith('again', [{ plan: 'ahead' }, {}]);
  await advance(server, clock, '2026-04-03T00:00:00Z');
  const before = await invoicesOf(server, 'again');
  const wrong = before.find(({ total }) => total === '40.00');
  expect(wrong).toMatchObject({ status: 'finalized', parts: [{ kind: 'period' }, { kind: 'period' }] });

  const reason = { reason: 'The address was wrong' };
  const fresh = await made(server.api('POST', `/v1/invoices/${wrong.id}/reissue`, reason));
  expect(fresh).toMatchObject({ status: 'draft', total: '40.00', reissueOf: wrong.id, reissuedAs: null });
  const shown = (invoice: Answer['body']): unknown => invoice.lines.map(({ id: _, ...line }: Answer['body']) => line);
  expect(shown(fresh)).toEqual(shown(wrong));
  expect((await made(server.api('POST', `/v1/invoices/${wrong.id}/reissue`, reason))).id).toBe(fresh.id);
  expect(await made(server.api('GET', `/v1/invoices/${wrong.id}`))).toMatchObject({
    status: 'void',
    amountDue: '0.00',
    reissuedAs: fresh.id,
  });

  await made(server.api('POST', `/v1/invoices/${fresh.id}/finalize`));
  await made(server.api('POST', `/v1/invoices/${fresh.id}/void`, reason));
  await advance(server, clock, '2026-05-03T00:00:00Z');
  // May is billed, and nothing of April comes back.
  const known = [...before, fresh].map(({ id }) => id);
  const later = (await invoicesOf(server, 'again')).filter(({ id }) => !known.includes(id));
  expect(later).toMatchObject([{ total: '40.00' }]);
  const [last] = later;
  expect(last.lines.map(({ servicePeriod }: Answer['body']) => servicePeriod.start)).toEqual([
    '2026-05-01T00:00:00.000Z',
    '2026-04-01T00:00:00.000Z',
  ]);
}, 60_000);
