import { recompute } from '../../test/stories/recompute-trace';
import { countOfEvents, CUSTOMERS, eventsOf, METERS, periodOf, PLANS } from './scenario';
import { type Request, traceText } from './trace';
import { makeWorkload } from './workload';

const request = (time: string, outputTokens = 1): Request => ({ time, inputTokens: 10, outputTokens });
const at = (second: number) => `2023-11-16T18:00:${String(second).padStart(2, '0')}.5Z`;

describe('the events of a workload', () => {
  it('row n belongs to customer n mod 3, with the row’s own time and tokens', () => {
    const events = [...eventsOf([0, 1, 2, 3].map((second) => request(at(second), second)))];
    expect(events.map(({ id, customer, time }) => [id, customer, time])).toEqual([
      ['row-000001', 'margin', at(0)],
      ['row-000002', 'outcome', at(1)],
      ['row-000003', 'hybrid', at(2)],
      ['row-000004', 'margin', at(3)],
    ]);
    expect(events[3]).toEqual({
      id: 'row-000004',
      source: 'demo',
      type: 'llm.request',
      customer: 'margin',
      time: at(3),
      feature: 'chat',
      data: { provider: 'openai', model: 'gpt-4o', input_tokens: 10, output_tokens: 3 },
    });
  });

  it.each`
    tokens                       | success  | because
    ${[100, 100, 100, 100, 100]} | ${true}  | ${'500 is enough'}
    ${[100, 100, 100, 100, 99]}  | ${false} | ${'499 is not'}
    ${[500, 0, 0, 0, 0]}         | ${true}  | ${'the sum counts, not each row'}
    ${[100, 100, 100, 100]}      | ${null}  | ${'an incomplete task has no outcome'}
  `('a task of $tokens: $because', ({ tokens, success }) => {
    // Only every third row, from the second on, is of the customer whose tasks are counted.
    const rows = (tokens as number[]).flatMap((own, index) => [
      request(at(index * 3), 999),
      request(at(index * 3 + 1), own),
      request(at(index * 3 + 2), 999),
    ]);
    const events = [...eventsOf(rows)];
    const outcomes = events.filter(({ type }) => type === 'task.outcome');
    if (success === null) {
      expect(outcomes).toEqual([]);
      return;
    }
    expect(outcomes).toEqual([
      expect.objectContaining({
        id: 'task-000001',
        customer: 'outcome',
        task: 'task-000001',
        time: at(13),
        data: { success, generated_tokens: (tokens as number[]).reduce((total, own) => total + own, 0) },
      }),
    ]);
    expect(events.filter(({ task }) => task === 'task-000001')).toHaveLength(6);
    expect(events.at(-2)).toBe(outcomes[0]);
  });

  it('are as many as foretold and as an independent count finds, and no id comes twice', () => {
    for (let rows = 0; rows <= 100; rows += 1) {
      const requests = makeWorkload(rows, 5);
      const events = [...eventsOf(requests)];
      expect(events).toHaveLength(countOfEvents(rows));
      expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
      if (rows > 0) expect(recompute(traceText(requests)).events).toBe(events.length);
    }
  });
});

describe('the billing period', () => {
  it.each`
    first                             | last                              | start           | end             | because
    ${'2023-11-16T18:15:46.6805900Z'} | ${'2023-11-16T19:14:08.4025270Z'} | ${'2023-11-01'} | ${'2023-12-01'} | ${'an hour lies in its calendar month'}
    ${'2023-11-01T00:00:00Z'}         | ${'2023-11-30T23:59:59.9999999Z'} | ${'2023-11-01'} | ${'2023-12-01'} | ${'the month’s last moment is still in it'}
    ${'2023-11-16T10:00:00Z'}         | ${'2023-12-01T00:00:00Z'}         | ${'2023-11-16'} | ${'2023-12-16'} | ${'midnight belongs to the next month'}
    ${'2023-12-31T23:59:00Z'}         | ${'2024-01-01T00:01:00Z'}         | ${'2023-12-31'} | ${'2024-01-31'} | ${'over the year’s end'}
    ${'2024-01-31T12:00:00Z'}         | ${'2024-02-28T23:00:00Z'}         | ${'2024-01-31'} | ${'2024-02-29'} | ${'a month from 31 January ends with a leap February'}
    ${'2023-01-31T12:00:00Z'}         | ${'2023-02-27T23:00:00Z'}         | ${'2023-01-31'} | ${'2023-02-28'} | ${'and with a common one'}
  `('$first to $last: $because', ({ first, last, start, end }) => {
    const expected = { start: `${start}T00:00:00.000Z`, end: `${end}T00:00:00.000Z` };
    expect(periodOf([request(first), request(last)])).toEqual(expected);
    expect(periodOf([request(last), request(first)])).toEqual(expected);
  });

  it('a trace longer than a month is refused in one line', () => {
    const long = [request('2023-11-16T10:00:00Z'), request('2023-12-16T00:00:00Z')];
    expect(() => periodOf(long)).toThrow('from 2023-11-16 to 2023-12-16, longer than the one month');
  });
});

it('every price counts a meter that exists, and every customer has a plan that exists', () => {
  const meters: string[] = METERS.map(({ key }) => key);
  for (const { prices } of PLANS) {
    for (const price of prices) if ('meter' in price) expect(meters).toContain(price.meter);
  }
  expect(Object.values(CUSTOMERS).map(({ plan }) => plan)).toEqual(PLANS.map(({ key }) => key));
});
