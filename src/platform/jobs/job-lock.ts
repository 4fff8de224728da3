import type { Pool } from 'pg';
import type { PeriodicJob } from './jobs';

/** Advisory lock class of periodic jobs: "job" in ASCII. */
const JOB_LOCK_CLASS = 0x6a6f62;

/**
 * Runs a job unless it runs somewhere already. The lock is the database's, so it holds over processes, whatever started
 * them, and is gone with the process that held it.
 */
export async function runAlone(pool: Pool, job: PeriodicJob, stopping: AbortSignal): Promise<void> {
  const client = await pool.connect();
  let broken = true;
  try {
    const { rows } = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1, hashtext($2)) AS mine', [
      JOB_LOCK_CLASS,
      job.name,
    ]);
    if (rows[0]?.mine === true) {
      try {
        await job.run(stopping);
      } finally {
        await client.query('SELECT pg_advisory_unlock($1, hashtext($2))', [JOB_LOCK_CLASS, job.name]);
      }
    }
    broken = false;
  } finally {
    client.release(broken); // a session that may still hold the lock is not given back to the pool
  }
}
