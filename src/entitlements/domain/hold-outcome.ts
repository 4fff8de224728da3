import type { HoldCommand, LockedState } from './decision';
import type { Hold } from './hold';

/** Why there is no answer: what is asked can't be. Nothing was changed then. */
export type HoldProblem = 'hold_not_found' | 'hold_parent_not_found' | 'hold_conflict' | 'hold_ended';

/** What becomes of a command: the answer, as JSON, or why there is none. */
export type HoldOutcome = { readonly answer: string } | { readonly problem: HoldProblem; readonly detail: string };

export function holdOf({ id, organisationId }: HoldCommand, { holds }: LockedState): Hold | null {
  const hold = holds.get(id);
  return hold?.organisationId === organisationId ? hold : null;
}

export function notFound(): HoldOutcome {
  return problem('hold_not_found', 'There is no such hold here.');
}

export function problem(code: HoldProblem, detail: string): HoldOutcome {
  return { problem: code, detail };
}
