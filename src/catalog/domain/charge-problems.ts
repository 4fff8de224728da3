import { decimalProblem, ZERO, type Decimal, type FieldProblem } from '../../kernel';
import type { Charge, Tier } from './charge';

/** More tiers than this are taken for a mistake; nobody could read the price. */
export const MAX_TIERS = 100;

/**
 * Says what is wrong with a price's charge, by field; nothing when it can be rated.
 *
 * - Tiers ascend without holes, only the last one is open. `upTo` is the only bound there is, so nothing can fall
 *   between two tiers.
 * - No amount, unit price or fee is below zero: a price can't pay the customer. What lowers a bill is a discount or a
 *   credit, shown on its own.
 * - A markup is 0 or more. Below zero the price would sell under cost for certain, which is a discount as well.
 * - An allowance is in units, so it belongs to `unit` and `graduated` only; it is 0 or more.
 * - At most 15 digits before the point and 12 after it, so that products stay exact.
 *
 * @returns field paths from the price on, such as `charge.tiers[1].upTo`
 */
export function chargeProblems(price: { readonly charge: Charge; readonly allowance: Decimal | null }): FieldProblem[] {
  return [...problemsOfModel(price.charge), ...problemsOfAllowance(price.charge, price.allowance)];
}

function problemsOfModel(charge: Charge): FieldProblem[] {
  switch (charge.model) {
    case 'flat':
      return notBelowZero('charge.amount', charge.amount);
    case 'unit':
      return notBelowZero('charge.unitPrice', charge.unitPrice);
    case 'graduated':
      return problemsOfTiers(charge.tiers);
    case 'consumption_margin':
      return notBelowZero('charge.markupPercent', charge.markupPercent);
  }
}

function problemsOfAllowance(charge: Charge, allowance: Decimal | null): FieldProblem[] {
  if (allowance === null) return [];
  if (charge.model === 'flat' || charge.model === 'consumption_margin') {
    const because = charge.model === 'flat' ? 'a flat charge has no units' : 'a consumption margin is charged on cost';
    return [{ field: 'allowance', detail: `must be left out: ${because}, and an allowance is a number of units` }];
  }
  return notBelowZero('allowance', allowance);
}

function problemsOfTiers(tiers: readonly Tier[]): FieldProblem[] {
  if (tiers.length === 0) return [{ field: 'charge.tiers', detail: 'must have at least one tier' }];
  if (tiers.length > MAX_TIERS) return [{ field: 'charge.tiers', detail: `must have at most ${MAX_TIERS} tiers` }];

  return tiers.flatMap((tier, index) => {
    const path = `charge.tiers[${index}]`;
    return [
      ...problemsOfBound(`${path}.upTo`, tiers, index),
      ...notBelowZero(`${path}.unitPrice`, tier.unitPrice),
      ...(tier.flatFee === undefined ? [] : notBelowZero(`${path}.flatFee`, tier.flatFee)),
    ];
  });
}

function problemsOfBound(field: string, tiers: readonly Tier[], index: number): FieldProblem[] {
  const upTo = tiers[index]?.upTo ?? null;
  const isLast = index === tiers.length - 1;
  if (isLast) {
    return upTo === null
      ? []
      : [{ field, detail: 'must be null: the last tier is open, or usage above it had no price' }];
  }
  if (upTo === null) return [{ field, detail: 'must be a number: only the last tier is open' }];

  const problem = decimalProblem(upTo.toFixed());
  if (problem !== null) return [{ field, detail: problem }];

  // A tier before that is open has its own problem, and can't be compared with.
  const before = index === 0 ? ZERO : tiers[index - 1]?.upTo;
  if (before === null || before === undefined || upTo.greaterThan(before)) return [];
  const least = index === 0 ? '0' : `${before.toFixed()}, where the tier before it ends`;
  return [{ field, detail: `must be above ${least}` }];
}

function notBelowZero(field: string, value: Decimal): FieldProblem[] {
  const problem = decimalProblem(value.toFixed()) ?? (value.lessThan(0) ? 'must not be below zero' : null);
  return problem === null ? [] : [{ field, detail: problem }];
}
