import { type Answer, startTestServer, type TestServer } from '../../test/support/server';

/**
 * Everything that changes in time about a subscription, over HTTP. Which amounts come of it is told in
 * test/stories/price-change.spec.ts.
 */
let server: TestServer;
beforeAll(async () => (server = await startTestServer()));
afterAll(() => server.stop());

const JANUARY = '2026-01-01T00:00:00.000Z';
const FEBRUARY = '2026-02-01T00:00:00.000Z';
const MARCH = '2026-03-01T00:00:00.000Z';
const MID_FEBRUARY = '2026-02-15T12:00:00.000Z';

/** Whatever JSON was answered. */
type Body = Answer['body'];

async function made(answer: Promise<Answer>): Promise<Body> {
  const { status, body } = await answer;
  expect({ status, body }).toMatchObject({ status: status < 300 ? status : 'made' });
  return body;
}
const post = (path: string, body: unknown = {}, key?: string) => server.api('POST', path, body, key);

/** An organisation of its own, so that a move of everyone is about one test's customers. */
class Organisation {
  private constructor(
    readonly apiKey: string,
    readonly clock: string,
  ) {}

  static async make(): Promise<Organisation> {
    const { apiKey } = await server.organisation('Mover');
    const clock = await made(post('/v1/test-clocks', { now: JANUARY }, apiKey));
    return new Organisation(apiKey, clock.id);
  }

  post = (path: string, body?: unknown) => made(post(path, body, this.apiKey));
  refused = (path: string, body?: unknown) => post(path, body, this.apiKey);
  get = (path: string) => made(server.api('GET', path, undefined, this.apiKey));
  put = (path: string, body: unknown) => server.api('PUT', path, body, this.apiKey);
  remove = (path: string) => server.api('DELETE', path, undefined, this.apiKey);
  advance = (now: string) => this.post(`/v1/test-clocks/${this.clock}/advance`, { now });

  /** A version of a plan with a base fee; another fee is another version. */
  plan(amount: string, more: object = {}): Promise<Body> {
    return this.post('/v1/plans', {
      key: 'pro',
      name: 'Pro',
      currency: 'USD',
      interval: 'month',
      prices: [{ key: 'base', name: 'Base fee', charge: { model: 'flat', amount } }],
      ...more,
    });
  }

  async subscribe(key: string, more: object = {}): Promise<Body> {
    await this.post('/v1/customers', { key, name: key, testClock: this.clock });
    return this.post('/v1/subscriptions', { key: `${key}-sub`, customer: key, plan: 'pro', ...more });
  }

  move(mode: string, more: object = {}): Promise<Body> {
    return this.post('/v1/plan-moves', { fromPlan: 'pro', toPlan: 'pro', mode, reason: 'New prices', ...more });
  }

  /** `v1 2026-01-01, v2 2026-03-01`: what a customer's subscription has from when on. */
  async phases(key: string): Promise<string> {
    const { phases } = await this.get(`/v1/subscriptions/${key}-sub`);
    return phases.map(({ from, plan }: Body) => `${plan.key} v${plan.version} ${from.slice(0, 10)}`).join(', ');
  }
}

