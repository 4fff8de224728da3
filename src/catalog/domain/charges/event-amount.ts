import type { FieldProblem } from '../../../kernel';
/** Each event says what it costs: the meter's quantity, a sum of amounts in the price's currency, is the charge. */
export interface EventAmountCharge {
  readonly model: 'event_amount';
}

/** Nothing can be: it has nothing of its own. What an event's amount may be is the meter's affair. */
export function eventAmountProblems(): FieldProblem[] {
  return [];
}
