import { advance, invoicesOf, made, subscribe } from '../../../test/support/books';
import { type Answer, startTestServer, type TestServer } from '../../../test/support/server';
import { actingFor } from '../../access';
import { ENTITIES } from '../../app.module';
import { fromPublicId, SystemClock } from '../../kernel';
import { createLogger } from '../../platform';
import { Database } from '../../platform/database';
import { LedgerService } from '../../wallet';
import { RevenueService } from './revenue.service';

const START = '2026-01-15T00:00:00Z';

let server: TestServer;

/** An organisation of its own with a plan of 1,200.00 USD a year in advance. */
async function world() {
  const { id, apiKey } = await server.organisation();
  const api = (method: string, path: string, body?: unknown) => server.api(method, path, body, apiKey);
  const charge = { model: 'flat', amount: '1200' };
  const prices = [{ key: 'base', name: 'Base fee', charge, billing: { in: 'advance' } }];
  await made(api('POST', '/v1/plans', { key: 'yearly', name: 'Yearly', currency: 'USD', interval: 'year', prices }));
  const balances = async (at: string): Promise<Record<string, string>> => {
    const { currencies } = await made(api('GET', `/v1/ledger/trial-balance?at=${at}`));
    const accounts = (currencies[0]?.accounts ?? []) as { account: string; balance: string }[];
    return Object.fromEntries(accounts.filter(({ balance }) => Number(balance) !== 0).map(({ account, balance }) => [account, balance])); // prettier-ignore
  };
  const report = async (from: string, to: string): Promise<Answer['body']> =>
    (await made(api('GET', `/v1/reports/revenue?from=${from}&to=${to}`))).currencies[0];
  const year = async (key: string, timeZone = 'UTC') => {
    const { clock } = await subscribe({ api }, key, { plan: 'yearly', startAt: START, timeZone });
    // The fee is invoiced as the year begins.
    await advance({ api }, clock, '2026-01-15T12:00:00Z');
    const [invoice] = await invoicesOf({ api }, key);
    return { clock, invoice };
  };
  return { id, api, balances, report, year };
}

beforeAll(async () => {
  server = await startTestServer({ WEIR_DRAFT_GRACE: '0s' });
});
afterAll(() => server.stop());

describe('a year that is paid ahead', () => {
  it('is earned month by month, as each begins for the customer; the report is the ledger', async () => {
    const { api, balances, report, year } = await world();
    const { clock, invoice } = await year('acme');
    expect(invoice).toMatchObject({ status: 'finalized', total: '1200.00' });
    expect(await balances('2026-01-31T00:00:00Z')).toEqual({
      accounts_receivable: '1200.00',
      revenue: '-55.89',
      deferred_revenue: '-1144.11',
    });
    const january = { month: '2026-01', recognised: '55.89', deferredAdded: '1144.11', deferredReleased: '0.00', deferred: '1144.11', scheduled: '0.00' }; // prettier-ignore
    expect((await report('2026-01', '2026-03')).months).toEqual([
      january,
      { ...january, month: '2026-02', recognised: '0.00', deferredAdded: '0.00', scheduled: '92.05' },
      { ...january, month: '2026-03', recognised: '0.00', deferredAdded: '0.00', scheduled: '101.92' },
    ]);
    expect((await report('2026-01', '2026-03')).scheduledLater).toBe('950.14');

    await advance({ api }, clock, '2026-03-01T00:00:00Z');
    // An instant before February, its first, and the first of March: 92.05 and 101.92 are earned as they begin.
    expect((await balances('2026-02-01T00:00:00Z')).revenue).toBe('-55.89');
    expect((await balances('2026-02-01T00:00:00.001Z')).revenue).toBe('-147.94');
    expect(await balances('2026-03-01T00:00:00.001Z')).toEqual({
      accounts_receivable: '1200.00',
      revenue: '-249.86',
      deferred_revenue: '-950.14',
    });
    const { months } = await report('2026-01', '2026-04');
    expect(months.map(({ recognised, deferred, scheduled }: Answer['body']) => [recognised, deferred, scheduled])).toEqual([
      ['55.89', '1144.11', '0.00'],
      ['92.05', '1052.06', '0.00'],
      ['101.92', '950.14', '0.00'],
      ['0.00', '950.14', '98.63'],
    ]); // prettier-ignore

    await advance({ api }, clock, '2027-01-14T00:00:00Z');
    expect(await balances('2027-01-14T00:00:00Z')).toEqual({ accounts_receivable: '1200.00', revenue: '-1200.00' });
  });

  it('is earned by the months of the customer’s own calendar', async () => {
    const { api, balances, report, year } = await world();
    const { clock } = await year('kiwi', 'Pacific/Auckland');
    await advance({ api }, clock, '2026-01-31T12:00:00Z');
    // It is 1 February in Auckland, and the month's revenue is February's in the report.
    expect((await balances('2026-01-31T11:00:00Z')).revenue).toBe('-55.89');
    expect((await balances('2026-01-31T11:00:00.001Z')).revenue).toBe('-147.94');
    expect((await report('2026-02', '2026-02')).months[0]).toMatchObject({ recognised: '92.05', deferred: '1052.06' });
  });

  it('is taken back as a whole where the invoice is void, and nothing more is earned of it', async () => {
    const { api, balances, report, year } = await world();
    const { clock, invoice } = await year('void');
    await advance({ api }, clock, '2026-03-10T00:00:00Z');
    await made(api('POST', `/v1/invoices/${invoice.id}/void`, { reason: 'Sent by mistake' }));
    expect((await balances('2026-03-10T00:00:00Z')).revenue).toBe('-249.86');
    expect(await balances('2026-03-10T00:00:00.001Z')).toEqual({});
    await advance({ api }, clock, '2026-07-01T00:00:00Z');
    expect(await balances('2026-07-01T00:00:00.001Z')).toEqual({});
    const { months, scheduledLater } = await report('2026-03', '2026-04');
    // March earned 101.92, and gave that back with what January and February had.
    expect(months[0]).toMatchObject({ recognised: '-147.94', deferred: '0.00' });
    expect([months[1].scheduled, scheduledLater]).toEqual(['0.00', '0.00']);
  });

  it('a credit note takes the last months first, then what was earned', async () => {
    const { api, balances, report, year } = await world();
    const { clock, invoice } = await year('noted');
    await advance({ api }, clock, '2026-03-10T00:00:00Z');
    const note = (amount: string) =>
      made(api('POST', `/v1/invoices/${invoice.id}/credit-notes`, { as: 'invoice', reason: 'A year too long', lines: [{ line: '1', amount }] })); // prettier-ignore
    // January 2027 46.02, December 101.92 and 2.06 of November are to be earned no more.
    await note('150');
    expect(await balances('2026-03-10T00:00:00.001Z')).toEqual({
      accounts_receivable: '1050.00',
      revenue: '-249.86',
      deferred_revenue: '-800.14',
    });
    const later = (await report('2026-10', '2027-01')).months.map(({ scheduled }: Answer['body']) => scheduled);
    expect(later).toEqual(['101.92', '96.57', '0.00', '0.00']);
    // 800.14 is left to be earned; 49.86 was.
    await note('850');
    expect(await balances('2026-03-10T00:00:00.001Z')).toEqual({ accounts_receivable: '200.00', revenue: '-200.00' });
    await advance({ api }, clock, '2027-01-14T00:00:00Z');
    expect(await balances('2027-01-14T00:00:00Z')).toEqual({ accounts_receivable: '200.00', revenue: '-200.00' });
  });
});

