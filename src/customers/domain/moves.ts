import { periodAt, type PeriodsOf } from './cycles';

/** stay: planned moves are taken back. renewal: with the next billing period. now: at the instant itself. */
export const MOVE_MODES = ['stay', 'renewal', 'now'] as const;
export type MoveMode = (typeof MOVE_MODES)[number];

/**
 * The instant at which a subscription has its new plan, when a move takes effect at `effectiveAt`.
 *
 * ```
 * periods      |------- 0 -------|------- 1 -------|
 * effective           ^          .
 * now                 ^          .                     the period is split at the instant
 * renewal                        ^                     the first period that begins then or later
 * ```
 *
 * Where a period begins at `effectiveAt`, both are that instant. A subscription that begins later begins with the plan.
 */
export function moveInstant(mode: Exclude<MoveMode, 'stay'>, effectiveAt: Date, about: PeriodsOf): Date {
  const { startAt } = about.subscription;
  if (effectiveAt.getTime() <= startAt.getTime()) return startAt;
  const found = mode === 'now' ? null : periodAt(about, effectiveAt);
  if (found === null) return effectiveAt;
  return found.period.start.getTime() === effectiveAt.getTime() ? effectiveAt : found.period.end;
}
