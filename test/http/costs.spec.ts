import { startTestServer, type TestServer } from '../support/server';

interface Item {
  readonly group: Readonly<Record<string, string | null>>;
  readonly unallocated: boolean;
  readonly from: string;
  readonly to: string;
  readonly cost: string;
  readonly events: number;
}
interface Node {
  readonly depth: number;
  readonly kind: string;
  readonly name: string;
  readonly own: { readonly cost: string };
  readonly rolledUp: { readonly cost: string };
  readonly retries: { readonly cost: string };
}

let server: TestServer;
const DAY = '2026-03-28T23:30:00Z'; // 00:30 on the 29th in Berlin, the day summer time begins

beforeAll(async () => {
  server = await startTestServer({ WEIR_EVENT_MAX_AGE: '36500d' });
  for (const key of ['acme', 'globex']) await server.api('POST', '/v1/customers', { key, name: key });
  let id = 0;
  const event = (customer: string, time: string, input: number, over: object = {}) => ({
    id: `e-${(id += 1)}`,
    type: 'llm.request',
    customer,
    time,
    ...over,
    data: { provider: 'openai', model: 'gpt-4o', input_tokens: input },
  });
  // gpt-4o: 2.50 USD per million input tokens.
  const { body } = await server.api('POST', '/v1/events', [
    event('acme', DAY, 400_000, { feature: 'chat', agent: 'a1', session: 's1', task: 't1' }),
    event('acme', DAY, 200_000, { feature: 'chat', agent: 'a2', session: 's1', task: 't2', parent: 't1' }),
    event('acme', DAY, 80_000, { feature: 'search', session: 's1', task: 't2', parent: 't1', step: 'retry' }),
    event('acme', '2026-03-29T21:59:59Z', 40_000, { session: 's1' }),
    event('globex', '2026-03-29T22:00:00Z', 4_000, { feature: 'chat', cost: { amount: '0.02', currency: 'USD' } }),
    { id: 'own', type: 'render', customer: 'globex', time: DAY, feature: 'images', cost: { amount: '3', currency: 'USD' } },
    { id: 'unknown', type: 'llm.request', customer: 'globex', time: DAY, data: { model: 'nobody-knows', input_tokens: 1 } },
  ]); // prettier-ignore
  expect(body).toMatchObject({ accepted: 7 });
}, 60_000);
afterAll(() => server.stop());

const SPAN = 'from=2026-03-28T00:00:00Z&to=2026-03-31T00:00:00Z';

async function costs(query: string) {
  const { status, body } = await server.api('GET', `/v1/costs?${SPAN}&${query}`);
  expect(status).toBe(200);
  return body;
}

it('splits the cost by a dimension; what names none is a row of its own, and rows add up to the total', async () => {
  const report = await costs('groupBy=feature');
  expect(report).toMatchObject({
    currency: 'USD',
    total: { cost: '4.81', reportedCost: '3', events: 7, pendingCostEvents: 1 },
  });
  expect(report.items.map((item: Item) => [item.group.feature, item.cost, item.events, item.unallocated])).toEqual([
    ['images', '3', 1, false],
    ['chat', '1.51', 3, false],
    ['search', '0.2', 1, false],
    [null, '0.1', 2, true],
  ]);
  expect(report.items[3]).toMatchObject({ pendingCostEvents: 1 });
});

it('groups by several dimensions, with customers by their key', async () => {
  const report = await costs('groupBy=customer,model&type=llm.request');
  expect(report.items.map((item: Item) => [item.group, item.cost])).toEqual([
    [{ customer: 'acme', model: 'gpt-4o' }, '1.8'],
    [{ customer: 'globex', model: 'gpt-4o' }, '0.01'],
    [{ customer: 'globex', model: 'nobody-knows' }, '0'],
  ]);
});

it.each`
  filter                             | cost      | because
  ${'customer=acme'}                 | ${'1.8'}  | ${'one customer'}
  ${'customer=acme&customer=globex'} | ${'4.81'} | ${'several'}
  ${'feature=chat&customer=acme'}    | ${'1.5'}  | ${'both must hold'}
  ${'feature='}                      | ${'0.1'}  | ${'events that name none'}
  ${'feature=&feature=search'}       | ${'0.3'}  | ${'none, or this one'}
  ${'step=retry'}                    | ${'0.2'}  | ${'work done again'}
  ${"feature=x'%20OR%20true%20--"}   | ${'0'}    | ${'a value is no SQL'}
`('filters: $filter, $because', async ({ filter, cost }) => {
  expect((await costs(filter)).total.cost).toBe(cost);
});

it('splits the period into days of a time zone, also the short one', async () => {
  const report = await costs('window=day&timeZone=Europe/Berlin&customer=acme&customer=globex');
  expect(report.items.map((item: Item) => [item.from, item.to, item.cost])).toEqual([
    ['2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z', '4.8'],
    ['2026-03-29T22:00:00.000Z', '2026-03-30T22:00:00.000Z', '0.01'],
  ]);
});

it('pages through all rows, each once', async () => {
  const seen: string[] = [];
  let cursor = '';
  for (let pages = 0; pages < 10; pages += 1) {
    const page = await costs(`groupBy=customer,feature,task,step&limit=2${cursor}`);
    expect(page.total.cost).toBe('4.81');
    seen.push(...page.items.map((item: Item) => JSON.stringify(item.group)));
    if (page.nextCursor === null) break;
    cursor = `&cursor=${page.nextCursor}`;
  }
  expect(seen).toHaveLength(7);
  expect(new Set(seen).size).toBe(7);
});

