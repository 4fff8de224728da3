import { type Amounts, joined, type Measured, minus, NO_AMOUNTS, plus } from './amounts';
import type { Hold } from './hold';

/** The larger of an amount and nothing, measure by measure. */
export function atLeastNothing(amounts: Amounts): Amounts {
  return joined(amounts, NO_AMOUNTS, (one) => (one > 0n ? one : 0n));
}

export function smaller(a: Amounts, b: Amounts): Amounts {
  return joined(a, b, (one, other) => (one < other ? one : other));
}

export function isNothing({ cost, actions, spend, units }: Amounts): boolean {
  const isZero = (amount: bigint): boolean => amount === 0n;
  return cost === 0n && actions === 0n && [...spend.values()].every(isZero) && [...units.values()].every(isZero);
}

/** Some measure is above the bound. */
export function exceeds(amounts: Amounts, bound: Amounts): boolean {
  return !isNothing(atLeastNothing(minus(amounts, bound)));
}

/** What of a hold its children don't have. */
export function freeOf({ held, split }: Hold): Amounts {
  return atLeastNothing(minus(held, split));
}

/**
 * What of an amount a part must find free in its parent: whatever the parent holds some of, and whatever a cap counts that
 * the parent is held in. A parent that says nothing of tokens doesn't bound those of its parts, nor does the one action
 * that it is by itself, unless somebody counts them.
 */
export function boundPart(amounts: Amounts, parent: Pick<Hold, 'firstHeld'>, capped: readonly Measured[]): Amounts {
  const isCapped = (measured: Measured): boolean =>
    capped.some(
      ({ measure, currency, meterId }) =>
        measure === measured.measure &&
        (measure !== 'spend' || currency === measured.currency) &&
        (measure !== 'units' || meterId === measured.meterId),
    );
  const bound = (amount: bigint, measured: Measured, isHeld: boolean): bigint =>
    isHeld || isCapped(measured) ? amount : 0n;
  const { firstHeld } = parent;
  const of = { currency: null, meterId: null };
  return {
    cost: bound(amounts.cost, { ...of, measure: 'cost' }, firstHeld.cost > 0n),
    actions: bound(amounts.actions, { ...of, measure: 'actions' }, false),
    spend: new Map(
      [...amounts.spend].map(([currency, amount]) => [
        currency,
        bound(amount, { ...of, measure: 'spend', currency }, (firstHeld.spend.get(currency) ?? 0n) > 0n),
      ]),
    ),
    units: new Map(
      [...amounts.units].map(([meterId, amount]) => [
        meterId,
        bound(amount, { ...of, measure: 'units', meterId }, (firstHeld.units.get(meterId) ?? 0n) > 0n),
      ]),
    ),
  };
}

/**
 * Takes what a part of a hold came to off all holds that it is a part of. Its parent gives what it had set aside for it,
 * and of what goes beyond that as much as is free; what is still missing its own parent gives, and so on:
 *
 * ```
 * root   held 10, split 6      the child settles 5 of its 4:
 *   └ middle  held 6, split 4    middle gives 4 and 1 of its free 2: held 1, split 0
 *       └ child  held 4          root gives 5, all of it set aside: held 5, split 1
 * ```
 *
 * @param part     what the child held
 * @param booked   what it came to
 * @param ancestors its parent first, the root last; open ones
 * @returns how much less the root holds
 */
export function takeFromAncestors(part: Amounts, booked: Amounts, ancestors: readonly Hold[]): Amounts {
  let setAside = part;
  let given = NO_AMOUNTS;
  for (const ancestor of ancestors) {
    const free = freeOf(ancestor);
    const taken = smaller(booked, plus(setAside, free));
    ancestor.split = atLeastNothing(minus(ancestor.split, setAside));
    ancestor.held = atLeastNothing(minus(ancestor.held, taken));
    ancestor.changed = ancestor.changed === 'new' ? 'new' : 'yes';
    // That this one holds less is less that its own parent has set aside for it.
    setAside = taken;
    given = taken;
  }
  return given;
}
