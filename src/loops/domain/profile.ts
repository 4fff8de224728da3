import { Decimal, ZERO } from '../../kernel';
import type { ClassProfile } from './rules';
import type { LoopState } from './state';

/** Of 100 sessions, so many never spend more in a minute. */
const BUSY = 95;

/**
 * What sessions of a class usually spend: the 95th percentile (nearest rank) of what each one's most expensive minute
 * cost. 19 sessions that never spend more than 0.10 a minute and one that spends 5.00: a busy minute costs 0.10. Each
 * session counts once, however long it runs, so that one that runs away does not become what is usual.
 */
export function profileOf(sessions: readonly Pick<LoopState, 'minutes'>[]): ClassProfile {
  const busiest = sessions.map(({ minutes }) => Decimal.max(ZERO, ...minutes.map(([, cost]) => cost)));
  busiest.sort((a, b) => a.comparedTo(b));
  const rank = Math.ceil((busiest.length * BUSY) / 100);
  return { costPerMinute: busiest[rank - 1] ?? ZERO, sessions: busiest.length };
}