describe('a move', () => {
  it('of everyone with the next period leaves this one as it is', async () => {
    const shop = await Organisation.make();
    await shop.plan('20');
    await shop.subscribe('acme');
    await shop.plan('30');
    await shop.advance(MID_FEBRUARY);

    const move = await shop.move('renewal');
    expect(move).toMatchObject({
      id: expect.stringMatching(/^mov_/),
      fromPlan: { key: 'pro', version: null, id: null },
      toPlan: { key: 'pro', version: 2 },
      effectiveAt: null,
      moved: 1,
      unchanged: 0,
      reason: 'New prices',
    });
    expect(await shop.phases('acme')).toBe('pro v1 2026-01-01, pro v2 2026-03-01');
    expect((await shop.get('/v1/subscriptions/acme-sub')).plan.version).toBe(1);
    await shop.advance(MARCH);
    expect((await shop.get('/v1/subscriptions/acme-sub')).plan.version).toBe(2);
    expect(await shop.get(`/v1/plan-moves/${move.id}`)).toEqual(move);
    expect((await shop.get('/v1/plan-moves')).items).toEqual([move]);
  });

  it('now is at that instant, by the customer’s clock', async () => {
    const shop = await Organisation.make();
    await shop.plan('20');
    await shop.subscribe('acme');
    await shop.plan('30');
    await shop.advance(MID_FEBRUARY);
    await shop.move('now');
    expect((await shop.get('/v1/subscriptions/acme-sub')).phases[1]).toMatchObject({
      from: MID_FEBRUARY,
      plan: { version: 2 },
      move: expect.stringMatching(/^mov_/),
    });
  });

  it('of customers who live by the real clock is at one instant for all', async () => {
    const shop = await Organisation.make();
    await shop.plan('20');
    for (const key of ['acme', 'bert']) {
      await shop.post('/v1/customers', { key, name: key });
      await shop.post('/v1/subscriptions', { key: `${key}-sub`, customer: key, plan: 'pro' });
    }
    await shop.plan('30');
    const before = new Date().toISOString();
    await shop.move('now');
    const [acme, bert] = await Promise.all(
      ['acme', 'bert'].map(async (key) => (await shop.get(`/v1/subscriptions/${key}-sub`)).phases.at(-1)),
    );
    expect(acme).toEqual(bert);
    expect(acme.plan.version).toBe(2);
    expect(acme.from >= before && acme.from <= new Date().toISOString()).toBe(true);
  });

  it('made again changes nothing more, and another for the same instant takes its place', async () => {
    const shop = await Organisation.make();
    await shop.plan('20');
    await shop.subscribe('acme');
    await shop.plan('30');
    const atMarch = { effectiveAt: MARCH };
    expect(await shop.move('renewal', atMarch)).toMatchObject({ moved: 1, unchanged: 0 });
    expect(await shop.move('renewal', atMarch)).toMatchObject({ moved: 0, unchanged: 1 });
    await shop.plan('40');
    expect(await shop.move('now', atMarch)).toMatchObject({ moved: 1, unchanged: 0 });
    expect(await shop.phases('acme')).toBe('pro v1 2026-01-01, pro v3 2026-03-01');
  });

  it('can be planned on another, in either order', async () => {
    const shop = await Organisation.make();
    const first = await shop.plan('20');
    await shop.subscribe('acme');
    const second = await shop.plan('30');
    const third = await shop.plan('40');
    await shop.move('renewal', { fromPlan: first.id, toPlan: second.id, effectiveAt: FEBRUARY });
    await shop.move('renewal', { fromPlan: second.id, toPlan: third.id, effectiveAt: MARCH });
    expect(await shop.phases('acme')).toBe('pro v1 2026-01-01, pro v2 2026-02-01, pro v3 2026-03-01');
  });

  it('to stay takes planned ones back, and leaves those that happened', async () => {
    const shop = await Organisation.make();
    await shop.plan('20');
    await shop.subscribe('acme');
    await shop.subscribe('bert');
    await shop.plan('30');
    await shop.advance('2026-01-10T00:00:00.000Z');
    await shop.move('now', { customers: ['bert'] });
    await shop.move('renewal', { customers: ['acme'] });

    expect(await shop.move('stay')).toMatchObject({ moved: 1, unchanged: 1 });
    expect(await shop.phases('acme')).toBe('pro v1 2026-01-01');
    expect(await shop.phases('bert')).toBe('pro v1 2026-01-01, pro v2 2026-01-10');
  });

  it('of who has yet to begin: fees in advance of the new version are asked when they do', async () => {
    const organisation = await Organisation.make();
    await organisation.plan('10');
    await organisation.subscribe('later', { startAt: FEBRUARY });
    const base = { key: 'base', name: 'Base fee', charge: { model: 'flat', amount: '30' }, billing: { in: 'advance' } };
    await organisation.plan('30', { prices: [base] });
    await organisation.move('now');
    await organisation.advance('2026-02-02T00:00:00.000Z');

    const { items } = await organisation.get('/v1/customers/later/invoices');
    const asked = items.map(({ issuedAt, total }: Body) => ({ on: issuedAt.slice(0, 10), total }));
    expect(asked).toEqual([{ on: '2026-02-02', total: '30.00' }]);
  });

  it('by list is about those customers, by rule about those it is for', async () => {
    const shop = await Organisation.make();
    await shop.plan('20');
    for (const key of ['eu-one', 'eu-two', 'us-one']) await shop.subscribe(key);
    await shop.subscribe('eu-late', { startAt: FEBRUARY });
    await shop.plan('30');

    expect(await shop.move('renewal', { customers: ['us-one'] })).toMatchObject({ moved: 1, customers: ['us-one'] });
    const rule = { customerPrefix: 'eu-', startedBefore: FEBRUARY };
    expect(await shop.move('renewal', { rule })).toMatchObject({ moved: 2, unchanged: 0, rule });
    expect(await shop.phases('eu-late')).toBe('pro v1 2026-02-01');
    expect(await shop.move('renewal')).toMatchObject({ moved: 1, unchanged: 3 });
    expect(await shop.phases('eu-late')).toBe('pro v2 2026-02-01');
  });

  it('into a period that has its invoice is refused, for everyone', async () => {
    const shop = await Organisation.make();
    await shop.plan('20');
    await shop.subscribe('acme');
    await shop.subscribe('late', { startAt: FEBRUARY });
    await shop.plan('30');
    await shop.advance(MID_FEBRUARY);

    const into = { fromPlan: 'pro', toPlan: 'pro', mode: 'now', reason: 'Oh', effectiveAt: '2026-01-31T23:59:59.999Z' };
    const { status, body } = await shop.refused('/v1/plan-moves', into);
    expect({ status, body }).toMatchObject({
      status: 409,
      body: {
        code: 'period_closed',
        errors: [{ field: 'effectiveAt', detail: expect.stringContaining("'acme-sub'") }],
      },
    });
    expect(await shop.phases('late')).toBe('pro v1 2026-02-01');
    expect(await shop.move('now', { effectiveAt: FEBRUARY })).toMatchObject({ moved: 2 });
  });

  it.each([
    ['a customer who hasn’t the plan', { customers: ['other'] }, 422, 'not_on_plan', 'customers'],
    ['a customer who isn’t there', { customers: ['acme', 'nobody'] }, 404, 'customer_not_found', 'customers[1]'],
    ['a plan that isn’t there', { fromPlan: 'nothing' }, 404, 'plan_not_found', 'fromPlan'],
    ['to a plan that isn’t there', { toPlan: 'nothing' }, 404, 'plan_not_found', 'toPlan'],
    ['to a plan in another currency', { toPlan: 'euros' }, 422, 'plan_lacks_currency', 'toPlan'],
    ['a list and a rule', { customers: ['acme'], rule: { currency: 'USD' } }, 422, 'invalid_request', 'rule'],
    ['a rule without a condition', { rule: {} }, 422, 'invalid_request', 'rule'],
  ])('%s is refused', async (_, more, status, code, field) => {
    const shop = await Organisation.make();
    await shop.plan('20');
    await shop.plan('9', { key: 'euros', currency: 'EUR' });
    await shop.subscribe('acme');
    await shop.post('/v1/customers', { key: 'other', name: 'Other' });
    const move = { fromPlan: 'pro', toPlan: 'pro', mode: 'now', reason: 'Why not', ...more };
    const { body, ...answer } = await shop.refused('/v1/plan-moves', move);
    expect({ status: answer.status, body }).toMatchObject({ status, body: { code, errors: [{ field }] } });
  });
});

