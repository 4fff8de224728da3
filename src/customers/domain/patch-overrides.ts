/** What was agreed on, by the name of the term. */
type Terms = Readonly<Record<string, unknown>>;

/** A stretch of time with what was agreed on for a price. */
interface Agreed {
  readonly definition: Terms;
  readonly fromAt: Date;
  /** Null: until further notice. */
  readonly toAt: Date | null;
}

/** What becomes of the overrides of a price when some of its terms change. */
export interface PatchedOverrides<O extends Agreed> {
  /** They stay as they are. */
  readonly kept: readonly O[];
  /** They begin as they did and end at the change. */
  readonly shortened: readonly O[];
  /** What holds from the change on; never overlapping, ascending. */
  readonly added: readonly Agreed[];
}

/**
 * Changes some terms of a price from an instant on, until a change that was planned ahead says something of the same
 * terms. What else was agreed on stays, for as long as it was agreed on.
 *
 * ```
 * before     |---- charge 0.50 ----|          . |- 20 seats …
 * 5 seats           ^                         .
 * after      |-0.50-|-0.50, 5 seats-|- 5 seats -|- 20 seats …
 * ```
 *
 * @param overrides of one price, not overlapping
 */
export function patchOverrides<O extends Agreed>(overrides: readonly O[], patch: Terms, at: Date): PatchedOverrides<O> {
  const sorted = [...overrides].sort((one, other) => one.fromAt.getTime() - other.fromAt.getTime());
  const until = sorted.find(({ fromAt, definition }) => fromAt.getTime() > at.getTime() && saysAny(definition, patch));
  const end = until?.fromAt.getTime() ?? Number.POSITIVE_INFINITY;
  const touched = sorted.filter((each) => each.fromAt.getTime() < end && endOf(each) > at.getTime());
  const shortened = touched.filter(({ fromAt }) => fromAt.getTime() < at.getTime());

  const added: Agreed[] = [];
  let from = at.getTime();
  const add = (to: number, definition: Terms): void => {
    if (from >= to) return;
    added.push({ definition, fromAt: new Date(from), toAt: to === Number.POSITIVE_INFINITY ? null : new Date(to) });
    from = to;
  };
  for (const each of touched) {
    add(Math.min(end, each.fromAt.getTime()), patch);
    add(Math.min(end, endOf(each)), { ...each.definition, ...patch });
  }
  add(end, patch);

  const kept = overrides.filter((each) => !touched.includes(each));
  return { kept, shortened: shortened.map((each) => ({ ...each, toAt: at })), added };
}

function endOf({ toAt }: Agreed): number {
  return toAt?.getTime() ?? Number.POSITIVE_INFINITY;
}

/** Whether two say something of one term, such as the quantity. */
function saysAny(definition: Terms, patch: Terms): boolean {
  return Object.entries(definition).some(([term, value]) => value !== undefined && patch[term] !== undefined);
}
