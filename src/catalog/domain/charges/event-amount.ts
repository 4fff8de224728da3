import type { FieldProblem } from '../../../kernel';
/** Each event says what it costs: the meter's quantity, a sum of amounts in the price's currency, is the charge. */
export interface EventAmountCharge {
  readonly model: 'event_amount';
}

/** What is wrong with the charge that `at` leads to, such as `charge`. */
export function eventAmountProblems(charge: EventAmountCharge, at: string): FieldProblem[] {
  void [charge, at];
  return [];
}
