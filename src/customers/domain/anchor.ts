import type { BillingAnchor } from '../../kernel';
import { billingAnchor, firstCycle, type PeriodsOf } from './cycles';

/**
 * What a subscription's billing periods are counted from in its first cycle, as the plan it was made with says. Whoever
 * asks about the periods it really has asks `periodOf` and `periodAt`, which know its later cycles too.
 */
export function anchorOf(about: PeriodsOf): BillingAnchor {
  return billingAnchor(firstCycle(about), about.customer.timeZone);
}
