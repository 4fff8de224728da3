import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { Pool, type PoolClient } from 'pg';
import { LIMIT } from './workload';

/**
 * The same work as most would write it: for each request a transaction that locks the customer's counter by
 * `SELECT … FOR UPDATE`, checks, writes, and commits. On the same PostgreSQL as Weir, over eight connections, by
 * statements that are prepared once on each; without keys, caps to be found, or history.
 */
const CONNECTIONS = 8;

async function main(socketFolder: string): Promise<void> {
  const pool = new Pool({ host: socketFolder, port: 5432, user: 'weir', database: 'weir', max: CONNECTIONS });
  const transaction = async <T>(work: (client: PoolClient) => Promise<T>): Promise<T> => {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    } finally {
      client.release();
    }
  };

  const server = Fastify();
  server.post('/v1/holds', async (request) => {
    const { customer, estimate } = request.body as { customer: string; estimate: { amount: string } };
    const id = randomUUID();
    const decision = await transaction(async (client) => {
      const { rows } = await client.query<{ free: boolean }>({
        name: 'lock-counter',
        text: `SELECT settled + held + $2::numeric <= ${LIMIT} AS free FROM bench_counter WHERE customer = $1 FOR UPDATE`,
        values: [customer, estimate.amount],
      });
      if (rows[0]?.free !== true) return 'deny';
      await client.query({
        name: 'hold',
        text: 'UPDATE bench_counter SET held = held + $2 WHERE customer = $1',
        values: [customer, estimate.amount],
      });
      await client.query({
        name: 'keep',
        text: `INSERT INTO bench_hold (id, customer, amount) VALUES ($1, $2, $3)`,
        values: [id, customer, estimate.amount],
      });
      return 'allow';
    });
    return { decision, hold: id, held: estimate.amount };
  });

  server.post('/v1/holds/:id/settle', async (request) => {
    const { amount } = request.body as { amount: string };
    const { id } = request.params as { id: string };
    await transaction(async (client) => {
      const { rows } = await client.query<{ customer: string; amount: string }>({
        name: 'lock-hold',
        text: 'SELECT customer, amount FROM bench_hold WHERE id = $1 AND settled IS NULL FOR UPDATE',
        values: [id],
      });
      const hold = rows[0]!;
      await client.query({
        name: 'lock-counter-again',
        text: 'SELECT held FROM bench_counter WHERE customer = $1 FOR UPDATE',
        values: [hold.customer],
      });
      await client.query({
        name: 'settle',
        text: 'UPDATE bench_counter SET held = held - $2, settled = settled + $3 WHERE customer = $1',
        values: [hold.customer, hold.amount, amount],
      });
      await client.query({
        name: 'end',
        text: 'UPDATE bench_hold SET settled = $2 WHERE id = $1',
        values: [id, amount],
      });
    });
    return { hold: id, status: 'settled', settled: amount };
  });
  await server.listen({ port: 0, host: '127.0.0.1' });
  process.send?.((server.server.address() as AddressInfo).port);
}

process.once('disconnect', () => process.exit(0));
void main(process.argv[2]!);
