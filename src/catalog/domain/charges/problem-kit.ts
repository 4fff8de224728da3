import { decimalProblem, ZERO, type Decimal, type FieldProblem } from '../../../kernel';
import type { Tier } from './tier';

/** More tiers than this are taken for a mistake; nobody could read the price. */
export const MAX_TIERS = 100;

/** What is wrong with a charge; `at` is where it stands, such as `charge` or `charge.windows[0].charge`. */
export type ProblemsOf<C> = (charge: C, at: string) => FieldProblem[];

/** An amount, a unit price or a fee: at most 15 digits before the point and 12 after it, and 0 or more. */
export function notBelowZero(field: string, value: Decimal): FieldProblem[] {
  return said(field, digitsProblem(value) ?? (value.lessThan(0) ? 'must not be below zero' : null));
}

/** What something is divided by, or counted in: more than 0. */
export function aboveZero(field: string, value: Decimal): FieldProblem[] {
  return said(field, digitsProblem(value) ?? (value.greaterThan(0) ? null : 'must be above 0'));
}

/** A gross margin: cost ÷ (1 − m) has no answer at 100 per cent. */
export function percentBelow100(field: string, value: Decimal): FieldProblem[] {
  const bounds = value.lessThan(0)
    ? 'must not be below zero'
    : value.lessThan(100)
      ? null
      : 'must be below 100 per cent';
  return said(field, digitsProblem(value) ?? bounds);
}

/** A count that is written as a JSON number. */
export function wholeAtLeast(field: string, value: number, min: number): FieldProblem[] {
  return said(field, Number.isSafeInteger(value) && value >= min ? null : `must be a whole number, ${min} or more`);
}

/**
 * Bounds ascend without holes and only the last is open: a band begins where the one before it ends, so nothing can
 * fall between two, and nothing above the last is without a price.
 *
 * @param at     the list, such as `charge.tiers`
 * @param bounds the `upTo` of each band, in order
 * @param name   what the bound is called there
 * @param kind   what a band is called in the messages
 */
export function boundsAscend(
  at: string,
  bounds: readonly (Decimal | null)[],
  name = 'upTo',
  kind = 'tier',
): FieldProblem[] {
  return bounds.flatMap((_, index) => boundProblems(`${at}[${index}].${name}`, bounds, index, kind));
}

/** How many bands there may be: one at least, {@link MAX_TIERS} at most. */
export function bandCountProblems(at: string, count: number, kind = 'tier'): FieldProblem[] {
  if (count === 0) return [{ field: at, detail: `must have at least one ${kind}` }];
  return count > MAX_TIERS ? [{ field: at, detail: `must have at most ${MAX_TIERS} ${kind}s` }] : [];
}

/** Tiers of unit prices: bounds as {@link boundsAscend} says, no price and no fee below zero. */
export function tierProblems(at: string, tiers: readonly Tier[]): FieldProblem[] {
  const count = bandCountProblems(at, tiers.length);
  if (count.length > 0) return count;
  const bounds = tiers.map(({ upTo }) => upTo);
  return tiers.flatMap((tier, index) => {
    const path = `${at}[${index}]`;
    return [
      ...boundProblems(`${path}.upTo`, bounds, index, 'tier'),
      ...notBelowZero(`${path}.unitPrice`, tier.unitPrice),
      ...(tier.flatFee === undefined ? [] : notBelowZero(`${path}.flatFee`, tier.flatFee)),
    ];
  });
}

/** What is wrong with one bound among those before it. */
export function boundProblems(
  field: string,
  bounds: readonly (Decimal | null)[],
  index: number,
  kind = 'tier',
): FieldProblem[] {
  const upTo = bounds[index] ?? null;
  const isLast = index === bounds.length - 1;
  if (isLast) {
    return said(field, upTo === null ? null : `must be null: the last ${kind} is open, or usage above it had no price`);
  }
  if (upTo === null) return said(field, `must be a number: only the last ${kind} is open`);

  const problem = digitsProblem(upTo);
  if (problem !== null) return said(field, problem);

  // A band before that is open has its own problem, and can't be compared with.
  const before = index === 0 ? ZERO : bounds[index - 1];
  if (before === null || before === undefined || upTo.greaterThan(before)) return [];
  const least = index === 0 ? '0' : `${before.toFixed()}, where the ${kind} before it ends`;
  return said(field, `must be above ${least}`);
}

function digitsProblem(value: Decimal): string | null {
  return decimalProblem(value.toFixed());
}

function said(field: string, detail: string | null): FieldProblem[] {
  return detail === null ? [] : [{ field, detail }];
}
