import type { Decimal, Micros } from '../../kernel';

/** What an event was: a request to a model, a call of a tool, or anything else that is metered. */
export const STEP_KINDS = ['model', 'tool', 'other'] as const;
export type StepKind = (typeof STEP_KINDS)[number];

/** What one event of a session says about what its agent does. Everything but the time may be unknown. */
export interface Step {
  /** When it ended, in microseconds since 1970. */
  readonly at: Micros;
  /** What it cost, in the organisation's cost currency; null while that is not known. */
  readonly cost: Decimal | null;
  readonly kind: StepKind;
  /** Name of the tool, or of the model where it is a request to one. */
  readonly name: string | null;
  /** Hash of the name and the arguments; null when the arguments are not known. */
  readonly ask: string | null;
  /** Hash of the name, the arguments and the result where that is given; null when the arguments are not known. */
  readonly call: string | null;
  /** Hash of the name and how it failed; null when it didn't fail. */
  readonly failure: string | null;
  readonly mark: 'retry' | 'self_correction' | null;
  /** The sender's own word on whether this brought something new; null where he leaves that to us. */
  readonly progress: boolean | null;
  /** Hash of the name of the agent's turn: identical calls of one turn are parallel. Null where none is named. */
  readonly turn: string | null;
  /** How long it took, in whole milliseconds; null when unknown. */
  readonly durationMs: number | null;
  /** How deep in the tree of sub-agents it ran, where the sender says so: 0 is the session's own agent. */
  readonly depth: number | null;
  /** Class of the task it was for: whose rules and profile count. Null for none. */
  readonly taskClass: string | null;
  /** Hash of the node of work it belongs to, and of the node above, where it names one. */
  readonly node: string | null;
  readonly parent: string | null;
}
