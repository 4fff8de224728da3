import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/postgres';
import { createLogger } from '../logging';
import { InProcessJobs } from './in-process-jobs';
import type { Jobs, PeriodicJob } from './jobs';
import { QueuedJobs } from './queued-jobs';

const REDIS_URL = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';
const logger = createLogger('silent');

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new Pool({ connectionString: database.url, max: 8 });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

/** A job that tells of its turns, and whether two of them ever overlapped. */
function watchedJob(name: string): {
  job: PeriodicJob;
  turns: (count: number) => Promise<void>;
  overlapped: () => boolean;
} {
  let running = 0;
  let overlapped = false;
  let done = 0;
  const waiting: { count: number; resolve: () => void }[] = [];
  const job: PeriodicJob = {
    name,
    everyMs: 20,
    run: async () => {
      running += 1;
      overlapped ||= running > 1;
      await pool.query('SELECT pg_sleep(0.01)');
      running -= 1;
      done += 1;
      for (const each of waiting) if (done >= each.count) each.resolve();
    },
  };
  const turns = (more: number): Promise<void> =>
    new Promise((resolve) => waiting.push({ count: done + more, resolve }));
  return { job, turns, overlapped: () => overlapped };
}

function behavesAsJobs(make: (pool?: Pool) => Promise<Jobs>): void {
  it('runs a job again and again, once at a time over two runners', async () => {
    const [one, two] = await Promise.all([make(), make()]);
    const { job, turns, overlapped } = watchedJob('watched');

    one.start(job);
    two.start(job);
    await turns(5);
    await Promise.all([one.drain(), two.drain()]);

    expect(overlapped()).toBe(false);
  });

  it('runs a job that failed again, and the other jobs beside it', async () => {
    const jobs = await make();
    const { job, turns } = watchedJob('healthy');
    let failures = 0;
    const failing: PeriodicJob = {
      name: 'failing',
      everyMs: 20,
      run: () => Promise.reject(new Error(`failure ${++failures}`)),
    };

    jobs.start(failing);
    jobs.start(job);
    await turns(5);
    await jobs.drain();

    expect(failures).toBeGreaterThan(1);
  });

  it('runs more jobs than the pool has connections, each of which needs one', async () => {
    const small = new Pool({ connectionString: database.url, max: 2 });
    const jobs = await make(small);
    const many = Array.from({ length: 6 }, (_, index) => watchedJob(`many ${index}`));
    for (const { job } of many)
      jobs.start({ ...job, run: (stopping) => withConnection(small, () => job.run(stopping)) });

    await Promise.all(many.map(({ turns }) => turns(3)));
    await jobs.drain();
    await small.end();

    expect(many.some(({ overlapped }) => overlapped())).toBe(false);
  });

  it('lets a running job finish before it has drained', async () => {
    const jobs = await make();
    let started: () => void = () => undefined;
    const hasStarted = new Promise<void>((resolve) => (started = resolve));
    let finished = false;
    jobs.start({
      name: 'slow',
      everyMs: 1_000,
      run: async () => {
        started();
        await pool.query('SELECT pg_sleep(0.2)');
        finished = true;
      },
    });

    await hasStarted;
    await jobs.drain();

    expect(finished).toBe(true);
  });
}

async function withConnection(from: Pool, work: () => Promise<void>): Promise<void> {
  const client = await from.connect();
  try {
    await work();
  } finally {
    client.release();
  }
}

describe('jobs by timers of the process', () => {
  behavesAsJobs((other = pool) => Promise.resolve(new InProcessJobs(other, logger)));
});

/** Asked by jest before the tests are named, so that they are skipped visibly where no Redis answers. */
const redisAnswers = ((): boolean => {
  try {
    const { hostname, port } = new URL(REDIS_URL);
    // jest collects tests synchronously, so the question is asked by a child.
    const script = `require('node:net').connect(${Number(port || 6379)}, '${hostname}').on('connect', () => process.exit(0)).on('error', () => process.exit(1))`;
    return spawnSync(process.execPath, ['-e', script], { timeout: 5_000 }).status === 0;
  } catch {
    return false;
  }
})();

(redisAnswers ? describe : describe.skip)('jobs by Redis', () => {
  behavesAsJobs((other = pool) => QueuedJobs.connect(REDIS_URL, other, logger));

  it('goes on after Redis was emptied', async () => {
    const jobs = await QueuedJobs.connect(REDIS_URL, pool, logger);
    const { job, turns } = watchedJob('survivor');
    jobs.start(job);
    await turns(2);

    const redis = new Redis(REDIS_URL);
    const keys = await redis.keys('weir-*');
    if (keys.length > 0) await redis.del(keys);
    redis.disconnect();
    await jobs.restoreSchedules();

    await turns(2);
    await jobs.drain();
  });
});

it('says in one line that Redis is not there', async () => {
  const port = await freePort();
  await expect(QueuedJobs.connect(`redis://127.0.0.1:${port}`, pool, logger)).rejects.toThrow(
    /^Can't reach Redis: .*Check REDIS_URL/,
  );
});

/** A port on which nothing listens: one that was just given back. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
