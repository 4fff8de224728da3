import type { Plan, StoredPlan } from '../catalog';
import { ConflictError, type Currency, InvalidRequestError } from '../kernel';

/** Says whether a plan has prices in a currency. */
export function offersCurrency(plan: Plan, currency: Currency): boolean {
  return currency === plan.currency || Object.hasOwn(plan.currencies ?? {}, currency);
}

/**
 * Refuses a plan version that nobody may be given any more, or not yet.
 *
 * @param field of the request that named it
 * @throws ConflictError `plan_archived`, InvalidRequestError `plan_is_draft`
 */
export function refuseUnlessPublished(plan: StoredPlan, field: string): void {
  const name = `Version ${plan.version} of the plan '${plan.key}'`;
  if (plan.status === 'archived') {
    const message = `${name} is archived: it takes no new subscriptions.`;
    throw new ConflictError('plan_archived', message, [{ field, detail: 'is archived' }]);
  }
  if (plan.status === 'draft') {
    const message = `${name} is a draft: publish it first.`;
    throw new InvalidRequestError('plan_is_draft', message, [{ field, detail: 'is a draft' }]);
  }
}
