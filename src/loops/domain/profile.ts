import { Decimal, ZERO } from '../../kernel';
import type { ClassProfile } from './rules';
import type { LoopState } from './state';

/** Of 100 minutes with spending, so many cost no more than a busy one. */
const BUSY = 95;

/**
 * What sessions of a class usually spend: the 95th percentile (nearest rank) of all their minutes in which something
 * was spent. 19 minutes of 0.10 and one of 5.00: a busy minute costs 0.10.
 *
 * @param sessions those of the class but the one that is held to it
 */
export function profileOf(sessions: readonly Pick<LoopState, 'minutes'>[]): ClassProfile {
  const minutes = sessions.flatMap((session) => session.minutes.map(([, cost]) => new Decimal(cost)));
  minutes.sort((a, b) => a.comparedTo(b));
  const rank = Math.ceil((minutes.length * BUSY) / 100);
  return { costPerMinute: minutes[rank - 1] ?? ZERO, sessions: sessions.length };
}
