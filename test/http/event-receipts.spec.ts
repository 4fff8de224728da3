import { type Answer, startTestServer, type TestServer } from '../support/server';

/** What a batch of events is answered: one receipt for each, the good kept, the bad named, a repeat counted once. */
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const key of ['acme', 'globex']) await server.api('POST', '/v1/customers', { key, name: key });
  await server.api('POST', '/v1/meters', {
    key: 'credits',
    name: 'Credits',
    eventType: 'credits.spent',
    aggregation: 'sum',
    value: 'data.credits',
  });
});
afterAll(() => server.stop());

let made = 0;
const newId = () => `e-${++made}`;
const event = (more: object = {}) => ({ id: newId(), type: 'llm.request', customer: 'acme', ...more });
const post = (body: unknown): Promise<Answer> => server.api('POST', '/v1/events', body);
const stored = async () => (await server.rowCounts())['event']!;

it('one event, a list, and an object with events are answered alike', async () => {
  const [a, b, c] = [event(), event(), event()];
  const accepted = (id: string) => ({
    accepted: 1,
    duplicates: 0,
    rejected: 0,
    results: [{ index: 0, id, status: 'accepted' }],
  });
  expect(await post(a)).toMatchObject({ status: 200, body: accepted(a.id) });
  expect(await post([b])).toMatchObject({ status: 200, body: accepted(b.id) });
  expect(await post({ events: [c] })).toMatchObject({ status: 200, body: accepted(c.id) });
});

it('a bad event in the middle keeps the good ones, in their places', async () => {
  const before = await stored();
  const events = [
    event(),
    event({ customer: 'nobody' }),
    event(),
    { ...event(), id: 7 },
    { ...event({ customer: 'nobody' }), id: '😀'.repeat(255) },
    null,
    event({ time: '1999-01-01T00:00:00Z' }),
    event({ type: 'credits.spent', data: { credits: -1 } }),
    event(),
  ];
  const { status, body } = await post(events);
  expect(status).toBe(200);
  expect(body).toMatchObject({ accepted: 3, duplicates: 0, rejected: 6 });
  expect(
    body.results.map(({ index, status, code, field }: Record<string, string>) => [index, status, code, field]),
  ).toEqual([
    [0, 'accepted', undefined, undefined],
    [1, 'rejected', 'unknown_customer', 'customer'],
    [2, 'accepted', undefined, undefined],
    [3, 'rejected', 'invalid_event', 'id'],
    [4, 'rejected', 'unknown_customer', 'customer'],
    [5, 'rejected', 'invalid_event', 'event'],
    [6, 'rejected', 'event_too_old', 'time'],
    [7, 'rejected', 'invalid_event', 'data.credits'],
    [8, 'accepted', undefined, undefined],
  ]);
  const idsSent = events.map((each) => (typeof each?.id === 'string' ? each.id : null));
  expect(body.results.map(({ id }: { id: string }) => id)).toEqual(idsSent);
  expect(await stored()).toBe(before + 3);
});

it('a list of one that is refused is a receipt; a single event that is refused is a problem', async () => {
  const bad = { ...event(), type: '' };
  expect(await post([bad])).toMatchObject({ status: 200, body: { rejected: 1, results: [{ code: 'invalid_event' }] } });
  expect(await post({ events: [bad] })).toMatchObject({ status: 200, body: { rejected: 1 } });
  expect(await post(bad)).toMatchObject({ status: 422, body: { code: 'invalid_event', errors: [{ field: 'type' }] } });
});

it('every event refused: nothing is written', async () => {
  const before = await server.rowCounts();
  const events = Array.from({ length: 50 }, () => event({ customer: 'nobody' }));
  expect((await post(events)).body).toMatchObject({ accepted: 0, rejected: 50 });
  const unsummable = Array.from({ length: 50 }, () => event({ type: 'credits.spent', data: { credits: 'x' } }));
  expect((await post(unsummable)).body).toMatchObject({ accepted: 0, rejected: 50 });
  expect(await server.rowCounts()).toEqual(before);
});

