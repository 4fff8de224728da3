import type { Pool } from 'pg';
import type { Clock } from '../kernel';
import type { PeriodicJob } from '../platform/jobs';

const EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** A session that has been quiet for so long is over; if it goes on after all, it begins anew. */
const KEPT_DAYS = 30;
/** Most rows one statement removes, so that each is short. */
const A_STATEMENT = 1_000;

/** Forgets how far sessions are that nobody has heard of for a month. Findings are kept. */
export function forgetLoopStatesJob(pool: Pool, clock: Clock): PeriodicJob {
  return {
    name: 'forget loop states',
    everyMs: EVERY_MS,
    async run(stopping) {
      let more = true;
      while (more && !stopping.aborted) {
        const { rowCount } = await pool.query(
          `DELETE FROM loop_state WHERE ctid = ANY (ARRAY(
             SELECT ctid FROM loop_state WHERE seen_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))`,
          [new Date(clock.now().getTime() - KEPT_DAYS * DAY_MS), A_STATEMENT],
        );
        more = rowCount === A_STATEMENT;
      }
    },
  };
}
