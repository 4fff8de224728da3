import type { Cap, CapPeriod } from './cap';
import { isOneCustomers } from './counter-refs';
import { SCOPE_FIELDS } from './scope';

/** Something about a cap that is allowed, and probably not meant. */
export interface CapWarning {
  readonly code: 'never_binds' | 'contradicts' | 'below_usage' | 'matches_nothing_yet';
  /** For people. */
  readonly detail: string;
}

/** What is known of a cap beside its definition. */
export interface CapFacts {
  /** How much more its fullest counter has than the limit, as decimal text; null: none has. */
  readonly overBy: string | null;
  /** Whether no usage and no hold was ever in its counters. */
  readonly isUnused: boolean;
}

/** Says what should make whoever set a cap look twice. @param others the organisation's live caps, of which it may be one */
export function capWarnings(cap: Cap, others: readonly Cap[], { overBy, isUnused }: CapFacts): CapWarning[] {
  const warnings: CapWarning[] = [];
  for (const other of others) {
    if (other.id === cap.id) continue;
    if (isHiddenBy(cap, other)) {
      const detail = `The cap '${other.key}' refuses before this one is reached: it covers the same work at a limit that is not higher.`;
      warnings.push({ code: 'never_binds', detail });
    } else if (isHiddenBy(other, cap)) {
      const detail = `With this cap '${other.key}' is never reached: this one covers the same work at a limit that is not higher.`;
      warnings.push({ code: 'contradicts', detail });
    }
  }
  if (overBy !== null) {
    const detail = `It is over its limit by ${overBy} already. Nothing more passes until its period ends or its limit is raised.`;
    warnings.push({ code: 'below_usage', detail });
  }
  const named = SCOPE_FIELDS.filter((field) => field !== 'customer' && field !== 'subscription' && cap.scope[field] !== undefined); // prettier-ignore
  if (isUnused && named.length > 0) {
    const values = named.map((field) => `${field} '${cap.scope[field]!}'`).join(' and ');
    const detail = `Nothing in its running period has the ${values}. Names are compared letter by letter.`;
    warnings.push({ code: 'matches_nothing_yet', detail });
  }
  return warnings;
}

/** Whether a hard cap stops work before another is reached: each counter of that is within one of its own, at most as large. */
function isHiddenBy(cap: Cap, tighter: Cap): boolean {
  return (
    tighter.kind === 'hard' &&
    tighter.limit <= cap.limit &&
    tighter.measure === cap.measure &&
    tighter.currency === cap.currency &&
    tighter.meterId === cap.meterId &&
    covers(tighter, cap) &&
    lastsLonger(tighter, cap)
  );
}

/** All work that the narrower cap counts in one counter the wider counts in one, too. */
function covers(wider: Cap, narrower: Cap): boolean {
  for (const field of SCOPE_FIELDS) {
    const value = wider.scope[field];
    if (value !== undefined && narrower.scope[field] !== value) return false;
  }
  return wider.each.every((field) => narrower.scope[field] !== undefined || narrower.each.includes(field));
}

/** The periods that each of a period's is within. */
const WITHIN: Readonly<Partial<Record<CapPeriod, readonly CapPeriod[]>>> = {
  hour: ['day', 'week', 'month'],
  day: ['week', 'month'],
};

function lastsLonger(longer: Cap, shorter: Cap): boolean {
  if (longer.period === 'lifetime') return true;
  if (longer.period === 'rolling') {
    return shorter.period === 'rolling' && longer.rollingSeconds! >= shorter.rollingSeconds!;
  }
  // Days of the organisation's zone and of a customer's are not within each other.
  if (isOneCustomers(longer) !== isOneCustomers(shorter)) return false;
  return longer.period === shorter.period || (WITHIN[shorter.period]?.includes(longer.period) ?? false);
}