describe('an id twice in one batch', () => {
  it('with the same content counts once', async () => {
    const before = await stored();
    const one = event({ data: { a: 1, b: [1, 2] }, cost: { amount: '0.10', currency: 'USD' } });
    const reordered = { cost: { currency: 'USD', amount: 0.1 }, data: { b: [1, 2], a: 1 }, ...one };
    const { body } = await post([one, event(), one, { ...reordered, cost: { currency: 'USD', amount: 0.1 } }]);
    expect(body).toMatchObject({ accepted: 2, duplicates: 2, rejected: 0 });
    expect(body.results.map(({ status }: { status: string }) => status)).toEqual([
      'accepted',
      'accepted',
      'duplicate',
      'duplicate',
    ]);
    expect(await stored()).toBe(before + 2);
  });

  it('with other content: the first stands, the others are refused', async () => {
    const one = event({ user: 'a' });
    const { body } = await post([one, { ...one, user: 'b' }, one, { ...one, customer: 'globex' }]);
    expect(body.results).toEqual([
      { index: 0, id: one.id, status: 'accepted' },
      { index: 1, id: one.id, status: 'rejected', code: 'event_conflict', field: 'user', detail: expect.any(String) },
      { index: 2, id: one.id, status: 'duplicate' },
      {
        index: 3,
        id: one.id,
        status: 'rejected',
        code: 'event_conflict',
        field: 'customer',
        detail: expect.any(String),
      },
    ]);
    expect((await server.api('GET', `/v1/events/${one.id}`)).body.user).toBe('a');
  });

  it('where the first is refused, the next takes its place', async () => {
    const id = newId();
    const spent = (credits: unknown) => ({ id, type: 'credits.spent', customer: 'acme', data: { credits } });
    const { body } = await post([spent(-1), spent(2), spent(2), spent(3), { ...spent(2), customer: 'nobody' }]);
    expect(body.results.map(({ status, code }: Record<string, string>) => code ?? status)).toEqual([
      'invalid_event',
      'accepted',
      'duplicate',
      'event_conflict',
      'unknown_customer',
    ]);
    expect((await server.api('GET', `/v1/events/${id}`)).body.data).toEqual({ credits: 2 });
  });

  it('of two sources is two events', async () => {
    const one = event();
    const { body } = await post([
      one,
      { ...one, source: 'other' },
      { ...one, source: 'api' },
      { ...one, source: null },
    ]);
    expect(body).toMatchObject({ accepted: 2, duplicates: 2, rejected: 0 });
  });
});

