import { ONE, ZERO, type Decimal } from '../../kernel';
import type { StairStepCharge } from '../../catalog/domain';
import { band } from './band';
import { bandOf } from './band-of';
import { refuseNegative } from './negative-quantity-error';
import type { BreakdownRow } from './rated-charge';

/**
 * Charges one amount for the step that the total falls in, however much of the step is used.
 * Steps up to 100 at 10.00, up to 500 at 40.00:  1 unit → 10.00;  100 → 10.00;  100.5 → 40.00.
 *
 * `upTo` is inclusive: unit 100 is still in the first step. A period without usage pays nothing, unless `chargeZero`
 * makes the first step's amount its base fee.
 *
 * @param quantity billable units in the period, after allowance; fractions welcome
 * @param charge   its steps ascend and the last one is open, as `chargeProblems` demands
 * @param included units of the allowance that come before these; steps are counted behind them
 * @returns        one row for the step, unrounded; none for no usage without `chargeZero`
 * @throws         NegativeQuantityError when quantity is below zero
 * @see            docs/pricing/stair-step.md
 */
export function chargeStairStep(
  quantity: Decimal,
  { steps, chargeZero = false }: Pick<StairStepCharge, 'steps' | 'chargeZero'>,
  included: Decimal = ZERO,
): BreakdownRow[] {
  refuseNegative(quantity);
  if (quantity.isZero() && !chargeZero) return [];

  const index = bandOf(quantity, steps);
  const { upTo, amount } = steps[index]!;
  const from = included.plus(steps[index - 1]?.upTo ?? ZERO);
  const end = upTo === null ? null : included.plus(upTo);
  return [
    {
      kind: 'step',
      description: `Step ${index + 1}, ${band(from, end)}: one amount for all of it`,
      from,
      upTo: end,
      quantity: ONE,
      unitPrice: amount,
      amount,
    },
  ];
}
