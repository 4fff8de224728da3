import type { Plan } from '../../catalog/domain';
import { type Phase, planAt, type SubscriptionInTime } from '../../customers/domain';

/** What a subscription pays by from an instant on, with and without a move. */
export interface PlansOfMove<P extends Plan> {
  readonly at: Date;
  readonly now: P;
  readonly then: P;
}

/**
 * The plans that a move is between, as the subscription would pay by them: in its currency, with its overrides. What is
 * planned already for the same instant is what the move replaces, so it is what there is now.
 *
 * ```
 * planned          |-- v1 --|----- v2 -----|      moved to v3 at x: v1 or v2 beside v3
 * move to v3            x
 * stay (not v2)             ^                     v2 beside v1
 * ```
 *
 * @param at      from when on the subscription would have the new plan
 * @param to      the new plan; null for a move to stay, which only takes back what is planned
 * @param planned what a move to stay takes back
 */
export function plansOfMove<P extends Plan>(
  about: SubscriptionInTime<P>,
  at: Date,
  to: P | null,
  planned: readonly Phase<P>[],
): PlansOfMove<P> {
  const from = to === null ? (planned[0]?.fromAt ?? at) : at;
  const phases = to === null ? about.phases.filter((phase) => !planned.includes(phase)) : withPhase(about, at, to);
  return { at: from, now: planAt(about, from), then: planAt({ ...about, phases }, from) };
}

/** Phases with one more; of one instant there is one. */
function withPhase<P extends Plan>({ phases }: SubscriptionInTime<P>, fromAt: Date, plan: P): Phase<P>[] {
  const kept = phases.filter((phase) => phase.fromAt.getTime() !== fromAt.getTime());
  const added = [...kept, { fromAt, plan, moveId: null }];
  return added.sort((one, other) => one.fromAt.getTime() - other.fromAt.getTime());
}
