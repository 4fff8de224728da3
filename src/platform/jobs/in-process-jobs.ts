import { setMaxListeners } from 'node:events';
import type { Pool } from 'pg';
import type { Logger } from '../logging';
import { JobLocks } from './job-locks';
import type { Jobs, PeriodicJob } from './jobs';

/** Runs jobs by timers of this process. A job that fails is logged and runs again at its next turn. */
export class InProcessJobs implements Jobs {
  private readonly stop = new AbortController();
  private readonly loops: Promise<void>[] = [];
  private readonly locks: JobLocks;

  constructor(
    pool: Pool,
    private readonly logger: Logger,
  ) {
    this.locks = new JobLocks(pool);
    // Each job that pauses listens, however many there are.
    setMaxListeners(0, this.stop.signal);
  }

  start(job: PeriodicJob): void {
    this.loops.push(this.loop(job));
  }

  async drain(): Promise<void> {
    this.stop.abort();
    await Promise.all(this.loops);
  }

  private async loop(job: PeriodicJob): Promise<void> {
    while (!this.stop.signal.aborted) {
      try {
        await this.locks.runAlone(job, this.stop.signal);
      } catch (error) {
        this.logger.error({ err: error, job: job.name }, 'a periodic job failed; it runs again at its next turn');
      }
      await this.pause(job.everyMs);
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
