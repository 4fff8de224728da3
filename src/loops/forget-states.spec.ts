import { Pool } from 'pg';
import { startTestServer, type TestServer } from '../../test/support/server';
import { Clock } from '../kernel';
import { forgetLoopStatesJob } from './forget-states.job';

class InNovember extends Clock {
  now(): Date {
    return new Date('2026-11-01T00:00:00Z');
  }
}

let server: TestServer;
let pool: Pool;
beforeAll(async () => {
  server = await startTestServer();
  pool = new Pool({ connectionString: server.databaseUrl });
});
afterAll(async () => {
  await pool.end();
  await server.stop();
});

it('forgets sessions that have been quiet for a month, however many, and no others', async () => {
  await server.api('POST', '/v1/customers', { key: 'acme', name: 'Acme' });
  await server.query(
    `INSERT INTO loop_state (organisation_id, customer_id, session, task_class, state, seen_at)
     SELECT organisation_id, customer.id, 'old-' || number, '', '{}'::jsonb, timestamptz '2026-10-01Z'
       FROM customer, generate_series(1, 2500) AS number
     UNION ALL
     SELECT organisation_id, customer.id, 'young', '', '{}'::jsonb, timestamptz '2026-10-02T00:00:01Z' FROM customer`,
  );

  await forgetLoopStatesJob(pool, new InNovember()).run(new AbortController().signal);

  expect(await server.query('SELECT session FROM loop_state')).toEqual([{ session: 'young' }]);
});
