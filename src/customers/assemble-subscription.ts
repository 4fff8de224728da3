import { planInCurrency, type StoredPlan } from '../catalog';
import type { CycleRow, OverrideRow, PauseRow, PhaseRow } from './change-rows';
import { type Cycle, type Ending, firstCycle, type Override, type Pause, type Phase } from './domain';
import { fromStoredOverride } from './override-storage';
import type { CustomerEntity } from './persistence/customer.entity';
import type { SubscriptionEntity } from './persistence/subscription.entity';
import { endingOf, fromStoredCycles, fromStoredPause } from './persistence/time-rows';

/** A subscription with what it refers to. */
export interface SubscriptionWithPlan {
  readonly subscription: SubscriptionEntity;
  readonly customer: CustomerEntity;
  /** The version it was made with, in the subscription's currency; which it has at an instant says `planAt`. */
  readonly plan: StoredPlan;
  /** Which plan version it has from when on: the one it was made with, then those it was moved to. */
  readonly phases: readonly Phase<StoredPlan>[];
  /** Other terms for single prices, by when they begin. */
  readonly overrides: readonly Override[];
  /** How its billing periods are counted, from when on. */
  readonly cycles: readonly Cycle[];
  /** By when they begin. */
  readonly pauses: readonly Pause[];
  /** How it ends; null: it goes on. */
  readonly ending: Ending | null;
}

/** What is stored of a subscription, each ascending by when it begins. */
interface StoredParts {
  readonly phases: readonly PhaseRow[];
  readonly overrides: readonly OverrideRow[];
  readonly cycles: readonly CycleRow[];
  readonly pauses: readonly PauseRow[];
}

/** A subscription as its rows say. @param plans by id, all that the rows name */
export function assemble(
  subscription: SubscriptionEntity,
  customer: CustomerEntity,
  plans: ReadonlyMap<string, StoredPlan>,
  { phases, overrides, cycles, pauses }: StoredParts,
): SubscriptionWithPlan {
  const plan = plans.get(subscription.planId)!;
  const later = phases.map(({ fromAt, planId, moveId, changeId }) => ({
    fromAt,
    plan: plans.get(planId)!,
    moveId,
    changeId,
  }));
  const all = [{ fromAt: subscription.startAt, plan, moveId: null, changeId: null }, ...later];
  return {
    subscription,
    customer,
    plan: planInCurrency(plan, subscription.currency ?? plan.currency),
    phases: all,
    overrides: overrides.map(fromStoredOverride),
    cycles: fromStoredCycles(firstCycle({ subscription, customer, phases: all }), cycles),
    pauses: pauses.map(fromStoredPause),
    ending: endingOf(subscription),
  };
}
