import type { Pool } from 'pg';
import type { Logger } from '../logging';

export interface PeriodicJob {
  readonly name: string;
  readonly everyMs: number;
  /** Safe to run again after a crash at any point. `stopping` says that the process wants to end. */
  run(stopping: AbortSignal): Promise<void>;
}

/** Advisory lock class of periodic jobs: "job" in ASCII. */
const JOB_LOCK_CLASS = 0x6a6f62;

/**
 * Runs jobs again and again, each at most once at a time over all processes of one database (an advisory lock decides
 * who; the others skip that turn). A job that fails is logged and runs again at its next turn.
 */
export class PeriodicJobs {
  private readonly stop = new AbortController();
  private readonly loops: Promise<void>[] = [];

  constructor(
    private readonly pool: Pool,
    private readonly logger: Logger,
  ) {}

  start(job: PeriodicJob): void {
    this.loops.push(this.loop(job));
  }

  /** Lets the running jobs finish and starts no further turn. */
  async drain(): Promise<void> {
    this.stop.abort();
    await Promise.all(this.loops);
  }

  private async loop(job: PeriodicJob): Promise<void> {
    while (!this.stop.signal.aborted) {
      try {
        await this.turn(job);
      } catch (error) {
        this.logger.error({ err: error, job: job.name }, 'a periodic job failed; it runs again at its next turn');
      }
      await this.pause(job.everyMs);
    }
  }

  private async turn(job: PeriodicJob): Promise<void> {
    const client = await this.pool.connect();
    let broken = false;
    try {
      const { rows } = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1, hashtext($2)) AS mine', [
        JOB_LOCK_CLASS,
        job.name,
      ]);
      if (rows[0]?.mine !== true) return;
      try {
        await job.run(this.stop.signal);
      } finally {
        await client.query('SELECT pg_advisory_unlock($1, hashtext($2))', [JOB_LOCK_CLASS, job.name]);
      }
    } catch (error) {
      broken = true; // a session that may still hold the lock is not given back to the pool
      throw error;
    } finally {
      client.release(broken);
    }
  }

  private async pause(ms: number): Promise<void> {
    const { signal } = this.stop;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done);
    });
  }
}
