import { randomBytes } from 'node:crypto';
import { EVERY_CUSTOMER_ID } from '../../src/metering';
import { startTestServer, type TestServer } from '../support/server';
import { METERS, recountedPeriod } from './usage-recount';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  for (const { request } of METERS) await server.api('POST', '/v1/meters', request);
  await server.api('POST', '/v1/customers', { key: 'ada', name: 'Ada' });
});
afterAll(() => server.stop());

const WAIT_MS = 20;

/** Waits until the periodic job has folded everything. */
async function folded(): Promise<void> {
  for (;;) {
    const [{ left }] = (await server.query('SELECT count(*)::int AS left FROM usage_pending')) as [{ left: number }];
    if (left === 0) return;
    await new Promise((soon) => setTimeout(soon, WAIT_MS));
  }
}

it('groups by values too long for an index, and goes on folding', async () => {
  const groupBy = ['data.a', 'data.b', 'agent', 'feature', 'session'];
  const meter = { key: 'long-groups', name: 'Long groups', eventType: 'long', aggregation: 'count', groupBy };
  expect((await server.api('POST', '/v1/meters', meter)).status).toBe(201);
  const long = () => randomBytes(9_000).toString('base64');
  const attribute = () => randomBytes(189).toString('base64');
  const events = Array.from({ length: 20 }, (_, index) => ({
    id: `long-${index}`,
    type: 'long',
    customer: 'ada',
    agent: attribute(),
    feature: attribute(),
    session: attribute(),
    data: { a: long(), b: '\u0000'.repeat(4_000) },
  }));
  expect((await server.api('POST', '/v1/events', events)).body).toMatchObject({ accepted: 20 });
  await folded();

  const [kept] = await server.query(
    `SELECT count(*)::int AS groups, sum(events)::int AS events FROM usage
      WHERE meter_id = (SELECT id FROM meter WHERE key = 'long-groups') AND customer_id <> '${EVERY_CUSTOMER_ID}'`,
  );
  expect(kept).toEqual({ groups: 20, events: 20 });

  // A meter made afterwards is filled from the same values.
  expect((await server.api('POST', '/v1/meters', { ...meter, key: 'long-groups-2' })).status).toBe(201);
});

it('sums the largest and the smallest quantities exactly', async () => {
  const event = (id: string, output_tokens: unknown) => ({
    id,
    type: 'llm.request',
    customer: 'ada',
    data: { output_tokens },
  });
  const recently = new Date(Date.now() - 86_400_000).toISOString();
  const events = [
    ...Array.from({ length: 50 }, (_, index) => event(`large-${index}`, 999_999_999_999_999)),
    ...Array.from({ length: 50 }, (_, index) => event(`small-${index}`, '0.000000000001')),
    event('tiny', 'TINY'),
  ].map((each) => ({ ...each, time: recently }));
  // JSON.stringify would write it as 1e-7, which is refused: an exponent is not how a quantity is sent.
  const sent = await server.send('/v1/events', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(events).replace('"TINY"', '0.0000001'),
  });
  expect(sent.body).toMatchObject({ accepted: 101 });
  await folded();

  const from = new Date(Date.now() - 2 * 86_400_000).toISOString();
  const to = new Date(Date.now() + 86_400_000).toISOString();
  const { body } = await server.api('GET', `/v1/customers/ada/usage?from=${from}&to=${to}`);
  const output = body.meters.find(({ key }: { key: string }) => key === 'output');
  // 50 × (10^15 − 1) + 50 × 10^-12 + 10^-7
  expect(output).toMatchObject({ quantity: '49999999999999950.00000010005', events: 101 });
  expect((await recountedPeriod(server.query, 'ada', from, to)).output!.quantity).toBe(output.quantity);
});
