/* eslint-disable @typescript-eslint/no-explicit-any -- answers are untyped; what is expected of them is the check */
import { Clock } from '../../src/kernel';
import { type Answer, startTestServer, type TestServer } from '../support/server';

/** Stands still until it is moved. */
class HandClock extends Clock {
  at = '2026-11-22T10:00:00.000Z';

  now(): Date {
    return new Date(this.at);
  }
}

const clock = new HandClock();
let server: TestServer;
let named = 0;
const newName = (what: string): string => `${what}-${(named += 1)}`;

beforeAll(async () => {
  server = await startTestServer({}, { clock });
});
beforeEach(() => (clock.at = '2026-11-22T10:00:00.000Z'));
afterAll(() => server.stop());

/** What a request that has to succeed is answered. */
async function ok(method: string, path: string, body?: unknown): Promise<any> {
  const answer = await server.api(method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

async function newCustomer(more: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const key = newName('customer');
  await ok('POST', '/v1/customers', { key, name: key, ...more });
  return key;
}

/** Sends events that cost so much each. */
async function spend(
  customer: string,
  costs: readonly string[],
  more: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const events = costs.map((amount) => ({
    ...{ id: newName('event'), type: 'work', customer, time: clock.at, cost: { amount, currency: 'USD' } },
    ...more,
  }));
  const { accepted } = await ok('POST', '/v1/events', { events });
  expect(accepted).toBe(events.length);
}

function dailyCap(customer: string | null, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const scope = customer === null ? {} : { customer };
  return { key: newName('cap'), scope, measure: 'cost', period: 'day', kind: 'hard', limit: '100', ...more };
}

const makeCap = (body: unknown): Promise<any> => ok('POST', '/v1/caps', body);
const hold = (customer: string, amount: string, more: object = {}): Promise<Answer> =>
  server.api('POST', '/v1/holds', { customer, estimate: { cost: amount }, ...more });

/** What a cap's running counters have: settled and held, by their values. */
async function counters(key: unknown): Promise<Record<string, [string, string]>> {
  const { counters: shown } = await ok('GET', `/v1/caps/${String(key)}`);
  return Object.fromEntries(
    shown.map(({ values, settled, held }: any) => [Object.values(values).slice(-1)[0] ?? 'all', [settled, held]]),
  );
}

async function alerts(customer: string): Promise<string[]> {
  const { items } = await ok('GET', `/v1/alerts?customer=${customer}`);
  return items.map(({ kind, detail }: any) => [kind, detail.threshold].filter(Boolean).join(' ')).reverse();
}

describe('a cap that is made', () => {
  it('has what its running period had, and nothing of the one before', async () => {
    const customer = await newCustomer();
    clock.at = '2026-11-21T23:59:59.000Z';
    await spend(customer, ['40']);
    clock.at = '2026-11-22T10:00:00.000Z';
    await spend(customer, ['1.5', '2']);

    const cap = await makeCap(dailyCap(customer));
    expect(cap).toMatchObject({ state: 'active', limit: '100', limitNow: '100', overBy: null, warnings: [] });
    expect(await counters(cap.key)).toEqual({ all: ['3.5', '0'] });
    await spend(customer, ['0.25']);
    expect(await counters(cap.key)).toEqual({ all: ['3.75', '0'] });
  });

  it('takes over holds that are open, and those that were settled by an amount', async () => {
    const customer = await newCustomer();
    const first = await makeCap(dailyCap(customer));
    const [open, done, gone] = await Promise.all([hold(customer, '5'), hold(customer, '4'), hold(customer, '9')]);
    await ok('POST', `/v1/holds/${done.body.hold}/settle`, { cost: '3' });
    await ok('POST', `/v1/holds/${gone.body.hold}/release`, {});
    const named = (await hold(customer, '2')).body.hold;
    await spend(customer, ['1.5'], { hold: named });

    const cap = await makeCap(dailyCap(customer, { period: 'month' }));
    expect(await counters(cap.key)).toEqual({ all: ['4.5', '5'] });
    expect(await counters(first.key)).toEqual({ all: ['4.5', '5'] });

    await ok('POST', `/v1/holds/${open.body.hold}/settle`, { cost: '6' });
    await spend(customer, ['0.5'], { hold: named });
    await spend(customer, ['4'], { hold: done.body.hold });
    expect(await counters(cap.key)).toEqual({ all: ['12', '0'] });
    expect(await counters(first.key)).toEqual({ all: ['12', '0'] });
  });

  it('counts in the customer’s own day, each customer in his', async () => {
    const [berlin, auckland] = [
      await newCustomer({ timeZone: 'Europe/Berlin' }),
      await newCustomer({ timeZone: 'Pacific/Auckland' }),
    ];
    clock.at = '2026-11-21T22:30:00.000Z'; // Saturday 23:30 in Berlin, Sunday 11:30 in Auckland
    await spend(berlin, ['1']);
    await spend(auckland, ['1']);
    clock.at = '2026-11-21T23:30:00.000Z'; // Sunday in both
    await spend(berlin, ['2']);
    await spend(auckland, ['2']);
    const [one, other] = [await makeCap(dailyCap(berlin)), await makeCap(dailyCap(auckland))];
    expect(await counters(one.key)).toEqual({ all: ['2', '0'] });
    expect(await counters(other.key)).toEqual({ all: ['3', '0'] });
    const { counters: shown } = await ok('GET', `/v1/caps/${one.key}`);
    expect(shown).toMatchObject([{ periodStart: '2026-11-21T23:00:00.000Z', periodEnd: '2026-11-22T23:00:00.000Z' }]);
  });

  it('has a counter for each session, and one for each customer’s', async () => {
    const [one, other] = [await newCustomer(), await newCustomer()];
    const agent = newName('agent');
    await spend(one, ['1', '2'], { agent, session: 's1' });
    await spend(other, ['4'], { agent, session: 's1' });
    await spend(one, ['8'], { agent, session: 's2' });
    await spend(one, ['16'], { agent });
    const cap = await makeCap(dailyCap(null, { scope: { agent }, period: 'session' }));
    expect(cap).toMatchObject({ each: ['customer', 'session'], period: 'session' });
    const { counters: shown } = await ok('GET', `/v1/caps/${cap.key}`);
    expect(shown.map(({ values, settled }: any) => [values.session, settled])).toEqual([['s2', '8'], ['s1', '4'], ['s1', '3']]); // prettier-ignore
    expect(new Set(shown.map(({ values }: any) => values.customer)).size).toBe(2);
  });

  it('counts actions, and units of a meter as the meter takes them', async () => {
    const customer = await newCustomer();
    const meter = newName('meter');
    const filters = [{ field: 'data.kind', operator: 'equals', value: 'paid' }];
    await ok('POST', '/v1/meters', {
      key: meter,
      name: meter,
      eventType: 'work',
      aggregation: 'sum',
      value: 'data.words',
      filters,
    });
    const words = (kind: string, count: string) => spend(customer, ['0'], { data: { kind, words: count } });
    await words('paid', '2.5');
    await words('free', '100');
    const units = await makeCap(dailyCap(customer, { measure: 'units', meter }));
    const actions = await makeCap(dailyCap(customer, { measure: 'actions' }));
    await words('paid', '1');
    expect(await counters(units.key)).toEqual({ all: ['3.5', '0'] });
    expect(await counters(actions.key)).toEqual({ all: ['3', '0'] });
  });

  it('looks back over a rolling window, and lets go of what has left it', async () => {
    const customer = await newCustomer();
    await spend(customer, ['1']);
    const cap = await makeCap(dailyCap(customer, { period: { rolling: '1h' } }));
    clock.at = '2026-11-22T10:30:00.000Z';
    await spend(customer, ['2']);
    expect(await counters(cap.key)).toEqual({ all: ['3', '0'] });
    clock.at = '2026-11-22T11:00:59.000Z';
    expect(await counters(cap.key)).toEqual({ all: ['3', '0'] });
    clock.at = '2026-11-22T11:01:00.000Z';
    expect(await counters(cap.key)).toEqual({ all: ['2', '0'] });
    expect((await hold(customer, '98')).body.decision).toBe('allow');
    expect((await hold(customer, '0.01')).body.decision).toBe('deny');
  });

  it('lives by its customer’s test clock', async () => {
    const { id: testClock } = await ok('POST', '/v1/test-clocks', { now: '2026-03-29T00:30:00Z' });
    const customer = await newCustomer({ timeZone: 'Europe/Berlin', testClock });
    const cap = await makeCap(dailyCap(customer, { limit: '10' }));
    expect((await hold(customer, '10')).body).toMatchObject({
      decision: 'allow',
      caps: [{ resets: '2026-03-29T22:00:00.000Z' }],
    });
    expect((await hold(customer, '1')).body.decision).toBe('deny');
    await ok('POST', `/v1/test-clocks/${testClock}/advance`, { now: '2026-03-29T22:00:00Z' });
    expect((await hold(customer, '1')).body).toMatchObject({
      decision: 'allow',
      caps: [{ resets: '2026-03-30T22:00:00.000Z' }],
    });
    expect(await counters(cap.key)).toEqual({ all: ['0', '1'] });
  });

  it('is the stored one when it is asked for again, and a conflict when it says something else', async () => {
    const body = dailyCap(await newCustomer());
    const first = await makeCap(body);
    expect((await makeCap(body)).id).toBe(first.id);
    expect(await server.api('POST', '/v1/caps', { ...body, limit: '101' })).toMatchObject({
      status: 409,
      body: { code: 'cap_exists' },
    });
    await ok('POST', `/v1/caps/${first.key}/archive`);
    expect(await server.api('POST', '/v1/caps', body)).toMatchObject({ status: 409, body: { code: 'cap_exists' } });
  });
});

describe('a limit', () => {
  it('below what is held is taken, says by how much, and lets nothing pass', async () => {
    const customer = await newCustomer();
    const cap = await makeCap(dailyCap(customer));
    const { body } = await hold(customer, '60');
    await spend(customer, ['10']);
    expect(await ok('PATCH', `/v1/caps/${cap.key}`, { limit: '50' })).toMatchObject({
      limit: '50',
      overBy: '20',
      warnings: [{ code: 'below_usage' }],
    });
    expect((await hold(customer, '0.01')).body.decision).toBe('deny');
    await ok('POST', `/v1/holds/${body.hold}/release`, {});
    expect((await hold(customer, '40')).body.decision).toBe('allow');
  });

  it('that is raised falls back when the raise ends, and both are on record', async () => {
    const customer = await newCustomer();
    const cap = await makeCap(dailyCap(customer, { limit: '10', period: 'month' }));
    const until = '2026-11-22T12:00:00.000Z';
    const raise = { by: '5', until, approvedBy: 'Ada', reason: 'launch day' };
    expect(await ok('POST', `/v1/caps/${cap.key}/raise`, raise)).toMatchObject({
      limit: '10',
      limitNow: '15',
      raises: [{ limit: '15', until, approvedBy: 'Ada', reason: 'launch day' }],
    });
    expect((await hold(customer, '12', { ttl: '4h' })).body).toMatchObject({
      decision: 'allow',
      caps: [{ limit: '15', available: '3' }],
    });
    clock.at = until;
    expect((await hold(customer, '1')).body).toMatchObject({ decision: 'deny', caps: [{ limit: '10' }] });
    expect(await ok('GET', `/v1/caps/${cap.key}`)).toMatchObject({ limitNow: '10', overBy: '2' });
    const { items } = await ok('GET', '/v1/audit-log?action=cap.raised');
    expect(items).toMatchObject([{ reason: 'launch day', after: { approvedBy: 'Ada', limit: '15' } }]);
  });

  it('that is raised lets a session go on that the cap paused', async () => {
    const customer = await newCustomer();
    const cap = await makeCap(dailyCap(customer, { limit: '1', kind: 'pause', period: 'session' }));
    const path = `/v1/customers/${customer}/sessions/s1`;
    expect((await hold(customer, '2', { session: 's1' })).body.decision).toBe('pause');
    expect(await ok('GET', path)).toMatchObject({ state: 'paused', cap: cap.id });
    expect((await hold(customer, '0.1', { session: 's1' })).body.decision).toBe('pause');
    await ok('POST', `/v1/caps/${cap.id}/raise`, {
      limit: '3',
      until: '2026-11-23T00:00:00Z',
      approvedBy: 'Ada',
      reason: 'go on',
    });
    expect(await ok('GET', path)).toMatchObject({ state: 'running', cap: null });
    expect((await hold(customer, '2', { session: 's1' })).body.decision).toBe('allow');
  });
});

describe('alerts', () => {
  it('tell of each threshold once, whatever comes together or goes back', async () => {
    const customer = await newCustomer();
    await makeCap(dailyCap(customer, { limit: '10' }));
    await spend(customer, ['4.99']);
    expect(await alerts(customer)).toEqual([]);
    await spend(customer, ['0.01']);
    expect(await alerts(customer)).toEqual(['threshold 50']);
    await spend(customer, ['1']);
    await spend(customer, ['5']);
    // Those of one moment come in any order.
    expect((await alerts(customer)).sort()).toEqual(['threshold 100', 'threshold 50', 'threshold 80']);
    await spend(customer, ['1']);
    expect((await alerts(customer)).length).toBe(3);
    clock.at = '2026-11-23T10:00:00.000Z';
    await spend(customer, ['6']);
    expect((await alerts(customer)).sort()).toEqual(['threshold 100', 'threshold 50', 'threshold 50', 'threshold 80']);
  });

  it('tell at once what a new cap, or a lower limit, has passed already', async () => {
    const customer = await newCustomer();
    await spend(customer, ['6']);
    const cap = await makeCap(dailyCap(customer, { limit: '10' }));
    expect(await alerts(customer)).toEqual(['threshold 50']);
    await ok('PATCH', `/v1/caps/${cap.key}`, { limit: '7' });
    expect(await alerts(customer)).toEqual(['threshold 50', 'threshold 80']);
  });

  it('foretell once that a limit will be passed before the day ends', async () => {
    const customer = await newCustomer();
    await makeCap(dailyCap(customer, { limit: '10', thresholds: [], forecast: true }));
    clock.at = '2026-11-22T12:00:00.000Z';
    await spend(customer, ['4.9']);
    expect(await alerts(customer)).toEqual([]); // 9.8 at midnight
    await spend(customer, ['0.2']);
    expect(await alerts(customer)).toEqual(['forecast']); // 10.2
    await spend(customer, ['0.2']);
    expect(await alerts(customer)).toEqual(['forecast']);
  });
});

describe('what is probably not meant is taken with a warning', () => {
  it('says which cap hides which', async () => {
    const customer = await newCustomer();
    const tight = await makeCap(dailyCap(customer, { limit: '5', period: 'month' }));
    const wide = await makeCap(dailyCap(customer, { limit: '5' }));
    expect(wide.warnings).toMatchObject([{ code: 'never_binds', detail: expect.stringContaining(`'${tight.key}'`) }]);
    const { warnings } = await ok('GET', `/v1/caps/${tight.key}`);
    expect(warnings).toMatchObject([{ code: 'contradicts', detail: expect.stringContaining(`'${wide.key}'`) }]);
  });

  it('says that nothing has the names of a scope yet', async () => {
    const customer = await newCustomer();
    await spend(customer, ['1'], { agent: 'writer' });
    const typo = await makeCap(dailyCap(customer, { scope: { customer, agent: 'wirter' } }));
    expect(typo.warnings).toMatchObject([{ code: 'matches_nothing_yet', detail: expect.stringContaining('wirter') }]);
    expect((await makeCap(dailyCap(customer, { scope: { customer, agent: 'writer' } }))).warnings).toEqual([]);
  });
});

describe('what is impossible is refused', () => {
  it.each`
    change                                        | status | code                        | field                   | because
    ${{ scope: { customer: 'nobody' } }}          | ${404} | ${'customer_not_found'}     | ${'scope.customer'}     | ${'no such customer'}
    ${{ scope: { subscription: 'none' } }}        | ${404} | ${'subscription_not_found'} | ${undefined}            | ${'no such subscription'}
    ${{ limit: '-1' }}                            | ${422} | ${'invalid_request'}        | ${'limit'}              | ${'below zero'}
    ${{ measure: 'units' }}                       | ${422} | ${'invalid_cap'}            | ${'meter'}              | ${'units of what'}
    ${{ measure: 'units', meter: 'none' }}        | ${404} | ${'meter_not_found'}        | ${undefined}            | ${'no such meter'}
    ${{ measure: 'units', meter: 'peak' }}        | ${422} | ${'cap_meter_not_additive'} | ${'meter'}              | ${'a largest value does not add up'}
    ${{ measure: 'spend' }}                       | ${422} | ${'invalid_cap'}            | ${'currency'}           | ${'in which currency'}
    ${{ currency: 'EUR' }}                        | ${422} | ${'invalid_cap'}            | ${'currency'}           | ${'costs are in another'}
    ${{ period: 'billing_period' }}               | ${422} | ${'cap_needs_subscription'} | ${'scope.subscription'} | ${'whose billing period'}
    ${{ period: { rolling: '30s' } }}             | ${422} | ${'invalid_cap'}            | ${'period.rolling'}     | ${'too short'}
    ${{ period: { rolling: '367d' } }}            | ${422} | ${'invalid_cap'}            | ${'period.rolling'}     | ${'too long'}
    ${{ scope: { agent: 'a' }, each: ['agent'] }} | ${422} | ${'invalid_cap'}            | ${'each'}               | ${'it has one value'}
    ${{ setBy: 'customer', scope: {} }}           | ${422} | ${'invalid_cap'}            | ${'scope.customer'}     | ${'which customer'}
    ${{ kind: { downgrade: [] } }}                | ${422} | ${'invalid_request'}        | ${undefined}            | ${'downgrade to what'}
  `('$change: $because', async ({ change, status, code, field }) => {
    await server.api('POST', '/v1/meters', {
      key: 'peak',
      name: 'Peak',
      eventType: 'work',
      aggregation: 'max',
      value: 'data.words',
    });
    const before = (await server.rowCounts())['cap'];
    const answer = await server.api('POST', '/v1/caps', { ...dailyCap(null), ...change });
    expect(answer).toMatchObject({ status, body: { code } });
    if (field !== undefined) expect(answer.body.errors[0].field).toBe(field);
    expect((await server.rowCounts())['cap']).toBe(before);
  });

  it('a raise that is none, or is over already, and a change of what is archived', async () => {
    const cap = await makeCap(dailyCap(await newCustomer()));
    const raise = (body: object) =>
      server.api('POST', `/v1/caps/${cap.key}/raise`, {
        until: '2026-11-23T00:00:00Z',
        approvedBy: 'Ada',
        reason: 'why',
        ...body,
      });
    expect(await raise({ limit: '100' })).toMatchObject({
      status: 422,
      body: { code: 'invalid_cap', errors: [{ field: 'limit' }] },
    });
    expect(await raise({ by: '0' })).toMatchObject({ status: 422, body: { errors: [{ field: 'by' }] } });
    expect(await raise({})).toMatchObject({ status: 422, body: { errors: [{ field: 'limit' }] } });
    expect(await raise({ by: '1', until: clock.at })).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'until' }] },
    });
    await ok('POST', `/v1/caps/${cap.key}/archive`);
    expect(await raise({ by: '1' })).toMatchObject({ status: 409, body: { code: 'cap_archived' } });
    expect(await server.api('GET', '/v1/caps/none')).toMatchObject({ status: 404, body: { code: 'cap_not_found' } });
  });
});

