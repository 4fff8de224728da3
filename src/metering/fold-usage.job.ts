import type { Pool } from 'pg';
import type { PeriodicJob } from '../platform/jobs';
import { foldLeftovers } from './persistence/usage-store';

const EVERY_MS = 5_000;
/** A process folds what it wrote within some seconds; what is older was left by one that died or failed. */
const LEFTOVER_AGE_MS = 15_000;

/**
 * Folds pending sums that were left behind, so that they stay few and reading usage stays quick. Usage is right
 * whenever it runs.
 */
export function foldUsageJob(pool: Pool, minAgeMs: number = LEFTOVER_AGE_MS): PeriodicJob {
  return {
    name: 'fold usage',
    everyMs: EVERY_MS,
    async run(stopping) {
      let more = true;
      while (more && !stopping.aborted) ({ more } = await foldLeftovers(pool, minAgeMs));
    },
  };
}
