import type { Pool } from 'pg';
import type { Clock } from '../../kernel';
import type { PeriodicJob } from '../jobs';

const EVERY_MS = 3_600_000;
/** Most rows one statement removes, so that each is short. */
const A_STATEMENT = 1_000;

/**
 * Forgets the answers stored under an `Idempotency-Key` when they are old: a sender that tries again does so within
 * hours, and without an end the table would grow with every POST. From then on the key is a new one.
 *
 * @param keptMs how long an answer can be replayed, in milliseconds
 */
export function forgetAnswersJob(pool: Pool, clock: Clock, keptMs: number): PeriodicJob {
  return {
    name: 'forget answers',
    everyMs: EVERY_MS,
    async run(stopping) {
      let more = true;
      while (more && !stopping.aborted) {
        const { rowCount } = await pool.query(
          `DELETE FROM idempotency_key WHERE ctid = ANY (ARRAY(
             SELECT ctid FROM idempotency_key WHERE created_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))`,
          [new Date(clock.now().getTime() - keptMs), A_STATEMENT],
        );
        more = rowCount === A_STATEMENT;
      }
    },
  };
}
