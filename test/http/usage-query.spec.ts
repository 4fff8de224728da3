import { made, makeClock } from '../support/books';
import { type Answer, startTestServer, type TestServer } from '../support/server';

/** `GET /v1/usage` by hand-worked numbers, and what it says to who asks wrongly. */
let server: TestServer;

/** Levels of two sites of Acme, and one of Globex; sent last first, so that all but one are late. */
const LEVELS = [
  { customer: 'acme', site: 'a', time: '2026-03-01T10:00:00Z', level: 4 },
  { customer: 'acme', site: 'a', time: '2026-03-01T10:30:00Z', level: 10 },
  { customer: 'acme', site: 'b', time: '2026-03-01T12:15:00Z', level: 6 },
  { customer: 'acme', site: 'a', time: '2026-03-01T13:00:00Z', level: 6 },
  { customer: 'acme', site: 'a', time: '2026-03-02T01:00:00Z', level: 0 },
  { customer: 'globex', site: undefined, time: '2026-03-02T06:00:00.000001Z', level: '0.5' },
];
const AGGREGATIONS = ['count', 'sum', 'average', 'min', 'max', 'latest', 'unique', 'time_weighted'];

beforeAll(async () => {
  server = await startTestServer({ WEIR_LOG_LEVEL: 'error' });
  const testClock = await makeClock(server, '2026-03-20T00:00:00Z');
  for (const key of ['acme', 'globex']) await made(server.api('POST', '/v1/customers', { key, name: key, testClock }));
  for (const aggregation of AGGREGATIONS) {
    const value = aggregation === 'count' ? {} : { value: 'data.level' };
    const timeUnit = aggregation === 'time_weighted' ? { timeUnit: 'hour' } : {};
    const meter = { key: aggregation, name: aggregation, eventType: 'level', groupBy: ['data.site'] };
    await made(server.api('POST', '/v1/meters', { ...meter, aggregation, ...value, ...timeUnit }));
  }
  for (const [index, { customer, site, time, level }] of LEVELS.toReversed().entries()) {
    const event = { id: `level-${index}`, type: 'level', customer, time, data: { site, level } };
    await made(server.api('POST', '/v1/events', event));
  }
}, 60_000);
afterAll(() => server.stop());

function get(query: string): Promise<Answer> {
  return server.api('GET', `/v1/usage?${query}`);
}

/** The rows of an answer, shortened: day or hour of the window, customer, group, quantity, events. */
async function rows(query: string): Promise<string[]> {
  const body = await made(get(query));
  return body.items.map((item: Record<string, any>) =>  // eslint-disable-line @typescript-eslint/no-explicit-any
    [item['from'].slice(5, 16), item['customer']?.key, ...Object.values(item['group']), item['quantity'], `${item['events']} events`]
      .filter((part) => part !== undefined)
      .join(' '),
  ); // prettier-ignore
}

const TWO_DAYS = 'from=2026-03-01T00:00:00Z&to=2026-03-03T00:00:00Z';

describe('by hand', () => {
  it.each`
    meter              | first      | second   | whole      | because
    ${'count'}         | ${'4'}     | ${'1'}   | ${'5'}     | ${'events'}
    ${'sum'}           | ${'26'}    | ${'0'}   | ${'26'}    | ${'4 + 10 + 6 + 6'}
    ${'average'}       | ${'6.5'}   | ${'0'}   | ${'5.2'}   | ${'26 over 4, 26 over 5'}
    ${'min'}           | ${'4'}     | ${'0'}   | ${'0'}     | ${'the smallest'}
    ${'max'}           | ${'10'}    | ${'0'}   | ${'10'}    | ${'the largest'}
    ${'latest'}        | ${'6'}     | ${'0'}   | ${'0'}     | ${'the last by the time of the events, not of their arrival'}
    ${'unique'}        | ${'3'}     | ${'1'}   | ${'4'}     | ${'4, 10 and 6; 0'}
    ${'time_weighted'} | ${'163.5'} | ${'150'} | ${'313.5'} | ${'a: 4 × 0.5 + 10 × 2.5 + 6 × 11, then 6 × 1; b: 6 × 11.75, then 6 × 24'}
  `('$meter of a day, the next, and both: $because', async ({ meter, first, second, whole }) => {
    expect(await rows(`meter=${meter}&customer=acme&window=day&${TWO_DAYS}`)).toEqual([
      `03-01T00:00 ${first} 4 events`,
      `03-02T00:00 ${second} 1 events`,
    ]);
    expect(await rows(`meter=${meter}&customer=acme&${TWO_DAYS}`)).toEqual([`03-01T00:00 ${whole} 5 events`]);
  });

  it.each`
    meter              | a       | b          | none                | because
    ${'count'}         | ${'4'}  | ${'1'}     | ${'1'}              | ${'events'}
    ${'sum'}           | ${'20'} | ${'6'}     | ${'0.5'}            | ${'4 + 10 + 6'}
    ${'average'}       | ${'5'}  | ${'6'}     | ${'0.5'}            | ${'20 over 4'}
    ${'min'}           | ${'0'}  | ${'6'}     | ${'0.5'}            | ${'the smallest'}
    ${'max'}           | ${'10'} | ${'6'}     | ${'0.5'}            | ${'the largest'}
    ${'latest'}        | ${'0'}  | ${'6'}     | ${'0.5'}            | ${'the last'}
    ${'unique'}        | ${'4'}  | ${'1'}     | ${'1'}              | ${'4, 10, 6, 0'}
    ${'time_weighted'} | ${'99'} | ${'214.5'} | ${'8.999999999861'} | ${'a: 2 + 25 + 72; b: 6 × 35.75; 0.5 for 18 hours less a microsecond'}
  `('$meter by site, of the whole organisation: $because', async ({ meter, a, b, none }) => {
    const found = await rows(`meter=${meter}&groupBy=data.site&${TWO_DAYS}`);
    const events = (count: number) => `${count} events`;
    expect(found).toEqual([
      `03-01T00:00 a ${a} ${events(4)}`,
      `03-01T00:00 b ${b} ${events(1)}`,
      `03-01T00:00  ${none} ${events(1)}`,
    ]);
  });
});