it('months are booked once, however many processes look at the same moment', async () => {
  const { id, api, year } = await world();
  await year('race');
  // The clock is moved by hand, so that nothing is booked yet.
  const organisationId = fromPublicId('organisation', id)!;
  await server.query(`UPDATE test_clock SET now = '2026-06-01T00:00:00Z' WHERE organisation_id = $1`, [organisationId]);
  const databases = await Promise.all(
    [1, 2].map(() => Database.connect({ url: server.databaseUrl, entities: ENTITIES, poolSize: 4 })),
  );
  const processes = databases.map(
    (database) => new RevenueService(database, new LedgerService(database), new SystemClock(), createLogger('silent')),
  );
  await Promise.all([...processes, ...processes].map((each) => each.recogniseDue(actingFor(organisationId), null)));
  for (const database of databases) await database.close();

  const { items } = await made(api('GET', '/v1/ledger/entries?account=revenue'));
  expect(items.map(({ source, amount, at }: Answer['body']) => [source.purpose, amount, at])).toEqual([
    ['recognised:2026-06', '-98.63', '2026-06-01T00:00:00.000Z'],
    ['recognised:2026-05', '-101.92', '2026-05-01T00:00:00.000Z'],
    ['recognised:2026-04', '-98.63', '2026-04-01T00:00:00.000Z'],
    ['recognised:2026-03', '-101.92', '2026-03-01T00:00:00.000Z'],
    ['recognised:2026-02', '-92.05', '2026-02-01T00:00:00.000Z'],
    ['finalized', '-55.89', expect.any(String)],
  ]);
});

it.each`
  query                                    | because
  ${'from=2026-01'}                        | ${'the last month is missing'}
  ${'from=2026-1&to=2026-02'}              | ${'a month has two digits'}
  ${'from=2026-13&to=2026-14'}             | ${'a year has twelve'}
  ${'from=2026-02&to=2026-01'}             | ${'backwards'}
  ${'from=2006-01&to=2026-01'}             | ${'too many'}
  ${'from=2026-01&to=2026-01&currency=XX'} | ${'no currency'}
`('a report of $query is refused: $because', async ({ query }) => {
  expect(await server.api('GET', `/v1/reports/revenue?${query}`)).toMatchObject({ status: 422, body: { code: 'invalid_request' } }); // prettier-ignore
});