describe('a session', () => {
  it('is paused, goes on, and is stopped for good', async () => {
    const customer = await newCustomer();
    const path = `/v1/customers/${customer}/sessions/s1`;
    expect(await ok('GET', path)).toMatchObject({ state: 'running', spent: '0', actions: 0 });
    await spend(customer, ['0.25', '0.5'], { session: 's1' });
    expect(await ok('POST', `${path}/pause`, { reason: 'look first' })).toMatchObject({
      state: 'paused',
      reason: 'look first',
      spent: '0.75',
      actions: 2,
    });
    expect((await hold(customer, '1', { session: 's1' })).body).toMatchObject({
      decision: 'pause',
      reason: 'session_paused',
    });
    expect((await hold(customer, '1', { session: 's2' })).body.decision).toBe('allow');
    expect(await ok('POST', `${path}/resume`, { reason: 'fine' })).toMatchObject({ state: 'running', reason: null });
    expect((await hold(customer, '1', { session: 's1' })).body.decision).toBe('allow');
    await ok('POST', `${path}/stop`, { reason: 'enough' });
    expect((await hold(customer, '1', { session: 's1' })).body).toMatchObject({
      decision: 'deny',
      reason: 'session_stopped',
    });
    expect(await server.api('POST', `${path}/resume`, { reason: 'again' })).toMatchObject({
      status: 409,
      body: { code: 'session_stopped' },
    });
  });
});

describe('settings', () => {
  it('change alone what is given, and the zone only while nothing counts by it', async () => {
    const changed = { timeZone: 'Europe/Berlin', defaultTtl: '300s', away: { amount: '5', holds: 10 } };
    expect(await ok('PATCH', '/v1/entitlement-settings', { ...changed, defaultTtl: '5m' })).toMatchObject({
      ...changed,
      longestTtl: '86400s',
      sizingRisk: '0.05',
      unknownPriceAmount: null,
    });
    await makeCap(dailyCap(null, { scope: { agent: newName('agent') } }));
    const refused = await server.api('PATCH', '/v1/entitlement-settings', { timeZone: 'UTC' });
    expect(refused).toMatchObject({ status: 409, body: { code: 'time_zone_in_use' } });
    const longer = await server.api('PATCH', '/v1/entitlement-settings', { longestTtl: '10s' });
    expect(longer).toMatchObject({
      status: 422,
      body: { code: 'invalid_settings', errors: [{ field: 'defaultTtl' }] },
    });
    expect(await ok('GET', '/v1/entitlement-settings')).toMatchObject(changed);
  });
});
