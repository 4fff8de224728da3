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
  server = await startTestServer();
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

describe('time', () => {
  it('days are those of the zone asked for', async () => {
    const kolkata = await made(get(`meter=count&customer=acme&window=day&timeZone=Asia/Kolkata&${TWO_DAYS}`));
    expect(kolkata).toMatchObject({ window: 'day', timeZone: 'Asia/Kolkata', from: '2026-03-01T00:00:00.000Z' });
    // Midnight in Kolkata is 18:30 UTC; the event at 01:00 UTC of the 2nd is of the day that began there on the 1st.
    expect(kolkata.items.map((item: { from: string; to: string; events: number }) => [item.from, item.to, item.events])).toEqual([
      ['2026-03-01T00:00:00.000Z', '2026-03-01T18:30:00.000Z', 4],
      ['2026-03-01T18:30:00.000Z', '2026-03-02T18:30:00.000Z', 1],
    ]); // prettier-ignore
  });

  it.each`
    timeZone                 | day             | hours | because
    ${'Europe/Berlin'}       | ${'2026-03-29'} | ${23} | ${'summer time begins'}
    ${'America/Los_Angeles'} | ${'2026-03-08'} | ${23} | ${'summer time begins'}
    ${'Asia/Kathmandu'}      | ${'2026-03-08'} | ${24} | ${'5:45 east, all year'}
    ${'Europe/Berlin'}       | ${'2026-10-25'} | ${25} | ${'it ends'}
  `('$day in $timeZone has $hours hours, and its hours add up to it: $because', async ({ timeZone, day, hours }) => {
    const local = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' });
    // The level of Acme's site b holds since 1 March, so that every hour up to now has usage.
    const asked = `meter=time_weighted&timeZone=${timeZone}&empty=true`;
    const from = new Date(Date.parse(`${day}T00:00:00Z`) - 14 * 3_600_000).toISOString();
    const to = new Date(Date.parse(`${day}T00:00:00Z`) + 38 * 3_600_000).toISOString();
    const days = (await made(get(`${asked}&window=day&from=${from}&to=${to}`))).items;
    const whole = days.find((item: { from: string; to: string }) => local.format(new Date(item.from)) === day && Date.parse(item.to) - Date.parse(item.from) > 20 * 3_600_000); // prettier-ignore
    expect((Date.parse(whole.to) - Date.parse(whole.from)) / 3_600_000).toBe(hours);
    const parts = (await made(get(`${asked}&window=hour&limit=50&from=${whole.from}&to=${whole.to}`))).items;
    expect(parts.length).toBeGreaterThanOrEqual(hours);
    const total = parts.reduce((sum: number, { quantity }: { quantity: string }) => sum + Number(quantity), 0);
    expect(total).toBeCloseTo(Number(whole.quantity), 9);
  });

  it('what holds, holds until now by the customer’s clock, and no longer', async () => {
    const weeks =
      'meter=time_weighted&customer=acme&groupBy=data.site&from=2026-03-19T00:00:00Z&to=2026-03-25T00:00:00Z';
    expect(await rows(`${weeks}&window=day`)).toEqual(['03-19T00:00 b 144 0 events']);
    const early = 'meter=time_weighted&customer=acme&from=2026-02-01T00:00:00Z&to=2026-03-01T10:15:00Z';
    expect(await rows(early)).toEqual(['02-01T00:00 1 1 events']);
  });

  it('is the last thirty days when nothing is said, as one window', async () => {
    const body = await made(get('meter=count'));
    expect(body).toMatchObject({ window: 'period', timeZone: 'UTC' });
    expect(Date.parse(body.to) - Date.parse(body.from)).toBe(30 * 86_400_000);
    expect(Math.abs(Date.parse(body.to) - Date.now())).toBeLessThan(60_000);
  });

  it('minutes are counted from the events', async () => {
    const quarter = 'from=2026-03-01T09:59:00Z&to=2026-03-01T10:31:00Z';
    expect(await rows(`meter=sum&window=minute&${quarter}`)).toEqual([
      '03-01T10:00 4 1 events',
      '03-01T10:30 10 1 events',
    ]);
  });

  it('windows without usage are answered when asked for', async () => {
    const days = 'from=2026-02-28T00:00:00Z&to=2026-03-02T00:00:00Z&window=day&empty=true';
    expect(await rows(`meter=sum&customer=acme&groupBy=data.site&${days}`)).toEqual([
      '02-28T00:00 a 0 0 events',
      '02-28T00:00 b 0 0 events',
      '03-01T00:00 a 20 3 events',
      '03-01T00:00 b 6 1 events',
    ]);
    const latest = await made(get(`meter=latest&customer=acme&${days}`));
    expect(latest.items.map((item: { quantity: string | null }) => item.quantity)).toEqual([null, '6']);
    const nothing = await made(
      get('meter=sum&from=2026-01-01T00:00:00Z&to=2026-01-03T00:00:00Z&window=day&empty=true'),
    );
    expect(nothing.items.map((item: { quantity: string }) => item.quantity)).toEqual(['0', '0']);
    expect(
      (await made(get(`meter=sum&customer=globex&window=month&from=2026-02-20T00:00:00Z&to=2026-03-09T00:00:00Z`)))
        .items,
    ).toHaveLength(1);
  });
});

