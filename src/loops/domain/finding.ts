import type { Decimal, Micros } from '../../kernel';
import type { FindingKind, LoopAction } from './rules';

/** One call that a finding rests on. */
export interface CallEvidence {
  readonly hash: string;
  readonly name: string | null;
  /** How often it was made; parallel calls once. */
  readonly count: number;
  readonly firstAt: Micros;
  readonly lastAt: Micros;
  /** What the calls after the first cost, as far as known. */
  readonly cost: Decimal;
  /** How many of those have a cost that is not known. */
  readonly unpriced: number;
}

/** That a session's agent runs away, as seen at one step. */
export interface Finding {
  readonly kind: FindingKind;
  readonly action: LoopAction;
  /** When the step ended that crossed the line. */
  readonly at: Micros;
  /** What was measured, and the line that it crossed: in calls, pairs, money or levels. */
  readonly measured: Decimal;
  readonly limit: Decimal;
  /** The calls it rests on, the most frequent first; none where it rests on no call. */
  readonly calls: readonly CallEvidence[];
  /** What was spent in vain so far, as far as known: at least this. */
  readonly wasted: Decimal;
  /** How many events in that have a cost that is not known. */
  readonly unpriced: number;
  /** What the session spends a minute at present. */
  readonly perMinute: Decimal;
  /** The whole of it, in one sentence. */
  readonly sentence: string;
}