it('pages by long values, and takes a cursor for the question it was given out for only', async () => {
  const long = ['a', 'b'].map((letter) => letter.repeat(250));
  await server.api(
    'POST',
    '/v1/events',
    long.map((name, index) => ({
      id: `long-${index}`,
      type: 'llm.request',
      customer: 'acme',
      time: '2026-02-01T00:00:00Z',
      feature: name,
      department: name,
      agent: name,
      task: name,
    })),
  );
  const question = 'from=2026-02-01T00:00:00Z&to=2026-02-02T00:00:00Z&groupBy=feature,department,agent,task&limit=1';
  const { nextCursor } = (await server.api('GET', `/v1/costs?${question}`)).body;

  const next = await server.api('GET', `/v1/costs?${question}&cursor=${nextCursor}`);
  expect(next).toMatchObject({ status: 200, body: { nextCursor: null, items: [{ group: { feature: long[1] } }] } });

  const refused = { status: 422, body: { code: 'invalid_cursor' } };
  const other = question.replace('feature,department', 'department,feature');
  expect(await server.api('GET', `/v1/costs?${other}&cursor=${nextCursor}`)).toMatchObject(refused);
  const parts = JSON.parse(Buffer.from(nextCursor, 'base64url').toString()) as string[];
  const withNul = Buffer.from(JSON.stringify([...parts.slice(0, -1), '["\0"]'])).toString('base64url');
  expect(await server.api('GET', `/v1/costs?${question}&cursor=${withNul}`)).toMatchObject(refused);
});

it('puts reported beside computed costs', async () => {
  const { body } = await server.api('GET', `/v1/costs/differences?${SPAN}`);
  expect(body.items).toEqual([
    {
      provider: 'openai',
      model: 'gpt-4o',
      events: 1,
      computed: '0.01',
      reported: '0.02',
      difference: '0.01',
      differencePercent: '100',
      otherCurrencyEvents: 0,
    },
  ]);
});

it('shows a session as a tree, with own and rolled-up costs and what was done again', async () => {
  const { status, body } = await server.api('GET', `/v1/customers/acme/sessions/s1/costs?${SPAN}`);
  expect(status).toBe(200);
  expect(body.nodes.map((n: Node) => [n.depth, n.kind, n.name, n.own.cost, n.rolledUp.cost, n.retries.cost])).toEqual([
    [0, 'session', 's1', '0.1', '1.8', '0'],
    [1, 'task', 't1', '1', '1.7', '0'],
    [2, 'task', 't2', '0.7', '0.7', '0.2'],
  ]);
  const task = await server.api('GET', `/v1/customers/acme/tasks/t1/costs?${SPAN}`);
  expect(task.body.nodes.map((n: Node) => [n.name, n.rolledUp.cost])).toEqual([['t1', '1.7'], ['t2', '0.7']]); // prettier-ignore
});

it('follows a correction at once', async () => {
  const before = (await costs('customer=acme')).total;
  const id = 'to-be-voided';
  await server.api('POST', '/v1/events', { id, type: 'x', customer: 'acme', time: DAY, session: 's9', cost: { amount: '5', currency: 'USD' } }); // prettier-ignore
  expect((await costs('customer=acme')).total.cost).toBe('6.8');
  expect((await server.api('POST', `/v1/events/${id}/void`, { reason: 'test data' })).status).toBe(200);
  expect((await costs('customer=acme')).total).toEqual(before);
  expect((await server.api('GET', `/v1/customers/acme/sessions/s9/costs?${SPAN}`)).status).toBe(404);
});

it.each`
  path                                                             | status | code                    | field
  ${'/v1/costs?groupBy=colour'}                                    | ${422} | ${'invalid_request'}    | ${'groupBy'}
  ${'/v1/costs?groupBy=agent,agent'}                               | ${422} | ${'invalid_request'}    | ${'groupBy'}
  ${'/v1/costs?groupBy=agent,task,user,type,step'}                 | ${422} | ${'invalid_request'}    | ${'groupBy'}
  ${'/v1/costs?window=minute'}                                     | ${422} | ${'too_many_windows'}   | ${'window'}
  ${'/v1/costs?timeZone=Mars'}                                     | ${422} | ${'invalid_request'}    | ${'timeZone'}
  ${'/v1/costs?cursor=WyIxIl0'}                                    | ${422} | ${'invalid_cursor'}     | ${'cursor'}
  ${'/v1/costs?customer=nobody'}                                   | ${404} | ${'customer_not_found'} | ${'customer'}
  ${'/v1/costs?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z'} | ${422} | ${'invalid_period'}     | ${'from'}
  ${'/v1/customers/acme/sessions/none/costs'}                      | ${404} | ${'session_not_found'}  | ${undefined}
  ${'/v1/customers/acme/tasks/none/costs'}                         | ${404} | ${'task_not_found'}     | ${undefined}
`('$path answers $code', async ({ path, status, code, field }) => {
  const answer = await server.api('GET', path);
  expect([answer.status, answer.body.code, answer.body.errors?.[0]?.field]).toEqual([status, code, field]);
});