describe('groups, filters and pages', () => {
  it('by customer and field, in the order of window, customer and value', async () => {
    const { items } = await made(get(`meter=max&groupBy=customer&groupBy=data.site&${TWO_DAYS}`));
    const { items: customers } = await made(server.api('GET', '/v1/customers'));
    const idOf = (key: string) => customers.find((each: { key: string }) => each.key === key).id;
    expect(items).toEqual([
      expect.objectContaining({ customer: { id: idOf('acme'), key: 'acme' }, group: { 'data.site': 'a' }, quantity: '10' }),
      expect.objectContaining({ customer: { id: idOf('acme'), key: 'acme' }, group: { 'data.site': 'b' }, quantity: '6' }),
      expect.objectContaining({ customer: { id: idOf('globex'), key: 'globex' }, group: { 'data.site': null }, quantity: '0.5' }),
    ]); // prettier-ignore
  });

  it.each`
    filter                                     | events | because
    ${'filter=data.site:a'}                    | ${4}   | ${'one value'}
    ${'filter=data.site:a&filter=data.site:b'} | ${5}   | ${'either'}
    ${'filter=data.site'}                      | ${1}   | ${'without the field'}
    ${'filter=data.site:a&filter=data.site'}   | ${5}   | ${'the value or none'}
    ${'filter=data.site:'}                     | ${0}   | ${'the empty text is a value that nobody sent'}
    ${'filter=data.site:A'}                    | ${0}   | ${'case counts'}
    ${'filter=data.site:a&customer=globex'}    | ${0}   | ${'of another customer'}
    ${'customer=acme&customer=globex'}         | ${6}   | ${'both customers'}
  `('$filter: $because', async ({ filter, events }) => {
    for (const meter of AGGREGATIONS) {
      const { items } = await made(get(`meter=${meter}&${filter}&${TWO_DAYS}`));
      expect(items[0]?.events ?? 0).toBe(events);
    }
  });

  it('pages follow one another without gap or repeat, also when events come between them', async () => {
    const question = `meter=time_weighted&groupBy=customer&groupBy=data.site&window=hour&${TWO_DAYS}`;
    const whole = (await made(get(`${question}&limit=200`))).items;
    expect(whole.length).toBeGreaterThan(60);
    const paged: unknown[] = [];
    let cursor: string | null = null;
    do {
      const page: Answer['body'] = await made(get(`${question}&limit=7${cursor === null ? '' : `&cursor=${cursor}`}`));
      if (cursor === null) {
        const late = { type: 'level', customer: 'acme', time: '2026-03-01T00:30:00Z', data: { site: 'a', level: 0 } };
        await made(server.api('POST', '/v1/events', { ...late, id: 'between-pages' }));
      }
      paged.push(...page.items);
      ({ nextCursor: cursor } = page);
    } while (cursor !== null);
    expect(paged).toEqual(whole);
  });

  it('an event is seen as soon as it was accepted', async () => {
    for (let index = 0; index < 5; index += 1) {
      const event = { id: `seen-${index}`, type: 'level', customer: 'globex', time: '2026-03-10T12:00:00Z', data: { level: index } }; // prettier-ignore
      await made(server.api('POST', '/v1/events', event));
      for (const meter of ['count', 'unique']) {
        const [item] = (await made(get(`meter=${meter}&from=2026-03-10T00:00:00Z&to=2026-03-10T13:00:00Z`))).items;
        expect(item).toMatchObject({ quantity: String(index + 1), events: index + 1 });
      }
    }
  });
});

