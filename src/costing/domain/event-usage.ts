import type { FieldProblem } from '../../kernel';
import type { Quantity } from './quantity';
import type { CoreUnit, PricedUnit } from './unit-table';

/**
 * What one event used. The core units are disjoint: every token of a request is in exactly one of them, so that no
 * token is charged twice, however the sender's totals overlap. A unit that the event does not report is null, which is
 * not zero.
 *
 * ```
 * input_tokens   |- input -|- cacheRead -|- cacheWrite -|- cacheWrite1h -|- inputAudio -|- cachedAudio -|
 * output_tokens  |- output -----------------------------------------------|- outputAudio ---------------|
 * ```
 */
export interface UsageUnits extends Readonly<Record<CoreUnit, Quantity | null>> {
  /** All input tokens, cached and audio included: decides the context tier. */
  readonly totalInput: Quantity | null;
  /** All output tokens, audio included. */
  readonly totalOutput: Quantity | null;
  /** Further units as the event reports them, parts and totals alike; null when there are none. */
  readonly others: ReadonlyMap<PricedUnit, Quantity> | null;
  /**
   * False when some tokens are in two of the core units: cached and audio tokens are reported but not how many are
   * both, or audio was written to a cache. The core units then hold what was reported, overlap included.
   */
  readonly disjoint: boolean;
}

/** What costing reads from an event's `data`. */
export interface EventUsage {
  readonly provider: string | null;
  readonly model: string | null;
  /** How the provider served the request, such as `batch`; null for the standard way. */
  readonly serviceClass: string | null;
  /** null when the event reports nothing that costs. */
  readonly units: UsageUnits | null;
  /** Numbers of a provider's block that we don't know, by path: maybe charged for, so the cost waits. */
  readonly unread?: readonly string[];
}

/** Why an event's usage can't be read. `field` is a path such as `data.input_tokens`. */
export type UsageProblem = FieldProblem;
