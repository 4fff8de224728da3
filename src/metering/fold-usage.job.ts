import type { Pool } from 'pg';
import type { PeriodicJob } from '../platform/jobs';
import { foldPending } from './persistence/usage-store';

const EVERY_MS = 1_000;

/** Keeps the pending sums few, so that reading usage stays quick. Nothing depends on when it runs. */
export function foldUsageJob(pool: Pool): PeriodicJob {
  return {
    name: 'fold usage',
    everyMs: EVERY_MS,
    async run(stopping) {
      let more = true;
      while (more && !stopping.aborted) ({ more } = await foldPending(pool));
    },
  };
}
