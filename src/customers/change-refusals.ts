import { ConflictError } from '../kernel';
import type { SubscriptionWithPlan } from './assemble-subscription';
import { openFrom, pauseAt } from './domain';

/**
 * What a period that has its invoice was charged by stays as it is.
 *
 * @param field of the request that says when
 * @throws      ConflictError `period_closed`
 */
export function refuseClosed(about: SubscriptionWithPlan, at: Date, field: string): void {
  const open = openFrom(about);
  if (open.getTime() <= at.getTime()) return;
  const detail = `must not be before ${open.toISOString()}, when the first period without an invoice begins`;
  throw new ConflictError('period_closed', `${field}: ${detail}.`, [{ field, detail }]);
}

/**
 * What has ended, or will have, doesn't change.
 *
 * @throws ConflictError `subscription_ended`
 */
export function refuseEnded(about: SubscriptionWithPlan, at: Date, now: Date, field: string): void {
  const { ending } = about;
  if (ending === null || at.getTime() < ending.endAt.getTime()) return;
  const end = ending.endAt.toISOString();
  const [is, todo] =
    ending.endAt.getTime() <= now.getTime()
      ? [`ended at ${end}`, 'take it up again with POST …/reactivate first']
      : [`ends at ${end}`, 'take that back with POST …/undo-cancel first, or begin earlier'];
  throw new ConflictError('subscription_ended', `The subscription ${is}: ${todo}.`, [
    { field, detail: `is not before the end of the subscription, ${end}` },
  ]);
}

export const STANDINGS = ['upcoming', 'active', 'paused', 'cancelled', 'ended'] as const;

/** How a subscription stands by its customer's clock. */
export function standingAt(about: SubscriptionWithPlan, now: Date): (typeof STANDINGS)[number] {
  const { ending, pauses, subscription } = about;
  if (ending !== null && ending.endAt.getTime() <= now.getTime()) return 'ended';
  if (now.getTime() < subscription.startAt.getTime()) return 'upcoming';
  if (pauseAt(pauses, now) !== null) return 'paused';
  return ending === null ? 'active' : 'cancelled';
}
