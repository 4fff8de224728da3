import type { Client } from 'pg';
import { BenchError } from '../bench-error';
import { HELD, SETTLED } from './workload';

/**
 * That nothing was lost, doubled or left held, by the database's own arithmetic.
 *
 * @param pairs holds that were sent and settled
 * @throws BenchError
 */
export async function checkHolds(database: Client, pairs: number): Promise<{ holds: number; counters: number }> {
  const { rows } = await database.query<{ holds: string; settled: string; counters: string; right: boolean }>(
    `SELECT holds, settled, counters, booked = settled * ${SETTLED} AND held = 0 AS right
       FROM (SELECT count(*) AS holds, count(*) FILTER (WHERE status = 'settled') AS settled FROM hold) AS holds,
            (SELECT count(*) AS counters, sum(settled) AS booked, sum(held) AS held FROM cap_counter) AS counters (counters, booked, held)`,
  );
  const { holds, settled, counters, right } = rows[0]!;
  if (Number(holds) !== pairs || Number(settled) !== pairs || !right)
    throw new BenchError(
      `Of ${pairs} holds of ${HELD} there are ${holds}, settled ${settled}, counters right: ${right}`,
    );
  return { holds: Number(holds), counters: Number(counters) };
}
