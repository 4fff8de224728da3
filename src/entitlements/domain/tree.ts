import { type Amounts, amountOf, joined, type Measured, minus, NO_AMOUNTS, ONE_ACTION, plus } from './amounts';
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
 * What of an amount a hold answers for: whatever it held some of, and whatever a cap looks at that it is held in. One that
 * said nothing of tokens has no bound for them, unless somebody counts them. One action is what each hold is by itself, so
 * of actions it answers for more than one alone.
 */
export function answeredFor(
  amounts: Amounts,
  { firstHeld }: Pick<Hold, 'firstHeld'>,
  caps: readonly Measured[],
): Amounts {
  const isCapped = (measured: Measured): boolean =>
    caps.some(
      ({ measure, currency, meterId }) =>
        measure === measured.measure &&
        (measure !== 'spend' || currency === measured.currency) &&
        (measure !== 'units' || meterId === measured.meterId),
    );
  const within = (amount: bigint, measured: Measured): bigint =>
    amountOf(firstHeld, measured) > 0n || isCapped(measured) ? amount : 0n;
  const of = { currency: null, meterId: null };
  return {
    cost: within(amounts.cost, { ...of, measure: 'cost' }),
    actions: saysActions({ firstHeld }) ? amounts.actions : 0n,
    spend: new Map(
      [...amounts.spend].map(([currency, amount]) => [currency, within(amount, { ...of, measure: 'spend', currency })]),
    ),
    units: new Map(
      [...amounts.units].map(([meterId, amount]) => [meterId, within(amount, { ...of, measure: 'units', meterId })]),
    ),
  };
}

/** Whether it was held for several actions, which it then shares among its parts. */
export function saysActions({ firstHeld }: Pick<Hold, 'firstHeld'>): boolean {
  return firstHeld.actions > ONE_ACTION;
}

/** What of the actions that a part asks for the holds above it don't have, so that it brings them itself. */
export interface ActionsBrought {
  /** By hold, its parent first: how many more it holds then. */
  readonly more: readonly (readonly [Hold, bigint])[];
  /** How many more the root holds, which is held in caps. */
  readonly atRoot: bigint;
  /** The hold that said how many there are, and has too few free. */
  readonly exceeded: Hold | null;
}

/**
 * Money and units a part has of its parent. Actions too where the parent was held for several; one that didn't say how many
 * keeps its one for itself, and each part brings its own.
 *
 * @param line the parent first, the root last
 */
export function actionsBrought(wanted: bigint, line: readonly Hold[]): ActionsBrought {
  const more: [Hold, bigint][] = [];
  let missing = wanted;
  for (const hold of line) {
    const free = freeOf(hold).actions;
    if (saysActions(hold)) return { more, atRoot: 0n, exceeded: missing > free ? hold : null };
    const spare = free > ONE_ACTION ? free - ONE_ACTION : 0n;
    missing = missing > spare ? missing - spare : 0n;
    more.push([hold, missing]);
  }
  return { more, atRoot: missing, exceeded: null };
}

/** Sets aside for a part what it holds: in its parent, and what it brings of actions in all that are above it. */
export function setAside(amounts: Amounts, line: readonly Hold[]): void {
  const { more } = actionsBrought(amounts.actions, line);
  const added = new Map(more);
  let part = amounts;
  for (const hold of line) {
    const actions = added.get(hold) ?? 0n;
    hold.held = plus(hold.held, { ...NO_AMOUNTS, actions });
    hold.split = plus(hold.split, part);
    hold.changed = hold.changed === 'new' ? 'new' : 'yes';
    if (actions === 0n) return;
    part = { ...NO_AMOUNTS, actions };
  }
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
  let reserved = part;
  let given = NO_AMOUNTS;
  for (const ancestor of ancestors) {
    const free = freeOf(ancestor);
    const taken = smaller(smaller(booked, plus(reserved, free)), ancestor.held);
    ancestor.split = atLeastNothing(minus(ancestor.split, reserved));
    ancestor.held = atLeastNothing(minus(ancestor.held, taken));
    ancestor.changed = ancestor.changed === 'new' ? 'new' : 'yes';
    // That this one holds less is less that its own parent has set aside for it.
    reserved = taken;
    given = taken;
  }
  return given;
}
