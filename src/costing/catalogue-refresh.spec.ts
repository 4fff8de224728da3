import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Clock } from '../kernel';
import { OPERATOR_KEY, startTestServer, type TestServer } from '../../test/support/server';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres';

/** A catalogue of one provider and the prices of its models, in USD per million input tokens. */
const catalogue = (models: Record<string, unknown>) => [
  {
    id: 'openai',
    models: Object.entries(models).map(([id, input_mtok]) => ({ id, match: { equals: id }, prices: { input_mtok } })),
  },
];

let database: TestDatabase;
let server: TestServer;
/** A second process on the same database, started before anything was refreshed. */
let other: TestServer;
const JULY = '2026-07-01T00:00:00Z';
let now = new Date('2026-07-03T00:00:00Z');
class MovedClock extends Clock {
  now(): Date {
    return now;
  }
}
const clock = new MovedClock();
beforeAll(async () => {
  database = await createTestDatabase();
  server = await startTestServer({}, { databaseUrl: database.url, clock });
  other = await startTestServer({}, { databaseUrl: database.url, apiKey: server.apiKey, clock });
  await server.api('POST', '/v1/customers', { key: 'acme', name: 'Acme' });
});
afterAll(async () => {
  await other.stop();
  await server.stop();
  await database.drop();
});

const operator = (method: string, path: string, body?: unknown, at = server) =>
  at.api(method, `/v1/catalogue/refreshes${path}`, body, OPERATOR_KEY);
const propose = async (models: Record<string, unknown>) => (await operator('POST', '', catalogue(models))).body;
const apply = (id: string, order: object = {}) => operator('POST', `/${id}/apply`, order);

let sent = 0;
async function costOf(model: string, time: string, at = server) {
  const id = `event-${(sent += 1)}`;
  const data = { provider: 'openai', model, input_tokens: 1_000_000 };
  const { body } = await at.api('POST', '/v1/events', { id, type: 'llm', customer: 'acme', time, data });
  expect(body).toMatchObject({ accepted: 1 });
  return (await at.api('GET', `/v1/events/${id}`)).body.cost;
}

