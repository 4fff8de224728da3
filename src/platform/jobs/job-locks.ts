import type { Pool, PoolClient } from 'pg';
import type { PeriodicJob } from './jobs';

/** Advisory lock class of periodic jobs: "job" in ASCII. */
const JOB_LOCK_CLASS = 0x6a6f62;

/**
 * Runs jobs, each unless it runs somewhere already. The locks are the database's, so they hold over processes, whatever
 * started them, and are gone with the process that held them.
 *
 * All locks of this process are held through one connection. With one for each running job, as many jobs as the pool
 * has connections could hold all of them and wait for each other's to do their work.
 */
export class JobLocks {
  private client: PoolClient | null = null;
  private readonly running = new Set<string>();
  /** Questions to the connection, one behind the other. */
  private asked: Promise<unknown> = Promise.resolve();

  constructor(private readonly pool: Pool) {}

  async runAlone(job: PeriodicJob, stopping: AbortSignal): Promise<void> {
    // The connection would be given a lock again that it holds.
    if (this.running.has(job.name)) return;
    this.running.add(job.name);
    try {
      if (!(await this.ask('SELECT pg_try_advisory_lock($1, hashtext($2)) AS done', job.name))) return;
      try {
        await job.run(stopping);
      } finally {
        await this.ask('SELECT pg_advisory_unlock($1, hashtext($2)) AS done', job.name);
      }
    } finally {
      this.running.delete(job.name);
      await this.letGo();
    }
  }

  private ask(sql: string, name: string): Promise<boolean> {
    return this.inTurn(async () => {
      this.client ??= await this.pool.connect();
      try {
        const { rows } = await this.client.query<{ done: boolean }>(sql, [JOB_LOCK_CLASS, name]);
        return rows[0]?.done === true;
      } catch (error) {
        // A session that may still hold a lock is not given back to the pool.
        this.client.release(true);
        this.client = null;
        throw error;
      }
    });
  }

  /** Gives the connection back when no job runs; it holds no lock then. */
  private letGo(): Promise<void> {
    return this.inTurn(() => {
      if (this.running.size === 0) {
        this.client?.release();
        this.client = null;
      }
      return Promise.resolve();
    });
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.asked.then(work);
    this.asked = mine.catch(() => undefined);
    return mine;
  }
}
