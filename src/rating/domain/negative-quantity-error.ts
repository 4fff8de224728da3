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
    what: 'quantity' | 'cost' = 'quantity',
  ) {
    super(
      `The ${what} of the period is ${decimalText(quantity)}. Usage below zero can't be charged: correct its events.`,
    );
  }
}

/** @throws NegativeQuantityError when the quantity (or cost) is below zero */
export function refuseNegative(quantity: Decimal, what: 'quantity' | 'cost' = 'quantity'): void {
  if (quantity.lessThan(0)) throw new NegativeQuantityError(quantity, what);
}
