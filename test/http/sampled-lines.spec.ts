import { advance, eventsBehind, invoicesOf, made, subscribe } from '../support/books';
import { startTestServer, type TestServer } from '../support/server';

/** Prices on meters that no sum can tell: the line's quantity, and how it explains itself. */
let server: TestServer;

const METERS = [
  { key: 'storage', aggregation: 'time_weighted', value: 'data.gb', timeUnit: 'day' },
  { key: 'peak', aggregation: 'max', value: 'data.gb' },
  { key: 'low', aggregation: 'min', value: 'data.gb' },
  { key: 'closing', aggregation: 'latest', value: 'data.gb' },
  { key: 'mean', aggregation: 'average', value: 'data.gb' },
  { key: 'owners', aggregation: 'unique', value: 'user' },
];

beforeAll(async () => {
  server = await startTestServer();
  for (const meter of METERS) {
    await made(server.api('POST', '/v1/meters', { ...meter, name: meter.key, eventType: 'index.size' }));
  }
  const prices = METERS.map(({ key }) => ({
    key,
    name: key,
    meter: key,
    charge: { model: 'unit', unitPrice: '0.10' },
  }));
  await made(server.api('POST', '/v1/plans', { key: 'p', name: 'P', currency: 'USD', interval: 'month', prices }));
}, 60_000);
afterAll(() => server.stop());

/** 4 GB from 1 January 12:00, 10 GB from the 3rd; then nothing is said until 1 February, 06:00, when there is 1 GB. */
const SIZES = [
  { id: 's-3', time: '2026-02-01T06:00:00Z', user: 'ada', data: { gb: 1 } },
  { id: 's-1', time: '2026-01-01T12:00:00Z', user: 'ada', data: { gb: 4 } },
  { id: 's-2', time: '2026-01-03T00:00:00Z', user: 'ben', data: { gb: 10 } },
];

it('charges what held in each month, also from the month before, and says how', async () => {
  const { clock } = await subscribe(server, 'acme', { plan: 'p', startAt: '2026-01-01T00:00:00Z' });
  await advance(server, clock, '2026-02-01T12:00:00Z');
  for (const size of SIZES)
    await made(server.api('POST', '/v1/events', { ...size, type: 'index.size', customer: 'acme' }));
  await advance(server, clock, '2026-03-01T00:00:00Z');

  const [january, february] = await invoicesOf(server, 'acme');
  const quantities = (invoice: { lines: { name?: string; quantity: string }[] }) => invoice.lines.map(({ quantity }) => quantity); // prettier-ignore
  // January: 4 × 1.5 days + 10 × 29; February: 10 × 0.25, held over from January, + 1 × 27.75.
  expect(quantities(january)).toEqual(['296', '10', '4', '10', '7', '2']);
  expect(quantities(february)).toEqual(['30.25', '1', '1', '1', '1', '1']);

  const told: string[] = [];
  for (const [index] of METERS.entries()) {
    const line = await made(server.api('GET', `/v1/invoices/${january.id}/lines/${index + 1}/explain`));
    told.push((line.steps as string[])[0]!);
  }
  expect(told).toEqual([
    'Used in the period: 296, each value times the days it held, from 2 events. What held when the period began holds on until the next event.',
    'The largest value in the period: 10, from 2 events.',
    'The smallest value in the period: 4, from 2 events.',
    'The last value in the period: 10, from 2 events.',
    'On average in the period: 7, from 2 events.',
    'Different values in the period: 2, from 2 events.',
  ]);
  const behind = async (line: number) => (await eventsBehind(server, january.id, line)).map(({ id, quantity }) => `${id} ${quantity}`); // prettier-ignore
  expect(await behind(1)).toEqual(['s-1 4', 's-2 10']);
  expect(await behind(6)).toEqual(['s-1 1', 's-2 1']);
}, 60_000);

it('an open period has held until now, and no longer', async () => {
  const { clock } = await subscribe(server, 'globex', { plan: 'p', startAt: '2026-03-01T00:00:00Z' });
  const size = { id: 'g-1', type: 'index.size', customer: 'globex', time: '2026-03-01T00:00:00Z', data: { gb: 3 } };
  await made(server.api('POST', '/v1/events', size));
  for (const [now, quantity] of [
    ['2026-03-02T00:00:00Z', '3'],
    ['2026-03-11T12:00:00Z', '31.5'],
  ]) {
    await advance(server, clock, now!);
    const preview = await made(server.api('GET', '/v1/customers/globex/invoices/preview'));
    expect(preview.lines[0].quantity).toBe(quantity);
  }
});
