import { advance, invoicesOf, made, subscribe } from '../support/books';
import { type Answer, startTestServer, type TestServer } from '../support/server';

const DAY_MS = 86_400_000;
const ago = (days: number) => new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS - days * DAY_MS).toISOString();

let server: TestServer;
/** May send events, and not such as these. */
let ingestOnly: string;

beforeAll(async () => {
  server = await startTestServer();
  ingestOnly = (await made(server.api('POST', '/v1/api-keys', { name: 'Sender', scopes: ['ingest'] }))).key;
  await made(server.api('POST', '/v1/customers', { key: 'acme', name: 'Acme' }));
});
afterAll(() => server.stop());

const event = (id: string, time: string, customer = 'acme') => ({ id, type: 'page.read', customer, time });
const send = (events: object[], query = '', key?: string): Promise<Answer> =>
  server.api('POST', `/v1/events${query}`, events, key);

it('takes events of any age, and of the future no more than ever', async () => {
  const events = [event('old', ago(400)), event('older', '1970-01-01T00:00:00Z'), event('ahead', ago(-400))];
  const refused = await send(events);
  expect(refused.body.results).toMatchObject([
    { code: 'event_too_old' },
    { code: 'event_too_old' },
    { code: 'event_in_future' },
  ]);
  const { body } = await send(events, '?backfill=true');
  expect(body).toMatchObject({ accepted: 2, rejected: 1, closedPeriods: [] });
  expect(body.results[2]).toMatchObject({ code: 'event_in_future' });
});

it('needs a scope of its own beside that of sending', async () => {
  expect(await send([event('e', ago(1))], '?backfill=true', ingestOnly)).toMatchObject({
    status: 403,
    body: { code: 'missing_scope', detail: expect.stringContaining("'backfill'") },
  });
  expect((await send([event('e', ago(1))], '?backfill=false', ingestOnly)).body).toMatchObject({ accepted: 1 });
  const backfillOnly = (await made(server.api('POST', '/v1/api-keys', { name: 'B', scopes: ['backfill'] }))).key;
  expect(await send([event('f', ago(1))], '?backfill=true', backfillOnly)).toMatchObject({ status: 403 });
  expect(await send([event('f', ago(1))], '?backfill=perhaps')).toMatchObject({
    status: 422,
    body: { code: 'invalid_request', errors: [{ field: 'backfill' }] },
  });
});

it('a repeat of a stored event is one, however old it has become', async () => {
  const time = ago(500);
  await send([event('aged', time)], '?backfill=true');
  const { body } = await send([event('aged', time), event('aged', ago(501)), event('never-seen', time)]);
  expect(body).toMatchObject({ accepted: 0, duplicates: 1, rejected: 2 });
  expect(body.results).toMatchObject([
    { status: 'duplicate' },
    { code: 'event_conflict', field: 'time' },
    { code: 'event_too_old' },
  ]);
});

it('says which closed periods the accepted events fall in', async () => {
  await made(
    server.api('POST', '/v1/plans', {
      key: 'base',
      name: 'Base',
      currency: 'USD',
      interval: 'month',
      prices: [{ key: 'base', name: 'Base', charge: { model: 'flat', amount: '5' } }],
    }),
  );
  const { clock } = await subscribe(server, 'closed', { plan: 'base', startAt: '2025-01-01T00:00:00Z' });
  await advance(server, clock, '2025-03-01T00:00:00Z');
  const [january] = await invoicesOf(server, 'closed');
  const finalized = await made(server.api('POST', `/v1/invoices/${january.id}/finalize`));

  const times = ['2025-01-05T00:00:00Z', '2025-01-06T00:00:00Z', '2025-02-05T00:00:00Z', '2024-01-05T00:00:00Z'];
  const { body } = await send(
    times.map((time, index) => event(`closed-${index}`, time, 'closed')),
    '?backfill=true',
  );
  expect(body.accepted).toBe(4);
  // February's is a draft, which follows; of 2024 there is none.
  expect(body.closedPeriods).toEqual([
    {
      id: finalized.id,
      number: finalized.number,
      status: 'finalized',
      customer: expect.stringMatching(/^cus_/),
      servicePeriod: { start: '2025-01-01T00:00:00.000Z', end: '2025-02-01T00:00:00.000Z' },
      effect: 'adjustment',
    },
  ]);
  // A repeat touches nothing any more.
  const again = await send([event('closed-0', times[0]!, 'closed')], '?backfill=true');
  expect(again.body).toMatchObject({ duplicates: 1, closedPeriods: [] });
});

it('of a stream of lines they are said at its end, from all of its commits', async () => {
  const { clock } = await subscribe(server, 'streamed', { plan: 'base', startAt: '2025-01-01T00:00:00Z' });
  await advance(server, clock, '2025-04-01T00:00:00Z');
  const invoices = await invoicesOf(server, 'streamed');
  const starting = (start: string) => invoices.find(({ servicePeriod }) => servicePeriod.start.startsWith(start))!;
  for (const start of ['2025-01', '2025-02'])
    await made(server.api('POST', `/v1/invoices/${starting(start).id}/finalize`));

  const times = Array.from({ length: 4_500 }, () => '2024-06-01T00:00:00Z');
  [times[0], times[1], times[4_499]] = ['2025-02-05T00:00:00Z', '2025-03-05T00:00:00Z', '2025-01-05T00:00:00Z'];
  const body = times.map((time, index) => JSON.stringify(event(`streamed-${index}`, time, 'streamed'))).join('\n');
  const stream = async (query: string, key?: string) => {
    const init = { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body };
    const answer = await server.send(`/v1/events?results=rejected${query}`, init, key);
    return answer.status === 200 ? (answer.body as object) : answer;
  };
  expect(await stream('&backfill=true', ingestOnly)).toMatchObject({ status: 403, body: { code: 'missing_scope' } });
  const period = (start: string) => ({ id: starting(start).id, status: 'finalized', effect: 'adjustment' });
  const closedPeriods = [period('2025-01'), period('2025-02')];
  const ended = { duplicates: 0, rejected: 0, complete: true };
  // A rehearsal says the same, and stores nothing.
  expect(await stream('&backfill=true&dryRun=true')).toMatchObject({ ...ended, accepted: 4_500, closedPeriods });
  expect(await stream('&backfill=true')).toMatchObject({ ...ended, accepted: 4_500, closedPeriods });
  expect(await stream('&backfill=true')).toMatchObject({ duplicates: 4_500, closedPeriods: [] });
  expect(await stream('')).toEqual({ ...ended, accepted: 0, duplicates: 4_500 });
});
