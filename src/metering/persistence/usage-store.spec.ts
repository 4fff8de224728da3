import { Pool } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/postgres';
import { ALL_EVENTS_METER_ID } from '../../catalog/domain';
import { newUuid } from '../../kernel';
import { copyAndCommit } from '../../platform/database';
import { EVERY_CUSTOMER_ID, HOUR_MICROS, UsageSums } from '../domain';
import { UsageFolder } from '../usage-folder';
import { foldLeftovers, pendingCopy } from './usage-store';

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new Pool({ connectionString: database.url, max: 4 });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(() => pool.query('TRUNCATE usage, usage_pending'));

const ORGANISATION = newUuid();
const [ADA, BEN] = [newUuid(), newUuid()];
const COST = { amount: 25n * 10n ** 17n, pending: false }; // 0.0000025
const EVENT = {
  type: 'llm.request',
  source: 'api',
  data: null,
  session: null,
  task: null,
  agent: null,
  feature: null,
  department: null,
  user: null,
  parent: null,
  step: null,
  provider: null,
  model: null,
};

/** Sums of so many events of each customer, an hour apart. */
function sumsOf(events: Readonly<Record<string, number>>, hour = 0): UsageSums {
  const sums = new UsageSums();
  for (const [customerId, count] of Object.entries(events)) {
    for (let number = 0; number < count; number += 1)
      sums.add(customerId, hour * HOUR_MICROS, '\0'.repeat(16), EVENT, new Map(), COST);
  }
  return sums;
}

/** Commits pending sums, as a group commit does. */
async function commit(batch: number, sums: UsageSums): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await copyAndCommit(client, [pendingCopy(batch, new Map([[ORGANISATION, sums]]))]);
  } finally {
    client.release();
  }
}

/** Events and cost by customer, over all hours, and how many rows are pending. */
async function kept(): Promise<{ totals: Record<string, [number, string]>; pending: number }> {
  const { rows } = await pool.query<{ customer_id: string; events: number; cost: string }>(
    `SELECT customer_id, sum(events)::int AS events, trim_scale(sum(cost))::text AS cost FROM usage
      WHERE organisation_id = $1 AND meter_id = $2 GROUP BY 1`,
    [ORGANISATION, ALL_EVENTS_METER_ID],
  );
  const { rows: pending } = await pool.query('SELECT FROM usage_pending');
  return {
    totals: Object.fromEntries(rows.map(({ customer_id, events, cost }) => [customer_id, [events, cost]])),
    pending: pending.length,
  };
}

const BOTH = { [ADA]: [5, '0.0000125'], [BEN]: [2, '0.000005'], [EVERY_CUSTOMER_ID]: [7, '0.0000175'] };

it('folds what a process left behind, for each customer and for all of them', async () => {
  await commit(1, sumsOf({ [ADA]: 2, [BEN]: 1 }));
  await commit(2, sumsOf({ [ADA]: 3 }, 1));
  await commit(3, sumsOf({ [BEN]: 1 }));

  expect(await foldLeftovers(pool, 0)).toEqual({ more: false });

  expect(await kept()).toEqual({ totals: BOTH, pending: 0 });
});

it('leaves young rows to the process that wrote them', async () => {
  await commit(1, sumsOf({ [ADA]: 2 }));
  await foldLeftovers(pool, 60_000);
  expect(await kept()).toEqual({ totals: {}, pending: 1 });
});

it('adds to what was folded before, from memory and from the table alike', async () => {
  const folder = new UsageFolder(pool, (error) => {
    throw error;
  });
  const first = sumsOf({ [ADA]: 2, [BEN]: 1 });
  await commit(1, first);
  folder.committed(1, new Map([[ORGANISATION, first]]));
  await folder.fold();
  expect((await kept()).pending).toBe(0);

  await commit(2, sumsOf({ [ADA]: 3, [BEN]: 1 }));
  await foldLeftovers(pool, 0);

  expect(await kept()).toEqual({ totals: BOTH, pending: 0 });
  await folder.stop();
});

it('counts nothing twice when a process comes to fold what was folded from the table', async () => {
  const failures: unknown[] = [];
  const folder = new UsageFolder(pool, (error) => failures.push(error));
  const sums = sumsOf({ [ADA]: 5, [BEN]: 2 });
  await commit(1, sums);
  folder.committed(1, new Map([[ORGANISATION, sums]]));

  await foldLeftovers(pool, 0);
  await folder.fold();

  expect(failures).toHaveLength(1);
  expect(await kept()).toEqual({ totals: BOTH, pending: 0 });
  await folder.stop();
});

it('lets several fold at once', async () => {
  for (let batch = 1; batch <= 20; batch += 1) await commit(batch, sumsOf({ [ADA]: 5, [BEN]: 2 }, batch));
  await Promise.all([foldLeftovers(pool, 0), foldLeftovers(pool, 0), foldLeftovers(pool, 0)]);

  expect(await kept()).toEqual({
    totals: { [ADA]: [100, '0.00025'], [BEN]: [40, '0.0001'], [EVERY_CUSTOMER_ID]: [140, '0.00035'] },
    pending: 0,
  });
});
