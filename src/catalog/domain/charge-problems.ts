import type { Decimal, FieldProblem } from '../../kernel';
import type { Charge, ChargeModel, ChargeOf } from './charge';
import { consumptionMarginProblems } from './charges/consumption-margin';
import { eventAmountProblems } from './charges/event-amount';
import { graduatedPercentageProblems } from './charges/graduated-percentage';
import { matrixProblems } from './charges/matrix';
import { outcomeProblems } from './charges/outcome';
import { perGroupProblems } from './charges/per-group';
import { percentageProblems } from './charges/percentage';
import { packageProblems } from './charges/package';
import { notBelowZero, type ProblemsOf } from './charges/problem-kit';
import { flatProblems, graduatedProblems, unitProblems } from './charges/quantity-charges';
import { recurringProblems } from './charges/recurring';
import { scheduledProblems } from './charges/scheduled';
import { stairStepProblems } from './charges/stair-step';
import { volumeProblems } from './charges/volume';

export { MAX_TIERS } from './charges/problem-kit';

/** What is wrong with a charge of each model. A model that is missing here does not compile. */
const CHARGE_PROBLEMS: { readonly [M in ChargeModel]: ProblemsOf<ChargeOf<M>> } = {
  flat: flatProblems,
  unit: unitProblems,
  graduated: graduatedProblems,
  volume: volumeProblems,
  package: packageProblems,
  stair_step: stairStepProblems,
  percentage: percentageProblems,
  graduated_percentage: graduatedPercentageProblems,
  matrix: matrixProblems,
  event_amount: eventAmountProblems,
  scheduled: scheduledProblems,
  recurring: recurringProblems,
  consumption_margin: consumptionMarginProblems,
  outcome: outcomeProblems,
  per_group: perGroupProblems,
};

/** Why a charge of these models has no units that could be included or drawn from a pool. */
const WITHOUT_UNITS: { readonly [M in ChargeModel]?: string } = {
  flat: 'a flat charge has no units',
  percentage: 'a percentage is taken of a value',
  graduated_percentage: 'a percentage is taken of a value',
  event_amount: 'an amount is passed on as it is',
  recurring: 'a recurring charge counts what is held, not what is used',
  consumption_margin: 'a consumption margin is charged on cost',
  outcome: 'an outcome is counted by its own rules',
};

/**
 * Says what is wrong with a price's charge, by field; nothing when it can be rated.
 *
 * - Tiers ascend without holes, only the last one is open. `upTo` is the only bound there is, so nothing can fall
 *   between two tiers.
 * - No amount, unit price or fee is below zero: a price can't pay the customer. What lowers a bill is a discount or a
 *   credit, shown on its own.
 * - A markup is 0 or more. Below zero the price would sell under cost for certain, which is a discount as well.
 * - An allowance is in units, so it belongs to models that count units only ({@link hasUnits}); it is 0 or more.
 * - At most 15 digits before the point and 12 after it, so that products stay exact.
 *
 * @returns field paths from the price on, such as `charge.tiers[1].upTo`
 */
export function chargeProblems(price: { readonly charge: Charge; readonly allowance: Decimal | null }): FieldProblem[] {
  return [...modelProblems(price.charge, 'charge'), ...problemsOfAllowance(price.charge, price.allowance)];
}

/** What is wrong with a charge that stands somewhere else than in a price, such as in a currency of a plan. */
export function modelProblems<M extends ChargeModel>(charge: ChargeOf<M>, at: string): FieldProblem[] {
  // The one place where the compiler can't see that a charge's model leads to the rules of its own type.
  const problems = CHARGE_PROBLEMS[charge.model] as unknown as ProblemsOf<ChargeOf<M>>;
  return problems(charge, at);
}

/** Whether a charge counts units of its meter, so that some can be included, free, or drawn from a pool. */
export function hasUnits(model: ChargeModel): boolean {
  return WITHOUT_UNITS[model] === undefined;
}

/** Why a field of units must be left out: such as "a flat charge has no units". Null where the model has them. */
export function whyWithoutUnits(model: ChargeModel): string | null {
  return WITHOUT_UNITS[model] ?? null;
}

function problemsOfAllowance(charge: Charge, allowance: Decimal | null): FieldProblem[] {
  if (allowance === null) return [];
  const because = whyWithoutUnits(charge.model);
  if (because === null) return notBelowZero('allowance', allowance);
  return [{ field: 'allowance', detail: `must be left out: ${because}, and an allowance is a number of units` }];
}
