import { decimalText, DomainError, type Decimal } from '../../kernel';

/**
 * The usage of a period is below zero, so there is no charge for it. It comes from events with negative values that
 * outweigh the others; more usage, or a correction of those events, makes the period chargeable again.
 */
export class NegativeQuantityError extends DomainError {
  readonly code = 'negative_quantity';
  readonly kind = 'conflict';

  constructor(
    readonly quantity: Decimal,
    what: Negative = 'quantity',
  ) {
    super(`${SUBJECT[what]} is ${decimalText(quantity)}. Usage below zero can't be charged: correct its events.`);
  }
}

type Negative = keyof typeof SUBJECT;
const SUBJECT = {
  quantity: 'The quantity of the period',
  cost: 'The cost of the period',
  transaction: 'A transaction of the period',
} as const;

/** @throws NegativeQuantityError when the quantity (or cost, or value of a transaction) is below zero */
export function refuseNegative(quantity: Decimal, what: Negative = 'quantity'): void {
  if (quantity.lessThan(0)) throw new NegativeQuantityError(quantity, what);
}
