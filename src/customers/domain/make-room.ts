import type { Override } from './segments';

/** When an override holds; `toAt` null is until further notice. */
type Stretch = Pick<Override, 'fromAt' | 'toAt'>;

/** Whether an override holds at an instant. */
export function isWithin(at: Date, { fromAt, toAt }: Stretch): boolean {
  return fromAt.getTime() <= at.getTime() && (toAt === null || at.getTime() < toAt.getTime());
}

/** What becomes of the overrides of a price when another takes a stretch of time. */
export interface OverrideChanges<O extends Stretch> {
  /** Those that hold nowhere any more. */
  readonly removed: readonly O[];
  /** Those that end earlier than they did. */
  readonly shortened: readonly { readonly override: O; readonly toAt: Date }[];
  /** What of them holds again behind the stretch. */
  readonly resumed: readonly { readonly override: O; readonly fromAt: Date }[];
}

/**
 * Makes room for an override among those of the same price: at every instant one holds, the latest agreed on. What was
 * agreed on before comes back behind it.
 *
 * ```
 * before   |------ 0.50 ------------------------…
 * agreed            |-- 0.30 --|
 * after    |-- 0.50 |-- 0.30 --|--- 0.50 ------…
 * ```
 *
 * @param overrides of one price, not overlapping
 * @param taken     the stretch to make room for
 */
export function makeRoom<O extends Stretch>(overrides: readonly O[], taken: Stretch): OverrideChanges<O> {
  const removed: O[] = [];
  const shortened: { override: O; toAt: Date }[] = [];
  const resumed: { override: O; fromAt: Date }[] = [];
  for (const override of overrides) {
    const endsBefore = override.toAt !== null && override.toAt.getTime() <= taken.fromAt.getTime();
    const beginsBehind = taken.toAt !== null && taken.toAt.getTime() <= override.fromAt.getTime();
    if (endsBefore || beginsBehind) continue;

    if (override.fromAt.getTime() < taken.fromAt.getTime()) shortened.push({ override, toAt: taken.fromAt });
    else removed.push(override);
    const outlasts = taken.toAt !== null && (override.toAt === null || taken.toAt.getTime() < override.toAt.getTime());
    if (outlasts) resumed.push({ override, fromAt: taken.toAt });
  }
  return { removed, shortened, resumed };
}