describe('an id sent again', () => {
  const FULL = {
    type: 'llm.request',
    customer: 'acme',
    source: 'app',
    time: new Date(Date.now() - 3_600_000).toISOString(),
    session: 's',
    task: 't',
    agent: 'a',
    feature: 'f',
    department: 'd',
    user: 'u',
    cost: { amount: '0.5', currency: 'USD' },
    data: { n: 1, nested: { list: [1, '2', null] } },
  };

  it('as it was is a duplicate, however it is written', async () => {
    const one = { ...FULL, id: newId() };
    await post(one);
    const before = await server.rowCounts();
    const customer = (await server.api('GET', '/v1/customers/acme')).body.id;
    const offset = FULL.time.replace('Z', '000+00:00');
    for (const again of [
      one,
      { ...one, customer },
      { ...one, time: offset },
      { ...one, cost: { amount: 0.5, currency: 'USD' } },
      { ...one, cost: { amount: '0.500', currency: 'USD' } },
      { ...one, data: { nested: { list: [1, '2', null] }, n: 1 } },
    ]) {
      expect(await post(again)).toMatchObject({ status: 200, body: { accepted: 0, duplicates: 1, rejected: 0 } });
    }
    expect(await server.rowCounts()).toEqual(before);
  });

  it.each`
    field           | change
    ${'type'}       | ${{ type: 'llm.response' }}
    ${'customer'}   | ${{ customer: 'globex' }}
    ${'time'}       | ${{ time: new Date(Date.now() - 3_599_000).toISOString() }}
    ${'time'}       | ${{ time: null }}
    ${'session'}    | ${{ session: 'S' }}
    ${'task'}       | ${{ task: null }}
    ${'agent'}      | ${{ agent: 'b' }}
    ${'feature'}    | ${{ feature: undefined }}
    ${'department'} | ${{ department: 'd ' }}
    ${'user'}       | ${{ user: 'v' }}
    ${'cost'}       | ${{ cost: { amount: '0.51', currency: 'USD' } }}
    ${'cost'}       | ${{ cost: { amount: '0.5', currency: 'EUR' } }}
    ${'cost'}       | ${{ cost: null }}
    ${'data'}       | ${{ data: { n: 2, nested: { list: [1, '2', null] } } }}
    ${'data'}       | ${{ data: { n: '1', nested: { list: [1, '2', null] } } }}
    ${'data'}       | ${{ data: { n: 1, nested: { list: ['2', 1, null] } } }}
    ${'data'}       | ${{ data: { n: 1, nested: { list: [1, '2'] } } }}
    ${'data'}       | ${{ data: { n: 1 } }}
    ${'data'}       | ${{ data: null }}
  `('with another $field is refused, and the first one stands', async ({ field, change }) => {
    const one = { ...FULL, id: newId() };
    await post(one);
    const before = await server.api('GET', `/v1/events/${one.id}?source=app`);
    const rows = await server.rowCounts();
    const answer = await post({ ...one, ...change });
    expect(answer).toMatchObject({ status: 422, body: { code: 'event_conflict', errors: [{ field }] } });
    expect(await server.rowCounts()).toEqual(rows);
    expect((await server.api('GET', `/v1/events/${one.id}?source=app`)).body).toEqual(before.body);
  });

  it('without a time is the same event whenever it comes again', async () => {
    const one = event();
    await post(one);
    const first = (await server.api('GET', `/v1/events/${one.id}`)).body.time;
    expect((await post(one)).body).toMatchObject({ duplicates: 1 });
    expect((await server.api('GET', `/v1/events/${one.id}`)).body.time).toBe(first);
    // With the time we took, it says something that the first did not.
    expect((await post({ ...one, time: first })).body).toMatchObject({ code: 'event_conflict' });
  });

  it('is a duplicate too where a meter made since would refuse it', async () => {
    const one = event({ type: 'later.metered', data: { amount: -5 } });
    await post(one);
    await server.api('POST', '/v1/meters', {
      key: 'later',
      name: 'Later',
      eventType: 'later.metered',
      aggregation: 'sum',
      value: 'data.amount',
    });
    expect((await post(event({ type: 'later.metered', data: { amount: -5 } }))).body).toMatchObject({
      code: 'invalid_event',
    });
    expect((await post(one)).body).toMatchObject({ duplicates: 1 });
    expect((await post([event(), one, event()])).body).toMatchObject({ accepted: 2, duplicates: 1 });
  });

  it('in a batch of new ones is the only duplicate', async () => {
    const old = event();
    await post(old);
    const { body } = await post([event(), old, event(), { ...old, user: 'x' }, event()]);
    expect(body.results.map(({ status }: { status: string }) => status)).toEqual([
      'accepted',
      'duplicate',
      'accepted',
      'rejected',
      'accepted',
    ]);
  });

  it('many times at once is accepted once', async () => {
    const before = await stored();
    const one = event();
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(one)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const count = (what: 'accepted' | 'duplicates') => answers.reduce((sum, { body }) => sum + Number(body[what]), 0);
    expect([count('accepted'), count('duplicates')]).toEqual([1, 19]);
    expect(await stored()).toBe(before + 1);
  });

  it('many times at once with other content: one is kept, and only what equals it is a duplicate', async () => {
    const one = event();
    const users = Array.from({ length: 20 }, (_, index) => `user ${index % 4}`);
    const answers = await Promise.all(users.map((user) => post([{ ...one, user }])));
    const kept = (await server.api('GET', `/v1/events/${one.id}`)).body.user;
    const verdicts = answers.map(({ body }) => body.results[0].code ?? body.results[0].status);
    expect(verdicts.filter((verdict) => verdict === 'accepted')).toHaveLength(1);
    for (const [index, verdict] of verdicts.entries()) {
      expect(verdict).toMatch(users[index] === kept ? /^(accepted|duplicate)$/ : /^event_conflict$/);
    }
  });
});
