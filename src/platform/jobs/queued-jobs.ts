import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { Pool } from 'pg';
import type { Logger } from '../logging';
import { StartupError } from '../startup-error';
import { JobLocks } from './job-locks';
import type { Jobs, PeriodicJob } from './jobs';

const QUEUE = 'periodic';
/** How soon schedules are back after Redis lost them. */
const RESTORE_MS = 15_000;
const CONNECT_MS = 5_000;

/**
 * Runs jobs by BullMQ's schedulers on Redis: turns are given out once for all processes. Redis holds only when a job is
 * due next, and the database's lock still decides who runs it; so Redis may be emptied at any moment: the schedules are
 * written anew, and every turn finds its work by looking into the database.
 */
export class QueuedJobs implements Jobs {
  private readonly jobs = new Map<string, PeriodicJob>();
  private readonly stop = new AbortController();
  private readonly restoring: NodeJS.Timeout;
  private readonly locks: JobLocks;

  private constructor(
    pool: Pool,
    private readonly logger: Logger,
    private readonly redis: Redis,
    private readonly queue: Queue,
    private readonly worker: Worker,
  ) {
    this.locks = new JobLocks(pool);
    this.restoring = setInterval(() => void this.restoreSchedules(), RESTORE_MS);
    const log = (error: Error): void => this.logger.warn({ err: error }, 'Redis does not answer; jobs wait for it');
    queue.on('error', log);
    worker.on('error', log);
    worker.on('failed', (job, error) =>
      this.logger.error({ err: error, job: job?.name }, 'a periodic job failed; it runs again at its next turn'),
    );
  }

  /**
   * @throws StartupError when Redis can't be reached
   */
  static async connect(redisUrl: string, pool: Pool, logger: Logger): Promise<QueuedJobs> {
    const redis = new Redis(redisUrl, {
      lazyConnect: true,
      maxRetriesPerRequest: null,
      connectTimeout: CONNECT_MS,
      retryStrategy: () => null,
    });
    redis.on('error', () => undefined);
    try {
      await redis.connect();
    } catch (error) {
      redis.disconnect();
      throw new StartupError(
        `Can't reach Redis: ${(error as Error).message}. Check REDIS_URL, or leave it out to run jobs in this process.`,
      );
    }
    redis.options.retryStrategy = (tries) => Math.min(tries * 200, 5_000);

    const connection = { connection: redis, prefix: await queuePrefix(pool) };
    const queue = new Queue(QUEUE, connection);
    let jobs: QueuedJobs | null = null;
    const worker = new Worker(QUEUE, (job) => jobs!.turn(job.name), { ...connection, autorun: false, concurrency: 4 });
    jobs = new QueuedJobs(pool, logger, redis, queue, worker);
    void worker.run();
    return jobs;
  }

  start(job: PeriodicJob): void {
    this.jobs.set(job.name, job);
    void this.restoreSchedules();
  }

  async drain(): Promise<void> {
    this.stop.abort();
    clearInterval(this.restoring);
    await this.worker.close();
    await this.queue.close();
    this.redis.disconnect();
  }

  private async turn(name: string): Promise<void> {
    const job = this.jobs.get(name);
    if (job !== undefined) await this.locks.runAlone(job, this.stop.signal);
  }

  /** Writes the schedules that Redis should have; those that are there stay as they are. Called every few seconds. */
  async restoreSchedules(): Promise<void> {
    for (const { name, everyMs } of this.jobs.values()) {
      try {
        await this.queue.upsertJobScheduler(
          name,
          { every: everyMs },
          { name, opts: { removeOnComplete: true, removeOnFail: 100 } },
        );
      } catch (error) {
        this.logger.warn({ err: error, job: name }, 'a schedule could not be written; it is tried again');
      }
    }
  }
}

/** Names the queue after the database itself (its cluster's own number and its number there), so that two installations
 *  may share a Redis and all processes of one meet, however each spells its address. */
async function queuePrefix(pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT system_identifier || '-' || (SELECT oid FROM pg_database WHERE datname = current_database()) AS name
       FROM pg_control_system()`,
  );
  return `weir-${rows[0]!.name}`;
}