describe('an override', () => {
  const path = '/v1/subscriptions/acme-sub/overrides/base';
  const flat = (amount: string) => ({ charge: { model: 'flat', amount } });

  async function shopWithAcme(): Promise<Organisation> {
    const shop = await Organisation.make();
    await shop.plan('20');
    await shop.subscribe('acme');
    await shop.advance(MID_FEBRUARY);
    return shop;
  }

  it('holds from now on, and a repeat changes nothing', async () => {
    const shop = await shopWithAcme();
    const agreed = await made(shop.put(path, { ...flat('15'), name: 'Base fee, as agreed', reason: 'Loyal' }));
    expect(agreed.overrides).toEqual([
      {
        price: 'base',
        name: 'Base fee, as agreed',
        charge: { model: 'flat', amount: '15' },
        from: MID_FEBRUARY,
        to: null,
        reason: 'Loyal',
        createdAt: expect.any(String),
      },
    ]);
    await shop.advance('2026-02-16T00:00:00.000Z');
    expect(await made(shop.put(path, { ...flat('15'), name: 'Base fee, as agreed', reason: 'Again' }))).toEqual(agreed);
  });

  it('for a while makes room for itself, and ends when it is ended', async () => {
    const shop = await shopWithAcme();
    await made(shop.put(path, { ...flat('15'), reason: 'Loyal' }));
    const spring = { from: '2026-03-10T00:00:00Z', to: '2026-03-20T00:00:00Z' };
    const { overrides } = await made(shop.put(path, { ...flat('5'), ...spring, reason: 'Spring' }));
    expect(overrides.map(({ charge, from, to }: Body) => [charge.amount, from.slice(5, 10), to?.slice(5, 10)])).toEqual(
      [
        ['15', '02-15', '03-10'],
        ['5', '03-10', '03-20'],
        ['15', '03-20', undefined],
      ],
    );

    await shop.advance('2026-03-15T00:00:00.000Z');
    const { body } = await shop.remove(path);
    expect(body.overrides.map(({ charge, to }: Body) => [charge.amount, to.slice(5, 10)])).toEqual([
      ['15', '03-10'],
      ['5', '03-15'],
    ]);
    expect(await shop.remove(path)).toMatchObject({ status: 404, body: { code: 'override_not_found' } });
  });

  it.each([
    ['into a period that has its invoice', { ...flat('1'), from: JANUARY }, 409, 'period_closed', 'from'],
    ['that ends before it begins', { ...flat('1'), to: FEBRUARY }, 422, 'invalid_period', 'to'],
    ['with a negative price', flat('-1'), 422, 'invalid_override', 'charge.amount'],
    ['with a number of what isn’t recurring', { quantity: '3' }, 422, 'invalid_override', 'quantity'],
    ['that says nothing', {}, 422, 'invalid_request', undefined],
  ])('%s is refused', async (_, body, status, code, field) => {
    const shop = await shopWithAcme();
    const answer = await shop.put(path, { reason: 'Why not', ...body });
    expect({ status: answer.status, code: answer.body.code, field: answer.body.errors?.[0]?.field }).toEqual({
      status,
      code,
      field: field ?? expect.anything(),
    });
  });

  it('is in the subscription’s currency, whatever the plan says in others', async () => {
    const shop = await Organisation.make();
    const euros = { prices: { base: flat('18') } };
    await shop.plan('20', { currencies: { EUR: euros } });
    await shop.subscribe('acme', { currency: 'EUR' });
    const { overrides } = await made(shop.put(path, { ...flat('12'), reason: 'Loyal' }));
    expect(overrides).toMatchObject([flat('12')]);
    const preview = await shop.get('/v1/customers/acme/invoices/preview');
    expect(preview).toMatchObject({ currency: 'EUR', total: '12.00' });
  });

  it('of a price the plan hasn’t is refused', async () => {
    const shop = await shopWithAcme();
    expect(await shop.put(`${path}s`, { ...flat('1'), reason: 'Why not' })).toMatchObject({
      status: 404,
      body: { code: 'price_not_found' },
    });
  });
});

