import { advance, invoicesOf, made, subscribe } from '../../../test/support/books';
import { fromPublicId } from '../../kernel';
import { type Answer, startTestServer, type TestServer } from '../../../test/support/server';

/** Credit and charges that go down: by tiers, by events that are void, and by invoices that are. */
const START = '2026-03-01T00:00:00Z';
/** Whoever holds this advisory lock of an organisation keeps its events from being counted. */
const COUNTING_LOCK_CLASS = 0x77636e74;
const TIERS = [
  { upTo: '100', unitPrice: '0.0333' },
  { upTo: null, unitPrice: '0.0111' },
];

let server: TestServer;
beforeAll(async () => (server = await startTestServer({ WEIR_DRAFT_GRACE: '0s' })));
afterAll(() => server.stop());

interface World {
  readonly organisationId: string;
  readonly api: TestServer['api'];
  readonly clock: string;
  use(id: string, n: number, feature: string | null): Promise<unknown>;
  takeBack(id: string): Promise<unknown>;
  settled(): Promise<string>;
  /** `kind amount feature` of what wasn't granted, the oldest first. */
  journal(): Promise<string[]>;
}

/** An organisation with a customer whose plan is cheaper above 100 calls, and a wallet with this credit. */
async function world(credit: object, { terms = {}, percent = '0' } = {}): Promise<World> {
  const { id: organisation, apiKey } = await server.organisation();
  const api: TestServer['api'] = (method, path, body) => server.api(method, path, body, apiKey);
  const post = (path: string, body: object): Promise<Answer['body']> => made(api('POST', `/v1${path}`, body));
  for (const key of ['chat', 'images']) await post('/features', { key, name: key });
  await post('/meters', { key: 'calls', name: 'Calls', eventType: 'call', aggregation: 'sum', value: 'data.n' });
  if (percent !== '0') await post('/tax-rates', { key: 'vat', name: 'VAT', percent });
  const prices = [
    { key: 'calls', name: 'Calls', meter: 'calls', charge: { model: 'volume', tiers: TIERS } },
    { key: 'base', name: 'Base', charge: { model: 'flat', amount: '5' } },
  ];
  await post('/plans', { key: 'usage', name: 'Usage', currency: 'USD', interval: 'month', prices, ...terms });
  const { clock } = await subscribe({ api }, 'acme', { plan: 'usage', startAt: START });
  await post('/wallets', { key: 'acme', customer: 'acme', currency: 'USD' });
  await post('/wallets/acme/grants', credit);
  return {
    organisationId: fromPublicId('organisation', organisation)!,
    api,
    clock,
    use: (id, n, feature) =>
      post('/events', { id, type: 'call', customer: 'acme', data: { n }, ...(feature === null ? {} : { feature }) }),
    takeBack: (id) => post(`/events/${id}/void`, { reason: 'sent twice' }),
    settled: async () => (await made(api('GET', '/v1/wallets/acme'))).balance.settled as string,
    journal: async () => {
      const { items } = await made(api('GET', '/v1/wallets/acme/entries?limit=200'));
      return (items as Answer['body'][])
        .filter(({ kind }) => kind !== 'grant')
        .map(({ kind, amount, feature }) => `${kind} ${amount} ${feature}`)
        .reverse();
    },
  };
}

it('a cheaper tier that another feature reached goes back to what had burned, and isn’t burned twice', async () => {
  const { use, takeBack, settled, journal } = await world({ kind: 'promotional', amount: '8.09777' });
  await use('first', 60, 'chat');
  expect(await settled()).toBe('6.09977');
  for (const id of ['second', 'third']) {
    // 110 at 0.0111 are 1.221: less than the 1.998 of 60 at 0.0333.
    await use(id, 50, 'images');
    expect(await settled()).toBe('6.87677');
    await takeBack(id);
    expect(await settled()).toBe('6.09977');
  }
  expect((await journal()).slice(0, 2)).toEqual(['burn -1.998 chat', 'give_back 0.777 chat']);
});

it('a void event leaves what the other one is charged, whichever of them had burned', async () => {
  const { use, takeBack, settled } = await world({ kind: 'promotional', amount: '8.09777' });
  await use('first', 60, 'chat');
  await use('second', 50, 'images');
  await takeBack('first');
  // 50 at 0.0333.
  expect(await settled()).toBe('6.43277');
  await use('third', 50, null);
  expect(await settled()).toBe('4.76777');
});

