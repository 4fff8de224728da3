import { BenchError } from './bench-error';
import { CUSTOMERS, customerKey, EVENT_TYPE } from './events';
import type { Weir } from './processes';

const AT_ONCE = 16;

/** Makes what events are counted by: two meters and the customers. The built-in meter of all events is always there. */
export async function openBooks(weir: Weir, groupBy: readonly string[]): Promise<void> {
  const meter = { eventType: EVENT_TYPE, ...(groupBy.length === 0 ? {} : { groupBy }) };
  await post(weir, '/v1/meters', { ...meter, key: 'requests', name: 'Requests', aggregation: 'count' });
  await post(weir, '/v1/meters', {
    ...meter,
    key: 'output-tokens',
    name: 'Output tokens',
    aggregation: 'sum',
    value: 'data.output_tokens',
  });
  let next = 0;
  const worker = async () => {
    while (next < CUSTOMERS) {
      const key = customerKey(next);
      next += 1;
      await post(weir, '/v1/customers', { key, name: key });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function post({ url, apiKey }: Weir, path: string, body: unknown): Promise<void> {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = await response.text();
  if (!response.ok) throw new BenchError(`POST ${path} was answered: ${response.status} ${answer}`);
}