describe('a subscription', () => {
  it('can be in another currency of its plan, and in no other', async () => {
    const shop = await Organisation.make();
    const euros = { prices: { base: { charge: { model: 'flat', amount: '18' } } } };
    await shop.plan('20', { currencies: { EUR: euros } });
    expect((await shop.subscribe('acme', { currency: 'EUR' })).currency).toBe('EUR');
    await shop.post('/v1/customers', { key: 'bert', name: 'Bert' });
    const pounds = { customer: 'bert', plan: 'pro', currency: 'GBP' };
    expect(await shop.refused('/v1/subscriptions', pounds)).toMatchObject({
      status: 422,
      body: { code: 'plan_lacks_currency', errors: [{ field: 'currency' }] },
    });
  });
});

describe('at the same moment', () => {
  it('a period is closed and a move reaches into it: one is first, and the invoice says so', async () => {
    for (let round = 0; round < 4; round += 1) {
      const shop = await Organisation.make();
      await shop.plan('20');
      await shop.subscribe('acme');
      await shop.plan('30');
      const into = { fromPlan: 'pro', toPlan: 'pro', mode: 'now', reason: 'Race', effectiveAt: '2026-01-16T12:00:00Z' };
      const [{ status, body }] = await Promise.all([shop.refused('/v1/plan-moves', into), shop.advance(FEBRUARY)]);

      const { items } = await shop.get('/v1/customers/acme/invoices');
      const { lines } = await shop.get(`/v1/invoices/${items[0].id}`);
      const billed = lines.map(({ plan, exactAmount }: Body) => `v${plan.version} ${exactAmount}`);
      if (status === 201) {
        expect(billed).toEqual(['v1 10', 'v2 15']);
        expect(await shop.phases('acme')).toBe('pro v1 2026-01-01, pro v2 2026-01-16');
      } else {
        expect(body.code).toBe('period_closed');
        expect(billed).toEqual(['v1 20']);
        expect(await shop.phases('acme')).toBe('pro v1 2026-01-01');
      }
    }
  });

  it('many agree on terms for one price: at every instant one holds', async () => {
    const shop = await Organisation.make();
    await shop.plan('20');
    await shop.subscribe('acme');
    const terms = Array.from({ length: 10 }, (_, index) => ({
      charge: { model: 'flat', amount: String(index) },
      from: `2026-01-0${1 + (index % 5)}T00:00:00Z`,
      to: `2026-01-1${index}T00:00:00Z`,
      reason: 'Race',
    }));
    const answers = await Promise.all(terms.map((each) => shop.put('/v1/subscriptions/acme-sub/overrides/base', each)));
    expect(answers.map(({ status }) => status)).toEqual(terms.map(() => 200));
    const { overrides } = await shop.get('/v1/subscriptions/acme-sub');
    overrides.slice(1).forEach(({ from }: Body, before: number) => {
      expect(from >= overrides[before].to).toBe(true);
    });
  });
});
