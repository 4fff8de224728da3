import { type Grant, isFor, isRunning } from './grant';

/**
 * The grants that may be burned for a feature at an instant, in the order in which they are:
 *
 * 1. **priority**, the smaller first;
 * 2. **expiry**, the soonest first, and what never expires last;
 * 3. **age**, the oldest first.
 *
 * Grants of one instant go by their ids, so that the order never depends on how they were read.
 */
export function inBurnOrder<G extends Grant>(grants: readonly G[], at: Date, feature: string | null): G[] {
  return grants
    .filter((grant) => grant.left.greaterThan(0) && isRunning(grant, at) && isFor(grant, feature))
    .sort(byBurnOrder);
}

/** What `inBurnOrder` sorts by. */
export function byBurnOrder(a: Grant, b: Grant): number {
  return (
    a.priority - b.priority ||
    compared(a.expiresAt?.getTime() ?? Infinity, b.expiresAt?.getTime() ?? Infinity) ||
    a.grantedAt.getTime() - b.grantedAt.getTime() ||
    (a.id < b.id ? -1 : Number(a.id > b.id))
  );
}

/** Infinity − Infinity is no number, so expiries are compared. */
function compared(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
