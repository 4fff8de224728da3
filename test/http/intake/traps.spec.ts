import { newUuid } from '../../../src/kernel';
import { type Answer, startTestServer, type TestServer } from '../../support/server';

/** Faults of intake that were seen in other products' code and issues, each as a rule that holds here. */
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await server.api('POST', '/v1/customers', { key: 'acme', name: 'Acme' });
  const meter = { name: 'Pages', eventType: 'page.read', aggregation: 'sum', value: 'data.pages' };
  await server.api('POST', '/v1/meters', { ...meter, key: 'pages' });
});
afterAll(() => server.stop());

/** An event as any way in can say it. */
interface Fact {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time?: string;
  readonly data?: object;
}
const fact = (more: Partial<Fact> = {}): Fact => ({ id: newUuid(), source: 'app', type: 'page.read', ...more });
const ours = (one: Fact) => ({ ...one, customer: 'acme' });
const cloudEvent = (one: Fact) => ({ specversion: '1.0', subject: 'acme', ...one });
const post = (path: string, type: string, body: string, headers: Record<string, string> = {}): Promise<Answer> =>
  server.send(path, { method: 'POST', headers: { 'content-type': type, ...headers }, body });

const WAYS: Readonly<Record<string, (one: Fact) => Promise<Answer>>> = {
  'an event': (one) => post('/v1/events', 'application/json', JSON.stringify(ours(one))),
  'a list': (one) => post('/v1/events', 'application/json', JSON.stringify([ours(one)])),
  'a line': (one) => post('/v1/events?results=rejected', 'application/x-ndjson', JSON.stringify(ours(one))),
  'a structured CloudEvent': (one) =>
    post('/v1/events', 'application/cloudevents+json', JSON.stringify(cloudEvent(one))),
  'a batch of CloudEvents': (one) =>
    post('/v1/events', 'application/cloudevents-batch+json', JSON.stringify([cloudEvent(one)])),
  'a binary CloudEvent': (one) => {
    const { data, ...attributes } = cloudEvent(one);
    const headers = Object.entries(attributes).map(([name, value]): [string, string] => [`ce-${name}`, value]);
    return post('/v1/events', 'application/json', data ? JSON.stringify(data) : '', Object.fromEntries(headers));
  },
  'OpenMeter’s': (one) => post('/api/v1/events', 'application/json', JSON.stringify([cloudEvent(one)])),
};
const stored = async (id: string) => (await server.query('SELECT 1 FROM event WHERE id = $1', [id])).length;
const pages = async (query: string) => {
  const { body } = await server.api('GET', `/v1/usage?meter=pages&customer=acme&${query}`);
  return body.items.map(({ quantity, events }: { quantity: string; events: number }) => [quantity, events]);
};
/** A period of its own for each test: an hour some hours ago. */
const hour = (hoursAgo: number) => new Date(Math.floor(Date.now() / 3_600_000 - hoursAgo) * 3_600_000);
const over = (from: Date, hours: number) =>
  `from=${from.toISOString()}&to=${new Date(from.getTime() + hours * 3_600_000).toISOString()}`;

it.each(Object.keys(WAYS))('%s whose write fails is not marked as seen: sent again it is accepted', async (way) => {
  const one = fact({ data: { pages: 1 } });
  // Of the transaction the last to be written, when the event and its key already are.
  await server.query('ALTER TABLE usage_pending RENAME TO usage_pending_gone');
  const failed = await WAYS[way]!(one).finally(() =>
    server.query('ALTER TABLE usage_pending_gone RENAME TO usage_pending'),
  );
  expect(failed.status).toBe(500);
  expect(await stored(one.id)).toBe(0);
  const again = await WAYS[way]!(one);
  expect(again.status).toBeLessThan(300);
  if (again.status === 200) expect(again.body).toMatchObject({ accepted: 1, duplicates: 0 });
  expect(await stored(one.id)).toBe(1);
});

it.each([
  ['with a time', { time: hour(1).toISOString(), data: { pages: 2 } }],
  ['without a time, for which no way in fills in another', { data: { pages: 2 } }],
  ['without data', { type: 'page.opened' }],
])('an event %s is the same one whichever way it comes', async (_, more) => {
  for (const first of Object.values(WAYS)) {
    const one = fact(more);
    expect((await first(one)).status).toBeLessThan(300);
    for (const again of Object.values(WAYS)) {
      const { status, body } = await again(one);
      if (status === 200) expect(body).toMatchObject({ accepted: 0, duplicates: 1, rejected: 0 });
      else expect(status).toBe(204);
    }
    expect(await stored(one.id)).toBe(1);
  }
});

it('sources and ids that read alike once they are joined are two events', async () => {
  const unique = newUuid();
  const events = [
    ['a-b', `c-${unique}`],
    ['a', `b-c-${unique}`],
    ['a-b-c', unique],
  ].map(([source, id]) => ours(fact({ source: source!, id: id! })));
  expect((await server.api('POST', '/v1/events', events)).body).toMatchObject({ accepted: 3, duplicates: 0 });
});

it('adds up what a double can not', async () => {
  const start = hour(10);
  const values = ['0.1', '0.2', 0.1, 0.2, '999999999999999.999999999999', '999999999999999', '0.000000000001'];
  const events = values.map((value) => ours(fact({ time: start.toISOString(), data: { pages: value } })));
  expect((await server.api('POST', '/v1/events', events)).body).toMatchObject({ accepted: values.length });
  expect(await pages(over(start, 1))).toEqual([['1999999999999999.6', values.length]]);
});

it('a sum that outgrows every value is kept whole; a value that does not fit is refused, and never 0', async () => {
  const start = hour(20);
  const largest = '999999999999999.999999999999';
  const cost = { amount: largest, currency: 'USD' };
  const event = (value: unknown) => ({ ...ours(fact({ time: start.toISOString(), data: { pages: value } })), cost });
  const many = Array.from({ length: 5_000 }, () => event(largest));
  const tooLarge = ['1000000000000000', '9007199254740993', '0.0000000000001', '1e30'].map(event);
  const { body } = await server.api('POST', '/v1/events', [...many, ...tooLarge]);
  expect(body).toMatchObject({ accepted: 5_000, rejected: tooLarge.length });
  for (const result of body.results.slice(5_000))
    expect(result).toMatchObject({ code: 'invalid_event', field: 'data.pages' });
  const usage = await server.api('GET', `/v1/usage?meter=pages&customer=acme&${over(start, 1)}`);
  const total = '4999999999999999999.999999995'; // 5,000 × (10^15 − 10^-12)
  expect(usage.body.items).toMatchObject([{ quantity: total, cost: total, events: 5_000 }]);
});

it('a time keeps its microseconds: they say which hour it counts in, and are content', async () => {
  const start = hour(30);
  const text = start.toISOString();
  const last = fact({ time: text.replace('00:00.000Z', '59:59.999999Z'), data: { pages: 1 } });
  const next = fact({ time: new Date(start.getTime() + 3_600_000).toISOString(), data: { pages: 10 } });
  expect((await server.api('POST', '/v1/events', [ours(last), ours(next)])).body).toMatchObject({ accepted: 2 });
  expect((await server.api('GET', `/v1/events/${last.id}?source=app`)).body.time).toBe(last.time);
  expect(await pages(`window=hour&${over(start, 2)}`)).toEqual([
    ['1', 1],
    ['10', 1],
  ]);
  const other = { ...ours(last), time: last.time!.replace('999999Z', '999998Z') };
  expect((await server.api('POST', '/v1/events', [other])).body.results).toMatchObject([
    { code: 'event_conflict', field: 'time' },
  ]);
});
