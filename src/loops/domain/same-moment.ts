import type { Micros } from '../../kernel';
import type { LoopState, Moment } from './state';
import type { Step } from './step';

/** Parallel calls that are told without a length or a turn may end this far apart, where requests to models show turns. */
const APART: Micros = 1_000_000;
/** The same where nothing shows turns: then only what ends together is parallel. */
const TOGETHER: Micros = 1_000;

/**
 * Whether a step is the parallel twin of an identical call that is known: both came from one answer of the model. What
 * says so, the surest first: a turn that both name; a `retry`, which never is; how long they took, since parallel calls
 * overlap; and a request to a model that ended between them.
 */
export function isTwin(step: Step, [at, durationMs, turn]: Moment, state: LoopState): boolean {
  if (step.turn !== null && turn !== null) return step.turn === turn;
  if (step.mark === 'retry') return false;
  const apart = Math.abs(step.at - at);
  if (apart < TOGETHER) return true;
  if (step.durationMs !== null && durationMs !== null) {
    const [later, earlier] = step.at > at ? [step.durationMs, at] : [durationMs, step.at];
    return Math.max(step.at, at) - later * 1_000 < earlier;
  }
  // A request to a model is an answer of its own. Without any there is no telling what one answer asked for.
  if (apart >= APART || step.kind === 'model' || state.modelsAt.length === 0) return false;
  const [from, to] = [Math.min(step.at, at), Math.max(step.at, at)];
  return !state.modelsAt.some((modelAt) => modelAt > from && modelAt <= to);
}