it('an invoice in the place of a void one takes the same credit, with tax and credit for a feature', async () => {
  const gift = { kind: 'promotional', amount: '3.87777', features: ['chat'] };
  const { api, clock, use, takeBack, settled } = await world(gift, { percent: '19' });
  await use('first', 60, 'chat');
  await use('second', 50, 'images');
  await use('third', 40, null);
  await takeBack('second');
  await advance({ api }, clock, '2026-04-01T00:00:00Z');
  const [first] = await invoicesOf({ api }, 'acme');
  // 100 calls at 0.0333 and a fee of 5.00 are 8.33, with tax 9.91.
  expect([first.total, first.status]).toEqual(['9.91', 'finalized']);
  expect(Number(first.prepaidApplied)).toBeGreaterThan(0);
  const rest = await settled();

  let { id } = first;
  for (let again = 0; again < 2; again += 1) {
    await made(api('POST', `/v1/invoices/${id}/void`, { reason: 'wrong' }));
    expect(await settled()).toBe('3.87777');
    const draft = await made(api('POST', `/v1/invoices/${id}/reissue`, { reason: 'wrong' }));
    const fresh = await made(api('POST', `/v1/invoices/${draft.id}/finalize`));
    const { total, prepaidApplied, amountDue } = first;
    expect(fresh).toMatchObject({ total, prepaidApplied, amountDue });
    expect(await settled()).toBe(rest);
    id = fresh.id;
  }
});

it('an invoice of which nothing is due gives back what its usage burned', async () => {
  const free = [{ key: 'launch', name: 'Launch', percent: '100', prices: ['calls', 'base'] }];
  const { api, clock, use, settled } = await world(
    { kind: 'promotional', amount: '4' },
    { terms: { discounts: free } },
  );
  await use('first', 60, 'chat');
  expect(await settled()).toBe('2.002');
  await advance({ api }, clock, '2026-04-01T00:00:00Z');
  const [march] = await invoicesOf({ api }, 'acme');
  expect(march).toMatchObject({ total: '0.00', prepaidApplied: '0.00' });
  expect(await settled()).toBe('4');
});

it('an invoice below zero, or one that credit of the customer pays, gives back what its usage burned', async () => {
  const calls = { key: 'calls', name: 'Calls', meter: 'calls', charge: { model: 'volume', tiers: TIERS } };
  const { api, clock, use, takeBack, settled } = await world({ kind: 'bought', amount: '20' }, { terms: { prices: [calls] } }); // prettier-ignore
  await use('march', 100, null);
  await advance({ api }, clock, '2026-04-02T00:00:00Z');
  expect(await settled()).toBe('16.67');
  await takeBack('march');
  await use('april', 10, null);
  expect(await settled()).toBe('16.337');
  await advance({ api }, clock, '2026-05-02T00:00:00Z');
  // 0.33 less the 3.33 of March: 3.00 are credit of the customer, which pays for May.
  expect((await invoicesOf({ api }, 'acme'))[1]).toMatchObject({ total: '-3.00', prepaidApplied: '0.00' });
  expect(await settled()).toBe('16.67');
  await use('may', 10, null);
  expect(await settled()).toBe('16.337');
  await advance({ api }, clock, '2026-06-02T00:00:00Z');
  expect((await invoicesOf({ api }, 'acme'))[2]).toMatchObject({ creditApplied: '0.33', prepaidApplied: '0.00' });
  expect(await settled()).toBe('16.67');
});

it('an invoice that is finalized before its usage was counted takes the credit, and counting doesn’t take it again', async () => {
  const calls = { key: 'calls', name: 'Calls', meter: 'calls', charge: { model: 'volume', tiers: TIERS } };
  const { organisationId, api, clock, use, settled, journal } = await world({ kind: 'bought', amount: '20' }, { terms: { prices: [calls] } }); // prettier-ignore
  const counting = [COUNTING_LOCK_CLASS, organisationId];
  await server.query('SELECT pg_advisory_lock($1, hashtext($2))', counting);
  try {
    await use('march', 10, null);
    await advance({ api }, clock, '2026-04-02T00:00:00Z');
    expect((await invoicesOf({ api }, 'acme'))[0]).toMatchObject({ total: '0.33', prepaidApplied: '0.33' });
  } finally {
    await server.query('SELECT pg_advisory_unlock($1, hashtext($2))', counting);
  }
  expect(await settled()).toBe('19.67');
  expect(await journal()).toEqual(['burn -0.33 null']);
  // What comes after is burned as ever.
  await use('april', 10, null);
  expect(await settled()).toBe('19.337');
});
