import { invariant } from '../../kernel';
import type { Cycle, Ending, Pause } from '../domain';
import type { SubscriptionEntity } from './subscription.entity';
import type { CycleRow, PauseRow } from '../change-rows';

/** How a subscription ends, as its row says. */
export function endingOf({
  endAt,
  cancelledAt,
  cancelSettle,
}: Pick<SubscriptionEntity, 'endAt' | 'cancelledAt' | 'cancelSettle'>): Ending | null {
  if (endAt === null) return null;
  invariant(cancelledAt !== null && cancelSettle !== null, 'an end was asked for at a time and in a way');
  return { endAt, cancelledAt, settle: cancelSettle };
}

/** All cycles of a subscription, with the numbers they were stored with. @param rows ascending */
export function fromStoredCycles(first: Cycle, rows: readonly CycleRow[]): readonly Cycle[] {
  const starts = [first, ...rows.map(toCycle)];
  return starts.map((cycle, position) => {
    const next = rows[position];
    return next === undefined ? cycle : { ...cycle, endAt: next.previousEndAt, ending: previousEnding(next) };
  });
}

/** How the cycle before one ended; null where it was simply followed. */
export function previousEnding(row: CycleRow): Ending | null {
  const { previousEndAt, previousCancelledAt, previousSettle } = row;
  if (previousCancelledAt === null || previousSettle === null) return null;
  return { endAt: previousEndAt, cancelledAt: previousCancelledAt, settle: previousSettle };
}

export function fromStoredPause({ id, fromAt, toAt, bills }: PauseRow): Pause {
  return { id, fromAt, toAt, bills };
}

function toCycle({ fromAt, firstIndex, interval, intervalCount, anchor }: CycleRow): Cycle {
  return { fromAt, firstIndex, interval, intervalCount, anchor, endAt: null };
}