describe('what can’t be answered', () => {
  it.each`
    query                                                              | status | code                    | field           | because
    ${''}                                                              | ${422} | ${'invalid_request'}    | ${'meter'}      | ${'which meter?'}
    ${'meter=nobodys'}                                                 | ${404} | ${'meter_not_found'}    | ${null}         | ${'there is none'}
    ${'meter=count&customer=nobody'}                                   | ${404} | ${'customer_not_found'} | ${'customer'}   | ${'there is none'}
    ${'meter=count&from=yesterday'}                                    | ${422} | ${'invalid_request'}    | ${'from'}       | ${'no instant'}
    ${'meter=count&from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z'} | ${422} | ${'invalid_period'}     | ${'from'}       | ${'backwards'}
    ${'meter=count&from=2026-03-01T00:00:00Z&to=2026-03-01T00:00:00Z'} | ${422} | ${'invalid_period'}     | ${'from'}       | ${'nothing lies between'}
    ${'meter=count&window=week'}                                       | ${422} | ${'invalid_request'}    | ${'window'}     | ${'no such window'}
    ${'meter=count&window=minute'}                                     | ${422} | ${'invalid_request'}    | ${'window'}     | ${'43,200 minutes'}
    ${'meter=count&window=hour&timeZone=Asia/Kolkata'}                 | ${422} | ${'invalid_request'}    | ${'window'}     | ${'720 hours cut in two'}
    ${'meter=count&window=day&from=1990-01-01T00:00:00Z'}              | ${422} | ${'invalid_request'}    | ${'window'}     | ${'more than 10,000 days'}
    ${'meter=count&window=day&empty=true&from=2020-01-01T00:00:00Z'}   | ${422} | ${'invalid_request'}    | ${'window'}     | ${'more than 1,500 with the empty ones'}
    ${'meter=count&timeZone=Berlin'}                                   | ${422} | ${'invalid_request'}    | ${'timeZone'}   | ${'no zone'}
    ${'meter=count&timeZone=%2B02:00'}                                 | ${422} | ${'invalid_request'}    | ${'timeZone'}   | ${'an offset knows no summer time'}
    ${'meter=count&groupBy=feature'}                                   | ${422} | ${'invalid_request'}    | ${'groupBy[0]'} | ${'the meter doesn’t keep it apart'}
    ${'meter=count&filter=feature:chat'}                               | ${422} | ${'invalid_request'}    | ${'filter'}     | ${'the same'}
    ${'meter=count&empty=yes'}                                         | ${422} | ${'invalid_request'}    | ${'empty'}      | ${'true or false'}
    ${'meter=count&limit=0'}                                           | ${422} | ${'invalid_request'}    | ${'limit'}      | ${'no rows'}
    ${'meter=count&cursor=abc'}                                        | ${422} | ${'invalid_cursor'}     | ${'cursor'}     | ${'no cursor of ours'}
    ${'meter=count&meter=sum'}                                         | ${422} | ${'invalid_request'}    | ${'meter'}      | ${'one at a time'}
  `('$query: $because', async ({ query, status, code, field }) => {
    const answer = await get(query);
    expect({ query, ...answer }).toMatchObject({ query, status, body: { code } });
    if (field !== null) expect(answer.body.errors[0].field).toBe(field);
  });

  it('a parameter that is not known, rather than ignored', async () => {
    const { status, body } = await get('meter=count&windows=day');
    expect({ status, body }).toMatchObject({ status: 422, body: { code: 'invalid_request' } });
    expect(body.detail).toContain('windows');
  });

  it('the cursor of another question', async () => {
    const { nextCursor } = await made(get(`meter=count&window=hour&limit=1&${TWO_DAYS}`));
    const other = await get(`meter=count&window=day&limit=1&${TWO_DAYS}&cursor=${nextCursor}`);
    expect(other).toMatchObject({ status: 422, body: { code: 'invalid_cursor' } });
    const same = await get(`meter=count&window=hour&limit=2&${TWO_DAYS}&cursor=${nextCursor}`);
    expect(same.status).toBe(200);
  });

  it.each`
    definition                                                      | field           | because
    ${{ aggregation: 'sum' }}                                       | ${'value'}      | ${'a sum of what?'}
    ${{ aggregation: 'count', value: 'data.x' }}                    | ${'value'}      | ${'a count has no value'}
    ${{ aggregation: 'max', value: 'user' }}                        | ${'value'}      | ${'a name is no number'}
    ${{ aggregation: 'time_weighted', value: 'data.x' }}            | ${'timeUnit'}   | ${'per what?'}
    ${{ aggregation: 'latest', value: 'data.x', timeUnit: 'hour' }} | ${'timeUnit'}   | ${'it is not multiplied'}
    ${{ aggregation: 'count', groupBy: ['nonsense'] }}              | ${'groupBy[0]'} | ${'no field'}
  `('a meter of $definition: $because', async ({ definition, field }) => {
    const meter = { key: 'wrong', name: 'Wrong', eventType: 'level', ...definition };
    const { status, body } = await server.api('POST', '/v1/meters', meter);
    expect({ status, code: body.code, field: body.errors[0].field }).toEqual({
      status: 422,
      code: 'invalid_meter',
      field,
    });
  });

  it.each`
    level        | accepted | because
    ${-1}        | ${false} | ${'sum, average and time-weighted take none below zero'}
    ${'high'}    | ${false} | ${'no number'}
    ${[1]}       | ${false} | ${'nor is a list'}
    ${undefined} | ${true}  | ${'an event without the value is not the meters’ business'}
  `('an event with a level of $level: $because', async ({ level, accepted }) => {
    const event = { id: `level-of-${String(level)}`, type: 'level', customer: 'globex', time: '2026-03-12T00:00:00Z', data: { level } }; // prettier-ignore
    const { status, body } = await server.api('POST', '/v1/events', event);
    expect(status).toBe(accepted ? 200 : 422);
    if (!accepted) expect(body).toMatchObject({ code: 'invalid_event', errors: [{ field: 'data.level' }] });
  });
});
