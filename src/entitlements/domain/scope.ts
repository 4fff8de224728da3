/** What a cap may be narrowed to. */
export const SCOPE_FIELDS = [
  'customer',
  'subscription',
  'department',
  'feature',
  'agent',
  'session',
  'task',
  'user',
  'model',
] as const;
export type ScopeField = (typeof SCOPE_FIELDS)[number];

/**
 * Who and what some work is for: fields to values. Customer and subscription are our uuids, the others the sender's own
 * names. A cap that names a field which the work doesn't have doesn't apply to it. Events name no subscription: their
 * usage counts for each of their customer's, and what is charged for it for the one that charges.
 */
export type WorkScope = Readonly<Partial<Record<ScopeField, string>>> & { readonly customer: string };

/** Says whether work is within a scope: it has each value that the scope names. */
export function isWithin(work: WorkScope, scope: Readonly<Partial<Record<ScopeField, string>>>): boolean {
  for (const field of SCOPE_FIELDS) {
    const wanted = scope[field];
    if (wanted !== undefined && work[field] !== wanted) return false;
  }
  return true;
}