describe('a refresh of the catalogue', () => {
  it('changes nothing until the operator says so, and then dates what it changes, in every process', async () => {
    await apply((await propose({ steady: 1, moved: 2, gone: 3 })).id, {
      validFrom: 'beginning',
      acceptSuspicious: true,
    });
    const idsBefore = await server.query<{ id: number; model: string }>(
      'SELECT id, model FROM model_price WHERE organisation_id IS NULL AND retired_at IS NULL ORDER BY id',
    );
    expect(await costOf('moved', '2026-06-30T23:00:00Z', other)).toMatchObject({ status: 'priced', amount: '2' });

    const proposed = await propose({ steady: 1, moved: 2.5, new: 4 });
    expect(proposed).toMatchObject({
      source: 'file',
      status: 'proposed',
      added: 1,
      removed: 1,
      changed: 1,
      suspicious: 0,
    });
    expect(proposed.changes).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          model: 'moved',
          unit: 'input',
          old: { per: '1000000', amount: '2', tiers: [] },
          factor: '1.25',
        }),
        expect.objectContaining({ model: 'new', kind: 'added', old: null }),
        expect.objectContaining({ model: 'gone', kind: 'removed', new: null }),
      ]),
    );
    expect(await costOf('moved', '2026-07-01T00:00:00Z', other)).toMatchObject({ amount: '2' });

    const applied = await apply(proposed.id, { validFrom: JULY });
    expect(applied).toMatchObject({ status: 200, body: { status: 'applied', validFrom: '2026-07-01T00:00:00.000Z' } });
    expect((await apply(proposed.id)).body).toMatchObject({ status: 'applied', validFrom: '2026-07-01T00:00:00.000Z' });

    for (const at of [server, other]) {
      expect(await costOf('moved', '2026-07-01T00:00:00Z', at)).toMatchObject({ amount: '2.5' });
      expect(await costOf('moved', '2026-06-30T23:59:59Z', at)).toMatchObject({ amount: '2' });
      expect(await costOf('new', '2026-06-30T00:00:00Z', at)).toMatchObject({ amount: '4' });
      expect(await costOf('gone', '2026-06-30T00:00:00Z', at)).toMatchObject({ amount: '3' });
      expect(await costOf('gone', '2026-07-02T00:00:00Z', at)).toMatchObject({ status: 'pending', amount: null });
    }
    const ids = await server.query<{ id: number; model: string }>(
      'SELECT id, model FROM model_price WHERE organisation_id IS NULL AND retired_at IS NULL ORDER BY id',
    );
    expect(ids.slice(0, 3)).toEqual(idsBefore);

    expect((await propose({ steady: 1, moved: 2.5, new: 4 })).changes).toEqual([]);
  });

  it('replaces a wrong price for all time when that is said', async () => {
    const { id } = await propose({ steady: 1, moved: 2.4, new: 4 });
    await apply(id, { validFrom: 'beginning' });
    expect(await costOf('moved', '2026-06-30T00:00:00Z')).toMatchObject({ amount: '2.4' });
  });

  it('waits for a second look at a price that moves by more than ten times', async () => {
    const proposed = await propose({ steady: 11, moved: 2.4, new: 0 });
    expect(proposed.suspicious).toBe(2);
    expect(proposed.changes.slice(0, 2)).toMatchObject([{ suspicious: true }, { suspicious: true }]);
    expect(await apply(proposed.id)).toMatchObject({
      status: 409,
      body: {
        code: 'suspicious_prices',
        errors: expect.arrayContaining([
          { field: 'openai/steady.input', detail: '11 times' },
          { field: 'openai/new.input', detail: 'to or from nothing' },
        ]),
      },
    });
    expect((await apply(proposed.id, { acceptSuspicious: true, validFrom: JULY })).status).toBe(200);
    expect(await costOf('steady', '2026-07-02T00:00:00Z')).toMatchObject({ amount: '11' });
  });

  it('is not applied to another catalogue than it was compared with', async () => {
    const [first, second] = [await propose({ steady: 12 }), await propose({ steady: 13 })];
    expect((await apply(first.id, { validFrom: JULY })).status).toBe(200);
    expect(await apply(second.id)).toMatchObject({ status: 409, body: { code: 'catalogue_moved_on' } });
  });

  it('is not undone by a start, and goes back to the release when the operator says so', async () => {
    const again = await startTestServer({}, { databaseUrl: database.url, apiKey: server.apiKey, clock });
    expect(await costOf('steady', '2026-07-02T00:00:00Z', again)).toMatchObject({ amount: '12' });
    expect(await costOf('gpt-4o', '2026-07-02T00:00:00Z', again)).toMatchObject({ status: 'pending' });
    await again.stop();

    const release = await operator('POST', '/release');
    expect(release).toMatchObject({ status: 201, body: { source: 'release', removed: 1 } });
    expect((await apply(release.body.id, { validFrom: JULY, acceptSuspicious: true })).status).toBe(200);
    expect(await costOf('gpt-4o', '2026-07-02T00:00:00Z')).toMatchObject({ amount: '2.5' });
  });

  it('is listed, newest first, and shown by its id', async () => {
    const { body } = await operator('GET', '?limit=2');
    expect(body.items).toHaveLength(2);
    expect(body.items[0]).toMatchObject({ source: 'release', status: 'applied' });
    expect(body.items[0]).not.toHaveProperty('changes');
    const next = await operator('GET', `?limit=2&cursor=${body.nextCursor}`);
    expect(next.body.items[0].createdAt <= body.items[1].createdAt).toBe(true);
    expect((await operator('GET', `/${body.items[0].id}`)).body.changes.length).toBeGreaterThan(1_000);
    expect((await operator('GET', '/crf_nothing')).body).toMatchObject({ code: 'catalogue_refresh_not_found' });
    expect((await apply(`crf_${'0'.repeat(26)}`)).body).toMatchObject({ code: 'catalogue_refresh_not_found' });
  });

  it.each([
    [
      'an unknown kind of price',
      [{ id: 'x', models: [{ id: 'm', match: { equals: 'm' }, prices: { moon_mtok: 1 } }] }],
      'invalid_catalogue',
    ],
    [
      'a pattern that is none',
      [{ id: 'x', models: [{ id: 'm', match: { regex: '(' }, prices: {} }] }],
      'invalid_catalogue',
    ],
    ['a negative price', catalogue({ m: -1 }), 'invalid_request'],
    ['a match of no kind', [{ id: 'x', models: [{ id: 'm', match: { like: 'm' }, prices: {} }] }], 'invalid_request'],
    ['nothing', [], 'invalid_request'],
  ])('refuses %s', async (_name, file, code) => {
    expect(await operator('POST', '', file)).toMatchObject({ status: 422, body: { code } });
  });

  it('is the operator’s alone', async () => {
    for (const [method, path] of [
      ['POST', '/release'],
      ['GET', ''],
      ['GET', '/crf_x'],
    ] as const) {
      const answer = await server.api(method, `/v1/catalogue/refreshes${path}`);
      expect(answer).toMatchObject({ status: 403, body: { code: 'operator_only' } });
    }
  });
});

const FILE = join(process.cwd(), '..', 'shared', 'data', 'genai_prices_v2_2026-08-21.json.gz');
(existsSync(FILE) ? it : it.skip)('takes a published file as it is, and dates its prices', async () => {
  const body = gunzipSync(readFileSync(FILE));
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${OPERATOR_KEY}` };
  const answer = await server.send('/v1/catalogue/refreshes', { method: 'POST', headers, body });
  expect(answer).toMatchObject({ status: 201, body: { status: 'proposed' } });
  const order = { validFrom: '2026-09-01T00:00:00Z', acceptSuspicious: true };
  expect((await apply(answer.body.id, order)).status).toBe(200);
  const again = await server.send('/v1/catalogue/refreshes', { method: 'POST', headers, body });
  // Compared as of this server's now, which is before the first of September; as of then nothing is left to change.
  now = new Date('2026-09-02T00:00:00Z');
  const then = await server.send('/v1/catalogue/refreshes', { method: 'POST', headers, body });
  expect(again.body.changes.length).toBeGreaterThan(0);
  expect(then.body.changes).toEqual([]);
});
