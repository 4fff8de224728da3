import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { BenchError } from '../bench-error';
import type { Weir } from '../processes';
import { CUSTOMERS, LIMIT } from './workload';

export async function socketFolder(weir: Weir): Promise<string> {
  if (process.platform === 'win32') throw new BenchError('The benchmark needs a Unix socket to reach PostgreSQL.');
  return realpath(join(weir.dataFolder, 'socket'));
}

/** Ten thousand customers, one cap with a counter for each, and the counters of the server that locks by request. */
export async function openBooks(weir: Weir, database: Client): Promise<void> {
  await database.query(
    `INSERT INTO customer (organisation_id, id, key, name, time_zone, created_at)
     SELECT organisation.id, gen_random_uuid(), 'customer-' || lpad(number::text, 5, '0'), number::text, 'UTC', now()
       FROM organisation, generate_series(0, ${CUSTOMERS.spread - 1}) AS number`,
  );
  await post(weir, '/v1/caps', {
    key: 'customers-month',
    scope: {},
    each: ['customer'],
    measure: 'cost',
    period: 'month',
    kind: 'hard',
    limit: LIMIT,
  });
  await database.query(
    `CREATE TABLE bench_counter (customer text PRIMARY KEY, settled numeric NOT NULL DEFAULT 0, held numeric NOT NULL DEFAULT 0) WITH (fillfactor = 60);
     CREATE TABLE bench_hold (id uuid PRIMARY KEY, customer text NOT NULL, amount numeric NOT NULL, settled numeric) WITH (fillfactor = 60);
     INSERT INTO bench_counter SELECT 'customer-' || lpad(number::text, 5, '0') FROM generate_series(0, ${CUSTOMERS.spread - 1}) AS number;
     ANALYZE customer, bench_counter`,
  );
}

async function post({ url, apiKey }: Weir, path: string, body: unknown): Promise<void> {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new BenchError(`POST ${path} was answered: ${response.status} ${await response.text()}`);
}
